"""Charts made once for the same data, with their tables as Streamlit sends them."""

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from jsonschema import ValidationError

from pages.kit.charts import finished as module
from pages.kit.charts.finished import finished
from pages.kit.charts.layers import layered
from pages.kit.charts.shared import elbo_split, kl_by_dim, posterior_by_dim
from pages.kit.charts.theory.bound import bound_and_gap
from pages.kit.charts.theory.kl import estimate_with_error


def tables(specification: dict) -> list[list[dict]]:
    return [pa.ipc.open_stream(data).read_all().to_pylist() for data in specification["datasets"].values()]


def test_the_table_of_a_chart_is_its_data():
    kl = np.array([0.5, 0.25, 2.0])
    (rows,) = tables(finished(kl_by_dim, (kl,), {}, large=False))
    assert rows == [{"dimension": f"z{i + 1}", "KL": value} for i, value in enumerate(kl)]


def test_the_same_data_is_drawn_once_and_other_data_anew(monkeypatch):
    drawn, enlarged = [], module._enlarged
    monkeypatch.setattr(module, "_enlarged", lambda drawing: drawn.append(drawing) or enlarged(drawing))
    first = finished(posterior_by_dim, (np.zeros(3), np.full(3, 0.123)), {}, large=True)
    assert len(drawn) == 1
    assert len(first["datasets"]) == 1  # two layers, one table
    again = finished(posterior_by_dim, (np.zeros(3), np.full(3, 0.123)), {}, large=True)
    assert again is first
    assert len(drawn) == 1
    other = finished(posterior_by_dim, (np.zeros(3), np.full(3, 0.124)), {}, large=True)
    assert other is not first
    assert len(drawn) == 2


def test_a_drawing_made_once_gets_the_tables_of_each_call():
    one = finished(estimate_with_error, (1.0, 1.5, 0.1), {}, large=False)
    other = finished(estimate_with_error, (2.0, 1.75, 0.2), {}, large=False)
    assert other["layer"] is one["layer"]
    assert tables(one) == [[{"nats": 1.0}], [{"way": "sampling", "nats": 1.5, "low": 1.3, "high": 1.7}]]
    assert tables(other) == [[{"nats": 2.0}], [{"way": "sampling", "nats": 1.75, "low": 1.35, "high": 2.15}]]


@pytest.mark.parametrize(("large", "size"), [(False, 13), (True, 18)])
def test_letters_inside_a_chart_grow_for_a_lecture_hall(large, size):
    specification = finished(bound_and_gap, (-2.0, -3.0, 1.0), {}, large=large)
    assert [layer["mark"]["fontSize"] for layer in specification["layer"] if layer["mark"]["type"] == "text"] == [size]


@pytest.mark.parametrize("large", [False, True])
def test_a_chart_for_a_lecture_hall_has_large_letters_and_is_higher(large):
    specification = finished(elbo_split, (80.0, 20.0), {}, large=large)
    assert specification["height"] == (224 if large else 160)
    assert specification.get("config", {}).get("axis", {}).get("labelFontSize") == (18 if large else None)


def test_layers_are_those_of_altair():
    rows = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    dots = alt.Chart(rows).mark_point(size=90).encode(x="x:Q", y=alt.Y("y:Q", scale=alt.Scale(domain=[0, 5])))
    line = alt.Chart(rows).mark_line().encode(x="x:Q", y="y:Q")

    def ours():
        return layered(dots, line, height=200)

    def theirs():
        return alt.layer(dots, line).properties(height=200)

    expected = dict(finished(theirs, (), {}, large=False))
    data = expected.pop("data")  # lifted out of the layers, which have it in common
    expected["layer"] = [{**layer, "data": data} for layer in expected["layer"]]
    assert finished(ours, (), {}, large=False) == expected


def test_a_specification_unknown_to_vega_lite_is_refused_by_the_tests():
    def too_tall():
        return layered(alt.Chart().mark_point(), height="tall")

    with pytest.raises(ValidationError):
        finished(too_tall, (), {}, large=False)


@pytest.mark.parametrize(("mu", "limit"), [(0.5, 4), (-5.2, 6)])
def test_a_posterior_beyond_the_usual_axis_is_drawn_where_it_is(mu, limit):
    drawn = finished(posterior_by_dim, (np.array([mu]), np.array([0.1])), {}, large=False)
    assert drawn["layer"][0]["encoding"]["y"]["scale"] == {"domain": [-limit, limit]}
