"""Charts of sigma over the log-variance, and the slopes of the KL."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered
from pages.kit.charts.shared import TOP_DASHED

OUTPUTS = ["output is log σ²", "output is σ itself"]


def sigma_of_logvar(logvar: float) -> dict:
    """sigma = exp(log sigma^2 / 2) over log sigma^2, with the chosen point."""
    grid = np.linspace(-10, 4, 200)
    return filled(
        _curve_and_point(),
        curve={"logvar": grid, "sigma": np.exp(0.5 * grid)},
        chosen={"logvar": [logvar], "sigma": [np.exp(0.5 * logvar)]},
    )


@cache
def _curve_and_point() -> dict:
    x = alt.X("logvar:Q", title="log σ², what the network gives")
    y = alt.Y("sigma:Q", title="σ = exp(½ log σ²)")
    line = alt.Chart(alt.NamedData("curve")).mark_line(color=concepts.SIGMA.colour).encode(x=x, y=y)
    dot = (
        alt.Chart(alt.NamedData("chosen"))
        .mark_point(filled=True, size=180, opacity=1, color=concepts.SIGMA.colour)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("logvar:Q", format=".2f"), alt.Tooltip("sigma:Q", format=".3f")])
    )
    return layered(line, dot, height=240)


def kl_slopes(sigma: np.ndarray, by_logvar: np.ndarray, by_sigma: np.ndarray, at: float) -> dict:
    """The size of the KL's slope over sigma (n,) for either output of a network, both axes logarithmic."""
    return filled(
        _slopes(),
        slopes={
            "sigma": np.tile(sigma, 2),
            "slope": np.abs(np.concatenate([by_logvar, by_sigma])).clip(1e-3),
            "network": np.repeat(OUTPUTS, len(sigma)),
        },
        chosen={"sigma": [at]},
    )


@cache
def _slopes() -> dict:
    lines = (
        alt.Chart(alt.NamedData("slopes"))
        .mark_line(clip=True, color=concepts.KL.colour)
        .encode(
            x=alt.X("sigma:Q", title="σ", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y(
                "slope:Q",
                title="size of the KL's slope",
                scale=alt.Scale(type="log", domain=[0.01, 1000]),
                axis=alt.Axis(values=[0.01, 0.1, 1, 10, 100, 1000], format="~g"),
            ),
            strokeDash=alt.StrokeDash(
                "network:N", sort=None, scale=alt.Scale(domain=OUTPUTS, range=[[1, 0], [5, 3]]), legend=TOP_DASHED
            ),
            tooltip=[
                alt.Tooltip("network:N"),
                alt.Tooltip("sigma:Q", format=".3f"),
                alt.Tooltip("slope:Q", format=".3g"),
            ],
        )
    )
    rule = (
        alt.Chart(alt.NamedData("chosen"))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(x=alt.X("sigma:Q"))
    )
    return layered(lines, rule, height=320)
