"""Densities of z as curves, which several steps show."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit.charts.finished import filled


def densities(z: np.ndarray, curves: dict[str, tuple[np.ndarray, str]], highest: float) -> dict:
    """Filled densities over z on fixed axes: name -> (density (n,), colour)."""
    colours = tuple((name, colour) for name, (_, colour) in curves.items())
    return filled(
        _drawing(float(z[0]), float(z[-1]), colours, highest),
        curves={
            "z": np.tile(z, len(curves)),
            "density": np.concatenate([density for density, _ in curves.values()]),
            "distribution": np.repeat(list(curves), len(z)),
        },
    )


@cache
def _drawing(low: float, high: float, colours: tuple[tuple[str, str], ...], highest: float) -> dict:
    names, shades = zip(*colours, strict=True)
    return (
        alt.Chart(alt.NamedData("curves"))
        .mark_area(opacity=0.35, line=True)
        .encode(
            x=alt.X("z:Q", title="z", scale=alt.Scale(domain=[low, high])),
            y=alt.Y("density:Q", title="density", stack=None, scale=alt.Scale(domain=[0, highest], clamp=True)),
            color=alt.Color(
                "distribution:N",
                sort=None,
                scale=alt.Scale(domain=names, range=shades),
                legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=400),
            ),
        )
        .properties(height=380)
        .to_dict(validate=False)
    )
