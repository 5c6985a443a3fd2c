"""The aggregate posterior's density against torch.distributions and quadrature; holes; the fitted mixture."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal

from vae_core import density, latent


def cloud(count: int = 40, latent_dim: int = 3, seed: int = 0):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, latent_dim)), random.normal(-2, 0.7, (count, latent_dim))


def as_torch(mu, logvar):
    mu, logvar = torch.from_numpy(mu), torch.from_numpy(logvar)
    parts = Independent(Normal(mu, (0.5 * logvar).exp()), 1)
    return MixtureSameFamily(Categorical(torch.ones(len(mu), dtype=torch.float64)), parts)


@pytest.mark.parametrize("latent_dim", [1, 2, 20])
def test_the_aggregate_density_is_that_of_the_mixture(latent_dim):
    mu, logvar = cloud(latent_dim=latent_dim)
    z = np.random.default_rng(1).normal(0, 2, (300, latent_dim))  # more than one block of rows
    expected = as_torch(mu, logvar).log_prob(torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(density.log_aggregate(z, mu, logvar), expected, rtol=0, atol=2e-6)


def test_left_out_each_point_is_judged_by_the_other_codes_alone():
    mu, logvar = cloud(count=270)
    z = mu + 0.01
    judged = density.log_aggregate(z, mu, logvar, left_out=np.arange(270))
    for i in (0, 7, 269):
        others = np.arange(len(mu)) != i
        assert judged[i] == pytest.approx(density.log_aggregate(z[i : i + 1], mu[others], logvar[others])[0], abs=2e-6)


def test_very_narrow_clouds_lose_no_precision():
    mu, logvar = np.array([[3.0, -4.0]]), np.full((1, 2), -12.0)
    z = mu + np.exp(-6) * np.array([[1.0, 2.0]])
    assert density.log_aggregate(z, mu, logvar)[0] == pytest.approx(-2.5 + 12 - math.log(2 * math.pi), abs=1e-6)


def test_a_place_too_far_for_floating_point_is_still_compared():
    mu, logvar = cloud(count=3, latent_dim=2)
    far = density.log_aggregate(np.array([[1e3, 0.0], [2e3, 0.0]]), mu, logvar)
    assert np.isfinite(far).all()
    assert far[1] < far[0]


@pytest.mark.parametrize(
    ("z", "mu", "logvar"), [((5, 2), (4, 3), (4, 3)), ((5, 3), (4, 3), (5, 3)), ((3,), (4, 3), (4, 3))]
)
def test_shapes_that_do_not_fit_are_refused(z, mu, logvar):
    with pytest.raises(ValueError, match="must be"):
        density.log_aggregate(np.zeros(z), np.zeros(mu), np.zeros(logvar))
    with pytest.raises(ValueError, match="one for each"):
        density.log_aggregate(np.zeros((2, 3)), np.zeros((4, 3)), np.zeros((4, 3)), left_out=np.arange(4))


def test_the_surgery_s_parts_are_the_integrals_in_one_dimension():
    mu, logvar = cloud(count=5, latent_dim=1)
    z = np.linspace(-12, 12, 200_001)
    log_q, log_p = density.log_aggregate(z[:, None], mu, logvar), density.log_prior(z[:, None])
    marginal = np.trapezoid(np.exp(log_q) * (log_q - log_p), z)
    information = 0.0
    for m, v in zip(mu[:, 0], logvar[:, 0], strict=True):
        log_given_x = -0.5 * ((z - m) ** 2 / np.exp(v) + v + math.log(2 * math.pi))
        information += np.trapezoid(np.exp(log_given_x) * (log_given_x - log_q), z) / len(mu)

    copies = 8000  # the same five pictures many times over: the same mixture, more samples
    parts = density.surgery(
        np.tile(mu, (copies // 5, 1)), np.tile(logvar, (copies // 5, 1)), latent.noise(copies, 1, 0)
    )
    assert parts.kl == pytest.approx(information + marginal, abs=1e-6)  # the identity itself
    for estimate, exact in ((parts.marginal_kl, marginal), (parts.mutual_information, information)):
        assert 0 < estimate.standard_error < 0.03
        assert abs(estimate.nats - exact) < 4 * estimate.standard_error
    assert parts.kl_sampled.nats == pytest.approx(parts.mutual_information.nats + parts.marginal_kl.nats)


def test_the_surgery_is_the_same_from_what_the_other_codes_say_of_each():
    mu, logvar = cloud(count=60)
    epsilon = latent.noise(60, 3, 1)
    at_codes = density.log_aggregate(mu + np.exp(0.5 * logvar) * epsilon, mu, logvar, np.arange(60))
    whole, saved = density.surgery(mu, logvar, epsilon), density.surgery(mu, logvar, epsilon, at_codes)
    for estimate in ("mutual_information", "marginal_kl"):
        assert getattr(saved, estimate).nats == pytest.approx(getattr(whole, estimate).nats, abs=1e-6)


@pytest.mark.parametrize("width", [-20.0, 0.0])
def test_a_code_says_at_most_which_picture_it_is(width):
    mu, _ = cloud(count=200, latent_dim=2)
    parts = density.surgery(mu, np.full(mu.shape, width), latent.noise(200, 2, 0))
    assert parts.ceiling == pytest.approx(math.log(200))
    assert parts.mutual_information.nats <= parts.ceiling + 1e-6
    if width == -20.0:  # clouds that never touch tell everything
        assert parts.mutual_information.nats == pytest.approx(parts.ceiling)


def test_posteriors_that_are_the_prior_have_no_information_and_no_holes():
    parts = density.surgery(np.zeros((50, 2)), np.zeros((50, 2)), latent.noise(50, 2, 0))
    assert parts.kl == 0
    assert parts.mutual_information.nats == pytest.approx(0, abs=1e-6)
    assert parts.marginal_kl.nats == pytest.approx(0, abs=1e-6)


def test_a_cell_of_the_grid_is_the_mean_of_the_marginal_with_the_other_dimensions_integrated_out():
    mu, logvar = cloud(count=6, latent_dim=3)
    axis, log_q = density.density_grid(mu, logvar, (2, 0), limit=2.0, side=5)
    np.testing.assert_allclose(axis, [-1.6, -0.8, 0, 0.8, 1.6], atol=1e-12)
    z1, z2, z3 = np.linspace(-1.2, -0.4, 41), np.linspace(-8, 8, 801), np.linspace(0.4, 1.2, 41)
    points = np.stack(np.meshgrid(z1, z2, z3, indexing="ij"), axis=-1).reshape(-1, 3)
    q = np.exp(density.log_aggregate(points, mu, logvar)).reshape(41, 801, 41)
    mass = np.trapezoid(np.trapezoid(np.trapezoid(q, z3), z2), z1)
    assert np.exp(log_q[1, 3]) == pytest.approx(mass / 0.64, rel=1e-3)  # z1 = -0.8 is up, z3 = 0.8 to the right


def test_no_mass_is_lost_between_the_cells():
    mu = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    _, log_q = density.density_grid(mu, np.full(mu.shape, -20.0), (0, 1), limit=3.0, side=7)  # far narrower than a cell
    assert np.exp(log_q).sum() * (6 / 7) ** 2 == pytest.approx(1)


def test_thin_tails_are_alike_on_both_sides():
    axis, log_q = density.density_grid(np.zeros((1, 2)), np.zeros((1, 2)), (0, 1), limit=20.0, side=200)
    np.testing.assert_allclose(log_q[100], log_q[100, ::-1], rtol=1e-9)
    at_centres = density.log_prior(np.stack([axis, np.full(200, axis[100])], axis=1))
    np.testing.assert_allclose(log_q[100], at_centres, atol=0.5, rtol=0.01)


def test_the_bandwidth_is_the_most_likely_one_for_codes_left_out():
    random = np.random.default_rng(0)
    mu = np.concatenate([random.normal(c, 0.1, (100, 2)) for c in (-3, 3)])
    width, share = density.bandwidth(mu, (0.001, 0.01, 1.0))
    assert share == 0.01
    assert width == pytest.approx(0.01 * math.sqrt(mu.var(axis=0).mean()))


def test_the_hole_is_the_gap_and_not_a_far_corner():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = 1.2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    candidates = latent.sample_prior(500, 2, seed=0)
    logvar = np.full(ring.shape, -3.0)
    at_codes = density.log_aggregate(ring, ring, logvar, np.arange(len(ring)))
    hole = density.find_hole(ring, logvar, candidates, at_codes)
    assert np.linalg.norm(hole) < 0.25
    farthest = np.square(candidates).sum(axis=1).max()
    assert np.square(hole).sum() < farthest


def test_the_border_is_where_neighbours_disagree():
    mu = np.random.default_rng(0).normal(size=(2000, 2))
    y = (mu[:, 0] > 0.3).astype(int)
    border = density.find_border(mu, y, latent.sample_prior(1000, 2, seed=0))
    assert abs(border[0] - 0.3) < 0.1
    assert np.linalg.norm(border) < 1.2


def test_labels_agree_by_their_majority():
    np.testing.assert_array_equal(density.agreement(np.array([[1, 1, 2], [1, 2, 3], [4, 4, 4]])), [2, 1, 3])


def test_samples_of_pictures_are_judged_by_the_other_pictures():
    mu = np.concatenate([np.zeros((12, 2)), np.full((4, 2), 9.0)]) + 0.01 * np.arange(16)[:, None]
    y = np.repeat([0, 1], [12, 4])
    logvar = np.zeros(mu.shape)
    scores = density.score_samples(mu, mu, logvar, y, own=np.arange(16))
    assert scores.agreeing == pytest.approx(12 / 16)  # the four have few of their own kind around them
    assert scores.log_density == pytest.approx(density.log_aggregate(mu, mu, logvar, np.arange(16)).mean())
    strangers = density.score_samples(np.zeros((4, 2)), mu, logvar, y)
    assert (strangers.agreeing, strangers.distinct) == (1.0, 0.25)


def test_the_distance_to_the_nearest_picture_leaves_one_s_own_out():
    pictures = np.stack([np.full((2, 2), v) for v in (0.0, 0.4, 1.0)])
    np.testing.assert_allclose(density.picture_distance(pictures + 0.1, pictures), [0.1, 0.1, 0.1])
    np.testing.assert_allclose(density.picture_distance(pictures, pictures, np.arange(3)), [0.4, 0.4, 0.6])


def test_the_fitted_mixture_has_the_density_and_the_moments_of_its_samples():
    random = np.random.default_rng(0)
    z = np.concatenate([random.multivariate_normal(m, [[1, 0.8], [0.8, 1]], 400) for m in ([-4, 0], [4, 1])])
    mix = density.fit_mixture(z, 2)
    parts = MultivariateNormal(torch.from_numpy(mix.means), torch.from_numpy(mix.covariances))
    expected = (
        MixtureSameFamily(Categorical(torch.from_numpy(mix.weights)), parts).log_prob(torch.from_numpy(z)).numpy()
    )
    np.testing.assert_allclose(density.log_mixture(mix, z), expected, atol=2e-6)

    samples = density.sample_mixture(mix, latent.noise(20_000, 2, 0), seed=0)
    np.testing.assert_allclose(samples.mean(axis=0), mix.weights @ mix.means, atol=0.1)
    np.testing.assert_allclose(np.cov(samples.T), np.cov(z.T), rtol=0.1, atol=0.1)
    np.testing.assert_array_equal(samples[:5], density.sample_mixture(mix, latent.noise(20_000, 2, 0), seed=0)[:5])


def test_one_component_bends_the_prior_s_own_noise():
    z = np.random.default_rng(0).normal(3, 2, (500, 2))
    epsilon = latent.noise(10, 2, 1)
    mix = density.fit_mixture(z, 1)
    lower = np.linalg.cholesky(mix.covariances[0])
    np.testing.assert_allclose(density.sample_mixture(mix, epsilon, 0), mix.means[0] + epsilon @ lower.T, rtol=1e-5)


def test_more_components_than_codes_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        density.fit_mixture(np.zeros((3, 2)), 4)


def test_a_hole_is_measured_against_what_the_prior_expects():
    candidates = latent.sample_prior(500, 2, seed=0)
    wide = np.zeros((1, 2)), np.full((1, 2), math.log(4.0))  # codes wider than the prior
    hole = density.find_hole(*wide, candidates, at_codes=np.zeros(9))  # real codes at places denser than any here
    assert np.linalg.norm(hole) == pytest.approx(np.linalg.norm(candidates, axis=1).min())


def test_where_no_sample_lies_in_a_hole_none_is_found():
    candidates = latent.sample_prior(500, 2, seed=0)
    wide = np.zeros((1, 2)), np.full((1, 2), math.log(4.0))
    at_codes = density.log_aggregate(latent.noise(2000, 2, 1) * 2, *wide)  # as thin as anywhere that the prior goes
    assert density.find_hole(*wide, candidates, at_codes) is None


def test_a_hole_has_fewer_codes_than_95_percent_of_places_of_codes_and_fewer_than_the_prior_expects():
    at_codes = np.arange(100.0)
    log_q = np.array([3.5, 5.5, 3.5])
    np.testing.assert_array_equal(density.is_hole(log_q, np.array([9, 9, 3]), at_codes), [True, False, False])


def test_small_clouds_cannot_tell_a_hole_from_the_next_picture_s_code():
    mu = latent.noise(500, 10, 0)
    told = []
    for logvar in (0.0, -6.0):
        widths = np.full(mu.shape, logvar)
        z = mu + np.exp(0.5 * logvar) * latent.noise(500, 10, 1)
        at_codes = density.log_aggregate(z, mu, widths, np.arange(500))
        told.append(density.tells_holes(at_codes, density.log_prior(z)))
    assert told == [True, False]
