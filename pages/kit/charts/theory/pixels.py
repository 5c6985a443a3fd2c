"""Charts of the likelihood of one pixel."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered
from pages.kit.charts.shared import TOP_DASHED

DASHES = [[1, 0], [8, 4], [2, 3]]  # Bernoulli, continuous Bernoulli, Gaussian


def pixel_curves(x: np.ndarray, curves: dict[str, np.ndarray]) -> dict:
    """log p(x_i) of one pixel over its grey value x (n,), a curve for each likelihood: name -> (n,), in nats."""
    return filled(
        _curves(tuple(curves)),
        curves={
            "x": np.tile(x, len(curves)),
            "nats": np.concatenate(list(curves.values())),
            "likelihood": np.repeat(list(curves), len(x)),
        },
    )


@cache
def _curves(names: tuple[str, ...]) -> dict:
    return (
        alt.Chart(alt.NamedData("curves"))
        .mark_line(strokeWidth=3, clip=True, color=concepts.RECONSTRUCTION.colour)
        .encode(
            x=alt.X("x:Q", title="grey value of the pixel, xᵢ"),
            y=alt.Y("nats:Q", title="log p(xᵢ | z), nats", scale=alt.Scale(domain=[-8, 4])),
            strokeDash=alt.StrokeDash(
                "likelihood:N", sort=None, scale=alt.Scale(domain=names, range=DASHES), legend=TOP_DASHED
            ),
            tooltip=[
                alt.Tooltip("likelihood:N"),
                alt.Tooltip("x:Q", format=".2f"),
                alt.Tooltip("nats:Q", format=".3f"),
            ],
        )
        .properties(height=340)
        .to_dict(validate=False)
    )


def normaliser(mean: np.ndarray, constant: np.ndarray, at: float) -> dict:
    """C, by which the continuous Bernoulli multiplies, over sigmoid(logit) (n,), with the chosen place."""
    return filled(_normaliser(), curve={"mean": mean, "C": constant}, chosen={"mean": [at]})


@cache
def _normaliser() -> dict:
    line = (
        alt.Chart(alt.NamedData("curve"))
        .mark_line(color=concepts.RECONSTRUCTION.colour, strokeWidth=3, strokeDash=DASHES[1])
        .encode(
            x=alt.X("mean:Q", title="sigmoid(logit)"),
            y=alt.Y("C:Q", title="normaliser C"),
            tooltip=[alt.Tooltip("mean:Q", format=".2f"), alt.Tooltip("C:Q", format=".2f")],
        )
    )
    rule = (
        alt.Chart(alt.NamedData("chosen"))
        .mark_rule(color=concepts.X.colour, strokeDash=[2, 2])
        .encode(x=alt.X("mean:Q"))
    )
    return layered(line, rule, height=340)
