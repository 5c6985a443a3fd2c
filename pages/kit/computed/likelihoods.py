"""log p(x), its bounds and its slopes, for single pictures and for some of the gallery."""

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.computed.sharing import content_of, labels_of, shared
from vae_core import latent
from vae_core.data import DataError, data_dir
from vae_core.manifest import ModelSpec


def prior_log_likelihoods(spec: ModelSpec, x, labels, count: int, seed: int):
    """log p(x|z_i) of a picture x (28, 28) under `count` draws of the prior: (count,) in nats. Raises ArtifactError.

    `labels` (1,) is the picture's for a conditional model, None for the others.
    """
    return _prior_log_likelihoods(spec.id, spec.weights.sha256, x, labels, count, seed, spec)


@st.cache_resource(max_entries=256, show_spinner="Decoding draws of the prior")
def _prior_log_likelihoods(model_id: str, sha256: str, x, labels, count: int, seed: int, _spec: ModelSpec):
    from vae_core import inference

    z = latent.sample_prior(count, _spec.latent_dim, seed)
    values = inference.log_likelihood_of_codes(cache.model(_spec), x, z, labels)
    return shared(values)


def guided_estimate(spec: ModelSpec, x, labels, samples: int = 100) -> float:
    """The importance weighted bound of a picture x (28, 28) with so many draws from its own q(z|x), in nats."""
    return _guided_estimate(spec.id, spec.weights.sha256, x, labels, samples, spec)


@st.cache_resource(max_entries=256, show_spinner=False)
def _guided_estimate(model_id: str, sha256: str, x, labels, samples: int, _spec: ModelSpec) -> float:
    from vae_core import inference

    epsilon = latent.noise(samples, _spec.latent_dim, seed=0)[:, None]
    return float(inference.importance_weighted_bound(cache.model(_spec), x[None], epsilon, labels)[0])


