"""Charts of a path through latent space: what lies near it, and how long z is on it."""

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts
from pages.kit.charts.layers import layered

WAY = "t, share of the way from A to B"


def shares_along(shares: np.ndarray, classes: tuple[str, ...]) -> dict:
    """Class shares (n, classes) at n even places of a path, stacked; each class is named where it is widest."""
    t = np.linspace(0, 1, len(shares))
    tops = shares.cumsum(axis=1)
    present = [label for label in range(len(classes)) if shares[:, label].any()]
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "t": t,
                    "class": classes[label],
                    "share": shares[:, label],
                    "low": tops[:, label] - shares[:, label],
                    "high": tops[:, label],
                }
            )
            for label in present
        ]
    )
    widest = {label: _middle_of_widest(shares[:, label]) for label in present if shares[:, label].max() >= 0.12}
    names = pd.DataFrame(
        {
            # Away from the edges, where half of the name would be cut off.
            "t": [
                np.clip(t[i], 0.018 * len(classes[label]), 1 - 0.018 * len(classes[label]))
                for label, i in widest.items()
            ],
            "y": [tops[i, label] - shares[i, label] / 2 for label, i in widest.items()],
            "class": [classes[label] for label in widest],
        }
    )
    x = alt.X("t:Q", title=WAY, scale=alt.Scale(domain=[0, 1], nice=False))
    y = alt.Y("low:Q", title="share of the nearest codes", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    area = (
        alt.Chart(rows)
        .mark_area(opacity=0.8, line={"strokeWidth": 0.5})
        .encode(
            x=x,
            y=y,
            y2=alt.Y2("high:Q"),
            color=alt.Color("class:N", scale=alt.Scale(domain=list(classes)), legend=None),
            tooltip=[alt.Tooltip("class"), alt.Tooltip("share:Q", format=".0%"), alt.Tooltip("t:Q", format=".2f")],
        )
    )
    text = alt.Chart(names).mark_text(fontSize=14, fontWeight="bold", color="white", stroke="black", strokeWidth=3)
    inner = alt.Chart(names).mark_text(fontSize=14, fontWeight="bold", color="white")
    place = {"x": "t:Q", "y": "y:Q", "text": "class:N"}
    return layered(area, text.encode(**place), inner.encode(**place), height=260)


def norms_along(norms: dict[str, np.ndarray], chosen: str, latent_dim: int | None) -> alt.Chart:
    """The norm of z at n even places of each path, name -> (n,); the chosen one is drawn whole, the others dotted.

    With `latent_dim`, the root mean square norm of the prior's samples, the root of it, is drawn for comparison.
    """
    lines = dict(norms)
    dashes = {name: [1, 0] if name == chosen else [2, 3] for name in norms}
    colours = dict.fromkeys(norms, concepts.Z.colour)
    if latent_dim is not None:
        prior = f"prior, √{latent_dim}"
        lines[prior] = np.full_like(norms[chosen], np.sqrt(latent_dim))
        dashes[prior], colours[prior] = [9, 4], concepts.X.colour
    rows = pd.concat(
        [pd.DataFrame({"t": np.linspace(0, 1, len(v)), "path": name, "norm": v}) for name, v in lines.items()]
    )
    legend = alt.Legend(orient="top", title=None, symbolSize=600, symbolStrokeWidth=2)
    return (
        alt.Chart(rows)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("t:Q", title=WAY, scale=alt.Scale(domain=[0, 1], nice=False)),
            y=alt.Y("norm:Q", title="‖z‖, the length of z"),
            color=alt.Color("path:N", scale=alt.Scale(domain=list(lines), range=list(colours.values())), legend=legend),
            strokeDash=alt.StrokeDash("path:N", scale=alt.Scale(domain=list(lines), range=list(dashes.values()))),
            tooltip=[alt.Tooltip("path"), alt.Tooltip("norm:Q", format=".2f"), alt.Tooltip("t:Q", format=".2f")],
        )
        .properties(height=260)
    )


def _middle_of_widest(share: np.ndarray) -> int:
    """The middle of the places where a share is at its highest."""
    best = np.flatnonzero(share >= share.max() - 1e-9)
    return int(best[len(best) // 2])
