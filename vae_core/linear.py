"""Principal component analysis: the linear autoencoder of two matrices, with which the others are compared."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pca:
    """Pictures as mean + z @ components: what a linear encoder and decoder can say with `latent` numbers."""

    mean: np.ndarray  # (pixels,)
    components: np.ndarray  # (latent, pixels), orthonormal rows, most variance first
    variances: np.ndarray  # (latent,) of the codes: the largest eigenvalues of the pixels' covariance
    dropped: float  # sum of all other eigenvalues: the mean squared error a picture, summed over its pixels
    shape: tuple[int, ...]  # of a picture

    @property
    def variance(self) -> float:
        """Of the pictures around their mean, as `dropped`: what no component at all, the mean picture alone, errs by."""
        return float(self.variances.sum()) + self.dropped


def fit(x: np.ndarray, latent_dim: int) -> Pca:
    """The principal components of pictures x (n, height, width), from the eigenvectors of their covariance (over n).

    Each component's sign is such that its largest entry is positive.

    Raises
    ------
    ValueError
        If there are not that many components.

    Source: Hotelling (1933); Baldi and Hornik (1989) on PCA as the best linear autoencoder.
    """
    pixels = x.reshape(len(x), -1).astype(np.float64)
    if not 1 <= latent_dim <= pixels.shape[1]:
        raise ValueError(f"latent_dim is {latent_dim}; pictures of {pixels.shape[1]} pixels have as many components")
    mean = pixels.mean(axis=0)
    centred = pixels - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(x))  # ascending
    components = vectors[:, ::-1][:, :latent_dim].T
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    values = values[::-1].clip(0)
    return Pca(mean, components * np.sign(largest), values[:latent_dim], float(values[latent_dim:].sum()), x.shape[1:])


def encode(pca: Pca, x: np.ndarray) -> np.ndarray:
    """The codes of pictures (n, height, width): (n, latent) float32."""
    return ((x.reshape(len(x), -1) - pca.mean) @ pca.components.T).astype(np.float32)


def decode(pca: Pca, z: np.ndarray) -> np.ndarray:
    """The pictures of codes (n, latent): (n, height, width) float32, not limited to [0, 1]."""
    return (pca.mean + z @ pca.components).astype(np.float32).reshape(len(z), *pca.shape)
