"""Numbers to charts: data in, a chart of altair or its specification out. Concept colours come from `concepts`, class colours from the theme."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered
from pages.kit.show import printed

NATS = "nats an image"
# Lines of one colour: their dashes, long enough to be told apart.
TOP_DASHED = alt.Legend(
    orient="top", title=None, columns=1, labelLimit=400, symbolType="stroke", symbolSize=600, symbolStrokeWidth=2
)


def elbo_split(reconstruction: float, kl: float) -> alt.Chart:
    """The negative ELBO as one bar of two parts, in nats."""
    terms = [("reconstruction", reconstruction, 0.0), ("KL", kl, reconstruction)]
    rows = pd.DataFrame(
        [
            {"term": f"{name} {printed(nats)}", "nats": nats, "start": start, "end": start + nats}
            for name, nats, start in terms
        ]
    )
    colours = [concepts.RECONSTRUCTION.colour, concepts.KL.colour]
    return (
        alt.Chart(rows)
        .mark_bar(size=36)
        .encode(
            x=alt.X("start:Q", title=NATS),
            x2=alt.X2("end:Q"),
            color=alt.Color(
                "term:N",
                scale=alt.Scale(domain=list(rows["term"]), range=colours),
                legend=alt.Legend(orient="top", direction="vertical", title=None, symbolType="square"),
            ),
            tooltip=[alt.Tooltip("term"), alt.Tooltip("nats:Q", format=".2f")],
        )
        .properties(height=160)
    )


def kl_by_dim(kl_per_dim: np.ndarray) -> alt.Chart:
    """KL of each latent dimension as bars, (latent,) in nats."""
    rows = pd.DataFrame({"dimension": [f"z{i + 1}" for i in range(len(kl_per_dim))], "KL": kl_per_dim})
    return (
        alt.Chart(rows)
        .mark_bar(color=concepts.KL.colour)
        .encode(
            x=alt.X("dimension:N", sort=None, title="latent dimension", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("KL:Q", title="KL, nats"),
            tooltip=[alt.Tooltip("dimension"), alt.Tooltip("KL:Q", format=".3f")],
        )
        .properties(height=240)
    )


def posterior_by_dim(mu: np.ndarray, sigma: np.ndarray) -> dict:
    """mu and mu +- sigma of each latent dimension, on fixed axes from -4 to 4, wider for a code that lies beyond."""
    rows = pd.DataFrame(
        {
            "dimension": [f"z{i + 1}" for i in range(len(mu))],
            "mu": mu,
            "sigma": sigma,
            "low": mu - sigma,
            "high": mu + sigma,
        }
    )
    x = alt.X("dimension:N", sort=list(rows["dimension"]), title="latent dimension", axis=alt.Axis(labelAngle=0))
    limit = max(4, int(np.ceil((np.abs(mu) + sigma).max())))
    y = alt.Scale(domain=[-limit, limit])
    tooltip = [alt.Tooltip("dimension"), alt.Tooltip("mu:Q", format=".2f"), alt.Tooltip("sigma:Q", format=".2f")]
    bar = (
        alt.Chart(rows)
        .mark_rule(color=concepts.SIGMA.colour, size=6, opacity=0.6)
        .encode(x=x, y=alt.Y("low:Q", scale=y, title="μ ± σ"), y2=alt.Y2("high:Q"), tooltip=tooltip)
    )
    tick = (
        alt.Chart(rows)
        .mark_tick(color=concepts.MU.colour, thickness=3, size=14)
        .encode(x=x, y=alt.Y("mu:Q"), tooltip=tooltip)
    )
    return layered(bar, tick, height=240)


def training_curves(history: dict[str, list], variational: bool) -> alt.Chart:
    """nELBO by epoch on held-out and on training pictures, from the first epoch on, in nats.

    For a plain autoencoder, which has none, the reconstruction.
    """
    rows = []
    for split, name in (("validation", "held-out pictures"), ("train", "training pictures")):
        nats = -np.array(history[f"{split}_log_likelihood_nats"])
        if variational:
            nats = nats + history[f"{split}_kl_nats"]
        rows.append(pd.DataFrame({"epoch": history["epoch"], "pictures": name, "nats": nats}))
    data = pd.concat(rows)
    data = data[data["epoch"] > 0]  # the untrained model's 550 nats would flatten all the rest
    concept = concepts.ELBO if variational else concepts.RECONSTRUCTION
    return (
        alt.Chart(data)
        .mark_line(color=concept.colour)
        .encode(
            x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False)),
            y=alt.Y(
                "nats:Q", title="nELBO, nats" if variational else "reconstruction, nats", scale=alt.Scale(zero=False)
            ),
            strokeDash=alt.StrokeDash(
                "pictures:N",
                sort=None,
                scale=alt.Scale(domain=["held-out pictures", "training pictures"], range=[[1, 0], [5, 4]]),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=[alt.Tooltip("epoch"), alt.Tooltip("pictures"), alt.Tooltip("nats:Q", format=".2f")],
        )
        .properties(height=260)
    )
