"""Two ways to the gradient of an expectation over z ~ N(mu, sigma^2), and the slopes of the KL in two parameterisations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vae_core.latent import reparameterize
from vae_core.objective import kl_per_dim


class GradientSamples(NamedTuple):
    """Unbiased one-sample estimates of d/dmu E_q[f(z)], each (samples, latent)."""

    pathwise: np.ndarray
    score_function: np.ndarray
    with_baseline: np.ndarray  # the score function again, of f less its mean over the other samples


def of_mu(f: Callable[[Tensor], Tensor], mu: Tensor, logvar: Tensor, epsilon: Tensor) -> GradientSamples:
    """Estimate d/dmu E_q[f(z)] from each noise, with and without the reparameterisation.

    - pathwise: z = mu + sigma epsilon is a function of mu, so df/dz dz/dmu = df/dz. It needs the slope of f.
      Source: Kingma and Welling (2014), section 2.4; Mohamed et al. (2020), "Monte Carlo gradient estimation in machine
      learning", section 5.
    - score function (REINFORCE): f(z) d log q(z) / dmu = f(z) (z - mu) / sigma^2. It needs only the value of f.
      Source: Mohamed et al. (2020), section 4; Williams (1992).
    - with baseline: f(z_i) less the mean of f over the other samples. It does not depend on z_i and the score has mean 0, so
      nothing is added to the expectation. Source: Mohamed et al. (2020), section 7; the mean of the others: Kool,
      van Hoof and Welling (2019), "Buy 4 REINFORCE samples, get a baseline for free!".

    Parameters
    ----------
    f : (samples, latent) -> (samples,), differentiable
    mu, logvar : (latent,)
    epsilon : (samples, latent), standard normal noise, at least two samples
    """
    z = reparameterize(mu, logvar, epsilon).detach().requires_grad_()
    with torch.enable_grad():
        values = f(z)
        (slope,) = torch.autograd.grad(values.sum(), z)
    values = values.detach()[:, None]
    score = epsilon * torch.exp(-0.5 * logvar)
    others = (values.sum() - values) / (len(values) - 1)
    return GradientSamples(slope.numpy(), (values * score).numpy(), ((values - others) * score).numpy())


def kl_slopes(sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The slope of KL(N(0, sigma^2) || N(0, 1)) where a network gives log sigma^2, and where it gives sigma itself.

    sigma (n,), positive -> d KL / d log sigma^2 and d KL / d sigma, (n,) each, by autograd through `objective.kl_per_dim`.
    The first lies between -1/2 and sigma^2 / 2; the second is sigma - 1 / sigma, without bound as sigma goes to 0.
    """
    given = torch.tensor(sigma, dtype=torch.float64, requires_grad=True)
    logvar = (2 * given.detach().log()).requires_grad_()
    zero = torch.zeros_like(logvar)
    (by_logvar,) = torch.autograd.grad(kl_per_dim(zero, logvar).sum(), logvar)
    (by_sigma,) = torch.autograd.grad(kl_per_dim(zero, 2 * given.log()).sum(), given)
    return by_logvar.numpy(), by_sigma.numpy()
