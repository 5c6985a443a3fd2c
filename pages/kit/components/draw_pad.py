"""A square on which the reader draws a digit."""

import numpy as np
import streamlit as st

from pages.kit.components.draw import drawn_picture
from pages.kit.components.files import read

_PAD = st.components.v2.component(
    "vae_classroom.draw_pad",
    html="""
    <div class="draw-pad">
      <canvas role="img" aria-label="A black square to draw a white digit on, with mouse, pen or finger"></canvas>
      <div class="tools">
        <button type="button" class="undo">Undo</button> <button type="button" class="clear">Clear</button>
      </div>
    </div>
    """,
    css="""
    canvas { width: min(100%, 20rem); aspect-ratio: 1; display: block; touch-action: none; cursor: crosshair;
             image-rendering: pixelated; border: 2px solid var(--st-border-color); }
    .tools { display: flex; gap: 0.5rem; margin-top: 0.5rem; }
    button { font: inherit; color: var(--st-text-color); cursor: pointer; padding: 0.3rem 0.8rem; background: transparent;
             border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); }
    button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
    """,
    js=read("draw.js", "draw_pad.js"),
)


def draw_pad(*, turn: int, key: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Show the square; returns the drawing as it is and as MNIST prepares it, (28, 28) each, or None while it is empty.

    Another `turn` empties it for the next digit. A reader who comes back from another page goes on drawing.
    """
    left = st.session_state.get(f"_{key}_left")
    kept = left if isinstance(left, dict) and left.get("turn") == turn else None
    sent = _PAD(
        key=key,
        data={"turn": turn, "strokes": kept.get("strokes") if kept else None},  # the browser reads them when it begins
        default={"drawing": kept},
        on_drawing_change=lambda: None,
    ).get("drawing")
    st.session_state[f"_{key}_left"] = sent
    if not isinstance(sent, dict):
        return None
    drawn, prepared = drawn_picture(sent.get("drawn")), drawn_picture(sent.get("prepared"))
    if drawn is None or prepared is None or not prepared.any():
        return None
    return drawn, prepared
