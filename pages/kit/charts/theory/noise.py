"""Charts of the reparameterisation, and gradients with and without it."""

from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered


def noise_to_code(epsilon: np.ndarray, z: np.ndarray) -> dict:
    """z over epsilon for each held noise, both (n,): dots on the line z = mu + sigma epsilon, on fixed axes."""
    return filled(_codes_over_noise(), codes={"epsilon": epsilon, "z": z})


@cache
def _codes_over_noise() -> dict:
    codes = alt.NamedData("codes")
    x = alt.X("epsilon:Q", title="ε, the noise (held)", scale=alt.Scale(domain=[-3, 3]))
    y = alt.Y("z:Q", title="z = μ + σ·ε", scale=alt.Scale(domain=[-9, 9]))
    line = alt.Chart(codes).mark_line(color=concepts.SIGMA.colour).encode(x=x, y=y)
    dots = (
        alt.Chart(codes)
        .mark_point(filled=True, size=90, opacity=1, color=concepts.Z.colour)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("epsilon:Q", format=".2f"), alt.Tooltip("z:Q", format=".2f")])
    )
    on_axis = (
        alt.Chart(codes)
        .mark_tick(color=concepts.Z.colour, thickness=2, size=14, orient="horizontal")
        .encode(x=alt.XDatum(-3), y=y)
    )
    return layered(line, dots, on_axis, height=300)


def gradient_histograms(samples: dict[str, np.ndarray], slope: float) -> dict:
    """One-sample estimates of a slope, a histogram for each way (its name -> (n,)) above the other, each as high."""
    rows = []
    for place, (way, values) in enumerate(reversed(samples.items())):
        counts, edges = np.histogram(values, bins=40, range=tuple(np.quantile(values, [0.005, 0.995])))
        height = 0.75 * counts / counts.max()
        share = counts / len(values)
        rows.append(
            pd.DataFrame(
                {"from": edges[:-1], "to": edges[1:], "base": place, "top": place + height, "share": share, "way": way}
            )
        )
    data = pd.concat(rows)
    low, high = float(data["from"].min()), float(data["to"].max())
    x = alt.X("from:Q", title="slope, estimated from one sample", scale=alt.Scale(domain=[low, high]))
    y = alt.Y("base:Q", axis=None, scale=alt.Scale(domain=[0, len(samples)]))
    tooltip = [
        alt.Tooltip("way:N"),
        alt.Tooltip("from:Q", format=".2f"),
        alt.Tooltip("to:Q", format=".2f"),
        alt.Tooltip("share:Q", format=".1%"),
    ]
    bars = (
        alt.Chart(data)
        .mark_rect(color=concepts.MU.colour)
        .encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2("top:Q"), tooltip=tooltip)
    )
    names = (
        alt.Chart(pd.DataFrame({"from": low, "base": np.arange(len(samples)) + 0.88, "way": list(reversed(samples))}))
        .mark_text(align="left", fontSize=13, fontWeight="bold", color=concepts.MU.colour)
        .encode(x=x, y=y, text=alt.Text("way:N"))
    )
    rule = (
        alt.Chart(pd.DataFrame({"from": [slope]}))
        .mark_rule(color=concepts.X.colour, size=2, strokeDash=[4, 2])
        .encode(x=x)
    )
    return layered(bars, rule, names, height=330)
