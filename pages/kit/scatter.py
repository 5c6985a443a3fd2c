"""A map of codes on which the reader chooses a dot."""

import base64
from pathlib import Path

import numpy as np
import streamlit as st

HERE = Path(__file__).parent
DOTS_JS = (HERE / "dots.js").read_text(encoding="utf-8")
DOTS_CSS = (HERE / "dots.css").read_text(encoding="utf-8")

_SCATTER = st.components.v2.component(
    "vae_classroom.scatter",
    html="""
    <canvas class="dots" tabindex="0" role="img"></canvas>
    <div class="status" aria-live="polite"></div>
    <div class="legend" role="group" aria-label="Classes"></div>
    """,
    css=DOTS_CSS + ".status { font-size: 0.85rem; min-height: 1.3em; } canvas { cursor: crosshair; }",
    js=DOTS_JS + (HERE / "scatter.js").read_text(encoding="utf-8"),
)


def frame_of(xy: np.ndarray, titles: tuple[str, str] | None, equal: bool) -> dict:
    """The axes around dots (n, 2) with a small margin; `equal` gives both axes one scale and centres them on 0."""
    if equal:
        limit = float(np.ceil(np.abs(xy).max()))
        low, high = [-limit, -limit], [limit, limit]
    else:
        margin = 0.04 * np.ptp(xy, axis=0)
        low, high = (xy.min(axis=0) - margin).tolist(), (xy.max(axis=0) + margin).tolist()
    return {"low": low, "high": high, "titles": titles}


def packed(xy: np.ndarray, frame: dict) -> str:
    """Dots (n, 2) as 16-bit shares of the frame, base64: what `dots.js` draws."""
    low, high = np.array(frame["low"]), np.array(frame["high"])
    shares = np.clip((xy - low) / (high - low), 0, 1)
    return base64.b64encode(np.rint(shares * 65535).astype("<u2").tobytes()).decode()


def packed_labels(y: np.ndarray) -> str:
    """Labels (n,) as bytes, base64."""
    return base64.b64encode(y.astype(np.uint8).tobytes()).decode()


def scatter(
    *, dots: str, labels: str, frame: dict, classes: tuple[str, ...], digit: int, alt: str, key: str, on_choose
):
    """Draw the map and call `on_choose(index)` when the reader chooses another dot than `digit`."""

    def changed():
        index = st.session_state[key].get("index")
        if isinstance(index, int) and not isinstance(index, bool):
            on_choose(index)

    _SCATTER(
        key=key,
        data={"dots": dots, "labels": labels, "frame": frame, "classes": list(classes), "digit": digit, "alt": alt},
        on_index_change=changed,
    )
