"""Bounds on log p(x): importance weights, the true posterior of a plane, and the two gaps of inference."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ARTIFACTS, KINDS, SHIPPED
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from vae_core import bounds, inference, latent, objective
from vae_core.data import load_gallery
from vae_core.manifest import read_manifest
from vae_core.model import load_vae, new_vae
from vae_core.projection import load_codes

NODES = bounds.quadrature_noise(bounds.ORDER, 2)


class ProbabilisticPCA:
    """A toy whose log p(x) and posterior are known: x|z ~ N(W z + m, s^2 I), z ~ N(0, I) in a plane.

    Its encoder gives what it is told. Source: Tipping and Bishop (1999), "Probabilistic Principal Component Analysis".
    """

    def __init__(self, mu, logvar, tilt: float, scale: float = 0.1):
        random = np.random.default_rng(0)
        directions = np.linalg.qr(random.standard_normal((784, 2)))[0] @ np.array([[1, tilt], [0, 1]])
        self.w, self.s, self.m = scale * directions, 0.05, 0.5
        self.mu, self.logvar = (torch.tensor([a], dtype=torch.float32) for a in (mu, logvar))
        self.architecture = SimpleNamespace(latent_dim=2, classes=0)
        self.x = np.clip(self.m + self.w @ [0.7, -0.4] + self.s * random.standard_normal(784), 0, 1).reshape(28, 28)

    def posterior(self, x, y):
        return self.mu.expand(len(x), 2), self.logvar.expand(len(x), 2)

    def logits(self, z, y):
        return (z @ torch.tensor(self.w.T, dtype=z.dtype) + self.m).view(-1, 28, 28)

    def log_likelihood(self, logits, x):
        return -0.5 * (((x - logits) / self.s).square() + math.log(2 * math.pi * self.s**2)).flatten(1).sum(dim=1)

    @property
    def log_p_x(self) -> float:
        covariance = self.w @ self.w.T + self.s**2 * np.eye(784)
        return multivariate_normal(np.full(784, self.m), covariance).logpdf(self.x.ravel())

    @property
    def true_posterior(self):
        precision = np.eye(2) + self.w.T @ self.w / self.s**2
        mean = np.linalg.solve(precision, self.w.T @ (self.x.ravel() - self.m) / self.s**2)
        return mean, np.linalg.inv(precision)


UPRIGHT = ProbabilisticPCA([0.5, -0.2], [-1.0, -1.5], tilt=0.0)
TILTED = ProbabilisticPCA([0.5, -0.2], [-1.0, -1.5], tilt=0.8)
NARROW = ProbabilisticPCA([0.69, -0.41], [-9.0, -9.0], tilt=0.0, scale=5.0)  # sigma 0.01


@pytest.fixture(scope="module")
def plane():
    """mnist-z2 with its gallery's pictures and codes."""
    spec = SHIPPED["mnist-z2"]
    images = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"])
    return SimpleNamespace(model=load_vae(ARTIFACTS, spec), x=images.x, codes=load_codes(ARTIFACTS, spec))


@given(st.integers(1, 50), st.floats(-2000, 2000))
def test_equal_weights_count_in_full_and_their_bound_is_the_weight(k, log_weight):
    weights = np.full(100, log_weight)
    np.testing.assert_allclose(bounds.effective_sample_sizes(weights, k), k)
    np.testing.assert_allclose(bounds.importance_weighted_bounds(weights, k), log_weight, atol=1e-9)


def test_one_dominating_weight_counts_as_one():
    weights = np.zeros(100)
    weights[7] = 900.0  # its exponential is beyond float64
    np.testing.assert_allclose(bounds.effective_sample_sizes(weights, 100), 1)
    np.testing.assert_allclose(bounds.importance_weighted_bounds(weights, 100), 900 - math.log(100))


def test_half_of_the_weights_at_nothing_leaves_half_of_the_samples():
    weights = np.tile([-5.0, -1e6], 10)
    np.testing.assert_allclose(bounds.effective_sample_sizes(weights, 10), 5)


def test_groups_share_no_sample_and_leave_the_rest_out():
    weights = np.random.default_rng(0).standard_normal(23)
    found = bounds.importance_weighted_bounds(weights, 5)
    np.testing.assert_allclose(found, np.log(np.exp(weights[:20]).reshape(4, 5).mean(axis=1)))
    np.testing.assert_array_equal(bounds.importance_weighted_bounds(weights, 1), weights)


def test_columns_by_k_are_means_and_spreads_of_the_groups():
    weights = np.random.default_rng(0).standard_normal(20)
    table = bounds.bounds_by_k(weights, [1, 10, 20])
    assert table["K"].tolist() == [1, 10, 20]
    assert table["draws"].tolist() == [20, 2, 1]
    assert table["bound"][0] == pytest.approx(weights.mean())
    assert table["sd"][0] == pytest.approx(weights.std(ddof=1))
    assert table["ess"][0] == 1
    assert table["ess"][2] == pytest.approx(np.exp(weights).sum() ** 2 / np.exp(2 * weights).sum())
    assert np.isnan(table["sd"][2])


