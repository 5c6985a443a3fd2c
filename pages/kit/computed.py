"""What takes long to compute from what is shipped, computed once: see `cache`."""

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit import cache
from vae_core import latent
from vae_core.data import DataError, Images, data_dir
from vae_core.images import png, tile
from vae_core.manifest import ModelSpec

KL_PICTURES = 500  # of the gallery's 5,000: enough for the mean KL of a dimension, encoded anew for each epoch
COST_PICTURES = 300  # on which a dimension's worth is measured, with the standard error beside it


def prior_log_likelihoods(spec: ModelSpec, x, labels, count: int, seed: int):
    """log p(x|z_i) of a picture x (28, 28) under `count` draws of the prior: (count,) in nats. Raises ArtifactError.

    `labels` (1,) is the picture's for a conditional model, None for the others.
    """
    return _prior_log_likelihoods(spec.id, spec.weights.sha256, x, labels, count, seed, spec)


@st.cache_resource(max_entries=256, show_spinner="Decoding draws of the prior")
def _prior_log_likelihoods(model_id: str, sha256: str, x, labels, count: int, seed: int, _spec: ModelSpec):
    from vae_core import inference, latent

    z = latent.sample_prior(count, _spec.latent_dim, seed)
    values = inference.log_likelihood_of_codes(cache.model(_spec), x, z, labels)
    return _shared(values)


def guided_estimate(spec: ModelSpec, x, labels, samples: int = 100) -> float:
    """The importance weighted bound of a picture x (28, 28) with so many draws from its own q(z|x), in nats."""
    return _guided_estimate(spec.id, spec.weights.sha256, x, labels, samples, spec)


@st.cache_resource(max_entries=256, show_spinner=False)
def _guided_estimate(model_id: str, sha256: str, x, labels, samples: int, _spec: ModelSpec) -> float:
    from vae_core import inference, latent

    epsilon = latent.noise(samples, _spec.latent_dim, seed=0)[:, None]
    return float(inference.importance_weighted_bound(cache.model(_spec), x[None], epsilon, labels)[0])


