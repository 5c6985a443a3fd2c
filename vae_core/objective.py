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


def log_likelihood(
    logits: Tensor, x: Tensor, likelihood: str = "bernoulli", pixel_sigma: Tensor | float | None = None
) -> Tensor:
    """log p(x|z) of each image: independent pixels, their parameters given by the decoder's output.

    Parameters
    ----------
    logits, x : (batch, 28, 28)
        The decoder's output and the image.

    Returns
    -------
    (batch,)
        In nats, the sum of `log_likelihood_per_pixel`. At most 0 for "bernoulli"; the logarithm of a density may be positive.

    Raises
    ------
    ValueError
        If the two shapes differ, or the likelihood is unknown.
    """
    return log_likelihood_per_pixel(logits, x, likelihood, pixel_sigma).flatten(1).sum(dim=1)


def log_likelihood_per_pixel(
    logits: Tensor, x: Tensor, likelihood: str = "bernoulli", pixel_sigma: Tensor | float | None = None
) -> Tensor:
    """log p(x_i|z) of each pixel, in nats; logits and x have one shape, and so has the result.

    - "bernoulli": grey values in [0, 1] count as the probability of a white pixel, so this is minus the binary
      cross-entropy. Source: Kingma and Welling (2014), appendix C.1.
    - "continuous_bernoulli": the density that is proportional to it and integrates to 1 over grey values.
      Source: Loaiza-Ganem and Cunningham (2019), "The continuous Bernoulli: fixing a pervasive error in variational
      autoencoders", the definition of its density.
    - "gaussian": a density with mean sigmoid(logits) and standard deviation `pixel_sigma`, one for all pixels.
      Source: Kingma and Welling (2014), appendix C.2; one learned sigma: Rybkin, Daniilidis and Levine
      (2021), "Simple and effective VAE training with calibrated decoders".

    Raises ValueError as `log_likelihood` does.
    """
    if logits.shape != x.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and x {tuple(x.shape)} must have one shape")
    if likelihood == "bernoulli":
        return -binary_cross_entropy_with_logits(logits, x, reduction="none")
    if likelihood == "continuous_bernoulli":
        return log_normalizer(logits) - binary_cross_entropy_with_logits(logits, x, reduction="none")
    if likelihood == "gaussian":
        sigma = torch.as_tensor(pixel_sigma, dtype=x.dtype, device=x.device)
        return -0.5 * ((x - torch.sigmoid(logits)) / sigma).square() - sigma.log() - 0.5 * math.log(2 * math.pi)
    raise ValueError(f"likelihood is {likelihood!r}; choose bernoulli, continuous_bernoulli or gaussian")


def log_normalizer(logits: Tensor) -> Tensor:
    """log C of the continuous Bernoulli at each logit l, in nats: C = l / tanh(l / 2), and 2 at l = 0.

    Source: Loaiza-Ganem and Cunningham (2019), whose normaliser is 2 artanh(1 - 2 lambda) / (1 - 2 lambda), with
    lambda = sigmoid(l), so that 1 - 2 lambda = -tanh(l / 2).
    """
    near = logits.abs() < 0.1
    safe = torch.where(near, 1.0, logits)  # keeps the branch that is not taken, and its gradient, finite
    return torch.where(
        near, math.log(2) + logits.square() / 12 - 7 * logits**4 / 1440, torch.log(safe / torch.tanh(safe / 2))
    )


def pixel_mean(logits: Tensor, likelihood: str = "bernoulli") -> Tensor:
    """The mean of p(x|z) at each pixel, in [0, 1]: what is drawn as x-hat. Same shape as the logits.

    The sigmoid, but for the continuous Bernoulli: 1 / (1 - exp(-l)) - 1 / l, and 1/2 at l = 0.
    Source: Loaiza-Ganem and Cunningham (2019), the mean of their distribution: lambda / (2 lambda - 1) +
    1 / (2 artanh(1 - 2 lambda)), with lambda = sigmoid(l).
    """
    if likelihood != "continuous_bernoulli":
        return torch.sigmoid(logits)
    near = logits.abs() < 0.1
    safe = torch.where(near, 1.0, logits)
    return torch.where(near, 0.5 + logits / 12 - logits**3 / 720, -1 / torch.expm1(-safe) - 1 / safe)


def elbo(log_p_x_given_z: Tensor, kl_of_dims: Tensor) -> Tensor:
    """The evidence lower bound of each image, log p(x|z) - KL(q(z|x) || p(z)): (batch,), in nats.

    Parameters
    ----------
    log_p_x_given_z : (batch,)
        At one sample of the posterior, so the value is an unbiased estimate of the bound.
    kl_of_dims : (batch, latent)
        As `kl_per_dim` gives it.

    Source: Kingma and Welling (2014), equation 7 with L = 1.
    """
    return log_p_x_given_z - kl_of_dims.sum(dim=1)


def objective(log_p_x_given_z: Tensor, kl_of_dims: Tensor, beta: float, free_bits: float = 0.0) -> Tensor:
    """What training minimises, averaged over the batch: -log p(x|z) + beta KL, a scalar in nats an image.

    At beta = 1 it is the negative ELBO. With `free_bits`, a dimension whose KL, averaged over the batch, lies below so
    many nats costs just as many (times beta): there is nothing to gain from collapsing it.

    Parameters
    ----------
    log_p_x_given_z : (batch,)
    kl_of_dims : (batch, latent)

    Raises
    ------
    ValueError
        If beta or free_bits is negative.

    Source: Higgins et al. (2017), "beta-VAE", equation 4; free bits: Kingma et al. (2016), "Improving Variational
    Inference with Inverse Autoregressive Flow", equation 15 (appendix C.8).
    """
    if beta < 0:
        raise ValueError(f"beta is {beta}; it cannot be negative")
    if free_bits < 0:
        raise ValueError(f"free_bits is {free_bits}; it cannot be negative")
    return beta * kl_of_dims.mean(dim=0).clamp_min(free_bits).sum() - log_p_x_given_z.mean()


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
