"""Three decoders of two dimensions, PCA, an autoencoder and a VAE, each over the plane of its codes, under one cursor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit import cache, computed
from pages.kit.components.compare import Plane, linked_cursor, planes, standardised
from pages.kit.family import Member, family, name_broken
from pages.kit.picker import Choice
from pages.kit.turns import fragment
from vae_core import linear
from vae_core.wire import pack_linear

NAMES = ("PCA", "Autoencoder", "VAE")
AXES = ("z1, standard deviations", "z2, standard deviations")


@dataclass(frozen=True)
class Flat:
    """A decoder of two dimensions: its plane, decode (n, 2) -> (n, 28, 28), and its mean squared error on the gallery.

    The error is in squared grey values a pixel, and None while the pictures are not on this machine.
    """

    plane: Plane
    decode: Callable[[np.ndarray], np.ndarray]
    error: float | None


def flat_decoders(choice: Choice) -> dict[str, Flat]:
    """By their name in `NAMES`, those that there are for the data set of the chosen model; says which ones are not."""
    found, broken = family(
        choice.spec.dataset, lambda s: s.latent_dim == 2 and s.beta in (0, 1) and s.likelihood == "bernoulli"
    )
    kinds = {member.spec.variational: member for member in reversed(found)}
    trio = {} if choice.images is None else {"PCA": _pca(choice)}
    for variational, name in ((False, "Autoencoder"), (True, "VAE")):
        if member := kinds.get(variational):
            trio[name] = _network(choice, name, member)
    if missing := [name for name in NAMES if name not in trio]:
        st.caption(
            f"Not here for {cache.manifest().images[choice.spec.dataset].title}: {', '.join(missing)}. PCA is fitted to the"
            " gallery's pictures, so it needs them on this machine; of the others no model of two dimensions is shipped. For"
            " all three, choose a model of MNIST in the sidebar."
        )
    name_broken(broken)
    return trio


def _pca(choice: Choice) -> Flat:
    pca, codes = computed.pca(choice.spec.dataset)
    plane = standardised(
        "PCA",
        cache.manifest().images[choice.spec.dataset].pixels_sha256,
        pack_linear(pca.components.T, pca.mean),
        codes,
        choice.codes.y,
        AXES,
        "Codes of the gallery under PCA",
    )
    return Flat(plane, lambda z: linear.decode(pca, z).clip(0, 1), pca.dropped / pca.mean.size)


def _network(choice: Choice, name: str, member: Member) -> Flat:
    spec = member.spec
    plane = standardised(
        f"{name}, {spec.id}",
        spec.weights.sha256,
        cache.network(spec, "decoder"),
        member.codes.mu,
        choice.codes.y,
        AXES,
        f"Codes of the gallery under {spec.id}",
    )
    error = None if choice.images is None else computed.gallery_error(spec)
    return Flat(plane, lambda z: computed.decoded(spec, z, None), error)


@fragment
def linked_planes(trio: dict[str, Flat], classes: tuple[str, ...]) -> None:
    """The planes under one cursor, which the link keeps."""
    planes(
        [flat.plane for flat in trio.values()],
        limit=3.5,
        cursor=linked_cursor("compare_at"),
        classes=classes,
        key="compare_planes",
        on_move=lambda at: st.query_params.update(compare_at=f"{at[0]:.3g},{at[1]:.3g}"),
    )


def error_figures(errors: dict[str, float], dataset: str) -> None:
    """Each one's mean squared error, side by side, above what no dimension and what more dimensions reach."""
    for place, (name, error) in zip(st.columns(3), errors.items(), strict=False):
        place.metric(f"{name}: mean squared error", f"{error:.4f}", help="Of the gallery, squared grey values a pixel.")
    if errors:
        pca, _ = computed.pca(dataset)
        nothing = pca.variance / pca.mean.size
        st.caption(f"Usual: the mean picture for every picture errs by {nothing:.4f}{_larger_models(dataset)}.")


def _larger_models(dataset: str) -> str:
    """What VAEs of more than two dimensions reach on test pictures."""
    found = [
        spec
        for spec in cache.manifest().models.values()
        if (spec.dataset, spec.beta, spec.conditional) == (dataset, 1, False) and spec.latent_dim > 2 and spec.metrics
    ]
    if not found:
        return ""
    errors = [spec.metrics["mse_per_pixel"] for spec in found]
    sizes = [spec.latent_dim for spec in found]
    return f"; VAEs here of {min(sizes)} to {max(sizes)} dimensions reach {max(errors):.4f} to {min(errors):.4f} on test pictures"
