"""A toy: a latent variable model of one code and one number, so small that everything about it is exact.

Real models are in `vae_core.model`. Here log p(x) is one integral over a line; for them it is one over every latent
dimension, out of reach beyond two (`vae_core.bounds.plane_posterior`).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from vae_core import gradients, inference, latent

# The line on which integrals over z are sums: fine beside every posterior that sigma >= 0.2 and |bend| <= 1 can make.
Z = np.linspace(-12, 12, 4801)
# Exact for polynomials up to degree 39; the log-likelihood below is one of degree 4.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Toy:
    """p(z) = N(0, 1) and p(x|z) = N(f(z), sigma^2), with the decoder f(z) = z + bend z^2.

    At bend 0 the model is linear and its posterior Gaussian; the more it bends, the less Gaussian the posterior, until
    two different codes explain one x. All densities are of one number, so their logarithms are in nats and may be positive.
    """

    bend: float = 0.5
    sigma: float = 0.5

    def mean(self, z):
        """f(z), the mean of p(x|z): arrays or tensors, as given."""
        return z + self.bend * z * z

    def log_likelihood(self, x, z):
        """log p(x|z) in nats: arrays or tensors, as given."""
        return -0.5 * ((x - self.mean(z)) / self.sigma) ** 2 - math.log(self.sigma) - 0.5 * math.log(2 * math.pi)

    def log_evidence(self, x: float) -> float:
        """log p(x) = log of the integral of p(x|z) p(z) over z, in nats, by the trapezoidal rule.

        Source: Kingma and Welling (2014), section 2.1; the rule converges exponentially for integrands that vanish at both
        ends: Trefethen and Weideman (2014), "The exponentially convergent trapezoidal rule".
        """
        log_joint = self._log_joint(x, Z)
        highest = log_joint.max()
        return float(highest + np.log(np.exp(log_joint - highest).sum() * (Z[1] - Z[0])))

    def posterior(self, x: float, z: np.ndarray) -> np.ndarray:
        """The density of the true posterior p(z|x) = p(x|z) p(z) / p(x) at each z. Source: Bayes' rule."""
        return np.exp(self._log_joint(x, z) - self.log_evidence(x))

    def elbo(self, x: float, mu: float, sigma: float) -> float:
        """E_q[log p(x|z)] - KL(q || p(z)) for q = N(mu, sigma^2), in nats, exact: Gauss-Hermite and closed form.

        Source: Kingma and Welling (2014), equation 3.
        """
        expected = float(WEIGHTS @ self.log_likelihood(x, mu + sigma * NODES))
        return expected - float(inference.kl_per_dim(np.array([[mu]]), np.array([[2 * math.log(sigma)]]))[0, 0])

    def gap(self, x: float, mu: float, sigma: float) -> float:
        """KL(q || p(z|x)) for q = N(mu, sigma^2), in nats, from its definition E_q[log q(z) - log p(z|x)].

        Source: Kingma and Welling (2014), equation 1: it is what the bound lacks of log p(x).
        """
        log_q = -0.5 * NODES**2 - math.log(sigma) - 0.5 * math.log(2 * math.pi)
        log_posterior = self._log_joint(x, mu + sigma * NODES) - self.log_evidence(x)
        return float(WEIGHTS @ (log_q - log_posterior))

    def best_q(self, x: float) -> tuple[float, float]:
        """mu and sigma of the Gaussian with the highest ELBO, found by BFGS from several starts.

        Maximising the ELBO over q is minimising the gap, because log p(x) does not depend on q.
        """
        from scipy.optimize import minimize

        def cost(parameters):
            return -self.elbo(x, parameters[0], math.exp(parameters[1]))

        tries = [minimize(cost, (start, -0.5), bounds=((-6, 6), (-4, 2))) for start in (-2.5, -1.0, 0.0, 1.0, 2.5)]
        mu, log_sigma = min(tries, key=lambda found: found.fun).x
        return float(mu), math.exp(log_sigma)

    def mixture(self, x: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """What each code of a row of stops adds to p(x): (stops, n), p(x|z_k) p(z_k) times the distance of the stops.

        Parameters
        ----------
        x : (n,)
        stops : (stops,), evenly spaced

        Source: Prince (2023), "Understanding Deep Learning", chapter 17: summed over all stops, it tends to p(x).
        """
        mass = latent.normal_density(stops, 0, 1) * (stops[1] - stops[0])
        return latent.normal_density(x[None], self.mean(stops)[:, None], self.sigma) * mass[:, None]

    def gradient(self, x: float, mu: float, sigma: float) -> float:
        """d/dmu of E_q[log p(x|z)] for q = N(mu, sigma^2), exact: autograd through Gauss-Hermite quadrature."""
        centre = torch.tensor(mu, dtype=torch.float64, requires_grad=True)
        nodes, weights = torch.from_numpy(NODES), torch.from_numpy(WEIGHTS)
        (weights * self.log_likelihood(x, centre + sigma * nodes)).sum().backward()
        return centre.grad.item()

    def gradient_samples(self, x: float, mu: float, sigma: float, epsilon: np.ndarray) -> gradients.GradientSamples:
        """Estimates of `gradient`, one for each noise epsilon (samples,): see `vae_core.gradients.of_mu`."""
        m, v = torch.tensor([mu], dtype=torch.float64), torch.tensor([2 * math.log(sigma)], dtype=torch.float64)
        noise = torch.from_numpy(np.asarray(epsilon, np.float64))[:, None]
        return gradients.of_mu(lambda z: self.log_likelihood(x, z[:, 0]), m, v, noise)

    def _log_joint(self, x: float, z: np.ndarray) -> np.ndarray:
        return self.log_likelihood(x, z) - 0.5 * z**2 - 0.5 * math.log(2 * math.pi)