@st.cache_resource(max_entries=8, show_spinner=False)
def toy_density(low: float, high: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places x from `low` to `high`, (count,), and the toy's exact p(x) there, by quadrature at each."""
    from vae_core.toy import Toy

    toy, x = Toy(), np.linspace(low, high, count)
    density = np.exp([toy.log_evidence(value) for value in x])
    return x, _shared(density)


def gradients_of_mu(spec: ModelSpec, x, mu, logvar, labels, samples: int, seed: int):
    """Estimates of d/dmu E_q[log p(x|z)] for a picture x (28, 28), see `inference.gradients_of_mu`."""
    return _gradients_of_mu(spec.id, spec.weights.sha256, x, mu, logvar, labels, samples, seed, spec)


@st.cache_resource(max_entries=64, show_spinner="Taking gradients through the decoder")
def _gradients_of_mu(model_id: str, sha256: str, x, mu, logvar, labels, samples: int, seed: int, _spec: ModelSpec):
    from vae_core import inference, latent

    epsilon = latent.noise(samples, _spec.latent_dim, seed)
    return inference.gradients_of_mu(cache.model(_spec), x, mu, logvar, epsilon, labels)


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
    return Usage(_shared(kl), _shared(codes.mu.var(axis=0)), _shared(sigma), _shared(latent.active_units(codes.mu)))


def gallery_costs(spec: ModelSpec) -> np.ndarray:
    """Negative ELBO of each picture of the gallery, one posterior sample each, (n,) in nats. Raises ArtifactError."""
    return _gallery_costs(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _gallery_costs(model_id: str, sha256: str | None, _spec: ModelSpec) -> np.ndarray:
    from vae_core.inference import kl_per_dim

    codes = cache.codes(_spec)
    return _shared(kl_per_dim(codes.mu, codes.logvar).sum(axis=1) - codes.log_likelihood)


def class_gaussians(spec: ModelSpec) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Mean and variance of each class's codes in the gallery, see `latent.class_gaussians`. Raises ArtifactError."""
    return _class_gaussians(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _class_gaussians(model_id: str, sha256: str | None, _spec: ModelSpec):
    codes = cache.codes(_spec)
    return latent.class_gaussians(codes.mu, codes.logvar, codes.y)


def decoded_sheet(spec: ModelSpec, z: np.ndarray, label: int | None, columns: int) -> bytes:
    """Codes z (n, latent) decoded, row by row as a PNG; all of one class if the model is conditional. Raises ArtifactError.

    Decoded once for everybody who looks at the same codes.
    """
    return _decoded_sheet(spec.id, spec.weights.sha256, _content(z), label, columns, spec, z)


@st.cache_resource(max_entries=128, show_spinner=False)
def _decoded_sheet(
    model_id: str, sha256: str, codes: str, label: int | None, columns: int, _spec: ModelSpec, _z
) -> bytes:
    from vae_core import inference

    labels = np.full(len(_z), label) if _spec.conditional else None
    return png(tile(inference.decode(cache.model(_spec), _z, labels), columns))


def agreement(spec: ModelSpec):
    """For each code of the gallery the share of its ten nearest others that have its label, (n,). Raises ArtifactError."""
    return _agreement(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Comparing each code with its neighbours")
def _agreement(model_id: str, sha256: str | None, _spec: ModelSpec):
    from vae_core.neighbours import agreement

    shares = agreement(cache.codes(_spec).mu, cache.codes(_spec).y)
    return _shared(shares)


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


ATLAS_COLUMNS = 64


def atlas(dataset: str) -> bytes:
    """All pictures of a gallery as one PNG, `ATLAS_COLUMNS` in a row, unscaled. Raises as `gallery` does."""
    return _atlas(dataset, cache.manifest().images[dataset].pixels_sha256, str(data_dir()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _atlas(dataset: str, sha256: str, folder: str) -> bytes:
    from vae_core.images import png, tile

    return png(tile(cache.gallery(dataset).x, ATLAS_COLUMNS))


def log_weights(spec: ModelSpec, x: np.ndarray, label: int | None, count: int, seed: int) -> np.ndarray:
    """`vae_core.inference.log_weights` of one picture (28, 28) with so many samples of this seed's noise: (count,)."""
    return _log_weights(spec.id, spec.weights.sha256, _content(x), label, count, seed, spec, x)


@st.cache_resource(max_entries=64, show_spinner="Decoding samples of q")
def _log_weights(model_id, sha256, content, label, count: int, seed: int, _spec: ModelSpec, _x) -> np.ndarray:
    from vae_core import inference, latent

    noise = latent.noise(count, _spec.latent_dim, seed)
    found = inference.log_weights(cache.model(_spec), _x, noise, _labels(label))
    return _shared(found)


def gallery_log_weights(spec: ModelSpec, pictures: int, count: int) -> np.ndarray:
    """As `log_weights` for the first pictures of the gallery, with noise of seeds 0, 1, 2, ...: (pictures, count)."""
    return _gallery_log_weights(spec.id, spec.weights.sha256, pictures, count, spec)


@st.cache_resource(max_entries=32, show_spinner="Decoding samples of q for each picture")
def _gallery_log_weights(model_id, sha256, pictures: int, count: int, _spec: ModelSpec) -> np.ndarray:
    from vae_core import inference, latent

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
    return _shared(found)


def inference_gap(spec: ModelSpec, x: np.ndarray, label: int | None):
    """`vae_core.bounds.inference_gap` of one picture (28, 28) under a model with two latent dimensions."""
    return _inference_gap(spec.id, spec.weights.sha256, _content(x), label, spec, x)


@st.cache_resource(max_entries=32, show_spinner="Integrating over the plane")
def _inference_gap(model_id, sha256, content, label, _spec: ModelSpec, _x):
    from vae_core import bounds

    return bounds.inference_gap(cache.model(_spec), _x, _labels(label))


def log_joint(spec: ModelSpec, x: np.ndarray, z: np.ndarray, label: int | None) -> np.ndarray:
    """`vae_core.inference.log_joint` of one picture (28, 28) with codes z (n, latent): (n,) in nats."""
    return _log_joint(spec.id, spec.weights.sha256, _content(x), _content(z), label, spec, x, z)


@st.cache_resource(max_entries=64, show_spinner="Looking at the true posterior")
def _log_joint(model_id, sha256, content, codes: str, label, _spec: ModelSpec, _x, _z) -> np.ndarray:
    from vae_core import inference

    found = inference.log_joint(cache.model(_spec), _x, _z, _labels(label))
    return _shared(found)


def contrast(spec: ModelSpec, what: str, label: int | None) -> tuple[np.ndarray, int]:
    """The direction of most minus least ink or slant (`vae_core.transitions.MEASURES`), (latent,), and of how many
    pictures it was learnt: those of one class of the gallery, or all; decoded, where their pixels are not on this machine.
    """
    images = cache.gallery_or_none(spec.dataset)
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


def _shared(values: np.ndarray) -> np.ndarray:
    """What all readers share, nobody may change."""
    values.setflags(write=False)
    return values


def _content(values: np.ndarray) -> str:
    """What identifies a picture, be it from the gallery or the reader's own, or codes."""
    return hashlib.sha256(np.ascontiguousarray(values)).hexdigest()


def _labels(label: int | None) -> np.ndarray | None:
    return None if label is None else np.array([label])


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
    return surgery(mu, logvar, latent.noise(*mu.shape, seed=0))


def mixtures(spec: ModelSpec) -> tuple[dict, dict, float]:
    """Gaussian mixtures of the codes of half of the gallery by their number of components, their mean log-density at the
    codes of the other half, and the prior's there, in nats a picture. Raises ArtifactError."""
    return _mixtures(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Fitting mixtures of Gaussians to the codes")
def _mixtures(model_id: str, sha256: str | None, _spec: ModelSpec):
    from vae_core import density

    z, _, _ = cloud_samples(_spec)
    order = np.random.default_rng(0).permutation(len(z))
    fitted, held_out = z[order[: len(z) // 2]], z[order[len(z) // 2 :]]
    mixes = {k: density.fit_mixture(fitted, k) for k in (1, 5, 10, 20, 50) if 20 * k <= len(fitted)}
    scores = {k: float(density.log_mixture(mix, held_out).mean()) for k, mix in mixes.items()}
    return mixes, scores, float(density.log_prior(held_out).mean())


def sample_scores(spec: ModelSpec, z: np.ndarray, own: np.ndarray | None):
    """`vae_core.density.score_samples` of samples z (m, latent) by the gallery's codes."""
    return _sample_scores(spec.id, spec.codes and spec.codes.sha256, _content(z), own is not None, spec, z, own)


@st.cache_resource(max_entries=256, show_spinner=False)
def _sample_scores(model_id: str, sha256: str | None, content: str, of_pictures: bool, _spec: ModelSpec, _z, _own):
    from vae_core import density

    mu, logvar, _ = cloud(_spec)
    return density.score_samples(_z, mu, logvar, cache.codes(_spec).y, _own)


def picture_distance(dataset: str, x: np.ndarray, own: np.ndarray | None) -> np.ndarray:
    """`vae_core.density.picture_distance` of pictures x (m, 28, 28) from those of a gallery. Raises as `gallery`."""
    pixels = cache.manifest().images[dataset].pixels_sha256
    return _picture_distance(
        dataset, pixels, str(data_dir()), _content(x), None if own is None else _content(own), x, own
    )


@st.cache_resource(max_entries=256, show_spinner=False)
def _picture_distance(dataset: str, pixels: str, folder: str, content: str, rows: str | None, _x, _own) -> np.ndarray:
    from vae_core import density

    return _shared(density.picture_distance(_x, cache.gallery(dataset).x, _own))


def gap(spec: ModelSpec) -> float:
    """From a sample of N(0, I) to the gallery's nearest posterior, in its own sigmas: see `latent.nearest_cloud`.

    The median of 200 samples. Raises ArtifactError.
    """
    return _gap(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _gap(model_id: str, sha256: str | None, _spec: ModelSpec) -> float:
    codes, noise = cache.codes(_spec), latent.sample_prior(200, _spec.latent_dim, seed=0)
    return float(np.median(latent.nearest_cloud(noise, codes.mu, codes.logvar)))


def pca(dataset: str):
    """The first two principal components of a gallery's pictures, and the pictures' codes (n, 2). Raises as `gallery`."""
    return _pca(dataset, cache.manifest().images[dataset].pixels_sha256, str(data_dir()))


@st.cache_resource(max_entries=4, show_spinner="Fitting PCA to the pictures")
def _pca(dataset: str, sha256: str, folder: str):
    from vae_core import linear

    x = cache.gallery(dataset).x
    fitted = linear.fit(x, 2)
    return fitted, _shared(linear.encode(fitted, x))


def gallery_error(spec: ModelSpec) -> float:
    """Mean squared error a pixel of a model's reconstructions of its gallery. Raises as `gallery`."""
    return _gallery_error(spec.id, spec.weights.sha256, spec.codes and spec.codes.sha256, str(data_dir()), spec)


@st.cache_resource(max_entries=32, show_spinner="Reconstructing the gallery")
def _gallery_error(model_id: str, weights: str, sha256: str | None, folder: str, _spec: ModelSpec) -> float:
    from vae_core import inference

    x_hat = inference.decode(cache.model(_spec), cache.codes(_spec).mu)
    return float(np.square(x_hat - cache.gallery(_spec.dataset).x).mean())


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


def principal_variances(dataset: str, count: int) -> np.ndarray:
    """As `collapse.principal_variances`, of a data set's gallery; raises as `gallery`."""
    images = cache.gallery(dataset)
    return _principal_variances(dataset, cache.manifest().images[dataset].pixels_sha256, count, images)


@st.cache_resource(max_entries=4, show_spinner=False)
def _principal_variances(dataset: str, pixels_sha256: str, count: int, _images: Images) -> np.ndarray:
    from vae_core import collapse

    return collapse.principal_variances(_images.x, count)
