"""Pictures, charts and explanations as every page shows them, larger when they are projected in a lecture hall."""

import base64
import inspect
import io
from collections.abc import Callable, Sequence
from functools import cache
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from pages.kit.controls import refuse_unknown
from pages.kit.present import presenting
from vae_core.images import enlarged, labelled, png, tile, unpacked

JUST_SHOW = "Just show me"
_PRESENTED = "; zoom: 2; image-rendering: pixelated"


def picture(x: np.ndarray, *, alt: str, scale: int = 5, caption: str | None = None) -> None:
    """Show one picture (height, width) in [0, 1], each pixel as a square of scale x scale."""
    sheet(x[None], columns=1, scale=scale, alt=alt, caption=caption)


def sheet(
    x: np.ndarray,
    *,
    columns: int,
    alt: str,
    scale: int = 2,
    caption: str | None = None,
    about: dict[str, object] | None = None,
) -> Callable[[], bytes]:
    """Show pictures (n, height, width) as one exact PNG, row by row, each pixel as a square of scale x scale.

    Returns what makes the file to download: as large as it is shown, with `about` in its metadata.
    """
    return ready_sheet(png(tile(x, columns, gap=1)), alt=alt, scale=scale, caption=caption, about=about)


def ready_sheet(
    data: bytes, *, alt: str, scale: int = 2, caption: str | None = None, about: dict[str, object] | None = None
) -> Callable[[], bytes]:
    """As `sheet`, of pictures that are a PNG already."""
    image(data, "image/png", alt=alt, width=scale * _width(data))
    if caption:
        st.caption(caption)
    return lambda: png(enlarged(unpacked(data), scale), about)


def _width(data: bytes) -> int:
    """Of a PNG, from its head: the pixels are not read for it."""
    return Image.open(io.BytesIO(data)).width


def named_sheet(
    data: bytes,
    *,
    rows: list[str],
    columns: Sequence[str] = (),
    alt: str,
    scale: int = 2,
    about: dict[str, object] | None = None,
) -> Callable[[], bytes]:
    """Show a PNG of pictures side by side, with a name beside each row and, if given, above each column.

    Rows and columns are evenly spaced. Returns what makes the file to download, with the names in the picture.
    """
    names = "".join(f"<span>{escape(name)}</span>" for name in rows)
    above = "".join(f"<span>{escape(head)}</span>" for head in columns)
    width = scale * _width(data)
    letters = f"font-size: 0.55rem{_PRESENTED}" if presenting() else "font-size: 0.8rem"
    st.html(
        _Markup(
            f'<div style="display: grid; grid-template-columns: max-content minmax(0, {width}px); column-gap: 0.5rem;'
            f' {letters}; line-height: 1.1">'
            f'<div></div><div style="display: grid; grid-template-columns: repeat({max(1, len(columns))}, minmax(0, 1fr));'
            f' text-align: center; overflow-wrap: anywhere">{above}</div>'
            f'<div style="display: grid; grid-template-rows: repeat({len(rows)}, 1fr); align-items: center">{names}</div>'
            f"{_img(data, 'image/png', alt, 'display: block; width: 100%; image-rendering: pixelated')}</div>"
        )
    )
    return lambda: png(labelled(enlarged(unpacked(data), scale), rows, columns), about)


def image(data: bytes, mime: str, *, alt: str, width: int | None = None) -> None:
    """Show a picture file, inside the page's own message: no second request, nothing re-encoded.

    With a `width` it is that many CSS pixels wide, if there is room, and enlarged without smoothing.
    """
    style = "max-width: 100%"
    if width:
        style += f"; width: {width}px; image-rendering: pixelated"
    st.html(_Markup(_img(data, mime, alt, style + (_PRESENTED if presenting() else ""))))


def _img(data: bytes, mime: str, alt: str, style: str) -> str:
    return f'<img alt="{escape(alt)}" src="data:{mime};base64,{base64.b64encode(data).decode()}" style="{style}">'


class _Markup(str):
    """Shown as it is: `st.html` first looks through a plain string for its indentation, half a millisecond for a sheet."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return self


def chart(draw: Callable, *data, alt: str, selection: dict | None = None, **named) -> None:
    """Show the altair chart `draw(*data, **named)` with its text equivalent, drawn once for the same data.

    `selection` goes to `st.vega_lite_chart` (key, on_select, selection_mode).
    """
    from pages.kit.charts.finished import finished  # altair takes a second to import

    st.vega_lite_chart(finished(draw, data, named, presenting()), alt=alt, **(selection or {}))


def printed(value: float, digits: int = 1) -> str:
    """A number as a reader sees it: a minus sign, not a hyphen."""
    return f"{value:.{digits}f}".replace("-", "−")


def predict(
    question: str, answers: list[str], right: str, why: str, key: str, then: str = "the reason appears"
) -> bool:
    """A question to answer before looking; whether the reader has committed to an answer, or has asked to be shown.

    Until then the page leaves out what gives the answer away, and `then` says what will appear. Nobody is asked twice: what was
    answered holds for the visit and, as `key`, in the link, also where another picture or model has another right answer.
    """
    options = [*answers, JUST_SHOW]
    with st.container(border=True):
        refuse_unknown(key, options, "Choose an answer of your own.")
        said = st.radio(
            f"**Predict first.** {question}", options, index=None, key=key, bind="query-params", horizontal=True
        )
        if said is None:
            st.caption(f"Choose an answer, and {then}.")
        elif said == right:
            st.success(f"Right. The answer: **{right}**. {why}", icon=":material/check:")
        else:
            st.info(f"The answer: **{right}**. {why}", icon=":material/lightbulb:")
    return said is not None


def look_for(text: str) -> None:
    """What to see here, why, and what to try; a side note, left out where the lecturer says it."""
    if not presenting():
        st.info(text, icon=":material/visibility:")


def source(*functions) -> None:
    """The very functions of vae_core that computed what is shown, folded away."""
    if presenting():
        return
    with st.expander("The code that computed this", icon=":material/code:"):
        st.code("\n\n".join(map(_source_of, functions)), language="python")


def download(label: str, data: bytes | Callable[[], bytes], file_name: str, mime: str, key: str) -> None:
    """A button that saves what is shown; the page does not run again for it.

    A function is called on the click only, so that a file which takes a while slows nothing down before.
    """
    st.download_button(label, data, file_name, mime, key=key, icon=":material/download:", on_click="ignore")


@cache
def _source_of(function) -> str:
    """It stays the same while the app runs, and is asked for on every rerun."""
    return f"# {function.__module__}\n{inspect.getsource(function)}"
