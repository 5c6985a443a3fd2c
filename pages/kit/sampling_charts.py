"""Charts of Gaussian sampling: the norms of its samples, and pictures and codes on one plane."""

import base64

import altair as alt
import numpy as np
import pandas as pd

from pages.kit import concepts

INK = concepts.X.colour  # a mid-tone: legible on a light and on a dark page


def norms(drawn: np.ndarray, at: np.ndarray, density: np.ndarray) -> alt.LayerChart:
    """The norms (n,) of the codes drawn, as a histogram, and the density of the prior's own norms at `at`."""
    top = max(float(at.max()), float(drawn.max()))
    share, edges = np.histogram(drawn, bins=24, range=(0, top), density=True)
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": share})
    x, y = alt.X("from:Q", title="norm of z", scale=alt.Scale(domain=[0, top])), alt.Y("density:Q", title="density")
    tooltip = [alt.Tooltip(name, format=".2f") for name in ("from:Q", "to:Q", "density:Q")]
    histogram = (
        alt.Chart(bars)
        .mark_rect(color=concepts.Z.colour, opacity=0.6)
        .encode(x=x, x2="to:Q", y=y, y2=alt.datum(0), tooltip=tooltip)
    )
    line = (
        alt.Chart(pd.DataFrame({"norm": at, "density": density}))
        .mark_line(color=INK, strokeDash=[6, 4], strokeWidth=3)
        .encode(x="norm:Q", y="density:Q")
    )
    return alt.layer(histogram, line).properties(height=200)


def plane(
    *,
    side: int,
    ticks: list[tuple[float, str]],
    titles: tuple[str, str],
    pictures: bytes | None,
    codes: np.ndarray | None,
    labels: np.ndarray,
    colours: list[str],
    cells: int,
) -> bytes:
    """A square of `side` pixels with axes, as an SVG: decoded pictures, codes over them or alone, or both.

    `pictures` is a PNG of exactly that size. `codes` (n, 2) lie at shares of the axes, 0 to 1 from the left and from below;
    those outside are left out. `ticks` are shares with their text, `colours` those of the classes `labels` (n,), and
    `cells` the number of pictures in a row: where there are codes, a cross marks the middle of each.
    """
    left, top, size = 46, 8, 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + side + 8}" height="{top + side + 46}"'
        f' font-family="sans-serif" font-size="{size}" fill="{INK}">'
    ]
    for share, text in ticks:
        parts.append(
            f'<text x="{left + share * side:.1f}" y="{top + side + 19}" text-anchor="middle">{text}</text>'
            f'<text x="{left - 5}" y="{top + (1 - share) * side + 5:.1f}" text-anchor="end">{text}</text>'
        )
    parts.append(
        f'<text x="{left + side / 2}" y="{top + side + 40}" text-anchor="middle">{titles[0]}</text>'
        f'<text transform="translate(14 {top + side / 2}) rotate(-90)" text-anchor="middle">{titles[1]}</text>'
        f'<g transform="translate({left} {top})" fill="none" stroke-linecap="round">'
    )
    if pictures is not None:
        source = base64.b64encode(pictures).decode()
        parts.append(
            f'<image width="{side}" height="{side}" style="image-rendering: pixelated" href="data:image/png;base64,{source}"/>'
        )
    if codes is not None:
        inside = ((codes > 0) & (codes < 1)).all(axis=1)
        places = codes * [side, -side] + [0, side]
        for label, colour in enumerate(colours):
            dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places[inside & (labels == label)])
            parts.append(f'<path d="{dots}" stroke="{colour}" stroke-width="3.6" opacity="0.9"/>')
        step = side / cells
        crosses = "".join(
            f"M{(i + 0.5) * step - 3:.1f} {(j + 0.5) * step:.1f}h6m-3 -3v6" for i in range(cells) for j in range(cells)
        )
        parts.append(f'<path d="{crosses}" stroke="{INK}" stroke-width="1"/>')
    parts.append(f'<rect width="{side}" height="{side}" stroke="{INK}"/></g></svg>')
    return "".join(parts).encode()


def legend(classes: tuple[str, ...], colours: list[str]) -> str:
    """The classes' names with their colours, as HTML."""
    dot = '<span style="white-space: nowrap"><span style="color: {}">●</span> {}</span>'
    names = "&ensp; ".join(dot.format(colour, name) for name, colour in zip(classes, colours, strict=False))
    return f'<div style="font-size: 0.85rem">{names}</div>'
