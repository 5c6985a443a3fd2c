"""Densities of z as curves, which several steps show."""

import altair as alt
import numpy as np
import pandas as pd


def densities(z: np.ndarray, curves: dict[str, tuple[np.ndarray, str]], highest: float) -> alt.Chart:
    """Filled densities over z on fixed axes: name -> (density (n,), colour)."""
    rows = pd.concat([pd.DataFrame({"z": z, "density": d, "distribution": name}) for name, (d, _) in curves.items()])
    return (
        alt.Chart(rows)
        .mark_area(opacity=0.35, line=True)
        .encode(
            x=alt.X("z:Q", title="z", scale=alt.Scale(domain=[float(z[0]), float(z[-1])])),
            y=alt.Y("density:Q", title="density", stack=None, scale=alt.Scale(domain=[0, highest], clamp=True)),
            color=alt.Color(
                "distribution:N",
                sort=None,
                scale=alt.Scale(domain=list(curves), range=[colour for _, colour in curves.values()]),
                legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
            ),
        )
        .properties(height=380)
    )
