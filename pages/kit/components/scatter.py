"""A map of codes on which the reader chooses a dot, or a box of them."""

import base64
from dataclasses import asdict, dataclass

import numpy as np
import streamlit as st

from pages.kit import concepts
from pages.kit.components.dots import packed_labels
from pages.kit.components.files import read

LEVELS = 8  # colours of a continuous scale: the theme's ten without the two that come closest to the page

_SCATTER = st.components.v2.component(
    "vae_classroom.scatter",
    html=read("scatter.html"),
    css=read("dots.css", "scatter.css"),
    js=read("dots.js", "png.js", "scatter.js"),
)


@dataclass(frozen=True)
class Colours:
    """Dots coloured by a number: the level of each, packed, and what the colour bar says."""

    levels: str
    title: str  # with the unit
    low: str
    high: str


@dataclass(frozen=True)
class Mark:
    """A picture that is no dot of the map: the reader's own digit, with its number on a star."""

    index: int
    at: tuple[float, float]  # in the map's coordinates
    text: str
    name: str


@dataclass(frozen=True)
class Ellipse:
    """A Gaussian on the map at one sigma, in the map's coordinates; the angle is in radians, anticlockwise."""

    at: tuple[float, float]
    major: float
    minor: float
    angle: float


def coloured_by(values: np.ndarray, title: str, limits: tuple[float, float] | None = None, digits: int = 0) -> Colours:
    """Numbers (n,) as levels of colour between the limits; by default from the first to the last percentile.

    The bar says so where dots lie beyond its ends.
    """
    low, high = limits or np.percentile(values, (1, 99))
    step = max((high - low) / LEVELS, 1e-9)
    levels = np.clip((values - low) / step, 0, LEVELS - 1)
    beyond = ("≤ " if values.min() < low else "", "≥ " if values.max() > high else "")
    ends = [f"{sign}{end:.{digits}f}".replace("-", "−") for sign, end in zip(beyond, (low, high), strict=True)]
    return Colours(packed_labels(levels), title, *ends)


def scatter(
    *,
    dots: str,
    labels: str,
    frame: dict,
    classes: tuple[str, ...],
    digit: int,
    at: tuple[float, float],
    alt: str,
    file: str,
    about: dict[str, object],
    key: str,
    on_choose,
    on_box=None,
    box: list[float] | None = None,
    colours: Colours | None = None,
    prior: tuple[float, float] | None = None,
    posterior: Ellipse | None = None,
    marks: list[Mark] = (),
    atlas: dict | None = None,
    sprites: bool = False,
) -> None:
    """Draw the map; call `on_choose(index)` when the reader chooses another dot or star than `digit`.

    Everything but the packed dots is in the map's coordinates. `at` is where the chosen picture lies, `prior` the
    centre of the prior's circles of one and two sigma; they and the posterior's ellipse need axes of one scale.
    `on_box([x, y, x, y])` is called with two opposite corners of a new box, or with None when it is cleared. `atlas`
    is {"url", "columns"} of one PNG with the pictures of all dots, 28 pixels each: for hovering, and for `sprites`,
    digits in place of dots. The reader may save the map as the PNG `file`, with `about` and `alt` in its metadata.
    """

    def chosen():
        index = st.session_state[key].get("index")
        known = range(len(base64.b64decode(labels)))
        if type(index) is int and (index in known or index in [mark.index for mark in marks]):
            on_choose(index)

    def boxed():
        corners = st.session_state[key].get("box")
        if corners == []:
            on_box(None)
        elif isinstance(corners, list) and len(corners) == 4 and all(type(v) in (int, float) for v in corners):
            on_box([float(v) for v in np.nan_to_num(corners)])

    _SCATTER(
        key=key,
        data={
            "dots": dots,
            "labels": labels,
            "levels": colours.levels if colours else "",
            "bar": colours and {"title": colours.title, "low": colours.low, "high": colours.high},
            "frame": frame,
            "classes": list(classes),
            "digit": digit,
            "at": at,
            "prior": prior,
            "posterior": posterior and asdict(posterior),
            "colour": concepts.SIGMA.colour,
            "marks": [asdict(mark) for mark in marks],
            "atlas": atlas,
            "sprites": sprites,
            "box": box,
            "alt": alt,
            "file": file,
            "about": about,
        },
        on_index_change=chosen,
        on_box_change=boxed,
    )
