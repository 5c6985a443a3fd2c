"""Posterior collapse: what a latent dimension is worth, and the linear model in which collapse can be solved for."""

from collections.abc import Sequence

import numpy as np

from vae_core.inference import log_likelihood
from vae_core.model import VAE


def switch_off(z: np.ndarray, dims: Sequence[int]) -> np.ndarray:
    """Copies of codes z (n, latent) in which the dimensions `dims` are at the prior's mean, 0, for every picture."""
    z = np.array(z, np.float32)
    z[:, list(dims)] = 0
    return z


def cost_of_switching_off(
    model: VAE, x: np.ndarray, z: np.ndarray, dims: Sequence[int], y: np.ndarray | None = None
) -> np.ndarray:
    """How much worse each picture is reconstructed without some dimensions: log p(x|z) - log p(x|z with dims at 0).

    Parameters
    ----------
    x, z : (n, 28, 28) and (n, latent)
        Pictures, and a sample of each one's posterior.
    dims : the dimensions to switch off, counted from 0
    y : (n,) integer labels, for conditional models only

    Returns
    -------
    (n,) in nats. The decoder is the one that was trained with these dimensions: one trained without them would lose less.
    """
    return log_likelihood(model, x, z, y) - log_likelihood(model, x, switch_off(z, dims), y)


def cost_by_dim(model: VAE, x: np.ndarray, z: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """The mean cost of switching off each dimension alone: (latent,) in nats; see `cost_of_switching_off`."""
    whole = log_likelihood(model, x, z, y)
    return np.array([(whole - log_likelihood(model, x, switch_off(z, [j]), y)).mean() for j in range(z.shape[1])])


def linear_kl(variances: np.ndarray, noise_variance: float) -> np.ndarray:
    """Mean KL of each dimension of the best linear VAE, solved exactly: max(0, log(variance / noise) / 2), in nats.

    Its decoder is x = W z + b with Gaussian pixel noise, and its optimum is probabilistic PCA: a latent dimension follows
    each principal direction whose variance exceeds the noise, with the posterior variance noise / variance; the others
    collapse. In the objective with beta, the noise variance is beta times that of the likelihood.

    Parameters
    ----------
    variances : (latent,), the data's variances along its principal directions
    noise_variance : variance of a pixel, times beta

    Raises
    ------
    ValueError
        If the noise variance is not positive.

    Source: Tipping and Bishop (1999), "Probabilistic principal component analysis", whose maximum Lucas et al.
    (2019), "Don't blame the ELBO!", show to be that of the linear VAE; the KL follows from its posterior.
    """
    if not noise_variance > 0:
        raise ValueError(f"noise_variance is {noise_variance}; it must be positive")
    return 0.5 * np.log(np.maximum(variances / noise_variance, 1.0))


def principal_variances(x: np.ndarray, count: int) -> np.ndarray:
    """Variances of pictures x (n, height, width) along their first principal directions: (count,), descending."""
    flat = x.reshape(len(x), -1)
    centred = flat - flat.mean(axis=0)
    covariance = centred.T @ centred / len(x)
    return np.linalg.eigvalsh(covariance.astype(np.float64))[::-1][:count]
