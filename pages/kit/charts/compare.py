"""Charts of the page Compare."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered


def turn_cost(degrees: tuple[int, ...], gap: np.ndarray, cost: np.ndarray | None, chosen: int) -> dict:
    """What turned axes cost an encoder without correlations, by angle, in nats.

    `gap` (angles,) is the mean-field gap; `cost` (angles, pictures) the nELBO measured above that of the turned encoder with
    correlations, drawn with two standard errors, or None.
    """
    names = ["line, predicted: mean-field gap", "diamonds, measured: nELBO, diagonal − full"]
    colours = alt.Scale(domain=names, range=[concepts.KL.colour, concepts.EPSILON.colour])
    colour = alt.Color(
        "way:N", scale=colours, legend=alt.Legend(orient="top", direction="vertical", title=None, labelLimit=320)
    )
    x = alt.X("degrees:Q", title="turned by, degrees", scale=alt.Scale(domain=[-3, 93], nice=False))
    y = alt.Y("nats:Q", title="cost, nats an image")
    tooltip = [alt.Tooltip("way"), alt.Tooltip("degrees"), alt.Tooltip("nats:Q", format=".3f")]
    predicted = pd.DataFrame({"degrees": degrees, "nats": gap, "way": names[0]})
    layers = [
        alt.Chart(pd.DataFrame({"degrees": [chosen]}))
        .mark_rule(color=concepts.X.colour, strokeDash=[4, 3])
        .encode(x=x),
        alt.Chart(predicted).mark_line(point=True, strokeWidth=2).encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]
    if cost is not None:
        mean, error = cost.mean(axis=1), 2 * cost.std(axis=1, ddof=1) / np.sqrt(cost.shape[1])
        measured = pd.DataFrame(
            {"degrees": degrees, "nats": mean, "low": mean - error, "high": mean + error, "way": names[1]}
        )
        layers += [
            alt.Chart(measured)
            .mark_rule(strokeWidth=2)
            .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=colour),
            alt.Chart(measured)
            .mark_point(shape="diamond", filled=True, size=110, opacity=1)
            .encode(x=x, y=y, color=colour, tooltip=tooltip),
        ]
    return layered(*layers, height=300)