@pytest.mark.parametrize("k", [0, 24])
def test_groups_of_none_or_of_more_than_there_are_are_refused(k):
    with pytest.raises(ValueError, match="with 23 weights it must be between 1 and 23"):
        bounds.importance_weighted_bounds(np.zeros(23), k)


def test_log_weights_are_those_of_the_bound_for_every_kind_of_model():
    x = np.random.default_rng(1).random((1, 28, 28), dtype=np.float32)
    epsilon = latent.noise(30, 3, seed=2)
    for name, architecture in KINDS.items():
        model = new_vae(architecture, seed=0).eval().requires_grad_(False)
        y = np.array([3]) if architecture.classes else None
        weights = inference.log_weights(model, x[0], epsilon, y)
        expected = inference.importance_weighted_bound(model, x, epsilon[:, None], y)
        np.testing.assert_allclose(bounds.importance_weighted_bounds(weights, 30), expected, rtol=1e-5, err_msg=name)
        terms = inference.elbo_terms(model, np.repeat(x, 30, 0), epsilon, None if y is None else np.repeat(y, 30))
        if not architecture.deterministic:  # the KL by sampling instead of its closed form
            assert weights.mean() == pytest.approx(terms.elbo.mean(), abs=0.5)


@pytest.mark.parametrize("toy", [UPRIGHT, TILTED], ids=["upright", "tilted"])
def test_bounds_climb_and_narrow_towards_the_exact_evidence(toy):
    weights = inference.log_weights(toy, toy.x, latent.noise(40_000, 2, seed=0))
    draws = {k: bounds.importance_weighted_bounds(weights, k) for k in (1, 10, 100, 1000)}
    means, spreads = ([f(d) for d in draws.values()] for f in (np.mean, np.std))
    assert means == sorted(means)
    assert spreads == sorted(spreads, reverse=True)
    errors = [spread / math.sqrt(len(d)) for spread, d in zip(spreads, draws.values(), strict=True)]
    assert all(mean < toy.log_p_x + 4 * error for mean, error in zip(means, errors, strict=True))
    assert bounds.importance_weighted_bounds(weights, 40_000)[0] == pytest.approx(toy.log_p_x, abs=0.1)


@pytest.mark.parametrize("toy", [UPRIGHT, TILTED, NARROW], ids=["upright", "tilted", "narrow"])
def test_the_grid_finds_the_exact_evidence_and_posterior(toy):
    found = bounds.plane_posterior(toy, toy.x)
    mean, covariance = toy.true_posterior
    assert found.log_evidence == pytest.approx(toy.log_p_x, abs=0.01)
    assert found.mass.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.mass @ found.z, mean, atol=0.01 * math.sqrt(covariance.max()))
    off = found.z - found.mass @ found.z
    np.testing.assert_allclose((off.T * found.mass) @ off, covariance, atol=0.02 * covariance.max())
    np.testing.assert_allclose(found.peak, mean, atol=0.06)
    sigma = np.sqrt(np.diag(covariance))
    if toy is not TILTED:
        inside = math.erf(2 / math.sqrt(2)) ** 2  # two sigma of both of two independent Gaussians
        assert found.mass_within(mean - 2 * sigma, mean + 2 * sigma) == pytest.approx(inside, abs=0.03)


def test_the_cells_fill_the_plane_without_overlap():
    found = bounds.plane_posterior(UPRIGHT, UPRIGHT.x)
    assert np.square(found.side).sum() == pytest.approx((2 * bounds.LIMIT) ** 2)
    assert len(np.unique(found.z, axis=0)) == len(found.z)
    assert found.coarse.shape == (bounds.CELLS, bounds.CELLS)
    corner = np.array([-bounds.LIMIT, bounds.LIMIT]) + np.array([1, -1]) * bounds.LIMIT / bounds.CELLS
    expected = inference.log_joint(UPRIGHT, UPRIGHT.x, corner[None])[0]
    assert found.coarse[0, 0] == pytest.approx(expected)  # the first row is the top one


def test_a_space_that_is_no_plane_is_refused():
    model = new_vae(KINDS["mlp"], seed=0)
    with pytest.raises(ValueError, match="3 latent dimensions; a grid needs 2"):
        bounds.plane_posterior(model, np.zeros((28, 28)))


def test_the_quadrature_is_exact_for_polynomials():
    epsilon, weights = NODES
    assert weights.sum() == pytest.approx(1)
    moments = [weights @ (epsilon[:, 0] ** power) for power in (1, 2, 3, 4, 6, 14)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3, 15, 135_135], atol=1e-9, rtol=1e-9)
    assert weights @ (epsilon[:, 0] ** 2 * epsilon[:, 1] ** 4) == pytest.approx(3)


