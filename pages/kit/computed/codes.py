"""Where the gallery's codes lie: their classes, neighbours, maps and directions, and what each picture costs."""

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.computed.sharing import shared
from vae_core import latent
from vae_core.data import Images
from vae_core.manifest import ModelSpec


def gallery_costs(spec: ModelSpec) -> np.ndarray:
    """Negative ELBO of each picture of the gallery, one posterior sample each, (n,) in nats. Raises ArtifactError."""
    return _gallery_costs(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _gallery_costs(model_id: str, sha256: str | None, _spec: ModelSpec) -> np.ndarray:
    from vae_core.inference import kl_per_dim

    codes = cache.codes(_spec)
    return shared(kl_per_dim(codes.mu, codes.logvar).sum(axis=1) - codes.log_likelihood)


def class_gaussians(spec: ModelSpec) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Mean and variance of each class's codes in the gallery, see `latent.class_gaussians`. Raises ArtifactError."""
    return _class_gaussians(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _class_gaussians(model_id: str, sha256: str | None, _spec: ModelSpec):
    codes = cache.codes(_spec)
    return latent.class_gaussians(codes.mu, codes.logvar, codes.y)


def agreement(spec: ModelSpec):
    """For each code of the gallery the share of its ten nearest others that have its label, (n,). Raises ArtifactError."""
    return _agreement(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Comparing each code with its neighbours")
def _agreement(model_id: str, sha256: str | None, _spec: ModelSpec):
    from vae_core.neighbours import agreement

    shares = agreement(cache.codes(_spec).mu, cache.codes(_spec).y)
    return shared(shares)


def map_job(spec: ModelSpec, method: str, setting: int, seed: int, count: int):
    """A t-SNE or UMAP map of the gallery's first `count` codes with the reader's settings, begun or not: a `MapJob`."""
    return _map_job(spec.id, spec.codes and spec.codes.sha256, method, setting, seed, count, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _map_job(model_id: str, sha256: str | None, method: str, setting: int, seed: int, count: int, _spec: ModelSpec):
    from pages.kit.scatter.map_job import MapJob
    from vae_core import embedding

    mu = cache.codes(_spec).mu[:count]

    def make(progress):
        xy = {"tsne": embedding.tsne, "umap": embedding.umap}[method](mu, setting, seed, progress)
        return xy, embedding.trust(mu, xy)

    return MapJob(make)


def gap(spec: ModelSpec) -> float:
    """From a sample of N(0, I) to the gallery's nearest posterior, in its own sigmas: see `latent.nearest_cloud`.

    The median of 200 samples. Raises ArtifactError.
    """
    return _gap(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _gap(model_id: str, sha256: str | None, _spec: ModelSpec) -> float:
    codes, noise = cache.codes(_spec), latent.sample_prior(200, _spec.latent_dim, seed=0)
    return float(np.median(latent.nearest_cloud(noise, codes.mu, codes.logvar)))


def contrast(spec: ModelSpec, what: str, label: int | None, images: Images | None) -> tuple[np.ndarray, int]:
    """The direction of most minus least ink or slant (`vae_core.transitions.MEASURES`), (latent,), and of how many
    pictures it was learnt: those of one class of the gallery, or all; decoded, where their pixels are not on this machine.
    """
    codes_sha256 = spec.codes and spec.codes.sha256
    return _contrast(spec.id, spec.weights.sha256, codes_sha256, what, label, images is None, spec, images)


@st.cache_resource(max_entries=64, show_spinner="Measuring the pictures")
def _contrast(model_id, weights, codes_sha256, what: str, label: int | None, decoded: bool, _spec: ModelSpec, _images):
    from vae_core import inference, transitions

    codes = cache.codes(_spec)
    members = np.arange(len(codes.y)) if label is None else np.flatnonzero(codes.y == label)
    if decoded:
        seen = inference.decode(cache.model(_spec), codes.mu[members], codes.y[members] if _spec.conditional else None)
    else:
        seen = _images.x[members]
    return transitions.contrast(codes.mu[members], transitions.MEASURES[what](seen)), len(members)
