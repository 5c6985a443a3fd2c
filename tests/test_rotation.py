"""Turned latent axes: the ELBO stays, the KL against torch.distributions, and what a diagonal posterior loses."""

import numpy as np
import pytest
import torch
from conftest import TINY, TINY_CONDITIONAL
from torch.distributions import MultivariateNormal, kl_divergence

from vae_core import inference, latent, rotation
from vae_core.model import new_vae


def posteriors(count: int = 20, latent_dim: int = 3):
    random = np.random.default_rng(0)
    return random.normal(size=(count, latent_dim)), random.normal(-1, 1, (count, latent_dim))


def test_a_turn_keeps_lengths_and_turns_the_first_axis_to_the_second():
    turn = rotation.rotation(4, (2, 0), 90)
    np.testing.assert_allclose(turn @ turn.T, np.eye(4), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_allclose(turn @ [0, 0, 1, 0], [1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(turn @ [0, 5, 0, 7], [0, 5, 0, 7], atol=1e-12)
    np.testing.assert_array_equal(rotation.rotation(3, (0, 1), 0), np.eye(3))
    with pytest.raises(ValueError, match="twice"):
        rotation.rotation(3, (1, 1), 45)


def test_turned_posteriors_are_those_of_turned_samples():
    mu, logvar = posteriors(count=1, latent_dim=2)
    turn = rotation.rotation(2, (0, 1), 30)
    mean, covariance = rotation.rotate_posterior(mu, logvar, turn)
    z = latent.reparameterize(mu, logvar, latent.noise(200_000, 2, 0)) @ turn.T
    np.testing.assert_allclose(z.mean(axis=0), mean[0], atol=0.01)
    np.testing.assert_allclose(np.cov(z.T), covariance[0], atol=0.02)


def test_the_kl_of_a_full_covariance_agrees_with_torch_distributions():
    random = np.random.default_rng(1)
    root = random.normal(size=(10, 3, 3))
    mean, covariance = random.normal(size=(10, 3)), root @ root.transpose(0, 2, 1) + 0.1 * np.eye(3)
    prior = MultivariateNormal(torch.zeros(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64))
    expected = kl_divergence(MultivariateNormal(torch.from_numpy(mean), torch.from_numpy(covariance)), prior)
    np.testing.assert_allclose(rotation.kl(mean, covariance), expected.numpy())


@pytest.mark.parametrize("degrees", [15, 45, 90])
def test_the_kl_of_a_turned_posterior_is_that_before_the_turn(degrees):
    mu, logvar = posteriors()
    before = 0.5 * (mu**2 + np.exp(logvar) - logvar - 1).sum(axis=1)
    turned = rotation.rotate_posterior(mu, logvar, rotation.rotation(3, (0, 2), degrees))
    np.testing.assert_allclose(rotation.kl(*turned), before)


def test_the_best_diagonal_is_nearer_than_any_other_and_its_distance_is_the_gap():
    mu, logvar = posteriors(count=1)
    _, covariance = rotation.rotate_posterior(mu, logvar, rotation.rotation(3, (0, 1), 40))
    full = MultivariateNormal(torch.zeros(3, dtype=torch.float64), torch.from_numpy(covariance[0]))

    def distance(log_variances: np.ndarray) -> float:
        variances = torch.diag(torch.from_numpy(np.exp(log_variances)))
        return kl_divergence(MultivariateNormal(torch.zeros(3, dtype=torch.float64), variances), full).item()

    best = rotation.best_diagonal(covariance)[0]
    assert distance(best) == pytest.approx(rotation.mean_field_gap(covariance)[0])
    others = best + np.random.default_rng(0).normal(0, 0.1, (50, 3))
    assert all(distance(other) > distance(best) for other in others)
    assert distance(best) < distance(np.log(np.diag(covariance[0])))  # the marginal variances are not the best


@pytest.mark.parametrize(("degrees", "lost"), [(0, False), (45, True), (90, False)])
def test_the_mean_field_gap_is_zero_on_the_axes_only(degrees, lost):
    mu, logvar = posteriors()
    gap = rotation.mean_field_gap(rotation.rotate_posterior(mu, logvar, rotation.rotation(3, (0, 1), degrees))[1])
    assert ((gap > 1e-6) == lost).all()
    alike = rotation.rotate_posterior(mu, np.full_like(logvar, -1.0), rotation.rotation(3, (0, 1), degrees))[1]
    np.testing.assert_allclose(rotation.mean_field_gap(alike), 0, atol=1e-12)  # round clouds have no axes


@pytest.mark.parametrize("architecture", [TINY, TINY_CONDITIONAL], ids=["plain", "conditional"])
def test_the_elbo_of_the_turned_model_is_the_elbo(architecture):
    model = new_vae(architecture, seed=0).eval()
    x = np.random.default_rng(0).random((6, 28, 28), dtype=np.float32)
    y = np.arange(6) if architecture.classes else None
    mu, logvar = inference.encode(model, x, y)
    epsilon = latent.noise(6, 3, 0)
    expected = inference.elbo_terms(model, x, epsilon, y).elbo
    for degrees in (0, 45):
        turn = rotation.rotation(3, (0, 2), degrees)
        np.testing.assert_allclose(rotation.elbo(model, x, mu, logvar, epsilon, turn, y), expected, rtol=1e-5)
    on_axes = rotation.elbo(model, x, mu, logvar, epsilon, rotation.rotation(3, (0, 2), 90), y, diagonal=True)
    np.testing.assert_allclose(on_axes, expected, rtol=1e-5)
    tilted = rotation.elbo(model, x, 3 * mu, logvar - [0, 0, 4], epsilon, turn, y, diagonal=True)
    assert not np.allclose(tilted, rotation.elbo(model, x, 3 * mu, logvar - [0, 0, 4], epsilon, turn, y), rtol=1e-4)


def test_each_image_s_likelihood_needs_its_own_code():
    model = new_vae(TINY, seed=0).eval()
    x, z = np.zeros((3, 28, 28)), latent.noise(3, 3, 0)
    logits = model.logits(torch.from_numpy(z))
    expected = model.log_likelihood(logits, torch.zeros(3, 28, 28)).detach().numpy()
    np.testing.assert_allclose(inference.log_likelihood(model, x, z), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="2 rows for 3 images"):
        inference.log_likelihood(model, x, z[:2])
