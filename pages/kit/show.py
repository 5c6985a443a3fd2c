"""Pictures and explanations as every page shows them: exact PNGs, what to look for, and the function behind them."""

import inspect

import numpy as np
import streamlit as st

from vae_core.images import png, tile


def picture(x: np.ndarray, *, alt: str, scale: int = 5, caption: str | None = None) -> bytes:
    """Show one picture (height, width) in [0, 1], each pixel enlarged to scale x scale; returns the PNG."""
    return sheet(x[None], columns=1, scale=scale, alt=alt, caption=caption)


def sheet(x: np.ndarray, *, columns: int, alt: str, scale: int = 2, gap: int = 2, caption: str | None = None) -> bytes:
    """Show pictures (n, height, width) as one exact PNG, row by row; returns the PNG."""
    data = png(tile(x, columns, scale, gap))
    st.image(data, output_format="PNG", alt=alt)
    if caption:  # not st.image's own, which stretches a picture that is narrower than its caption
        st.caption(caption)
    return data


def look_for(text: str) -> None:
    """What to see here, why, and what to try."""
    st.info(text, icon=":material/visibility:")


def source(*functions) -> None:
    """The very functions of vae_core that computed what is shown, folded away."""
    with st.expander("The code that computed this", icon=":material/code:"):
        for function in functions:
            st.caption(f"`{function.__module__}.{function.__name__}`")
            st.code(inspect.getsource(function), language="python")


def download(label: str, data: bytes, file_name: str, mime: str, key: str) -> None:
    """A button that saves what is shown; the page does not run again for it."""
    st.download_button(label, data, file_name, mime, key=key, icon=":material/download:", on_click="ignore")
