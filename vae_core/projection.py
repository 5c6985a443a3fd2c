"""Codes of the gallery and their two-dimensional maps, read from artifacts; exact PCA for anything new."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_core.manifest import ArtifactError, ArtifactFile, ModelSpec, verified


@dataclass(frozen=True)
class Codes:
    """What a model makes of the gallery, in the gallery's order."""

    mu: np.ndarray  # (n, latent) posterior means
    logvar: np.ndarray  # (n, latent) posterior log-variances
    y: np.ndarray  # (n,) labels
    log_likelihood: np.ndarray  # (n,) log p(x|z) in nats, of one posterior sample


@dataclass(frozen=True)
class Maps:
    """Two-dimensional maps of the codes' means, and the matrix of the one that is linear."""

    xy: dict[str, np.ndarray]  # map key -> (n, 2)
    pca_mean: np.ndarray  # (latent,)
    pca_components: np.ndarray  # (2, latent), orthonormal rows
    pca_explained: np.ndarray  # (2,) share of the variance

    def project_pca(self, mu: np.ndarray) -> np.ndarray:
        """Codes (n, latent) on the PCA plane of the gallery: (n, 2)."""
        return (mu - self.pca_mean) @ self.pca_components.T


def load_codes(root: str | Path, spec: ModelSpec) -> Codes:
    """The gallery's codes under a model; raises `ArtifactError` if they are missing, altered or not shipped."""
    a = _arrays(root, spec, spec.codes, "codes")
    return Codes(a["mu"], a["logvar"], a["y"].astype(np.int64), a["log_likelihood"])


def load_maps(root: str | Path, spec: ModelSpec) -> Maps:
    """The shipped maps of a model's codes; raises `ArtifactError` as `load_codes` does."""
    a = _arrays(root, spec, spec.maps_file, "maps")
    xy = {m.key: a[m.key] for m in spec.maps}
    return Maps(xy, a["pca_mean"], a["pca_components"], a["pca_explained"])


def load_replay(root: str | Path, spec: ModelSpec) -> dict[int, np.ndarray]:
    """Posterior means of the gallery's first pictures at every shipped epoch: epoch -> (n, latent) float32.

    Raises `ArtifactError` as `load_codes` does.
    """
    a = _arrays(root, spec, spec.replay, "replay")
    return {int(epoch): mu.astype(np.float32) for epoch, mu in zip(a["epochs"], a["mu"], strict=True)}


def _arrays(root: str | Path, spec: ModelSpec, artifact: ArtifactFile | None, what: str) -> dict[str, np.ndarray]:
    if artifact is None:
        raise ArtifactError(f"{spec.id} has no {what}. Build them: `python -m vae_core.build.project {spec.id}`.")
    try:
        with np.load(io.BytesIO(verified(root, artifact)), allow_pickle=False) as file:
            return dict(file)
    except (KeyError, ValueError) as error:
        raise ArtifactError(f"{artifact.file} does not hold {what} ({error})") from error
