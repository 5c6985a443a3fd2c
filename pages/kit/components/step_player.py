"""The steps of a path, as a strip and under the reader's hand: all from one sprite, in the browser, no rerun a frame."""

import base64

import numpy as np
import streamlit as st

from pages.kit.components.files import read
from vae_core.images import png, tile

_PLAYER = st.components.v2.component(
    "vae_classroom.step_player",
    html=read("step_player.html"),
    css=read("step_player.css"),
    js=read("clock.js", "step_player.js"),
)


def sprite_of(rows: dict[str, np.ndarray]) -> str:
    """Rows of pictures, name -> (steps, 28, 28), as one picture for the browser."""
    pictures = list(rows.values())
    return base64.b64encode(png(tile(np.concatenate(pictures), columns=len(pictures[0])))).decode()


def step_player(sprite: str, rows: tuple[str, ...], words: tuple[str, ...], *, alt: str, says: str, key: str) -> None:
    """Show the named rows of a sprite, all steps at once and one of them large; `words` tell of each step.

    `alt` is the strip's text equivalent, `says` stands below it. A `path_map` of the page marks the place of the step on
    its path.
    """
    # Tuples, as Streamlit would look through each list for a data frame.
    _PLAYER(key=key, data={"sprite": sprite, "rows": rows, "words": words, "alt": alt, "says": says})
