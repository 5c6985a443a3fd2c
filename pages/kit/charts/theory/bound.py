"""Charts of the bound, its gap, and q beside the true posterior."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered
from pages.kit.charts.theory.densities import densities
from vae_core.latent import normal_density

ELBO = concepts.X_HAT.colour  # as in the training curves


def bound_and_gap(log_evidence: float, elbo: float, gap: float) -> dict:
    """ELBO + KL(q || p(z|x)) = log p(x) as lengths from 0, in nats: however the two share it, they end at one line."""
    names = [f"ELBO {elbo:.2f}", f"+ KL(q || p(z|x)) {gap:.2f}", f"= log p(x) {log_evidence:.2f}"]
    rows = pd.DataFrame(
        {
            "bar": names,
            "start": [0, elbo, 0],
            "end": [elbo, elbo + gap, log_evidence],
            "nats": [elbo, gap, log_evidence],
        }
    )
    scale = alt.Scale(domain=[min(-8, round(log_evidence) - 4), max(0, log_evidence)], clamp=True)
    bars = (
        alt.Chart(rows)
        .mark_bar(size=22)
        .encode(
            x=alt.X("start:Q", scale=scale, title="nats"),
            x2=alt.X2("end:Q"),
            y=alt.Y("bar:N", sort=None, title=None, axis=None),
            color=alt.Color(
                "bar:N",
                sort=None,
                scale=alt.Scale(domain=names, range=[ELBO, concepts.KL.colour, concepts.X.colour]),
                legend=alt.Legend(orient="top", title=None, columns=1, symbolType="square", labelLimit=400),
            ),
            tooltip=[alt.Tooltip("bar"), alt.Tooltip("nats:Q", format=".3f")],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"nats": [log_evidence]}))
        .mark_rule(color=concepts.X.colour, size=2)
        .encode(x=alt.X("nats:Q", scale=scale))
    )
    return layered(bars, rule, height=290)


def q_and_posterior(z: np.ndarray, q: np.ndarray, posterior: np.ndarray) -> dict:
    """Densities of q(z|x) and of the true posterior p(z|x) over z, with the prior."""
    return densities(
        z,
        {
            "q(z|x), yours": (q, concepts.SIGMA.colour),
            "p(z|x), the true posterior": (posterior, concepts.Z.colour),
            "p(z), the prior": (normal_density(z, 0, 1), concepts.X.colour),
        },
        highest=2,
    )
