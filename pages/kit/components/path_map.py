"""A map of codes with a path between two ends; a click on a dot makes it one of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit import cache, concepts
from pages.kit.components.dots import frame_of, packed, packed_labels
from pages.kit.components.files import read
from pages.kit.picker import Choice

_PATH_MAP = st.components.v2.component(
    "vae_classroom.path_map",
    html="""
    <div class="ends" role="group" aria-label="A click on a dot chooses">
      A click chooses <button type="button" data-end="A">end A</button> <button type="button" data-end="B">end B</button>
    </div>
    <div class="map">
      <canvas class="dots" tabindex="0" role="img"></canvas>
      <canvas class="path" aria-hidden="true"></canvas>
    </div>
    <div class="status" aria-live="polite"></div>
    <div class="legend" role="group" aria-label="Classes"></div>
    """,
    css=read("dots.css")
    + """
    .ends { margin-bottom: 0.4rem; font-size: 0.9rem; }
    .map { position: relative; cursor: crosshair; }
    canvas.path { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
    .status { font-size: 0.85rem; min-height: 1.3em; }
    """,
    js=read("dots.js", "path_map.js"),
)


@dataclass(frozen=True)
class Plane:
    """A linear map of latent space: the places of the gallery's codes, and of any other code."""

    xy: np.ndarray  # (n, 2)
    project: Callable[[np.ndarray], np.ndarray]  # (m, latent) -> (m, 2)
    titles: tuple[str, str]
    note: str


def plane_of(choice: Choice) -> Plane:
    """Latent space itself where it has two dimensions, else the PCA plane of the codes. Raises ArtifactError."""
    if choice.spec.latent_dim == 2:
        note = (
            "The latent plane itself: dots are means of posteriors." if choice.spec.variational else "The latent plane."
        )
        return Plane(choice.codes.mu, lambda z: z, ("z1", "z2"), note)
    maps = cache.maps(choice.spec)
    first, second = maps.pca_explained
    return Plane(
        maps.xy["pca"],
        maps.project_pca,
        (f"first component ({first:.0%} of the variance)", f"second component ({second:.0%})"),
        f"The PCA plane, a shadow of {choice.spec.latent_dim} dimensions: on it a path may cross a class that it passes at a"
        " distance.",
    )


def path_map(plane: Plane, z: np.ndarray, choice: Choice, *, alt: str, key: str, on_choose) -> None:
    """Draw the path z (n, latent) among the codes and call `on_choose(end, index)`, end "A" or "B", on a click."""

    def chosen():
        asked = st.session_state[key].get("chosen")
        if not isinstance(asked, dict):
            return
        end, index = asked.get("end"), asked.get("index")
        if end in ("A", "B") and isinstance(index, int) and 0 <= index < len(choice.codes.y):
            on_choose(end, int(index))

    places = plane.project(z)
    frame = frame_of(np.concatenate([plane.xy, places]), plane.titles, equal=choice.spec.latent_dim == 2)
    _PATH_MAP(
        key=key,
        data={
            "dots": packed(plane.xy, frame),
            "labels": packed_labels(choice.codes.y),
            "path": packed(places, frame),
            "frame": frame,
            "classes": list(choice.classes),
            "colour": concepts.Z.colour,
            "alt": alt,
        },
        on_chosen_change=chosen,
    )
