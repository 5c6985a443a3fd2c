"""Planes of latent space under one cursor, each decoded in the browser while it moves."""

import base64
import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit import concepts
from pages.kit.components.dots import packed, packed_labels
from pages.kit.components.files import read
from pages.kit.served import served

SHOWN = 1500  # codes on a plane

_PLANES = st.components.v2.component(
    "vae_classroom.compare",
    html=read("compare.html"),
    css=read("dots.css", "compare.css"),
    js=read("dots.js", "network.js", "compare.js"),
)


@dataclass(frozen=True)
class Plane:
    """Two latent dimensions of one decoder. The cursor at u decodes z = centre + scale u in them, `origin` in the others."""

    title: str
    version: str  # tells decoders apart
    network: bytes  # the decoder, as `vae_core.wire` packs it
    mu: np.ndarray  # (n, latent) codes
    y: np.ndarray  # (n,) their labels
    axes: tuple[str, str]
    alt: str
    dims: tuple[int, int] = (0, 1)
    centre: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    origin: np.ndarray | None = None  # (latent,), zeros by default
    density: np.ndarray | None = None  # (side, side) in [0, 1], drawn instead of the codes; first row lowest
    symbol: str = "z"

    def places(self) -> np.ndarray:
        """The codes in units of the cursor, (n, 2)."""
        return (self.mu[:, list(self.dims)] - self.centre) / self.scale


def standardised(
    title: str, version: str, network: bytes, mu: np.ndarray, y: np.ndarray, axes: tuple[str, str], alt: str
) -> Plane:
    """A plane of two-dimensional codes, centred at their mean, in units of their own standard deviation on each axis."""
    centre, scale = mu.mean(axis=0).tolist(), mu.std(axis=0).tolist()
    return Plane(title, version, network, mu, y, axes, alt, centre=tuple(centre), scale=tuple(scale))


def planes(
    given: list[Plane],
    *,
    limit: float,
    cursor: tuple[float, float],
    turn: int = 0,
    classes: tuple[str, ...],
    label: int = 0,
    key: str,
    on_move,
) -> None:
    """Show the planes, axes from -limit to limit, and call `on_move(cursor)` when the reader lets the cursor go.

    `cursor` is where it starts, and where it goes whenever `turn` is another than before. `classes` are the names written
    among the codes; `label` goes to conditional decoders.
    """
    frame = {"low": [-limit, -limit], "high": [limit, limit]}

    def moved():
        at = st.session_state[key].get("cursor")
        if isinstance(at, list) and len(at) == 2 and all(isinstance(v, int | float) and np.isfinite(v) for v in at):
            on_move(tuple(float(np.clip(v, -limit, limit)) for v in at))

    def sent(number: int, plane: Plane) -> dict:
        places = plane.places()
        here = np.flatnonzero((np.abs(places) <= limit).all(axis=1))[:SHOWN]
        data = {
            "title": plane.title,
            "version": plane.version,
            "dots": packed(places[here], frame),
            "labels": packed_labels(plane.y[here]),
            "dims": list(plane.dims),
            "centre": list(plane.centre),
            "scale": list(plane.scale),
            "titles": list(plane.axes),
            "symbol": plane.symbol,
        }
        if plane.density is not None:
            shares = np.rint(255 * plane.density[::-1]).astype(np.uint8)
            data["density"] = base64.b64encode(shares.tobytes()).decode()
        data["id"] = hashlib.sha256(repr((data, limit, classes)).encode()).hexdigest()[:16]
        origin = np.zeros(plane.mu.shape[1]) if plane.origin is None else plane.origin
        return {
            **data,
            "weights": served(plane.network, f"{key}.{number}"),
            "origin": np.asarray(origin, float).tolist(),
            "alt": plane.alt,
        }

    _PLANES(
        key=key,
        data={
            "planes": [sent(number, plane) for number, plane in enumerate(given)],
            "limit": limit,
            "cursor": list(cursor),
            "turn": turn,
            "classes": list(classes),
            "label": label,
            "colour": concepts.Z.colour,
        },
        on_cursor_change=moved,
    )


def linked_cursor(key: str) -> tuple[float, float]:
    """The place that the link's parameter `key` asks for, or one right of the middle."""
    asked = st.query_params.get(key)
    if asked is None:
        return 1.0, 0.5
    try:
        u, v = (float(part) for part in asked.split(","))
    except ValueError:
        u = v = np.nan
    if np.isfinite([u, v]).all():
        return float(np.clip(u, -3.5, 3.5)), float(np.clip(v, -3.5, 3.5))
    st.warning(
        f"The link asks for {key} “{asked[:40]}”, which is no place on a plane: that is two numbers. Starting at 0."
    )
    return 0.0, 0.0
