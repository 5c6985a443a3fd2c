"""Charts of the bound, its gap, and q beside the true posterior."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered
from pages.kit.charts.theory.densities import densities
from pages.kit.show import printed
from vae_core.latent import normal_density

BEYOND = ", beyond the axis"
NAMES = ["ELBO", "+ KL(q || p(z|x))", "= log p(x)"]


def bound_and_gap(log_evidence: float, elbo: float, gap: float) -> dict:
    """ELBO + KL(q || p(z|x)) = log p(x) as bars in nats: from 0 to the ELBO, and from there back to the line of log p(x).

    The axis stays where it is while q moves; a bar that goes on beyond it has an arrow at its end.
    """
    low, high = min(-8, round(log_evidence) - 4), max(0, log_evidence)
    nats = [elbo, gap, log_evidence]
    cut = [elbo < low, elbo < low, False]
    return filled(
        _lengths(low, high),
        lengths={
            "bar": NAMES,
            "start": [0.0, elbo, 0.0],
            "end": [elbo, elbo + gap, log_evidence],
            "nats": nats,
            "says": [
                f"{name} {printed(n, 2)}{BEYOND if c else ''}" for name, n, c in zip(NAMES, nats, cut, strict=True)
            ],
            "arrow": [float(c) for c in cut],
        },
        whole={"nats": [log_evidence]},
    )


@cache
def _lengths(low: float, high: float) -> dict:
    scale = alt.Scale(domain=[low, high], clamp=True)
    y = alt.Y("bar:N", sort=None, title=None, axis=None)
    colours = alt.Scale(domain=NAMES, range=[concepts.ELBO.colour, concepts.GAP.colour, concepts.X.colour])
    bars = (
        alt.Chart(alt.NamedData("lengths"))
        .mark_bar(size=22, yOffset=12)
        .encode(
            x=alt.X("start:Q", scale=scale, title="nats"),
            x2=alt.X2("end:Q"),
            y=y,
            color=alt.Color("bar:N", sort=None, scale=colours, legend=None),
            tooltip=[alt.Tooltip("bar:N"), alt.Tooltip("nats:Q", format=".3f")],
        )
    )
    names = (
        alt.Chart(alt.NamedData("lengths"))
        .mark_text(align="left", dy=-10, fontSize=13, fontWeight="bold")
        .encode(x=alt.XValue(0), y=y, text=alt.Text("says:N"), color=alt.Color("bar:N", scale=colours, legend=None))
    )
    arrows = (
        alt.Chart(alt.NamedData("lengths"))
        .mark_point(shape="triangle-left", filled=True, color="white", size=120, yOffset=12)
        .encode(x=alt.XValue(10), y=y, opacity=alt.Opacity("arrow:Q", scale=None, legend=None))
    )
    rule = (
        alt.Chart(alt.NamedData("whole"))
        .mark_rule(color=concepts.X.colour, size=2)
        .encode(x=alt.X("nats:Q", scale=scale))
    )
    return layered(bars, arrows, names, rule, height=250)


def q_and_posterior(z: np.ndarray, q: np.ndarray, posterior: np.ndarray) -> dict:
    """Densities of q(z|x) and of the true posterior p(z|x) over z, with the prior."""
    return densities(
        z,
        {
            "q(z|x), yours": (q, concepts.SIGMA.colour),
            "p(z|x), the true posterior": (posterior, concepts.Z.colour),
            "p(z), the prior": (normal_density(z, 0, 1), concepts.X.colour),
        },
    )
