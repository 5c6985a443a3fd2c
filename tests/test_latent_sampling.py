"""What sampling needs of latent space and of pictures: shares of a grid, traversals, class samples, norms, names."""

import numpy as np
import pytest
import torch
from scipy.stats import chi
from torch.distributions import Normal, kl_divergence

from vae_core import inference, latent
from vae_core.images import MARGIN, labelled


@pytest.mark.parametrize("spacing", ["probability", "equal"])
@pytest.mark.parametrize("side", [2, 15, 20])
def test_the_cells_of_a_grid_lie_in_the_middle_of_their_shares(side, spacing):
    shares = latent.grid_share(latent.grid_axis(side, spacing), side, spacing)
    np.testing.assert_allclose(shares, (np.arange(side) + 0.5) / side, atol=1e-6)


def test_samples_of_the_prior_fill_the_shares_of_equal_probability_evenly():
    shares = latent.grid_share(latent.noise(20_000, 1, seed=0), 10)
    counts, _ = np.histogram(shares, bins=10, range=(0, 1))
    assert np.abs(counts - 2000).max() < 4 * np.sqrt(2000 * 0.9)


def test_equal_shares_go_outside_with_what_lies_outside():
    assert latent.grid_share(3.5, 4, "equal") < 1  # half a cell beyond the middle of the last
    np.testing.assert_allclose(latent.grid_share(np.array([-4.1, 4.1]), 4, "equal"), [-0.0125, 1.0125])  # from -4 to 4


def test_a_share_of_an_unknown_spacing_is_refused():
    with pytest.raises(ValueError, match="spacing is 'log'"):
        latent.grid_share(np.zeros(2), 4, "log")


def test_a_traversal_goes_around_its_origin_and_not_around_zero():
    mu, sigma = np.array([1.5, -2.0, 0.3]), np.array([0.1, 0.5, 1.0])
    z = latent.traversals(mu, sigma, reach=2.0, steps=5, dims=np.array([2, 0])).reshape(2, 5, 3)
    np.testing.assert_allclose(z[:, 2], [mu, mu], rtol=1e-6)  # the middle is the origin
    np.testing.assert_allclose(z[0, :, 2], [-1.7, -0.7, 0.3, 1.3, 2.3], atol=1e-6)
    np.testing.assert_allclose(z[1, :, 0], [1.3, 1.4, 1.5, 1.6, 1.7], atol=1e-6)
    assert (z[0, :, :2] == mu[:2].astype(np.float32)).all()
    assert (z[1, :, 1:] == mu[1:].astype(np.float32)).all()


def test_samples_of_a_gaussian_have_its_moments_and_shrink_to_its_mean():
    mean, variance = np.array([2.0, -1.0]), np.array([0.25, 4.0])
    z = latent.sample_gaussian(mean, variance, 100_000, seed=0)
    assert (np.abs(z.mean(axis=0) - mean) < 4 * np.sqrt(variance / 1e5)).all()
    assert (np.abs(z.var(axis=0) - variance) < 4 * variance * np.sqrt(2 / 1e5)).all()
    cold = latent.sample_gaussian(mean, variance, 100_000, seed=0, temperature=0.5)
    np.testing.assert_allclose(cold - mean, (z - mean) / 2, atol=1e-6)
    assert (latent.sample_gaussian(mean, variance, 3, seed=0, temperature=0) == mean).all()


@pytest.mark.parametrize("latent_dim", [1, 2, 10, 20])
def test_norms_of_the_prior_follow_the_chi_distribution(latent_dim):
    norm = np.linspace(0.05, 8, 40)
    np.testing.assert_allclose(latent.norm_density(norm, latent_dim), chi.pdf(norm, latent_dim), rtol=1e-9)


def test_the_kl_of_each_dimension_agrees_with_torch():
    random = np.random.default_rng(0)
    mu, logvar = random.normal(size=(2, 30, 4)).astype(np.float32)
    q = Normal(torch.tensor(mu), torch.tensor(0.5 * logvar).exp())
    expected = kl_divergence(q, Normal(0.0, 1.0)).numpy()
    np.testing.assert_allclose(inference.kl_per_dim(mu, logvar), expected, atol=1e-5)


def test_names_stand_beside_a_sheet_and_leave_it_as_it_is():
    sheet = np.random.default_rng(0).integers(0, 255, (60, 90), dtype=np.uint8)
    page = labelled(sheet, ["z1", "z2, unused"], ["T-shirt", "Bag", "Boot"], size=12)
    np.testing.assert_array_equal(page[-60:, -90:], sheet)
    left = page[-60:, :-90]
    for name in (left[:30], left[30:]):  # letters within each row
        assert name.max() > 200
        assert (name == MARGIN).mean() > 0.5
    for column in np.split(page[:-60, -90:], 3, axis=1):
        assert column.max() > 120
        assert (column[:, [0, -1]] == MARGIN).all()  # no name reaches into the next column
