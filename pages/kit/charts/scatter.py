"""Charts of the latent scatter: data in, altair out."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts


def class_counts(y: np.ndarray, classes: tuple[str, ...]) -> alt.Chart:
    """How many of some pictures, labels (n,), each class has, as bars with their numbers."""
    counts = np.bincount(y, minlength=len(classes))
    rows = pd.DataFrame({"class": list(classes), "pictures": counts, "share": counts / max(len(y), 1)})
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("pictures:Q", title="pictures in the box", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("class:N", sort=None, title="class", axis=alt.Axis(labelOverlap=False)),
            color=alt.Color("class:N", sort=list(classes), legend=None),
            tooltip=[alt.Tooltip("class"), alt.Tooltip("pictures"), alt.Tooltip("share:Q", format=".1%")],
        )
    )
    numbers = (
        alt.Chart(rows)
        .mark_text(align="left", dx=3, color=concepts.X.colour)
        .encode(x=alt.X("pictures:Q"), y=alt.Y("class:N", sort=None), text=alt.Text("pictures:Q"))
    )
    return (bars + numbers).properties(height=22 * len(classes) + 30)
