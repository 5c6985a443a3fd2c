"""Noise, grids, paths and moments of latent space."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from vae_core import latent

VECTORS = arrays(np.float32, 4, elements=st.floats(-4, 4, width=32))


def test_reparameterize_says_the_same_of_arrays_and_tensors():
    mu, logvar, epsilon = np.random.default_rng(0).normal(size=(3, 6, 2))
    z = latent.reparameterize(mu, logvar, epsilon)
    tensor = latent.reparameterize(*map(torch.from_numpy, (mu, logvar, epsilon)))
    assert isinstance(z, np.ndarray)
    np.testing.assert_allclose(z, mu + np.sqrt(np.exp(logvar)) * epsilon)
    np.testing.assert_allclose(tensor.numpy(), z)


def test_noise_depends_on_its_seed_alone():
    first = latent.noise(5, 3, seed=7)
    np.random.seed(0)  # noqa: NPY002 (the global generator is what must not matter)
    torch.manual_seed(0)
    np.testing.assert_array_equal(latent.noise(5, 3, seed=7), first)
    assert not np.array_equal(latent.noise(5, 3, seed=8), first)
    assert first.dtype == np.float32


def test_noise_is_the_same_in_every_thread():
    expected = [latent.noise(1000, 3, seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda seed: latent.noise(1000, 3, seed), [*range(8)] * 20))
    for i, z in enumerate(drawn):
        np.testing.assert_array_equal(z, expected[i % 8])


def test_prior_samples_are_standard_normal():
    z = latent.sample_prior(100_000, 3, seed=0)
    assert z.shape == (100_000, 3)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=4 / np.sqrt(1e5))
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=4 * np.sqrt(2 / 1e5))


def test_temperature_scales_the_prior():
    z = latent.sample_prior(10, 2, seed=3)
    np.testing.assert_array_equal(latent.sample_prior(10, 2, seed=3, temperature=0.5), z / 2)
    assert not latent.sample_prior(10, 2, seed=3, temperature=0).any()


def test_negative_temperature_is_refused():
    with pytest.raises(ValueError, match=r"temperature is -1; it cannot be negative"):
        latent.sample_prior(1, 1, seed=0, temperature=-1)


@pytest.mark.parametrize("side", [1, 2, 9, 20])
def test_probability_axis_draws_each_equal_mass_at_its_median(side):
    axis = latent.grid_axis(side)
    np.testing.assert_allclose(axis, norm.ppf((np.arange(side) + 0.5) / side), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(np.diff(norm.cdf(axis)), 1 / side, rtol=1e-5)
    np.testing.assert_allclose(axis, -axis[::-1], atol=1e-7)


def test_equal_axis_runs_evenly_between_its_limits():
    axis = latent.grid_axis(5, "equal", limit=2.0)
    assert axis.tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert latent.grid_axis(1, "equal").tolist() == [0.0]


def test_axis_refuses_no_cells_and_unknown_spacings():
    with pytest.raises(ValueError, match="side is 0; it must be at least 1"):
        latent.grid_axis(0)
    with pytest.raises(ValueError, match="spacing is 'log'; choose 'probability' or 'equal'"):
        latent.grid_axis(3, "log")


def test_grid_reads_like_a_scatter_plot():
    z = latent.grid(np.array([-1.0, 0.0, 2.0]), 2)
    assert z.tolist() == [[-1, 2], [0, 2], [2, 2], [-1, 0], [0, 0], [2, 0], [-1, -1], [0, -1], [2, -1]]


def test_grid_moves_its_two_dimensions_and_keeps_the_others():
    z = latent.grid(np.array([-1.0, 2.0]), 4, dims=(3, 1), origin=np.array([0.5, 9, -0.5, 9]))
    assert z.tolist() == [[0.5, 2, -0.5, -1], [0.5, 2, -0.5, 2], [0.5, -1, -0.5, -1], [0.5, -1, -0.5, 2]]
    assert not latent.grid(np.array([-1.0, 2.0]), 4)[:, 2:].any()


def test_traverse_changes_one_dimension_only():
    z = np.array([1.0, 2.0, 3.0])
    path = latent.traverse(z, 1, np.array([-1.0, 0.0]))
    assert path.tolist() == [[1, -1, 3], [1, 0, 3]]
    assert z.tolist() == [1, 2, 3]


@settings(deadline=None)
@given(VECTORS, VECTORS, st.integers(2, 12))
def test_lerp_is_an_even_straight_line_with_both_ends(start, end, steps):
    path = latent.lerp(start, end, steps)
    assert path.shape == (steps, 4)
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_array_equal(path[-1], end)
    np.testing.assert_allclose(np.diff(path, axis=0), np.tile((end - start) / (steps - 1), (steps - 1, 1)), atol=2e-6)


@settings(deadline=None)
@given(VECTORS, VECTORS, st.integers(2, 12))
def test_slerp_has_both_ends_and_stays_finite(start, end, steps):
    path = latent.slerp(start, end, steps)
    assert path.shape == (steps, 4)
    assert np.isfinite(path).all()
    np.testing.assert_allclose(path[[0, -1]], [start, end], rtol=1e-6)


def test_slerp_turns_evenly_and_keeps_equal_norms():
    start, end = np.array([3.0, 0.0, 0.0]), np.array([0.0, 0.0, 3.0])
    path = latent.slerp(start, end, 4)
    angles = np.radians([0, 30, 60, 90])
    np.testing.assert_allclose(path, 3 * np.stack([np.cos(angles), 0 * angles, np.sin(angles)], 1), atol=1e-6)


@pytest.mark.parametrize("end", [[-1, -2], [0, 0], [2, 4], [1, 2]], ids=["opposite", "zero", "parallel", "same"])
def test_slerp_is_the_straight_line_where_there_is_no_unique_arc(end):
    start, end = np.array([1.0, 2.0]), np.array(end, float)
    np.testing.assert_array_equal(latent.slerp(start, end, 5), latent.lerp(start, end, 5))


@pytest.mark.parametrize("path", [latent.lerp, latent.slerp])
def test_path_needs_two_steps(path):
    with pytest.raises(ValueError, match="steps is 1; a path needs at least 2"):
        path(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 1)


def test_class_gaussians_have_the_moments_of_each_mixture():
    random = np.random.default_rng(0)
    mu, logvar = 2 * random.normal(size=(30, 2)), random.normal(size=(30, 2))
    labels = np.arange(30) % 3
    moments = latent.class_gaussians(mu, logvar, labels)
    assert sorted(moments) == [0, 1, 2]
    for label, (mean, variance) in moments.items():
        members = random.choice(np.flatnonzero(labels == label), 200_000)
        z = latent.reparameterize(mu[members], logvar[members], random.normal(size=(200_000, 2)))
        error = z.std(axis=0) / np.sqrt(len(z))
        assert (np.abs(z.mean(axis=0) - mean) < 4 * error).all()
        spread = (z - z.mean(axis=0)) ** 2
        assert (np.abs(spread.mean(axis=0) - variance) < 4 * spread.std(axis=0) / np.sqrt(len(z))).all()


def test_the_normal_density_is_scipys():
    z = np.linspace(-4, 4, 50)
    np.testing.assert_allclose(latent.normal_density(z, 0.5, 0.3), norm.pdf(z, 0.5, 0.3), atol=1e-12)


def test_active_units_are_those_whose_mean_moves():
    signs = np.resize([1.0, -1.0], 100)[:, None]  # unit variance
    mu = signs * [0.0, 0.09, 0.11, 1.0] + [5.0, 0.0, 0.0, 0.0]
    assert latent.active_units(mu).tolist() == [False, False, True, True]
    assert latent.active_units(mu, threshold=0.5).tolist() == [False, False, False, True]
