"""The toy: its evidence, bound and gap against scipy's quadrature and against the linear model's closed forms."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from vae_core.toy import Toy

TOYS = [Toy(bend, sigma) for bend in (0.0, 0.5, 1.0) for sigma in (0.3, 0.5, 1.0)]
XS = (-2.0, -0.25, 1.0, 4.0)


def joint(toy: Toy, x: float, z: float) -> float:
    return norm.pdf(x, z + toy.bend * z**2, toy.sigma) * norm.pdf(z)


@pytest.mark.parametrize("toy", TOYS)
@pytest.mark.parametrize("x", XS)
def test_the_evidence_is_scipys_integral(toy, x):
    evidence, _ = quad(lambda z: joint(toy, x, z), -12, 12, points=np.linspace(-4, 4, 33), limit=500, epsabs=1e-14)
    assert toy.log_evidence(x) == pytest.approx(math.log(evidence), abs=1e-6)


@pytest.mark.parametrize("x", XS)
def test_the_evidence_and_posterior_of_the_linear_model_are_gaussian(x):
    toy = Toy(bend=0.0, sigma=0.5)
    assert toy.log_evidence(x) == pytest.approx(norm.logpdf(x, 0, math.sqrt(1.25)), abs=1e-9)
    z = np.linspace(-3, 3, 50)
    np.testing.assert_allclose(toy.posterior(x, z), norm.pdf(z, x / 1.25, math.sqrt(0.2)), atol=1e-9)


@pytest.mark.parametrize("toy", TOYS)
@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (-1.2, 0.1), (2.5, 0.6)])
def test_bound_and_gap_add_up_to_the_evidence(toy, mu, sigma):
    assert toy.elbo(1.0, mu, sigma) + toy.gap(1.0, mu, sigma) == pytest.approx(toy.log_evidence(1.0), abs=1e-8)
    assert toy.gap(1.0, mu, sigma) >= 0


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 0.8), (-1.0, 0.2)])
def test_the_gap_is_the_kl_by_scipys_integral(mu, sigma):
    toy = Toy(1.0, 0.5)
    evidence, _ = quad(lambda z: joint(toy, 1.0, z), -12, 12, points=np.linspace(-4, 4, 33), limit=500)

    def integrand(z):
        log_posterior = norm.logpdf(1.0, z + z**2, 0.5) + norm.logpdf(z) - math.log(evidence)
        return norm.pdf(z, mu, sigma) * (norm.logpdf(z, mu, sigma) - log_posterior)

    expected, _ = quad(integrand, mu - 10 * sigma, mu + 10 * sigma, limit=500)
    assert toy.gap(1.0, mu, sigma) == pytest.approx(expected, abs=1e-6)


def test_the_best_q_of_the_linear_model_is_its_posterior_and_closes_the_gap():
    toy = Toy(bend=0.0, sigma=0.5)
    mu, sigma = toy.best_q(1.5)
    assert (mu, sigma) == pytest.approx((1.5 / 1.25, math.sqrt(0.2)), abs=1e-3)
    assert toy.gap(1.5, mu, sigma) < 1e-5


@pytest.mark.parametrize("toy", [Toy(0.5, 0.5), Toy(1.0, 0.3)])
def test_no_gaussian_of_a_fine_grid_beats_the_best_q(toy):
    best = toy.gap(1.0, *toy.best_q(1.0))
    grid = [toy.gap(1.0, m, s) for m in np.linspace(-3, 3, 61) for s in np.geomspace(0.05, 2, 40)]
    assert best <= min(grid) + 1e-6
    assert best > 0.005  # a bent decoder's posterior is no Gaussian


def test_the_mixture_of_many_stops_is_the_evidence():
    toy, x = Toy(0.7, 0.5), np.array(XS)
    summed = toy.mixture(x, np.linspace(-6, 6, 241)).sum(axis=0)
    np.testing.assert_allclose(np.log(summed), [toy.log_evidence(value) for value in x], atol=1e-5)
