"""Gaussians on linear maps: where a code lies, how a posterior and the prior look, and what a box holds."""

import numpy as np
import pytest
import torch
from conftest import ARTIFACTS, SHIPPED
from torch.distributions import Normal, kl_divergence

from vae_core import inference, latent, objective
from vae_core.projection import PLANE, LinearMap, inside, load_maps

RANDOM = np.random.default_rng(0)
COMPONENTS = np.linalg.qr(RANDOM.standard_normal((6, 2)))[0].T  # two orthonormal rows
MAP = LinearMap(RANDOM.standard_normal(6), COMPONENTS)
MU, LOGVAR = RANDOM.standard_normal(6), RANDOM.standard_normal(6)


def test_the_covariance_on_the_map_is_that_of_projected_samples():
    epsilon = RANDOM.standard_normal((200_000, 6))
    samples = MAP.project(latent.reparameterize(MU, LOGVAR, epsilon))
    np.testing.assert_allclose(np.cov(samples.T), MAP.covariance(np.exp(LOGVAR)), atol=0.02)
    np.testing.assert_allclose(samples.mean(axis=0), MAP.project(MU[None])[0], atol=0.02)


def test_the_prior_stays_a_circle():
    np.testing.assert_allclose(MAP.covariance(np.ones(6)), np.eye(2), atol=1e-12)


def test_the_shipped_pca_keeps_the_prior_a_circle_too():
    pca = load_maps(ARTIFACTS, SHIPPED["mnist-z20"]).pca
    np.testing.assert_allclose(pca.covariance(np.ones(20)), np.eye(2), atol=1e-3)


def test_the_plane_is_itself():
    z = RANDOM.standard_normal((5, 2))
    np.testing.assert_array_equal(PLANE.project(z), z)
    np.testing.assert_allclose(PLANE.covariance(np.array([4.0, 0.25])), [[4, 0], [0, 0.25]])


def test_a_diagonal_gaussian_has_the_axes_of_the_plane():
    assert latent.ellipse(np.diag([4.0, 0.25])) == pytest.approx((2, 0.5, 0))
    major, minor, angle = latent.ellipse(np.diag([0.25, 4.0]))
    assert (major, minor) == pytest.approx((2, 0.5))
    assert abs(np.sin(angle)) == pytest.approx(1)


@pytest.mark.parametrize("turn", [0.3, 1.2, -0.7])
def test_every_point_of_the_ellipse_is_one_sigma_away(turn):
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    covariance = rotation @ np.diag([2.0, 0.3]) @ rotation.T
    major, minor, angle = latent.ellipse(covariance)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-np.sin(angle), np.cos(angle)])
    t = np.linspace(0, 2 * np.pi, 50)[:, None]
    points = major * np.cos(t) * along + minor * np.sin(t) * across
    mahalanobis = np.einsum("ni,ij,nj->n", points, np.linalg.inv(covariance), points)
    np.testing.assert_allclose(mahalanobis, 1)
    assert np.tan(angle) == pytest.approx(np.tan(turn))


def test_the_share_of_samples_within_one_and_two_sigma_is_that_of_a_plane():
    covariance = MAP.covariance(np.exp(LOGVAR))
    samples = RANDOM.multivariate_normal([0, 0], covariance, 100_000)
    distance = np.sqrt(np.einsum("ni,ij,nj->n", samples, np.linalg.inv(covariance), samples))
    assert (distance < 1).mean() == pytest.approx(0.393, abs=0.01)
    assert (distance < 2).mean() == pytest.approx(0.865, abs=0.01)


def test_a_box_holds_what_lies_between_its_corners_whichever_they_are():
    xy = np.array([[0, 0], [1, 1], [2, 2], [1, 5]])
    assert inside(xy, (0.5, 0.5, 2, 2)).tolist() == [1, 2]
    assert inside(xy, (2, 0.5, 0.5, 2)).tolist() == [1, 2]
    assert inside(xy, (9, 9, 10, 10)).tolist() == []


def test_kl_of_arrays_is_that_of_torch_distributions():
    mu, logvar = RANDOM.standard_normal((2, 7, 3)).astype(np.float32)
    posterior = Normal(torch.tensor(mu), torch.tensor(logvar).mul(0.5).exp())
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).numpy()
    found = inference.kl_per_dim(mu, logvar)
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found, objective.kl_per_dim(torch.tensor(mu), torch.tensor(logvar)).numpy())
    with pytest.raises(ValueError, match="one shape"):
        inference.kl_per_dim(mu, logvar[:3])
