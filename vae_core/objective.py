"""The terms of the variational objective, in nats an image: sums over pixels and latent dimensions, no averages.

Notation follows Kingma and Welling (2014), "Auto-Encoding Variational Bayes".
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from vae_core.latent import reparameterize


def kl_per_dim(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z|x) || p(z)) for each latent dimension, with p(z) = N(0, I).

    Parameters
    ----------
    mu, logvar : (batch, latent)
        Mean and log-variance of the diagonal Gaussian posterior.

    Returns
    -------
    (batch, latent)
        Non-negative, in nats. Sum over the last axis for the KL of an image.

    Raises
    ------
    ValueError
        If the two shapes differ: broadcasting would hide the mistake.

    Source: Kingma and Welling (2014), appendix B.
    """
    if mu.shape != logvar.shape:
        raise ValueError(f"mu {tuple(mu.shape)} and logvar {tuple(logvar.shape)} must have one shape")
    # expm1 keeps precision near collapse, where logvar -> 0.
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)


def kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z|x) || p(z)) of each image: (batch, latent) twice -> (batch,), in nats. Source: as `kl_per_dim`."""
    return kl_per_dim(mu, logvar).sum(dim=-1)


def kl_monte_carlo(mu: Tensor, logvar: Tensor, epsilon: Tensor) -> tuple[Tensor, Tensor]:
    """The same KL by sampling: the mean of log q(z|x) - log p(z) over z = mu + sigma epsilon.

    Parameters
    ----------
    mu, logvar : (latent,)
    epsilon : (samples, latent), standard normal noise, at least two samples

    Returns
    -------
    estimate, standard_error : scalars, in nats
        The estimate is unbiased, may be negative, and misses the exact KL by about one standard error.

    Source: Kingma and Welling (2014), equation 6 (their estimator A uses this term).
    """
    z = reparameterize(mu, logvar, epsilon)
    zero = torch.zeros_like(mu)
    ratios = log_normal(z, mu, logvar) - log_normal(z, zero, zero)
    return ratios.mean(), ratios.std() / math.sqrt(len(ratios))


def log_likelihood(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x|z) of each image under independent Bernoulli pixels.

    Grey values in [0, 1] count as the probability of a white pixel, so this is minus the binary cross-entropy.

    Parameters
    ----------
    logits, x : (batch, 28, 28)
        The decoder's output and the image.

    Returns
    -------
    (batch,)
        In nats, summed over the pixels; at most 0.

    Raises
    ------
    ValueError
        If the two shapes differ.

    Source: Kingma and Welling (2014), appendix C.1.
    """
    if logits.shape != x.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and x {tuple(x.shape)} must have one shape")
    return -binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(dim=1)


def elbo(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The evidence lower bound of each image, log p(x|z) - KL(q(z|x) || p(z)): (batch,), in nats.

    `logits` decode one sample of the posterior (mu, logvar), so the value is an unbiased estimate of the bound.

    Source: Kingma and Welling (2014), equation 7 with L = 1.
    """
    return log_likelihood(logits, x) - kl(mu, logvar)


def objective(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float) -> Tensor:
    """What training minimises, averaged over the batch: -log p(x|z) + beta KL, a scalar in nats an image.

    At beta = 1 it is the negative ELBO.

    Raises
    ------
    ValueError
        If beta is negative.

    Source: Higgins et al. (2017), "beta-VAE", equation 4.
    """
    if beta < 0:
        raise ValueError(f"beta is {beta}; it cannot be negative")
    return (beta * kl(mu, logvar) - log_likelihood(logits, x)).mean()


def log_normal(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(z; mu, diag exp(logvar)), summed over the last axis: (..., latent) -> (...), in nats."""
    return -0.5 * (math.log(2 * math.pi) + logvar + (z - mu).square() * torch.exp(-logvar)).sum(dim=-1)


def log_importance_weights(log_p_x_given_z: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log of p(x|z) p(z) / q(z|x) for posterior samples z.

    Parameters
    ----------
    log_p_x_given_z : (samples, batch)
    z : (samples, batch, latent)
    mu, logvar : (batch, latent)

    Returns
    -------
    (samples, batch)
        In nats; its mean over the samples estimates the ELBO.

    Source: Burda, Grosse and Salakhutdinov (2016), "Importance Weighted Autoencoders", section 3.
    """
    zero = torch.zeros((), dtype=z.dtype)
    return log_p_x_given_z + log_normal(z, zero, zero) - log_normal(z, mu, logvar)


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """The K-sample bound log (1/K) sum_k w_k: (K, batch) -> (batch,), in nats.

    Its expectation is the ELBO at K = 1 and grows to log p(x).

    Source: Burda, Grosse and Salakhutdinov (2016), equation 8.
    """
    return torch.logsumexp(log_weights, dim=0) - math.log(len(log_weights))
