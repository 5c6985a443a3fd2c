"""Charts of the effective beta on a line of betas."""

import altair as alt
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered


def beta_ruler(beta: float, shipped: dict[str, float]) -> dict:
    """The recipe's effective beta on a logarithmic line, beside the betas of shipped models (id -> beta)."""
    low, high = min(0.01, beta / 3), max(100, beta * 3)
    x = alt.X("beta:Q", title="β, logarithmic", scale=alt.Scale(type="log", domain=[low, high], nice=False))
    models = pd.DataFrame({"beta": list(shipped.values()), "model": list(shipped)})
    ticks = (
        alt.Chart(models)
        .mark_tick(thickness=3, size=28, color=concepts.X.colour)
        .encode(x=x, tooltip=[alt.Tooltip("model"), alt.Tooltip("beta")])
    )
    names = ticks.mark_text(dy=-24, color=concepts.X.colour).encode(text=alt.Text("beta:Q", format="~g"))
    one = (
        alt.Chart(pd.DataFrame({"beta": [beta]}))
        .mark_point(filled=True, shape="diamond", size=320, opacity=1, color=concepts.KL.colour)
        .encode(x=x, tooltip=[alt.Tooltip("beta:Q", format=".4g")])
    )
    return layered(ticks, names, one, height=130)
