"""The terms of the objective against torch.distributions, numerical integration and exact marginals."""

import math

import numpy as np
import pytest
import torch
from conftest import TINY
from scipy.integrate import quad
from scipy.stats import norm
from torch.distributions import Bernoulli, ContinuousBernoulli, Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy

from vae_core import objective
from vae_core.latent import reparameterize
from vae_core.model import new_vae


def posterior(generator, batch=64, latent=8):
    return torch.randn(2, batch, latent, generator=generator, dtype=torch.float64)


def pictures(generator, batch=6):
    logits = 3 * torch.randn(batch, 28, 28, generator=generator, dtype=torch.float64)
    grey = torch.rand(batch, 28, 28, generator=generator, dtype=torch.float64)
    return logits, grey


def test_kl_agrees_with_torch_distributions(generator):
    mu, logvar = posterior(generator)
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(objective.kl_per_dim(mu, logvar), expected)
    torch.testing.assert_close(objective.kl(mu, logvar), expected.sum(dim=1))


@pytest.mark.parametrize(("mu", "logvar"), [(0.0, 0.0), (1.5, -2.0), (-0.3, 1.0), (2.0, -4.0)])
def test_kl_agrees_with_numerical_integration(mu, logvar):
    q, p = norm(mu, math.exp(0.5 * logvar)), norm()
    low, high = mu - 12 * q.std(), mu + 12 * q.std()
    integral, _ = quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high)
    kl = objective.kl_per_dim(torch.tensor([[mu]], dtype=torch.float64), torch.tensor([[logvar]], dtype=torch.float64))
    assert kl.item() == pytest.approx(integral, abs=1e-7)


def test_kl_is_zero_at_the_prior_and_only_there():
    axis = torch.arange(-10, 11) / 5
    mu, logvar = torch.meshgrid(axis, axis, indexing="ij")
    kl = objective.kl_per_dim(mu, logvar)
    prior = (mu == 0) & (logvar == 0)
    assert prior.sum() == 1
    assert kl[prior].item() == 0
    assert (kl[~prior] > 0).all()


def test_kl_keeps_its_precision_near_collapse():
    logvar = torch.tensor([[-1e-3, -1e-4, -1e-6, 1e-6, 1e-4, 1e-3]])
    exact = objective.kl_per_dim(torch.zeros(1, 6, dtype=torch.float64), logvar.double())
    kl = objective.kl_per_dim(torch.zeros(1, 6), logvar)
    assert (kl >= 0).all()
    # One rounding of expm1, at most 6e-8 of logvar; exp(logvar) - 1 would miss by 6e-8 itself.
    assert ((kl - exact).abs() <= 1e-7 * logvar.abs()).all()


def test_kl_refuses_two_shapes():
    with pytest.raises(ValueError, match=r"mu \(4, 2\) and logvar \(1, 2\) must have one shape"):
        objective.kl_per_dim(torch.zeros(4, 2), torch.zeros(1, 2))


def test_monte_carlo_kl_is_unbiased_and_knows_its_error():
    mu, logvar = torch.tensor([0.7, -0.2, 1.1]), torch.tensor([-1.0, 0.3, -2.0])
    exact = objective.kl(mu[None], logvar[None]).item()
    runs = []
    for seed in range(400):
        epsilon = torch.randn(200, 3, generator=torch.Generator().manual_seed(seed))
        runs.append([value.item() for value in objective.kl_monte_carlo(mu, logvar, epsilon)])
    estimates, errors = np.array(runs).T
    assert np.all(np.abs(estimates - exact)[:20] < 4 * errors[:20])
    assert abs(estimates.mean() - exact) < 4 * estimates.std() / math.sqrt(len(estimates))
    # The spread of 400 repetitions is known to 3.5 %.
    assert errors.mean() == pytest.approx(estimates.std(), rel=0.12)


def test_log_likelihood_of_binary_pictures_agrees_with_torch_distributions(generator):
    logits, grey = pictures(generator)
    x = (grey > 0.5).double()
    expected = Bernoulli(logits=logits).log_prob(x).sum(dim=(1, 2))
    torch.testing.assert_close(objective.log_likelihood(logits, x), expected)


def test_log_likelihood_of_grey_pictures_is_minus_the_cross_entropy(generator):
    logits, x = pictures(generator)
    expected = -binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(dim=(1, 2))
    torch.testing.assert_close(objective.log_likelihood(logits, x), expected)


def test_log_likelihood_is_exact_at_extreme_logits():
    logits = torch.full((2, 28, 28), 200.0)
    logits[1] = -200.0
    white, black = torch.ones(2, 28, 28), torch.zeros(2, 28, 28)
    assert objective.log_likelihood(logits, white).tolist() == [0.0, -200.0 * 784]
    assert objective.log_likelihood(logits, black).tolist() == [-200.0 * 784, 0.0]


