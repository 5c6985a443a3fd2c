"""The density of the codes, q(z), and samples judged by it."""

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.computed.sharing import content_of
from vae_core import latent
from vae_core.manifest import ModelSpec


def cloud(spec: ModelSpec):
    """The gallery's posteriors as (mu, logvar, share): a plain autoencoder's points with a bandwidth, `share` of their
    own standard deviation; share is None where the posteriors have their own widths. Raises ArtifactError."""
    return _cloud(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Choosing a bandwidth")
def _cloud(model_id: str, sha256: str | None, _spec: ModelSpec):
    from vae_core.density import bandwidth

    mu, logvar = cache.codes(_spec).mu, cache.codes(_spec).logvar
    if _spec.variational:
        return mu, logvar, None
    width, share = bandwidth(mu)
    return mu, np.full_like(logvar, 2 * np.log(width)), share


def cloud_samples(spec: ModelSpec) -> tuple[np.ndarray, np.ndarray, float]:
    """One sample of each picture's posterior (a plain autoencoder's codes themselves), (n, latent); the log-density of the
    other pictures' codes there, (n,) in nats; and the share of 2,000 samples of the prior that lie where it is lower than
    at 95 % of them. Raises ArtifactError."""
    return _cloud_samples(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Measuring the density at every code")
def _cloud_samples(model_id: str, sha256: str | None, _spec: ModelSpec):
    from vae_core.density import log_aggregate

    mu, logvar, _ = cloud(_spec)
    z = latent.reparameterize(mu, cache.codes(_spec).logvar, latent.noise(*mu.shape, seed=0))
    at_codes = log_aggregate(z, mu, logvar, left_out=np.arange(len(mu)))
    at_prior = log_aggregate(latent.sample_prior(2000, mu.shape[1], seed=0), mu, logvar)
    return z, at_codes, float((at_prior < np.quantile(at_codes, 0.05)).mean())


def density_grid(spec: ModelSpec, dims: tuple[int, int], limit: float, side: int) -> tuple[np.ndarray, np.ndarray]:
    """`vae_core.density.density_grid` of the gallery's cloud. Raises ArtifactError."""
    return _density_grid(spec.id, spec.codes and spec.codes.sha256, dims, limit, side, spec)


@st.cache_resource(max_entries=64, show_spinner="Adding up the posteriors")
def _density_grid(model_id: str, sha256: str | None, dims: tuple[int, int], limit: float, side: int, _spec: ModelSpec):
    from vae_core.density import density_grid

    mu, logvar, _ = cloud(_spec)
    return density_grid(mu, logvar, dims, limit, side)


def surgery(spec: ModelSpec):
    """The ELBO surgery of a model on the gallery, one sample a picture with seed 0. Raises ArtifactError."""
    return _surgery(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Splitting the KL")
def _surgery(model_id: str, sha256: str | None, _spec: ModelSpec):
    from vae_core.density import surgery

    mu, logvar, _ = cloud(_spec)
    _, at_codes, _ = cloud_samples(_spec)
    return surgery(mu, logvar, latent.noise(*mu.shape, seed=0), at_codes)


def mixture(spec: ModelSpec, components: int):
    """A Gaussian mixture of the codes of half of the gallery, and its mean log-density at those of the other half, in nats a
    picture. Raises ArtifactError."""
    return _mixture(spec.id, spec.codes and spec.codes.sha256, components, spec)


@st.cache_resource(max_entries=128, show_spinner="Fitting mixtures of Gaussians to the codes")
def _mixture(model_id: str, sha256: str | None, components: int, _spec: ModelSpec):
    from vae_core import density

    fitted, held_out = _halves(_spec)
    mix = density.fit_mixture(fitted, components)
    return mix, float(density.log_mixture(mix, held_out).mean())


def prior_score(spec: ModelSpec) -> float:
    """The prior's mean log-density at the codes by which `mixture` is judged, in nats a picture. Raises ArtifactError."""
    return _prior_score(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _prior_score(model_id: str, sha256: str | None, _spec: ModelSpec) -> float:
    from vae_core.density import log_prior

    _, held_out = _halves(_spec)
    return float(log_prior(held_out).mean())


def _halves(spec: ModelSpec) -> tuple[np.ndarray, np.ndarray]:
    """The codes of `cloud_samples` by chance, always the same: those to fit a density to, and those to judge it by."""
    z, _, _ = cloud_samples(spec)
    order = np.random.default_rng(0).permutation(len(z))
    return z[order[: len(z) // 2]], z[order[len(z) // 2 :]]


def sample_scores(spec: ModelSpec, z: np.ndarray, own: np.ndarray | None):
    """`vae_core.density.score_samples` of samples z (m, latent) by the gallery's codes."""
    return _sample_scores(spec.id, spec.codes and spec.codes.sha256, content_of(z), own is not None, spec, z, own)


@st.cache_resource(max_entries=256, show_spinner=False)
def _sample_scores(model_id: str, sha256: str | None, content: str, of_pictures: bool, _spec: ModelSpec, _z, _own):
    from vae_core import density

    mu, logvar, _ = cloud(_spec)
    return density.score_samples(_z, mu, logvar, cache.codes(_spec).y, _own)
