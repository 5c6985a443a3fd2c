"""Bounds on log p(x) as charts: data in, altair out."""

from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered

BOUND, ESS, EVIDENCE = concepts.ELBO.colour, concepts.Z.colour, concepts.X.colour


def bound_by_k(columns: dict[str, np.ndarray], k: int, log_evidence: float | None) -> dict:
    """The K-sample bound against K: its mean over the draws, one standard deviation to each side, a mark at `k`.

    The columns are K, bound, sd, ess, draws, see `bounds.bounds_by_k`. Where log p(x) is known, it is a dashed line.
    """
    band = {"low": columns["bound"] - columns["sd"], "high": columns["bound"] + columns["sd"]}
    exact = {} if log_evidence is None else {"exact": {"nats": [log_evidence], "name": ["log p(x)"], "K": [1]}}
    return filled(_bound_over_k(int(columns["K"][-1]), bool(exact)), draws=columns | band, mark={"K": [k]}, **exact)


@cache
def _bound_over_k(top: int, exact: bool) -> dict:
    x = alt.X("K:Q", title="K, samples in one bound", scale=alt.Scale(type="log", domain=[1, top]))
    y = alt.Scale(zero=False, nice=False, padding=12)
    tooltip = [
        alt.Tooltip("K:Q"),
        alt.Tooltip("bound:Q", title="mean, nats", format=".2f"),
        alt.Tooltip("sd:Q", title="standard deviation", format=".2f"),
        alt.Tooltip("draws:Q", title="draws"),
    ]
    base = alt.Chart(alt.NamedData("draws")).encode(x=x, tooltip=tooltip)
    band = base.mark_area(color=BOUND, opacity=0.2).encode(y=alt.Y("low:Q", scale=y, title="nats"), y2=alt.Y2("high:Q"))
    line = base.mark_line(color=BOUND, point=alt.OverlayMarkDef(color=BOUND, size=40)).encode(y=alt.Y("bound:Q"))
    layers = [band, line, _mark()]
    if exact:
        evidence = alt.Chart(alt.NamedData("exact")).encode(y=alt.Y("nats:Q"))
        layers.append(evidence.mark_rule(color=EVIDENCE, strokeDash=[6, 4], size=2))
        name = evidence.mark_text(align="left", dx=6, dy=-8, fontSize=12, color=EVIDENCE)
        layers.append(name.encode(x=alt.X("K:Q"), text=alt.Text("name:N")))
    return layered(*layers, height=280)


def ess_by_k(columns: dict[str, np.ndarray], k: int) -> dict:
    """The effective sample size against K, mean over the draws, under the line where all weights are equal.

    The columns as for `bound_by_k`.
    """
    top = int(columns["K"][-1])
    return filled(
        _ess_over_k(top),
        draws=columns,
        mark={"K": [k]},
        equal={"K": [1, top], "ess": [1, top]},
        name={"K": [top / 4], "ess": [top / 4], "name": ["all weights equal"]},
    )


@cache
def _ess_over_k(top: int) -> dict:
    x = alt.X("K:Q", title="K, samples in one bound", scale=alt.Scale(type="log", domain=[1, top]))
    y = alt.Y("ess:Q", title="effective samples", scale=alt.Scale(type="log", domain=[1, top]))
    tooltip = [alt.Tooltip("K:Q"), alt.Tooltip("ess:Q", title="effective samples", format=".1f")]
    line = (
        alt.Chart(alt.NamedData("draws"))
        .mark_line(color=ESS, point=alt.OverlayMarkDef(color=ESS, size=40))
        .encode(x=x, y=y, tooltip=tooltip)
    )
    diagonal = alt.Chart(alt.NamedData("equal")).mark_line(color=EVIDENCE, strokeDash=[6, 4]).encode(x=x, y=y)
    text = (
        alt.Chart(alt.NamedData("name"))
        .mark_text(align="right", dx=-8, fontSize=12, color=EVIDENCE)
        .encode(x=x, y=y, text=alt.Text("name:N"))
    )
    return layered(diagonal, text, line, _mark(), height=280)


def ladder(values: dict[str, float], exact: bool) -> dict:
    """Bounds by name, lowest first, on one axis of nats; the last is log p(x) itself where `exact`."""
    names = list(values)
    rows = pd.DataFrame({"bound": names, "nats": values.values(), "label": [f"{v:.2f}" for v in values.values()]})
    rows["kind"] = ["log p(x)" if exact and name == names[-1] else "lower bound" for name in names]
    y = alt.Y("bound:N", sort=names[::-1], title=None, axis=alt.Axis(labelLimit=160))
    x = alt.X("nats:Q", title="nats", scale=alt.Scale(zero=False, nice=False, padding=50))
    dot = (
        alt.Chart(rows)
        .mark_point(filled=True, size=160, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=["lower bound", "log p(x)"], range=[BOUND, EVIDENCE]), legend=None
            ),
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(domain=["lower bound", "log p(x)"], range=["circle", "diamond"]), legend=None
            ),
            tooltip=[alt.Tooltip("bound"), alt.Tooltip("nats:Q", format=".2f")],
        )
    )
    text = alt.Chart(rows).mark_text(dy=-14, fontSize=12, color=EVIDENCE).encode(x=x, y=y, text=alt.Text("label"))
    return layered(dot, text, height=46 * len(rows) + 40)


def _mark() -> alt.Chart:
    """A vertical line at the K that the reader has chosen."""
    return alt.Chart(alt.NamedData("mark")).mark_rule(size=2, color=concepts.X.colour).encode(x=alt.X("K:Q"))
