"""Charts of why log p(x) is hard: prior draws, and Gaussians dropped on x."""

from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered

TOY_X = (-2.0, 9.0)  # of the toy: f(z) ± 2σ of every stop, and what the Gaussians dropped there reach
CURVES = ["one Gaussian for each stop of z", "their sum so far", "p(x), the whole integral"]


def draws_histogram(log_likelihoods: np.ndarray, marks: dict[str, float]) -> dict:
    """How log p(x|z_i) spreads over the draws (n,), in nats, with named rules such as the estimate of log p(x)."""
    low, high = float(log_likelihoods.min()), float(log_likelihoods.max())
    counts, edges = np.histogram(log_likelihoods, bins=60, range=(low, max(high, low + 1)))
    rows = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "draws": counts})
    bars = (
        alt.Chart(rows)
        .mark_rect(color=concepts.Z.colour, opacity=0.7)
        .encode(
            x=alt.X("from:Q", title="log p(x | z), nats", scale=alt.Scale(zero=False, nice=True)),
            x2=alt.X2("to:Q"),
            y=alt.Y("draws:Q", title="draws of z"),
            y2=alt.Y2Datum(0),
            tooltip=[alt.Tooltip("from:Q", format=".0f"), alt.Tooltip("to:Q", format=".0f"), alt.Tooltip("draws")],
        )
    )
    rules = (
        alt.Chart(pd.DataFrame({"nats": list(marks.values()), "mark": list(marks)}))
        .mark_rule(size=2.5)
        .encode(
            x=alt.X("nats:Q"),
            color=alt.Color(
                "mark:N",
                sort=None,
                scale=alt.Scale(domain=list(marks), range=[concepts.X.colour, concepts.ELBO.colour]),
                legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
            ),
            strokeDash=alt.StrokeDash("mark:N", sort=None, scale=alt.Scale(domain=list(marks), range=[[1, 0], [5, 3]])),
            tooltip=[alt.Tooltip("mark"), alt.Tooltip("nats:Q", format=".1f")],
        )
    )
    return layered(bars, rules, height=300)


def running_estimates(estimates: dict[str, np.ndarray], reference: float) -> dict:
    """The estimate of log p(x) after the first n draws, a line a seed, in nats; the rule is a better estimate."""
    count = len(next(iter(estimates.values())))
    n = np.unique(np.geomspace(1, count, 150).astype(int))
    rows = pd.concat(
        [pd.DataFrame({"draws": n, "nats": line[n - 1], "seed": name}) for name, line in estimates.items()]
    )
    lines = (
        alt.Chart(rows)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("draws:Q", title="draws so far", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y("nats:Q", title="estimate of log p(x), nats", scale=alt.Scale(zero=False)),
            color=alt.Color("seed:N", sort=None, legend=alt.Legend(orient="top", title=None, columns=3)),
            tooltip=[alt.Tooltip("seed"), alt.Tooltip("draws"), alt.Tooltip("nats:Q", format=".1f")],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"nats": [reference]}))
        .mark_rule(size=2.5, strokeDash=[5, 3], color=concepts.ELBO.colour)
        .encode(y=alt.Y("nats:Q"), tooltip=[alt.Tooltip("nats:Q", format=".1f")])
    )
    return layered(lines, rule, height=300)


def dropped_gaussians(x: np.ndarray, parts: np.ndarray, last: int, exact: np.ndarray, at: float) -> dict:
    """p(x) of the toy as a sum: the Gaussians (stops, n) up to the stop `last`, their sum, and the exact p(x) (n,)."""
    so_far = parts[: last + 1]
    one, total, whole = CURVES
    return filled(
        _pile(float(exact.max()) * 1.15),
        thin={
            "x": np.tile(x, len(so_far)),
            "density": so_far.ravel(),
            "stop": np.repeat(np.arange(len(so_far)), len(x)),
            "curve": np.repeat([one], so_far.size),
        },
        thick={
            "x": np.tile(x, 2),
            "density": np.concatenate([so_far.sum(axis=0), exact]),
            "curve": np.repeat([total, whole], len(x)),
        },
        chosen={"x": [at]},
    )


@cache
def _pile(highest: float) -> dict:
    colour = alt.Color(
        "curve:N",
        sort=None,
        scale=alt.Scale(domain=CURVES, range=[concepts.Z.colour, concepts.X_HAT.colour, concepts.X.colour]),
        legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
    )
    y = alt.Y("density:Q", title="density", scale=alt.Scale(domain=[0, highest]))
    base = {"x": alt.X("x:Q", title="x"), "y": y, "color": colour}
    dash = alt.StrokeDash("curve:N", scale=alt.Scale(domain=CURVES, range=[[1, 0], [1, 0], [5, 3]]), legend=None)
    one = alt.Chart(alt.NamedData("thin")).mark_line(strokeWidth=1).encode(**base, detail=alt.Detail("stop:N"))
    both = alt.Chart(alt.NamedData("thick")).mark_line(strokeWidth=3).encode(**base, strokeDash=dash)
    rule = (
        alt.Chart(alt.NamedData("chosen")).mark_rule(color=concepts.X.colour, strokeDash=[2, 2]).encode(x=alt.X("x:Q"))
    )
    return layered(one, both, rule, height=340)


def bent_decoder(z: np.ndarray, mean: np.ndarray, sigma: float, stop: float, at: float) -> dict:
    """The toy's decoder: f(z) with a band of one sigma, the stop of z on it, and the x of interest."""
    return filled(
        _decoder(),
        decoder={"z": z, "f": mean, "low": mean - sigma, "high": mean + sigma},
        here={"z": [stop], "f": [float(np.interp(stop, z, mean))]},
        chosen={"x": [at]},
    )


@cache
def _decoder() -> dict:
    decoder = alt.NamedData("decoder")
    y = alt.Scale(domain=list(TOY_X))
    x = alt.X("z:Q", title="code z")
    band = (
        alt.Chart(decoder)
        .mark_area(color=concepts.X_HAT.colour, opacity=0.2)
        .encode(x=x, y=alt.Y("low:Q", scale=y, title="f(z) ± σ"), y2=alt.Y2("high:Q"))
    )
    line = alt.Chart(decoder).mark_line(color=concepts.X_HAT.colour).encode(x=x, y=alt.Y("f:Q", scale=y))
    dot = (
        alt.Chart(alt.NamedData("here"))
        .mark_point(color=concepts.Z.colour, filled=True, size=160, opacity=1)
        .encode(x=x, y=alt.Y("f:Q", scale=y), tooltip=[alt.Tooltip("z:Q"), alt.Tooltip("f:Q", format=".2f")])
    )
    rule = (
        alt.Chart(alt.NamedData("chosen"))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(y=alt.Y("x:Q", scale=y))
    )
    return layered(band, line, rule, dot, height=340)