def test_log_likelihood_refuses_two_shapes():
    with pytest.raises(ValueError, match=r"logits \(3, 28, 28\) and x \(1, 28, 28\) must have one shape"):
        objective.log_likelihood(torch.zeros(3, 28, 28), torch.zeros(1, 28, 28))


# Grey pixels as densities

# Around the switch to a series at 0.1, at it, and where float32 saturates.
LOGITS = torch.tensor([-20, -3, -0.1001, -0.0999, -1e-3, -1e-9, 0, 1e-9, 1e-3, 0.0999, 0.1001, 3, 20])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_continuous_bernoulli_agrees_with_torch_distributions(generator, dtype):
    logits = torch.cat([LOGITS, 4 * torch.randn(771, generator=generator)]).reshape(28, 28).to(torch.float64)
    x = torch.rand(28, 28, generator=generator, dtype=torch.float64)
    oracle = ContinuousBernoulli(logits=logits, lims=(0.4999, 0.5001))
    given, pixels = logits[None].to(dtype), x[None].to(dtype)
    log_p = objective.log_likelihood(given, pixels, "continuous_bernoulli")
    assert log_p.item() == pytest.approx(oracle.log_prob(x).sum().item(), abs=1e-3)
    each = objective.log_likelihood(given.reshape(784, 1, 1), pixels.reshape(784, 1, 1), "continuous_bernoulli")
    torch.testing.assert_close(each.double(), oracle.log_prob(x).flatten(), atol=5e-6, rtol=1e-6)
    mean = objective.pixel_mean(given, "continuous_bernoulli")
    torch.testing.assert_close(mean[0].double(), oracle.mean, atol=5e-6, rtol=0)


@pytest.mark.parametrize("logit", [*LOGITS.tolist(), 12.5])
def test_continuous_bernoulli_is_a_density_with_the_mean_that_is_drawn(logit):
    def density(x: float) -> float:
        logits, pixel = (torch.tensor([[[value]]], dtype=torch.float64) for value in (logit, x))
        return objective.log_likelihood(logits, pixel, "continuous_bernoulli").exp().item()

    edges = [edge for edge in (0.05, 0.95) if abs(logit) > 3]  # where a steep density bends
    assert quad(density, 0, 1, points=edges)[0] == pytest.approx(1, abs=1e-6)
    drawn = objective.pixel_mean(torch.tensor(logit, dtype=torch.float64), "continuous_bernoulli")
    assert quad(lambda x: x * density(x), 0, 1, points=edges)[0] == pytest.approx(drawn.item(), abs=2e-6)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", "gaussian"])
@pytest.mark.parametrize("logit", [0.0, 1e-6, 0.1, -0.1, 20.0, -20.0, 80.0, -80.0])
def test_gradients_of_a_pixel_are_finite_and_push_towards_it(likelihood, logit):
    for pixel in (0.0, 0.3, 1.0):
        logits = torch.full((1, 1, 1), logit, requires_grad=True)
        log_p = objective.log_likelihood(logits, torch.full((1, 1, 1), pixel), likelihood, 0.3)
        (gradient,) = torch.autograd.grad(log_p.sum(), logits)
        assert torch.isfinite(gradient).all()
        mean = objective.pixel_mean(logits, likelihood).item()
        assert gradient.item() * (pixel - mean) >= 0


@pytest.mark.parametrize("logit", [-20.0, -2.0, -0.05, 0.0, 0.05, 2.0, 20.0])
def test_the_gradient_of_a_continuous_bernoulli_pixel_is_its_distance_from_the_mean(logit):
    logits = torch.full((1, 1, 1), logit, dtype=torch.float64, requires_grad=True)
    log_p = objective.log_likelihood(logits, torch.full_like(logits, 0.3).detach(), "continuous_bernoulli")
    (gradient,) = torch.autograd.grad(log_p.sum(), logits)
    mean = objective.pixel_mean(logits, "continuous_bernoulli").item()
    assert gradient.item() == pytest.approx(0.3 - mean, abs=2e-5)


