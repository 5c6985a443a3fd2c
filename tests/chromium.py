"""The app in a real browser: a server of our own, and Debian's Chromium driven by Playwright."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """The system's Chromium: the one without a window of its own, if it is there, takes two thirds of the time."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def running_app(script: str = "streamlit_app.py", **environment: str):
    """Start the app, or another script, as a user would, on a free port; yields its address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            script,
            f"--server.port={port}",
            "--server.headless=true",
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise RuntimeError("the app did not start within 30 s")
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # it waits for what still runs, on a busy machine for long
            process.kill()
            process.wait()


def settled(page) -> None:
    """Wait until Streamlit has run the page, nothing is stale and every kind of element has its code."""
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    # A skeleton stands for an element whose code is on its way; of two alike, the second may be drawn before the first.
    page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')", timeout=60_000)


def go_to(page, section: str, title: str) -> None:
    """Open another page from the menus above this one."""
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_role("menuitem", name=title).click()
    page.wait_for_selector(f"h1:has-text('{title}')")
    settled(page)


def opened(page, name: str, option: str):
    """An option of a select box, in its open list, which closes when the page scrolls: the box comes into sight first."""
    box = page.get_by_role("combobox", name=name, exact=True)
    box.scroll_into_view_if_needed()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box.click()
    return page.get_by_role("option", name=option, exact=True)


def choose(page, name: str, option: str) -> None:
    """Take an option of a select box."""
    opened(page, name, option).click()


def said(message) -> str:
    """A console message and where it comes from."""
    return f"{message.text} ({message.location.get('url')})"


def is_complaint(message) -> bool:
    # On a deep link Streamlit's own client first asks for its server below the page's address, is told 404, and moves up.
    probing = "/_stcore/" in (message.location.get("url") or "") and "404" in message.text
    return message.type == "error" and not probing


def canvas_content(page, selector: str) -> str:
    return page.locator(selector).evaluate("canvas => canvas.toDataURL()")


def picture(page, alt: str) -> str:
    return page.locator(f"img[alt*='{alt}']").first.get_attribute("src")


def changed(page, before: str, now) -> None:
    """Wait until `now()` differs from `before`."""
    for _ in range(100):
        if now() != before:
            return
        page.wait_for_timeout(50)
    raise AssertionError("the picture has not changed within 5 s")