@st.cache_resource(max_entries=8, show_spinner=False)
def toy_density(low: float, high: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places x from `low` to `high`, (count,), and the toy's exact p(x) there, by quadrature at each."""
    from vae_core.toy import Toy

    toy, x = Toy(), np.linspace(low, high, count)
    density = np.exp([toy.log_evidence(value) for value in x])
    return x, shared(density)


def gradients_of_mu(spec: ModelSpec, x, mu, logvar, labels, samples: int, seed: int):
    """Estimates of d/dmu E_q[log p(x|z)] for a picture x (28, 28), see `inference.gradients_of_mu`."""
    return _gradients_of_mu(spec.id, spec.weights.sha256, x, mu, logvar, labels, samples, seed, spec)


@st.cache_resource(max_entries=64, show_spinner="Taking gradients through the decoder")
def _gradients_of_mu(model_id: str, sha256: str, x, mu, logvar, labels, samples: int, seed: int, _spec: ModelSpec):
    from vae_core import inference

    epsilon = latent.noise(samples, _spec.latent_dim, seed)
    return inference.gradients_of_mu(cache.model(_spec), x, mu, logvar, epsilon, labels)


def log_weights(spec: ModelSpec, x: np.ndarray, label: int | None, count: int, seed: int) -> np.ndarray:
    """`vae_core.inference.log_weights` of one picture (28, 28) with so many samples of this seed's noise: (count,)."""
    return _log_weights(spec.id, spec.weights.sha256, content_of(x), label, count, seed, spec, x)


@st.cache_resource(max_entries=64, show_spinner="Decoding samples of q")
def _log_weights(model_id, sha256, content, label, count: int, seed: int, _spec: ModelSpec, _x) -> np.ndarray:
    from vae_core import inference

    noise = latent.noise(count, _spec.latent_dim, seed)
    found = inference.log_weights(cache.model(_spec), _x, noise, labels_of(label))
    return shared(found)


def gallery_log_weights(spec: ModelSpec, pictures: int, count: int) -> np.ndarray:
    """As `log_weights` for the first pictures of the gallery, with noise of seeds 0, 1, 2, ...: (pictures, count)."""
    return _gallery_log_weights(spec.id, spec.weights.sha256, pictures, count, spec)


@st.cache_resource(max_entries=32, show_spinner="Decoding samples of q for each picture")
def _gallery_log_weights(model_id, sha256, pictures: int, count: int, _spec: ModelSpec) -> np.ndarray:
    from vae_core import inference

    x, y = cache.gallery(_spec.dataset).x, cache.codes(_spec).y
    found = np.stack(
        [
            inference.log_weights(
                cache.model(_spec),
                x[i],
                latent.noise(count, _spec.latent_dim, i),
                y[i : i + 1] if _spec.conditional else None,
            )
            for i in range(pictures)
        ]
    )
    return shared(found)


def inference_gap(spec: ModelSpec, x: np.ndarray, label: int | None):
    """`vae_core.bounds.inference_gap` of one picture (28, 28) under a model with two latent dimensions."""
    return _inference_gap(spec.id, spec.weights.sha256, content_of(x), label, spec, x)


@st.cache_resource(max_entries=32, show_spinner="Integrating over the plane")
def _inference_gap(model_id, sha256, content, label, _spec: ModelSpec, _x):
    from vae_core import bounds

    return bounds.inference_gap(cache.model(_spec), _x, labels_of(label))


def log_joint(spec: ModelSpec, x: np.ndarray, z: np.ndarray, label: int | None) -> np.ndarray:
    """`vae_core.inference.log_joint` of one picture (28, 28) with codes z (n, latent): (n,) in nats."""
    return _log_joint(spec.id, spec.weights.sha256, content_of(x), content_of(z), label, spec, x, z)


@st.cache_resource(max_entries=64, show_spinner="Looking at the true posterior")
def _log_joint(model_id, sha256, content, codes: str, label, _spec: ModelSpec, _x, _z) -> np.ndarray:
    from vae_core import inference

    found = inference.log_joint(cache.model(_spec), _x, _z, labels_of(label))
    return shared(found)


def turned_elbos(spec: ModelSpec, dims: tuple[int, int], degrees: tuple[int, ...]):
    """What turning a plane of latent dimensions costs, over the gallery: `vae_core.rotation` at each angle.

    Returns arrays by angle, nats an image: the mean KL of the turned posteriors, their mean mean-field gap, and for the
    first 200 pictures the ELBO of each, turned and turned without correlations, (2, angles, 200), or None while the
    pixels are not on this machine.
    """
    folder = str(data_dir())
    return _turned_elbos(spec.id, spec.weights.sha256, spec.codes and spec.codes.sha256, dims, degrees, folder, spec)


@st.cache_resource(max_entries=64, show_spinner="Turning the axes")
def _turned_elbos(
    model_id: str, weights: str, sha256: str | None, dims: tuple[int, int], degrees: tuple[int, ...], folder, _spec
):
    from vae_core import rotation

    mu, logvar, y = cache.codes(_spec).mu, cache.codes(_spec).logvar, cache.codes(_spec).y
    turns = [rotation.rotation(mu.shape[1], dims, angle) for angle in degrees]
    turned = [rotation.rotate_posterior(mu, logvar, turn) for turn in turns]
    kl = np.array([rotation.kl(*posterior).mean() for posterior in turned])
    gap = np.array([rotation.mean_field_gap(covariance).mean() for _, covariance in turned])
    try:
        x = cache.gallery(_spec.dataset).x[:200]
    except DataError:
        return kl, gap, None
    some = slice(len(x))
    labels = y[some] if _spec.conditional else None
    epsilon = latent.noise(len(x), mu.shape[1], seed=0)
    elbos = [
        [
            rotation.elbo(cache.model(_spec), x, mu[some], logvar[some], epsilon, turn, labels, diagonal)
            for turn in turns
        ]
        for diagonal in (False, True)
    ]
    return kl, gap, np.array(elbos)
