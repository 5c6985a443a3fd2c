"""Codes of the gallery and their two-dimensional maps, read from artifacts; and the places of new codes on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_core.manifest import ArtifactError, ArtifactFile, ModelSpec, read_arrays
from vae_core.neighbours import nearest


@dataclass(frozen=True)
class Codes:
    """What a model makes of the gallery, in the gallery's order."""

    mu: np.ndarray  # (n, latent) posterior means
    logvar: np.ndarray  # (n, latent) posterior log-variances
    y: np.ndarray  # (n,) labels
    log_likelihood: np.ndarray  # (n,) log p(x|z) in nats, of one posterior sample


@dataclass(frozen=True)
class LinearMap:
    """A map with a formula, xy = (z - mean) @ components.T, its rows orthonormal: the latent plane itself, or PCA's.

    Any code has its exact place on it, and so has any Gaussian: a normal distribution stays normal.
    """

    mean: np.ndarray  # (latent,)
    components: np.ndarray  # (2, latent), orthonormal rows

    def project(self, z: np.ndarray) -> np.ndarray:
        """Codes (n, latent) on the map: (n, 2)."""
        return (z - self.mean) @ self.components.T

    def covariance(self, variance: np.ndarray) -> np.ndarray:
        """The covariance (2, 2), on the map, of a Gaussian with independent dimensions of this variance (latent,).

        That is C diag(variance) C^T. For the prior, N(0, I), it is the identity: C's rows are orthonormal.
        """
        return (self.components * variance) @ self.components.T


PLANE = LinearMap(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))  # of a latent space of two dimensions


@dataclass(frozen=True)
class Maps:
    """Two-dimensional maps of the codes' means, and the matrix of the one that is linear."""

    xy: dict[str, np.ndarray]  # map key -> (n, 2)
    pca_mean: np.ndarray  # (latent,)
    pca_components: np.ndarray  # (2, latent), orthonormal rows
    pca_explained: np.ndarray  # (2,) share of the variance

    def project_pca(self, mu: np.ndarray) -> np.ndarray:
        """Codes (n, latent) on the PCA plane of the gallery: (n, 2)."""
        return self.pca.project(mu)

    @property
    def pca(self) -> LinearMap:
        """The PCA plane of the gallery."""
        return LinearMap(self.pca_mean, self.pca_components)


def inside(xy: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Indices of the dots (n, 2) in a box, its rim included; the box is the x and y of any two opposite corners."""
    low, high = np.minimum(box[:2], box[2:]), np.maximum(box[:2], box[2:])
    return np.flatnonzero(((xy >= low) & (xy <= high)).all(axis=1))


def place(mu: np.ndarray, codes: np.ndarray, xy: np.ndarray, neighbours: int = 5) -> np.ndarray:
    """Where new codes belong on a finished map: the place of the most central of their nearest codes.

    A map that is not linear has no formula for a new point. A mean or median of the neighbours' places may fall between
    two clusters, where no code lies; their medoid is always the place of a real one. (On the map of mnist-z10, ten
    neighbours on the map then have the new digit's label for 91 % of digits, 90 % with the median, and 93 % where t-SNE
    itself places them.)

    Parameters
    ----------
    mu : (m, latent)
        The new codes.
    codes, xy : (n, latent) and (n, 2)
        The codes that the map was made of, and their places on it.

    Returns
    -------
    (m, 2) float32
    """
    places = xy[nearest(mu, codes, neighbours)]  # (m, neighbours, 2)
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1).sum(axis=2)
    return places[np.arange(len(places)), apart.argmin(axis=1)].astype(np.float32)


def load_codes(root: str | Path, spec: ModelSpec) -> Codes:
    """The gallery's codes under a model; raises `ArtifactError` if they are missing, altered or not shipped."""
    mu, logvar, y, log_likelihood = _arrays(root, spec, spec.codes, "codes", "mu", "logvar", "y", "log_likelihood")
    return Codes(mu, logvar, y.astype(np.int64), log_likelihood)


def load_maps(root: str | Path, spec: ModelSpec) -> Maps:
    """The shipped maps of a model's codes; raises `ArtifactError` as `load_codes` does."""
    keys = [entry.key for entry in spec.maps]
    linear = ("pca_mean", "pca_components", "pca_explained")
    *xy, mean, components, explained = _arrays(root, spec, spec.maps_file, "maps", *keys, *linear)
    return Maps(dict(zip(keys, xy, strict=True)), mean, components, explained)


def load_replay(root: str | Path, spec: ModelSpec) -> dict[int, np.ndarray]:
    """Posterior means of the gallery's first pictures at every shipped epoch: epoch -> (n, latent) float32.

    Raises `ArtifactError` as `load_codes` does.
    """
    epochs, means = _arrays(root, spec, spec.replay, "replay", "epochs", "mu")
    return {int(epoch): mu.astype(np.float32) for epoch, mu in zip(epochs, means, strict=True)}


def _arrays(
    root: str | Path, spec: ModelSpec, artifact: ArtifactFile | None, what: str, *names: str
) -> list[np.ndarray]:
    if artifact is None:
        raise ArtifactError(f"{spec.id} has no {what}. Build them: `python -m vae_core.build.project {spec.id}`.")
    return read_arrays(root, artifact, *names)