@pytest.mark.parametrize("sigma", [0.01, 0.3, 2.0])
def test_gaussian_pixels_agree_with_torch_distributions(generator, sigma):
    logits, x = pictures(generator)
    expected = Normal(logits.sigmoid(), sigma).log_prob(x).sum(dim=(1, 2))
    torch.testing.assert_close(objective.log_likelihood(logits, x, "gaussian", sigma), expected)
    learned = torch.tensor(sigma, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(objective.log_likelihood(logits, x, "gaussian", learned), expected)


def test_the_best_sigma_is_the_root_mean_square_error(generator):
    logits, x = pictures(generator)
    rms = (x - logits.sigmoid()).square().mean().sqrt()
    slopes = []
    for factor in (0.9, 1.0, 1.1):
        sigma = (factor * rms).requires_grad_()
        (slope,) = torch.autograd.grad(objective.log_likelihood(logits, x, "gaussian", sigma).sum(), sigma)
        slopes.append(slope.item())
    assert slopes[0] > 1
    assert slopes[1] == pytest.approx(0, abs=1e-6)
    assert slopes[2] < -1


def test_an_unknown_likelihood_is_refused():
    pixels = torch.zeros(1, 28, 28)
    with pytest.raises(ValueError, match="likelihood is 'poisson'; choose bernoulli, continuous_bernoulli or gaussian"):
        objective.log_likelihood(pixels, pixels, "poisson")


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", "gaussian"])
def test_drawn_grey_values_lie_in_the_unit_interval_and_rise_with_the_logit(likelihood):
    logits = torch.linspace(-30, 30, 6001, dtype=torch.float64)
    drawn = objective.pixel_mean(logits.float(), likelihood)
    assert drawn.shape == logits.shape
    assert 0 <= drawn.min() < 0.05
    assert 0.95 < drawn.max() <= 1
    exact = objective.pixel_mean(logits, likelihood)
    assert (exact.diff() > 0).all()
    torch.testing.assert_close(exact + exact.flip(0), torch.ones_like(exact))  # white is black mirrored
    extreme = objective.pixel_mean(torch.tensor([-1e4, 1e4]), likelihood)
    assert extreme.tolist() == pytest.approx([0, 1], abs=1e-3)


# The bound and what training minimises


def test_elbo_is_the_log_likelihood_minus_the_kl(generator):
    logits, grey = pictures(generator)
    x = (grey > 0.5).double()
    mu, logvar = posterior(generator, batch=len(x))
    log_likelihood = Bernoulli(logits=logits).log_prob(x).sum(dim=(1, 2))
    kl = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(dim=1)
    elbo = objective.elbo(objective.log_likelihood(logits, x), objective.kl_per_dim(mu, logvar))
    torch.testing.assert_close(elbo, log_likelihood - kl)


@pytest.fixture
def terms(generator) -> tuple[torch.Tensor, torch.Tensor]:
    """log p(x|z) and the KL of each dimension, for six pictures and eight dimensions."""
    log_likelihood = objective.log_likelihood(*pictures(generator))
    return log_likelihood, objective.kl_per_dim(*posterior(generator, batch=len(log_likelihood)))


def test_objective_at_beta_one_is_minus_the_mean_elbo(terms):
    torch.testing.assert_close(objective.objective(*terms, 1.0), -objective.elbo(*terms).mean())


def test_objective_is_a_line_in_beta_whose_slope_is_the_mean_kl(terms):
    log_likelihood, kl_of_dims = terms
    at = [objective.objective(*terms, beta) for beta in (0.0, 0.5, 4.0)]
    kl = kl_of_dims.sum(dim=1).mean()
    torch.testing.assert_close(at[0], -log_likelihood.mean())
    torch.testing.assert_close(at[1] - at[0], 0.5 * kl)
    torch.testing.assert_close(at[2] - at[0], 4.0 * kl)


def test_objective_refuses_negative_weights(terms):
    with pytest.raises(ValueError, match=r"beta is -0\.1; it cannot be negative"):
        objective.objective(*terms, -0.1)
    with pytest.raises(ValueError, match=r"free_bits is -0\.1; it cannot be negative"):
        objective.objective(*terms, 1.0, -0.1)


# Batch means of 0.2, 0.9 and 2.0 nats; single pictures lie on both sides of the floor.
KL_OF_DIMS = torch.tensor([[0.1, 0.3, 1.0], [0.3, 1.5, 3.0]])


def test_a_dimension_below_the_free_bits_costs_the_floor_and_pulls_at_nothing():
    kl_of_dims = KL_OF_DIMS.clone().requires_grad_()
    value = objective.objective(torch.tensor([-5.0, -7.0]), kl_of_dims, beta=3.0, free_bits=0.5)
    (gradient,) = torch.autograd.grad(value, kl_of_dims)
    assert value.item() == pytest.approx(3 * (0.5 + 0.9 + 2.0) + 6)
    # Each of the two pictures has its share of beta, whether its own KL lies above the floor or not.
    torch.testing.assert_close(gradient, torch.tensor([[0.0, 1.5, 1.5], [0.0, 1.5, 1.5]]))


def test_no_free_bits_are_the_plain_objective(terms):
    assert torch.equal(objective.objective(*terms, 0.7, 0.0), objective.objective(*terms, 0.7))
    torch.testing.assert_close(objective.objective(*terms, 1.0, 0.0), -objective.elbo(*terms).mean())


def test_free_bits_above_every_kl_leave_the_reconstruction_alone(terms):
    log_likelihood, kl_of_dims = terms
    value = objective.objective(log_likelihood, kl_of_dims, 0.5, free_bits=100.0)
    torch.testing.assert_close(value, 0.5 * 8 * 100 - log_likelihood.mean())


def test_gradients_flow_through_the_sample_as_finite_differences_say(generator):
    model = new_vae(TINY, seed=0).double().requires_grad_(False)
    x = torch.rand(2, 28, 28, generator=generator, dtype=torch.float64)
    mu, logvar, epsilon = torch.randn(3, 2, TINY.latent_dim, generator=generator, dtype=torch.float64)

    def sampled(mu, logvar):
        log_likelihood = model.log_likelihood(model.logits(reparameterize(mu, logvar, epsilon)), x)
        return objective.objective(log_likelihood, objective.kl_per_dim(mu, logvar), beta=0.5)

    inputs = [mu.requires_grad_(), logvar.requires_grad_()]
    exact = torch.autograd.grad(sampled(*inputs), inputs)
    h = 1e-5
    with torch.no_grad():
        for which, gradient in enumerate(exact):
            for place in np.ndindex(2, TINY.latent_dim):
                step = torch.zeros_like(mu)
                step[place] = h
                moved = [[i + sign * step * (k == which) for k, i in enumerate(inputs)] for sign in (1, -1)]
                slope = (sampled(*moved[0]) - sampled(*moved[1])) / (2 * h)
                assert gradient[place].item() == pytest.approx(slope.item(), rel=1e-5, abs=1e-7)


def test_log_normal_agrees_with_torch_distributions(generator):
    mu, logvar = posterior(generator)
    z = torch.randn(mu.shape, generator=generator, dtype=torch.float64)
    expected = Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(dim=1)
    torch.testing.assert_close(objective.log_normal(z, mu, logvar), expected)


# A model whose marginal is known: z ~ N(0, 1), x|z ~ N(2z, 0.5^2), so x ~ N(0, 4.25); observed x = 1.7.
SLOPE, SIGMA, X = 2.0, 0.5, 1.7
LOG_P_X = norm(0, math.hypot(SLOPE, SIGMA)).logpdf(X)


def linear_gaussian_weights(mu: float, logvar: float, samples: int, repetitions: int, seed: int):
    """log w of the linear-Gaussian model, (samples, repetitions), under the posterior N(mu, exp(logvar))."""
    m, v = (torch.full((repetitions, 1), value, dtype=torch.float64) for value in (mu, logvar))
    generator = torch.Generator().manual_seed(seed)
    z = reparameterize(m, v, torch.randn(samples, repetitions, 1, generator=generator, dtype=torch.float64))
    log_p_x_given_z = Normal(SLOPE * z, SIGMA).log_prob(torch.tensor(X))[..., 0]
    return objective.log_importance_weights(log_p_x_given_z, z, m, v)


def test_every_weight_of_the_true_posterior_is_the_evidence():
    precision = 1 + (SLOPE / SIGMA) ** 2
    weights = linear_gaussian_weights(SLOPE * X / SIGMA**2 / precision, -math.log(precision), 3, 5, seed=0)
    torch.testing.assert_close(weights, torch.full((3, 5), LOG_P_X, dtype=torch.float64))


def test_bound_of_one_sample_is_its_weight():
    weights = linear_gaussian_weights(0.6, -2.0, 1, 7, seed=0)
    torch.testing.assert_close(objective.importance_weighted_bound(weights), weights[0])


def test_bound_rises_from_the_elbo_to_the_evidence_and_not_above():
    mu, logvar, repetitions = 0.6, -2.0, 4000
    q = norm(mu, math.exp(0.5 * logvar))
    elbo, _ = quad(
        lambda z: q.pdf(z) * (norm(SLOPE * z, SIGMA).logpdf(X) + norm.logpdf(z) - q.logpdf(z)), mu - 5, mu + 5
    )
    means, errors = [], []
    for k in (1, 4, 32):
        bounds = objective.importance_weighted_bound(linear_gaussian_weights(mu, logvar, k, repetitions, seed=k))
        means.append(bounds.mean().item())
        errors.append(bounds.std().item() / math.sqrt(repetitions))
    assert abs(means[0] - elbo) < 4 * errors[0]
    assert means[0] + 4 * errors[0] < means[1] < means[2] - 4 * errors[1]
    assert all(mean < LOG_P_X + 4 * error for mean, error in zip(means, errors, strict=True))


def test_bound_of_many_samples_is_the_evidence():
    bound = objective.importance_weighted_bound(linear_gaussian_weights(0.6, -2.0, 200_000, 1, seed=0))
    assert bound.item() == pytest.approx(LOG_P_X, abs=0.02)
