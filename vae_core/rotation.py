"""The latent axes turned: the ELBO stays what it is, because N(0, I) looks the same from every side.

A model turned by R has the encoder N(R mu, R Sigma R^T) and the decoder p(x | R^T z). Source: Locatello et al. (2019),
"Challenging Common Assumptions in the Unsupervised Learning of Disentangled Representations", theorem 1 and its appendix.
"""

import numpy as np

from vae_core import inference
from vae_core.model import VAE


def rotation(latent_dim: int, dims: tuple[int, int], degrees: float) -> np.ndarray:
    """The matrix (latent, latent) that turns the plane of two dimensions, from the first towards the second.

    Raises
    ------
    ValueError
        If the two dimensions are one.
    """
    first, second = dims
    if first == second:
        raise ValueError(f"a plane needs two dimensions, not {first} twice")
    angle = np.deg2rad(degrees)
    matrix = np.eye(latent_dim)
    matrix[[first, second], [first, second]] = np.cos(angle)
    matrix[second, first], matrix[first, second] = np.sin(angle), -np.sin(angle)
    return matrix


def rotate_posterior(mu: np.ndarray, logvar: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean R mu (n, latent) and covariance R Sigma R^T (n, latent, latent) of turned posteriors, float64."""
    variances = np.exp(np.asarray(logvar, np.float64))
    return mu @ turn.T, np.einsum("ij,nj,kj->nik", turn, variances, turn)


def kl(mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """KL(N(mean, covariance) || N(0, I)) in nats: (n, latent) and (n, latent, latent) -> (n,).

    Half of trace + squared norm of the mean - latent - log determinant. Source: Duchi, "Derivations for Linear Algebra
    and Optimization", on the KL of two Gaussians, with N(0, I) for the second.
    """
    _, logdet = np.linalg.slogdet(covariance)
    trace = np.trace(covariance, axis1=1, axis2=2)
    return 0.5 * (trace + np.square(mean).sum(axis=1) - mean.shape[1] - logdet)


def best_diagonal(covariance: np.ndarray) -> np.ndarray:
    """The log-variances (n, latent) of the Gaussian without correlations that is nearest, KL(diagonal || full), to each.

    Each variance is the inverse of the precision's diagonal entry: the conditional, not the marginal variance.
    Source: Bishop (2006), "Pattern Recognition and Machine Learning", section 10.1.2.
    """
    return -np.log(np.diagonal(np.linalg.inv(covariance), axis1=1, axis2=2))


def mean_field_gap(covariance: np.ndarray) -> np.ndarray:
    """KL(best diagonal || full) of each covariance in nats, (n,): what a posterior without correlations must miss."""
    _, logdet = np.linalg.slogdet(covariance)
    return 0.5 * (logdet - best_diagonal(covariance).sum(axis=1))


def elbo(
    model: VAE,
    x: np.ndarray,
    mu: np.ndarray,
    logvar: np.ndarray,
    epsilon: np.ndarray,
    turn: np.ndarray,
    y: np.ndarray | None = None,
    diagonal: bool = False,
) -> np.ndarray:
    """The ELBO of each picture under the model turned by R, in nats, (n,): one posterior sample, exact KL.

    Parameters
    ----------
    x, mu, logvar : (n, 28, 28) and (n, latent) twice: pictures and their posteriors before the turn
    epsilon : (n, latent), the noise
    turn : (latent, latent), the rotation R
    y : (n,) labels, for conditional models only
    diagonal : a turned encoder that may not have correlations, with the variances of `best_diagonal`; its noise is turned
        along, so that the two differ by what the correlations are worth and little by chance
    """
    mean, covariance = rotate_posterior(mu, logvar, turn)
    if diagonal:
        narrowed = best_diagonal(covariance)
        z = mean + np.exp(0.5 * narrowed) * (epsilon @ turn.T)
        divergence = 0.5 * (mean**2 + np.expm1(narrowed) - narrowed).sum(axis=1)
    else:
        z = mean + (np.exp(0.5 * np.asarray(logvar, np.float64)) * epsilon) @ turn.T  # R Sigma^(1/2) is its square root
        divergence = kl(mean, covariance)
    return inference.log_likelihood(model, x, z @ turn, y) - divergence  # the decoder gets R^T z
