"""A point of latent space under the reader's hand, decoded in the browser: pad, sliders and picture."""

import base64

import numpy as np
import streamlit as st

from pages.kit import concepts
from pages.kit.components.dots import packed_labels
from pages.kit.components.files import read
from pages.kit.served import served

SHOWN = 2000  # codes behind the point

_LIVE = st.components.v2.component(
    "vae_classroom.live_decoder",
    html=read("live_decoder.html"),
    css=read("dots.css", "live_decoder.css"),
    js=read("dots.js", "network.js", "live_decoder.js"),
)


def reach_of(mu: np.ndarray, prior: bool) -> float:
    """How far from 0 the plane goes: as far as the codes mu (n, latent), but with a prior not where it has nothing left."""
    reach = max(3.0, float(np.ceil(np.abs(mu).max())))
    return min(reach, 6.0) if prior else reach


def live_decoder(
    *,
    version: str,
    weights: bytes,
    mu: np.ndarray,
    y: np.ndarray,
    order: np.ndarray,
    active: np.ndarray,
    start: list[float],
    classes: tuple[str, ...],
    conditional: bool,
    prior: bool,
    label: int,
    dims: list[int],
    probability: bool,
    key: str,
    on_release,
) -> None:
    """Show the decoder and call `on_release(z, label, dims, probability)` when the reader lets go.

    `weights` are those of `cache.network`, `version` tells them apart; mu (n, latent) and y (n,) are the codes drawn
    behind the point, coloured by their `classes`; `order` has the dimensions, most used first, and `active` (latent,)
    whether each is used at all; `start` is the first z. A `conditional` model gets a button for each class, the first
    pressed being `label`. `dims` are the two on the plane, to the right and upwards. With a `prior` N(0, I) the sliders
    keep to it, and show values of z or, if `probability`, of its cumulative distribution; without one they go as far as
    the codes. What is given must stay the same from run to run: the browser already has it then, and the weights travel
    once.
    """
    limit = reach_of(mu, prior)
    shares = np.clip((mu[:SHOWN] + limit) / (2 * limit), 0, 1)

    def released():
        state = st.session_state[key]
        z, chosen = state.get("z"), state.get("label", label)
        whole = isinstance(z, list) and len(z) == mu.shape[1] and all(isinstance(v, int | float) for v in z)
        if whole and np.isfinite(z).all() and isinstance(chosen, int) and 0 <= chosen < len(classes):
            on_release([float(np.clip(v, -limit, limit)) for v in z], chosen, *viewed(state.get("view")))

    def viewed(view: object) -> tuple[list[int], bool]:
        """The plane's dimensions and the sliders' scale; those given where what was sent is anything else."""
        shown = view.get("dims") if isinstance(view, dict) else None
        if not isinstance(shown, list) or [type(dim) for dim in shown] != [int, int] or len({*shown} & {*order}) != 2:
            return dims, probability
        return shown, prior and view.get("probability") is True

    _LIVE(
        key=key,
        data={
            "version": version,
            "weights": served(weights, key),
            "size": len(weights),
            "latent_dim": mu.shape[1],
            "order": order.tolist(),
            "active": active.tolist(),
            "codes": base64.b64encode(np.rint(shares * 255).astype(np.uint8).tobytes()).decode(),
            "labels": packed_labels(y[:SHOWN]),
            "limit": limit,
            "prior": prior,
            "start": start,
            "classes": list(classes),
            "conditional": conditional,
            "label": label,
            "dims": dims,
            "probability": probability,
            "colour": concepts.Z.colour,
        },
        on_z_change=released,
        on_label_change=released,
        on_view_change=released,
    )
