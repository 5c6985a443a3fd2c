"""Charts of the page for the reader's own digit."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered


def cost_among_the_gallery(gallery: np.ndarray, own: float) -> dict:
    """Negative ELBO of the gallery's pictures (n,) as a histogram, and the own picture's as a line, in nats."""
    low, high = float(min(gallery.min(), own)), float(max(np.quantile(gallery, 0.999), own))
    counts, edges = np.histogram(gallery, bins=40, range=(low, high))
    rows = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "pictures": counts})
    x = alt.X("from:Q", title="negative ELBO, nats", scale=alt.Scale(domain=[low, high], nice=True))
    bars = (
        alt.Chart(rows)
        .mark_rect(color=concepts.X.colour)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=alt.Y("pictures:Q", title="pictures of the gallery"),
            y2=alt.Y2Datum(0),
            tooltip=[alt.Tooltip("from:Q", format=".0f"), alt.Tooltip("to:Q", format=".0f"), alt.Tooltip("pictures")],
        )
    )
    mark = pd.DataFrame({"nats": [own], "name": ["yours"]})
    rule = alt.Chart(mark).mark_rule(color=concepts.ELBO.colour, size=3).encode(x=alt.X("nats:Q"))
    name = (
        alt.Chart(mark)
        .mark_text(color=concepts.ELBO.colour, align="left", dx=6, fontSize=13, fontWeight="bold", baseline="top")
        .encode(x=alt.X("nats:Q"), y=alt.YValue(0), text=alt.Text("name"))
    )
    return layered(bars, rule, name, height=200)


def class_shares(labels: np.ndarray, classes: tuple[str, ...]) -> alt.Chart:
    """How many of the nearest pictures are of each class, labels (n,)."""
    counts = np.bincount(labels, minlength=len(classes))
    rows = pd.DataFrame({"class": classes, "pictures": counts})
    return (
        alt.Chart(rows)
        .mark_bar(color=concepts.Z.colour)
        .encode(
            x=alt.X("class:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "pictures:Q", title=f"of the {len(labels)} nearest codes", scale=alt.Scale(domain=[0, len(labels)])
            ),
            tooltip=[alt.Tooltip("class"), alt.Tooltip("pictures")],
        )
        .properties(height=200)
    )
