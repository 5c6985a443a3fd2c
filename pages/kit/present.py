"""The presentation switch: larger text and pictures, and no side notes, for a lecture hall."""

import streamlit as st

KEY = "presentation"
# Streamlit measures everything in rem, so the root's size enlarges text, gaps and controls alike; the margins pay for it.
STYLE = """
<style>
:root { font-size: 21px !important; }
[data-testid=stMainBlockContainer] { padding-inline: 1.5rem; max-width: none; }
[data-testid=stMainBlockContainer] .katex { font-size: 1.05em; }
[data-testid=stMetricLabel] p { white-space: normal; }
</style>
"""


def presentation_switch() -> None:
    """The switch, kept in the link, and what it does to the page."""
    st.toggle(
        "Presentation",
        key=KEY,
        bind="query-params",
        help="For a lecture hall: larger text and pictures, and the side notes hidden.",
    )
    if presenting():
        st.html(STYLE)


def presenting() -> bool:
    """Whether the reader has switched to presentation."""
    return bool(st.session_state.get(KEY))
