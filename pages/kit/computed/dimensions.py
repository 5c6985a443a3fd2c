"""What each latent dimension of a model costs and is worth."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.computed.sharing import shared
from vae_core import latent
from vae_core.data import Images
from vae_core.manifest import ModelSpec

KL_PICTURES = 500  # of the gallery's 5,000: enough for the mean KL of a dimension, encoded anew for each epoch
COST_PICTURES = 300  # on which a dimension's worth is measured, with the standard error beside it


@dataclass(frozen=True)
class Usage:
    """How much of each latent dimension a model uses, measured on the gallery: four arrays (latent,)."""

    kl: np.ndarray  # KL(q(z|x) || p(z)) in nats, the mean over the pictures
    variance: np.ndarray  # of the posterior means
    sigma: np.ndarray  # of the posteriors, the mean over the pictures
    active: np.ndarray  # see `latent.active_units`


def usage(spec: ModelSpec) -> Usage:
    """How much a model uses each of its latent dimensions. Raises ArtifactError."""
    return _usage(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _usage(model_id: str, sha256: str | None, _spec: ModelSpec) -> Usage:
    from vae_core.inference import kl_per_dim

    codes = cache.codes(_spec)
    kl = kl_per_dim(codes.mu, codes.logvar).mean(axis=0)
    sigma = np.exp(0.5 * codes.logvar).mean(axis=0)
    return Usage(shared(kl), shared(codes.mu.var(axis=0)), shared(sigma), shared(latent.active_units(codes.mu)))


def kl_by_epoch(spec: ModelSpec) -> dict:
    """KL of each latent dimension, (latent,) in nats, averaged over the gallery's first pictures, by epoch.

    Raises ArtifactError, or DataError where the pictures are not downloaded.
    """
    images = cache.gallery(spec.dataset)
    sha256s = tuple(f.sha256 for f in (*spec.snapshots.values(), spec.weights))
    return _kl_by_epoch(spec.id, sha256s, cache.manifest().images[spec.dataset].pixels_sha256, spec, images)


@st.cache_resource(max_entries=8, show_spinner=False)
def _kl_by_epoch(
    model_id: str, sha256s: tuple[str, ...], pixels_sha256: str, _spec: ModelSpec, _images: Images
) -> dict:
    from vae_core import inference

    y = _images.y[:KL_PICTURES] if _spec.conditional else None
    return {
        epoch: inference.kl_per_dim(*inference.encode(one, _images.x[:KL_PICTURES], y)).mean(axis=0)
        for epoch, one in cache.snapshots(_spec).items()
    }


def cost_by_dim(spec: ModelSpec) -> np.ndarray:
    """Nats of reconstruction lost without each latent dimension, (latent,): mean of the gallery's first pictures.

    Raises ArtifactError, or DataError where the pictures are not downloaded.
    """
    images = cache.gallery(spec.dataset)
    pixels_sha256 = cache.manifest().images[spec.dataset].pixels_sha256
    return _cost_by_dim(spec.id, spec.weights.sha256, spec.codes and spec.codes.sha256, pixels_sha256, spec, images)


@st.cache_resource(max_entries=32, show_spinner="Switching each dimension off")
def _cost_by_dim(
    model_id: str, sha256: str, codes_sha256: str | None, pixels_sha256: str, _spec: ModelSpec, _images: Images
) -> np.ndarray:
    from vae_core import collapse

    x, z, y = posterior_samples(_spec, _images)
    return collapse.cost_by_dim(cache.model(_spec), x, z, y)


def posterior_samples(spec: ModelSpec, images: Images) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The gallery's first pictures (n, 28, 28), one posterior sample of each (n, latent), labels if they are wanted."""
    of_gallery = cache.codes(spec)
    mu, logvar = of_gallery.mu[:COST_PICTURES], of_gallery.logvar[:COST_PICTURES]
    z = latent.reparameterize(mu, logvar, latent.noise(COST_PICTURES, spec.latent_dim, seed=0))
    return images.x[:COST_PICTURES], z, of_gallery.y[:COST_PICTURES] if spec.conditional else None
