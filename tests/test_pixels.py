"""Draws of pixels follow the density they are drawn from."""

import numpy as np
import pytest
import torch
from conftest import TINY, TINY_GAUSSIAN
from scipy.integrate import quad

from vae_core import inference, objective, pixels
from vae_core.model import new_vae

LOGITS = [-8.0, -1.0, 0.0, 5e-4, 0.05, 2.0, 60.0]


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", "gaussian"])
@pytest.mark.parametrize("logit", LOGITS)
def test_the_mean_of_many_draws_is_the_pixel_mean(likelihood, logit):
    uniform = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    logits = torch.full_like(uniform, logit)
    drawn = pixels.sample(logits, uniform, likelihood, 0.2)
    expected = objective.pixel_mean(logits[:1], likelihood)
    torch.testing.assert_close(drawn.mean()[None], expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("logit", LOGITS)
def test_a_continuous_bernoulli_draw_has_its_noise_as_cumulative_probability(logit):
    def density(x):
        return np.exp(inference.log_likelihood_per_pixel(np.array([x]), logit, "continuous_bernoulli")[0])

    for u in (0.05, 0.5, 0.9):
        x = pixels.sample(torch.tensor([logit]).double(), torch.tensor([u]).double(), "continuous_bernoulli").item()
        assert quad(density, 0, x, limit=200)[0] == pytest.approx(u, abs=2e-4)


def test_a_model_draws_bernoulli_pixels_black_or_white_and_gaussian_ones_around_the_mean():
    z, uniform = np.zeros((2, 3), np.float32), np.random.default_rng(0).random((2, 28, 28))
    bernoulli = inference.sample_pixels(new_vae(TINY, 0).eval(), z, uniform)
    assert set(np.unique(bernoulli)) == {0.0, 1.0}
    model = new_vae(TINY_GAUSSIAN, 0).eval().requires_grad_(False)
    residual = inference.sample_pixels(model, z, uniform) - inference.decode(model, z)
    assert residual.std() == pytest.approx(float(model.pixel_sigma), rel=0.05)


def test_wrong_shapes_and_likelihoods_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        pixels.sample(torch.zeros(2, 3), torch.zeros(3), "bernoulli")
    with pytest.raises(ValueError, match="poisson"):
        pixels.sample(torch.zeros(2), torch.full((2,), 0.5), "poisson")
