"""Charts of the closed-form KL against sampling."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered
from pages.kit.charts.theory.densities import densities
from vae_core.latent import normal_density


def two_gaussians(mu: float, sigma: float) -> dict:
    """The densities of N(mu, sigma^2) and of the prior N(0, 1) over one latent dimension, on fixed axes."""
    z = np.linspace(-5, 5, 301)
    curves = {
        "posterior N(μ, σ²)": (normal_density(z, mu, sigma), concepts.SIGMA.colour),
        "prior N(0, 1)": (normal_density(z, 0, 1), concepts.X.colour),
    }
    return densities(z, curves)


def estimate_with_error(closed_form: float, estimate: float, standard_error: float) -> dict:
    """The exact KL as a line beside a Monte Carlo estimate with bars of one and two standard errors, in nats."""
    low, high = estimate - 2 * standard_error, estimate + 2 * standard_error
    return filled(
        _line_and_estimate(),
        exact={"nats": [closed_form]},
        sampled={"way": ["sampling"], "nats": [estimate], "low": [low], "high": [high]},
    )


@cache
def _line_and_estimate() -> dict:
    y = alt.Y("way:N", title=None, axis=None)
    x = alt.Scale(zero=False, nice=True, padding=20)
    rule = (
        alt.Chart(alt.NamedData("exact"))
        .mark_rule(color=concepts.KL.colour, size=3)
        .encode(x=alt.X("nats:Q", scale=x, title="KL, nats"))
    )
    bar = (
        alt.Chart(alt.NamedData("sampled"))
        .mark_rule(color=concepts.EPSILON.colour, size=3)
        .encode(y=y, x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    )
    dot = (
        alt.Chart(alt.NamedData("sampled"))
        .mark_point(color=concepts.EPSILON.colour, filled=True, size=300, shape="diamond", opacity=1)
        .encode(y=y, x=alt.X("nats:Q"), tooltip=[alt.Tooltip("nats:Q", format=".3f")])
    )
    return layered(rule, bar, dot, height=110)
