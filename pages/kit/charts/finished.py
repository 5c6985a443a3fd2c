"""A chart as a finished Vega-Lite specification, made once for the same data: a class that moves one slider waits once."""

import hashlib
import pickle
from collections.abc import Callable

import altair as alt
import pyarrow as pa
import streamlit as st

alt.theme.enable("none")  # the page decides how wide a chart is, and its theme how it looks
alt.data_transformers.disable_max_rows()

CHECKED = (
    False  # whether each chart is held to Vega-Lite's schema, which takes longer than to make it: the tests do that
)


def finished(draw: Callable[..., alt.TopLevelMixin], data: tuple, named: dict, large: bool) -> dict:
    """The specification of the chart `draw(*data, **named)`, its tables as Arrow; shared, so not to be changed.

    A `large` one is legible in a lecture hall.
    """
    asked = pickle.dumps((draw.__module__, draw.__qualname__, data, named, large))
    return _finished(hashlib.sha256(asked).hexdigest(), draw, data, named, large)


@st.cache_resource(max_entries=256, show_spinner=False)
def _finished(key: str, _draw: Callable[..., alt.TopLevelMixin], _data: tuple, _named: dict, _large: bool) -> dict:
    drawing = _draw(*_data, **_named)
    specification = (_enlarged(drawing) if _large else drawing).to_dict(validate=CHECKED)
    tables = specification.get("datasets", {})
    return {**specification, "datasets": {name: _arrow(rows) for name, rows in tables.items()}}


def _enlarged(drawing):
    if isinstance(getattr(drawing, "height", None), int | float):  # what is put together of several charts has none
        drawing = drawing.properties(height=1.4 * drawing.height)
    return (
        drawing.configure_axis(labelFontSize=18, titleFontSize=20)
        .configure_legend(labelFontSize=18, titleFontSize=20, labelLimit=0)
        .configure_text(fontSize=18)
    )


def _arrow(rows: list[dict]) -> bytes:
    """Rows as an Arrow stream, in which Streamlit sends them."""
    table, sink = pa.Table.from_pylist(rows), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()
