"""A chart as a finished Vega-Lite specification, made once for the same data: a class that moves one slider waits once."""

import hashlib
import pickle
from collections.abc import Callable
from contextvars import ContextVar

import altair as alt
import pandas as pd
import pyarrow as pa
import streamlit as st
from altair.utils import schemapi

# Whether each chart is held to Vega-Lite's schema, which takes longer than to make it: the tests do that.
CHECKED = False

AXIS = {"labelFlushOffset": -1}  # Streamlit puts the last label a pixel beyond the chart, where it is cut off

_TABLES: ContextVar[dict[str, bytes]] = ContextVar("tables of the chart that is being made")


def finished(draw: Callable[..., alt.TopLevelMixin | dict], data: tuple, named: dict, large: bool) -> dict:
    """The specification of the chart `draw(*data, **named)`, its tables as Arrow; shared, so not to be changed.

    A `large` one is legible in a lecture hall.
    """
    # Pickled only to be hashed; nothing is ever unpickled.
    asked = pickle.dumps((draw.__module__, draw.__qualname__, data, named, large))
    return _finished(hashlib.sha256(asked).hexdigest(), draw, data, named, large)


@st.cache_resource(max_entries=256, show_spinner=False)
def _finished(
    key: str, _draw: Callable[..., alt.TopLevelMixin | dict], _data: tuple, _named: dict, _large: bool
) -> dict:
    schemapi.DEBUG_MODE = CHECKED
    _TABLES.set({})
    drawing = _draw(*_data, **_named)
    specification = drawing if isinstance(drawing, dict) else drawing.to_dict(validate=False)
    specification = {**specification, "config": {"axis": AXIS}}
    if _large:
        specification = _enlarged(specification)
    if CHECKED:
        alt.Chart.from_dict(specification)
    return {**specification, "datasets": _TABLES.get()}


def filled(drawing: dict, **tables: dict) -> dict:
    """The drawing, which names its tables, with these tables: columns by name.

    A drawing that only its data change is made once: most of the time that a chart takes goes into it.
    """
    _TABLES.get().update({name: _stream(pa.table(columns)) for name, columns in tables.items()})
    return drawing


def _as_arrow(table: pd.DataFrame) -> dict:
    """Put a table aside as Arrow, in which Streamlit sends it; altair gets its name."""
    content = _stream(pa.Table.from_pandas(table, preserve_index=False))
    name = hashlib.sha256(content).hexdigest()
    _TABLES.get()[name] = content
    return {"name": name}


def _stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue().to_pybytes()


alt.theme.enable("none")  # the page decides how wide a chart is, and its theme how it looks
alt.data_transformers.register("arrow", _as_arrow)
alt.data_transformers.enable("arrow")


def _enlarged(specification: dict) -> dict:
    letters = {"labelFontSize": 18, "titleFontSize": 20}
    larger = {
        **specification,
        "height": 1.4 * specification["height"],
        "config": {"axis": {**AXIS, **letters}, "legend": {**letters, "labelLimit": 0}, "text": {"fontSize": 18}},
    }
    if "layer" in specification:  # letters whose size a layer names itself
        larger["layer"] = [
            {**layer, "mark": {**layer["mark"], "fontSize": 18}} if "fontSize" in layer["mark"] else layer
            for layer in specification["layer"]
        ]
    return larger
