"""Both gradient estimators have the gradient as their mean; the slopes of the KL are those of its formula."""

import numpy as np
import pytest
import torch
from conftest import TINY, TINY_CONDITIONAL
from scipy.integrate import quad
from scipy.stats import norm

from vae_core import gradients, inference
from vae_core.model import new_vae
from vae_core.toy import Toy


@pytest.mark.parametrize("toy", [Toy(0.0, 0.5), Toy(0.5, 0.5), Toy(1.0, 1.0)])
@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 0.5), (1.0, 0.3), (-1.5, 0.8)])
def test_the_exact_gradient_is_the_slope_of_scipys_integral(toy, mu, sigma):
    def expected(m):
        f = lambda z: norm.pdf(z, m, sigma) * norm.logpdf(1.0, z + toy.bend * z**2, toy.sigma)  # noqa: E731
        return quad(f, m - 12 * sigma, m + 12 * sigma, limit=500)[0]

    slope = (expected(mu + 1e-4) - expected(mu - 1e-4)) / 2e-4
    assert toy.gradient(1.0, mu, sigma) == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("way", gradients.GradientSamples._fields)
def test_every_estimator_is_unbiased(way):
    toy = Toy(0.5, 0.5)
    samples = getattr(toy.gradient_samples(1.0, -0.5, 0.6, np.random.default_rng(0).standard_normal(200_000)), way)
    standard_error = samples.std() / len(samples) ** 0.5
    assert abs(samples.mean() - toy.gradient(1.0, -0.5, 0.6)) < 4 * standard_error
    assert standard_error < 0.15


def test_the_path_varies_least_and_the_baseline_helps_the_score():
    samples = Toy(0.5, 0.5).gradient_samples(1.0, 0.5, 0.3, np.random.default_rng(0).standard_normal(20_000))
    path, score, with_baseline = (getattr(samples, way).var() for way in samples._fields)
    assert path < with_baseline < score


@pytest.mark.parametrize("architecture", [TINY, TINY_CONDITIONAL])
def test_the_pathwise_gradient_of_a_model_is_that_of_autograd(architecture):
    model = new_vae(architecture, 0).eval().requires_grad_(False)
    y = np.array([3]) if architecture.classes else None
    x, random = np.full((28, 28), 0.3, np.float32), np.random.default_rng(0)
    mu, logvar = random.standard_normal((2, 3)).astype(np.float32)
    epsilon = random.standard_normal((50, 3)).astype(np.float32)
    samples = inference.gradients_of_mu(model, x, mu, logvar, epsilon, y)

    centre = torch.tensor(mu, requires_grad=True)
    z = centre + torch.tensor(np.exp(0.5 * logvar) * epsilon)
    labels = None if y is None else torch.full((50,), 3)
    model.log_likelihood(model.logits(z, labels), torch.tensor(x).expand(50, 28, 28)).mean().backward()
    np.testing.assert_allclose(samples.pathwise.mean(axis=0), centre.grad.numpy(), rtol=1e-3, atol=1e-4)
    values = inference.log_likelihood_of_codes(model, x, mu + np.exp(0.5 * logvar) * epsilon, y)
    np.testing.assert_allclose(
        samples.score_function, values[:, None] * epsilon * np.exp(-0.5 * logvar), rtol=1e-4, atol=1e-3
    )


def test_the_slopes_of_the_kl_are_its_formulas():
    sigma = np.array([0.01, 0.5, 1.0, 3.0])
    by_logvar, by_sigma = gradients.kl_slopes(sigma)
    np.testing.assert_allclose(by_logvar, 0.5 * (sigma**2 - 1), atol=1e-12)
    np.testing.assert_allclose(by_sigma, sigma - 1 / sigma, atol=1e-10)
