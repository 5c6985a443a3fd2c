"""Densities of z as curves, which several steps show."""

from functools import cache

import altair as alt
import numpy as np

from pages.kit.charts.finished import filled

HIGHEST = 2.0  # of the frame: a curve that goes higher leaves it


def peaks_above(peaks: dict[str, float]) -> str:
    """A sentence on the curves that leave the frame, by the height of their peaks; "" if none does."""
    cut = [f"that of {name} is {peak:.2f}" for name, peak in peaks.items() if peak > HIGHEST]
    return f" Not drawn are peaks above {HIGHEST:.0f}: {', '.join(cut)}." if cut else ""


def densities(z: np.ndarray, curves: dict[str, tuple[np.ndarray, str]]) -> dict:
    """Filled densities over z on fixed axes: name -> (density (n,), colour)."""
    colours = tuple((name, colour) for name, (_, colour) in curves.items())
    return filled(
        _drawing(float(z[0]), float(z[-1]), colours),
        curves={
            "z": np.tile(z, len(curves)),
            "density": np.concatenate([density for density, _ in curves.values()]),
            "distribution": np.repeat(list(curves), len(z)),
        },
    )


@cache
def _drawing(low: float, high: float, colours: tuple[tuple[str, str], ...]) -> dict:
    names, shades = zip(*colours, strict=True)
    return (
        alt.Chart(alt.NamedData("curves"))
        .mark_area(opacity=0.35, line=True, clip=True)
        .encode(
            x=alt.X("z:Q", title="z", scale=alt.Scale(domain=[low, high])),
            y=alt.Y("density:Q", title="density", stack=None, scale=alt.Scale(domain=[0, HIGHEST])),
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
