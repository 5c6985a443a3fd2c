"""Charts of the page Compare."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit import concepts
from pages.kit.charts.finished import filled
from pages.kit.charts.layers import layered

PREDICTED, MEASURED = "line, predicted: mean-field gap", "diamonds, measured: nELBO, diagonal − full"


def turn_cost(degrees: tuple[int, ...], gap: np.ndarray, cost: np.ndarray | None, chosen: int) -> dict:
    """What turned axes cost an encoder without correlations, by angle, in nats.

    `gap` (angles,) is the mean-field gap; `cost` (angles, pictures) the nELBO measured above that of the turned encoder with
    correlations, drawn with two standard errors, or None.
    """
    tables = {
        "chosen": {"degrees": [chosen]},
        "predicted": {"degrees": degrees, "nats": gap, "way": [PREDICTED] * len(gap)},
    }
    if cost is not None:
        mean, error = cost.mean(axis=1), 2 * cost.std(axis=1, ddof=1) / np.sqrt(cost.shape[1])
        way = [MEASURED] * len(gap)
        tables["measured"] = {"degrees": degrees, "nats": mean, "low": mean - error, "high": mean + error, "way": way}
    return filled(_cost_by_angle("measured" in tables), **tables)


@cache
def _cost_by_angle(measured: bool) -> dict:
    colour = alt.Color(
        "way:N",
        scale=alt.Scale(domain=[PREDICTED, MEASURED], range=[concepts.GAP.colour, concepts.ELBO.colour]),
        legend=alt.Legend(orient="top", direction="vertical", title=None, labelLimit=320),
    )
    x = alt.X("degrees:Q", title="turned by, degrees", scale=alt.Scale(domain=[-3, 93], nice=False))
    y = alt.Y("nats:Q", title="cost, nats an image")
    tooltip = [alt.Tooltip("way:N"), alt.Tooltip("degrees:Q"), alt.Tooltip("nats:Q", format=".3f")]
    line = alt.Chart(alt.NamedData("predicted")).mark_line(point=True, strokeWidth=2)
    layers = [
        alt.Chart(alt.NamedData("chosen")).mark_rule(color=concepts.X.colour, strokeDash=[4, 3]).encode(x=x),
        line.encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]
    if measured:
        rows = alt.Chart(alt.NamedData("measured")).encode(x=x, color=colour)
        layers += [
            rows.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q")),
            rows.mark_point(shape="diamond", filled=True, size=110, opacity=1).encode(y=y, tooltip=tooltip),
        ]
    return layered(*layers, height=300)
