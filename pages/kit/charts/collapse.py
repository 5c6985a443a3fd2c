"""Charts and the table of the page on collapse: data in, altair or pandas out."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered
from vae_core.manifest import ModelSpec

STATES = ["active", "collapsed"]
PICK = "dimension_picked"


def by_dimension(
    values: np.ndarray, names: Sequence[str], active: np.ndarray, off: Sequence[str], title: str, colour: str
) -> alt.LayerChart:
    """A value in nats of each latent dimension, in the given order; collapsed ones are grey, those switched off hollow.

    A click anywhere above a dimension selects it, as `PICK`: a bar without height could not be hit.
    """
    rows = pd.DataFrame(
        {
            "dimension": names,
            "nats": values,
            "state": [STATES[0] if used else STATES[1] for used in active],
            "switched": ["off" if name in off else "on" for name in names],
            "top": max(float(np.max(values)), 1e-3),
        }
    )
    x = alt.X("dimension:N", sort=list(names), title="latent dimension", axis=alt.Axis(labelAngle=0, labelOverlap=True))
    tooltip = [
        alt.Tooltip("dimension"),
        alt.Tooltip("nats:Q", format=".3f"),
        alt.Tooltip("state"),
        alt.Tooltip("switched"),
    ]
    targets = (
        alt.Chart(rows)
        .mark_bar(opacity=0, cursor="pointer")
        .encode(x=x, y=alt.Y("top:Q"), tooltip=tooltip)
        .add_params(alt.selection_point(name=PICK, fields=["dimension"]))
    )
    bars = (
        alt.Chart(rows)
        .mark_bar(strokeWidth=1.5)
        .encode(
            x=x,
            y=alt.Y("nats:Q", title=title),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=STATES, range=[colour, concepts.X.colour]),
                legend=alt.Legend(orient="top", title=None, symbolType="square"),
            ),
            stroke=alt.Stroke(
                "state:N", scale=alt.Scale(domain=STATES, range=[colour, concepts.X.colour]), legend=None
            ),
            fillOpacity=alt.FillOpacity(
                "switched:N", scale=alt.Scale(domain=["on", "off"], range=[1, 0.08]), legend=None
            ),
            tooltip=tooltip,
        )
    )
    return alt.layer(bars, targets).properties(height=250)  # the targets on top, where the pointer finds them


def kl_stacks(family: Sequence[ModelSpec], labels: Sequence[str], title: str) -> dict:
    """KL of every dimension of each model on top of one another, most used at the bottom, with its active units."""
    rows, tops = [], []
    for spec, label in zip(family, labels, strict=True):
        for rank, kl in enumerate(sorted(spec.metrics["kl_per_dim_nats"], reverse=True)):
            rows.append({"model": spec.id, "at": label, "rank": rank + 1, "KL": kl})
        tops.append(
            {
                "model": spec.id,
                "at": label,
                "KL": sum(spec.metrics["kl_per_dim_nats"]),
                "active": f"{spec.metrics['active_units']} of {spec.latent_dim}",
            }
        )
    x = alt.X("at:N", sort=list(labels), title=title, axis=alt.Axis(labelAngle=0))
    bars = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(color=concepts.KL.colour, stroke="#ffffff", strokeWidth=0.7, size=26)
        .encode(
            x=x,
            y=alt.Y("KL:Q", stack=True, title="KL of all dimensions, nats"),
            detail=alt.Detail("rank:O"),
            order=alt.Order("rank:O"),
            tooltip=[alt.Tooltip("model"), alt.Tooltip("rank:O", title="most used"), alt.Tooltip("KL:Q", format=".3f")],
        )
    )
    texts = (
        alt.Chart(pd.DataFrame(tops))
        .mark_text(dy=-8, color=concepts.X.colour, fontSize=11)
        .encode(x=x, y=alt.Y("KL:Q"), text=alt.Text("active:N"))
    )
    return layered(bars, texts, height=260)


def linear_dimensions(variances: np.ndarray, noise_variance: float, kl: np.ndarray) -> dict:
    """The data's variance along each principal direction beside the noise, on a logarithmic axis."""
    rows = pd.DataFrame(
        {
            "direction": np.arange(1, len(variances) + 1),
            "variance": variances,
            "KL": kl,
            "state": [STATES[0] if nats > 0 else STATES[1] for nats in kl],
        }
    )
    dots = (
        alt.Chart(rows)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            x=alt.X("direction:O", title="principal direction", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("variance:Q", title="variance, grey values²", scale=alt.Scale(type="log")),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=STATES, range=[concepts.KL.colour, concepts.X.colour]),
                legend=alt.Legend(orient="top", title=None),
            ),
            shape=alt.Shape(
                "state:N",
                scale=alt.Scale(domain=STATES, range=["circle", "cross"]),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=[
                alt.Tooltip("direction"),
                alt.Tooltip("variance:Q", format=".3f"),
                alt.Tooltip("KL:Q", format=".2f"),
            ],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"noise": [noise_variance]}))
        .mark_rule(color=concepts.RECONSTRUCTION.colour, size=2, strokeDash=[6, 4])
        .encode(y=alt.Y("noise:Q"), tooltip=[alt.Tooltip("noise:Q", title="β·σ²", format=".3f")])
    )
    return layered(dots, line, height=260)


def remedies(spec: ModelSpec) -> pd.DataFrame:
    """What helps against collapse, and whether a model's recipe does it."""
    recipe = spec.recipe
    schedule, warmup, bits = recipe["kl_schedule"], recipe["kl_warmup"], recipe["free_bits"]
    rise = f"used: the KL weight rises from 0 over the first {warmup:.0%} of training"
    risen = {
        "linear": rise if warmup else "not used",
        "cyclical": f"used, in {recipe['kl_cycles']} cycles (Fu et al. 2019)",
        "constant": "not used",
    }[schedule]
    rows = [
        (
            "**KL warm-up**, or annealing: let dimensions prove their worth before they cost (Bowman et al. 2016)",
            f"`kl_schedule`, `kl_warmup`: {risen}",
        ),
        (
            "**Free bits**: the first nats of each dimension cost nothing, so nothing is gained by closing it (Kingma et al."
            " 2016)",
            f"`free_bits`: {f'used, {bits:g} nats a dimension' if bits else 'not used'}",
        ),
        ("**Smaller β**: a lower price for every dimension (Higgins et al. 2017)", f"`beta`: {spec.beta:g}"),
        (
            "**Training the encoder harder**: several of its steps for each of the decoder, early on (He et al. 2019)",
            "not in this project",
        ),
    ]
    return pd.DataFrame(rows, columns=["remedy", "here"]).set_index("remedy")