def test_the_best_gaussian_of_an_upright_posterior_is_that_posterior():
    gap = bounds.inference_gap(UPRIGHT, UPRIGHT.x)
    mean, covariance = UPRIGHT.true_posterior
    for ascent in (gap.from_encoder, gap.from_peak):
        np.testing.assert_allclose(ascent.mu[-1], mean, atol=0.1 * math.sqrt(np.diag(covariance).min()))
        np.testing.assert_allclose(np.exp(ascent.logvar[-1]), np.diag(covariance), rtol=0.03)
    assert gap.approximation == pytest.approx(0, abs=0.01)
    assert gap.amortisation == pytest.approx(UPRIGHT.log_p_x - gap.elbo, abs=0.01)


def test_the_gaps_of_a_tilted_posterior_are_those_of_theory():
    """The best upright Gaussian has the variances 1 / diag(precision): Bishop (2006), section 10.1.2."""
    gap = bounds.inference_gap(TILTED, TILTED.x)
    mean, covariance = TILTED.true_posterior
    precision = np.linalg.inv(covariance)
    np.testing.assert_allclose(np.exp(gap.from_encoder.logvar[-1]), 1 / np.diag(precision), rtol=0.03)
    expected = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
    assert gap.approximation == pytest.approx(expected, abs=0.01)
    assert expected > 0.05
    q = torch.distributions.MultivariateNormal(TILTED.mu[0].double(), torch.diag(TILTED.logvar[0].double().exp()))
    p = torch.distributions.MultivariateNormal(torch.tensor(mean), torch.tensor(covariance))
    total = torch.distributions.kl_divergence(q, p).item()
    assert gap.log_evidence - gap.elbo == pytest.approx(total, abs=0.01)
    assert gap.amortisation + gap.approximation == pytest.approx(gap.log_evidence - gap.elbo)


def test_the_ascent_starts_where_it_is_told_and_climbs_the_elbo_of_the_same_noise(plane):
    epsilon = latent.noise(64, 2, seed=3)
    weights = np.full(64, 1 / 64)
    x, mu, logvar = plane.x[5], plane.codes.mu[5:6], plane.codes.logvar[5:6]
    before = [p.clone() for p in plane.model.parameters()]
    (ascent,) = bounds.optimise_posterior(plane.model, x, mu, logvar, epsilon, weights)
    assert all(torch.equal(a, b) for a, b in zip(before, plane.model.parameters(), strict=True))
    assert all(p.grad is None for p in plane.model.parameters())
    np.testing.assert_array_equal(ascent.mu[0], mu[0])
    terms = inference.elbo_terms(plane.model, np.repeat(x[None], 64, axis=0), epsilon)
    assert ascent.elbo[0] == pytest.approx(terms.elbo.mean(), abs=0.01)  # codes are shipped as float16
    assert ascent.elbo[ascent.best] > ascent.elbo[0] + 0.5
    z = ascent.mu[-1] + np.exp(0.5 * ascent.logvar[-1]) * epsilon
    kl = objective.kl(*(torch.tensor(a[-1:]) for a in (ascent.mu, ascent.logvar))).item()
    prior = multivariate_normal(np.zeros(2)).logpdf(z)
    log_likelihood = inference.log_joint(plane.model, x, z.astype(np.float32)) - prior
    assert ascent.elbo[-1] == pytest.approx(log_likelihood.mean() - kl, abs=0.001)


@pytest.mark.parametrize("digit", [15, 32, 427, 0])
def test_gaps_of_real_pictures_are_positive_and_agree_with_sampling(digit, plane):
    x = plane.x[digit]
    gap = bounds.inference_gap(plane.model, x)
    assert gap.amortisation > 0
    assert gap.approximation > 0
    weights = inference.log_weights(plane.model, x, latent.noise(20_000, 2, seed=0))
    error = weights.std() / math.sqrt(len(weights))
    assert gap.elbo == pytest.approx(weights.mean(), abs=4 * error)
    thousand = bounds.importance_weighted_bounds(weights, 1000)
    assert gap.elbo < thousand.mean() < gap.log_evidence + 4 * thousand.std() / math.sqrt(len(thousand))
    if digit == 15:
        assert thousand.mean() == pytest.approx(gap.log_evidence, abs=0.1)
        assert bounds.plane_posterior(plane.model, x, levels=5).log_evidence == pytest.approx(
            gap.log_evidence, abs=0.005
        )


def test_the_pictures_that_the_page_recommends_show_what_it_says(plane):
    across = bounds.inference_gap(plane.model, plane.x[32])
    assert plane.codes.y[32] == 6
    assert np.linalg.norm(across.posterior.peak - plane.codes.mu[32]) > 2
    assert across.from_peak.elbo.max() > across.from_encoder.elbo.max() + 5
    halves = bounds.inference_gap(plane.model, plane.x[427])
    assert halves.approximation > halves.amortisation
    mu, sigma = halves.from_encoder.mu[-1], np.exp(0.5 * halves.from_encoder.logvar[-1])
    assert 0.3 < halves.posterior.mass_within(mu - 3.5 * sigma, mu + 3.5 * sigma) < 0.7
