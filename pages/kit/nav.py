"""The table of pages, and the guard that keeps the entrypoint in charge."""

import base64
from pathlib import Path

import streamlit as st

from pages.kit import process  # noqa: F401, this module is the first that every page imports

# What mnist-z10 decodes from z = 0. Browsers ask for a page's icon again whenever its address changes, so with each move of a
# slider that the address names: an icon within the page is never asked for.
ICON = "data:image/png;base64," + base64.b64encode((Path(__file__).parent / "icon.png").read_bytes()).decode()
FROM_ENTRYPOINT = "_from_entrypoint"

PAGES = {
    "Learn": [
        ("pages/1_overview.py", "Overview", ":material/route:"),
        ("pages/2_loss_theory.py", "Loss theory", ":material/function:"),
        ("pages/3_training_progress.py", "Training progress", ":material/timeline:"),
    ],
    "Explore": [
        ("pages/4_latent_scatter.py", "Latent scatter", ":material/scatter_plot:"),
        ("pages/5_gaussian_sampling.py", "Gaussian sampling", ":material/casino:"),
        ("pages/6_digit_transitions.py", "Digit transitions", ":material/transition_slide:"),
        ("pages/7_own_digit.py", "Your own digit", ":material/draw:"),
    ],
    "Go deeper": [
        ("pages/8_trade_off.py", "Trade-off", ":material/balance:"),
        ("pages/9_collapse.py", "Collapse", ":material/compress:"),
        ("pages/10_holes.py", "Holes", ":material/blur_on:"),
        ("pages/11_compare.py", "Compare", ":material/compare:"),
        ("pages/12_bounds.py", "Bounds", ":material/stairs:"),
        ("pages/13_models.py", "Models", ":material/table_chart:"),
    ],
}


def navigation():
    """Declare the app and every page to Streamlit; returns the page to run.

    The menus are above the page: Streamlit renders its navigation anew with every step of a rerun, and all links in the sidebar
    took a quarter of the time that a browser spends on a moved slider.

    The app's own icon comes first: without it the browser would fetch each page's icon from the internet.
    """
    st.set_page_config(page_title="VAE Classroom", page_icon=ICON, layout="wide")
    return st.navigation(
        {
            section: [st.Page(path, title=title, icon=icon) for path, title, icon in rows]
            for section, rows in PAGES.items()
        },
        position="top",
        expanded=True,  # on a phone, where it is in the sidebar
    )


def chapter(title: str, lead: str) -> None:
    """First statement of every page: the guard, then the title and one sentence on what the page shows.

    On a cold server Streamlit still honours the legacy pages/ folder and runs a deep-linked page without
    streamlit_app.py. Calling st.navigation once turns that off for the process; the rerun then starts from the
    entrypoint. The title comes before the page's other imports, so that a first visitor reads while torch loads. Headings
    are Markdown on every page: st.title and st.header are parsed anew with every step of a rerun, 2 ms for each of them.
    """
    if not st.session_state.pop(FROM_ENTRYPOINT, False):
        navigation()
        st.rerun()
    st.markdown(f"# {title}\n\n{lead}")
