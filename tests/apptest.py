"""Pages run by Streamlit's own test client, without a browser, and what is on them."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from answered import ANSWERED
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from pages.kit.nav import PAGES

PATHS = [path for rows in PAGES.values() for path, _, _ in rows]


def fresh_page(path: str, **query: str) -> AppTest:
    """A page as a visitor with this link sees it."""
    at = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.switch_page(path).run()


def open_page(path: str, **query: str) -> AppTest:
    """A page as a visitor with this link sees it who has answered every question."""
    return fresh_page(path, **(ANSWERED | query))


def pictures(at: AppTest) -> list[str]:
    """The pictures on the page, each as the data that the browser is given."""
    return re.findall('<img[^>]* src="([^"]+)"', "".join(element.proto.body for element in at.get("html")))


def clicked(make: Callable[[], bytes]) -> bytes:
    """The file of a download button, made as on a click: in a thread of the server, outside of the visitor's session."""
    with ThreadPoolExecutor(1) as server:
        return server.submit(make).result()


def component(at: AppTest) -> dict:
    """What the page's browser component is given."""
    drawings = [e.proto for e in at.get("bidi_component") if e.proto.component_name != "vae_classroom.copy_link"]
    return json.loads(drawings[0].json)
