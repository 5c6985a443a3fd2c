"""What a path passes, its control in pixels, blends of four codes and differences of groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core import latent, transitions


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from([0.0, 1e4]))
def test_class_shares_are_a_vote_of_the_nearest_codes(seed, k, offset):
    """Against distances one by one; far from 0, too, where squared norms in single precision would cancel."""
    random = np.random.default_rng(seed)
    codes = (random.normal(size=(40, 3)) + offset).astype(np.float32)
    z = (random.normal(size=(7, 3)) + offset).astype(np.float32)
    labels = random.integers(0, 5, 40)
    shares = transitions.class_shares(z, codes, labels, 5, k)
    for point, share in zip(z.astype(float), shares, strict=True):
        nearest = np.argsort([np.linalg.norm(point - code) for code in codes.astype(float)])[:k]
        counts = np.bincount(labels[nearest], minlength=5)
        np.testing.assert_allclose(share, counts / counts.sum())
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_a_vote_needs_a_voter():
    with pytest.raises(ValueError, match="k is 0 and there are 1 codes; a vote needs at least one of each"):
        transitions.class_shares(np.zeros((1, 2)), np.zeros((1, 2)), np.zeros(1, int), 2, k=0)
    with pytest.raises(ValueError, match="there are 0 codes"):
        transitions.class_shares(np.zeros((1, 2)), np.zeros((0, 2)), np.zeros(0, int), 2)


def test_cross_fade_mixes_each_pixel():
    start, end = np.random.default_rng(0).random((2, 28, 28)).astype(np.float32)
    faded = transitions.cross_fade(start, end, 5)
    np.testing.assert_array_equal(faded[[0, -1]], [start, end])
    np.testing.assert_allclose(faded[1], 0.75 * start + 0.25 * end, atol=1e-6)


def test_blend_has_its_corners_and_straight_rows_and_columns():
    corners = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    z = transitions.blend(corners, 5).reshape(5, 5, 3)
    np.testing.assert_array_equal(z[[0, 0, -1, -1], [0, -1, 0, -1]], corners)
    np.testing.assert_array_equal(z[0], latent.lerp(corners[0], corners[1], 5))
    np.testing.assert_allclose(z[2, 2], corners.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(np.diff(z, 2, axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.diff(z, 2, axis=1), 0, atol=1e-6)


def test_contrast_points_from_the_lowest_to_the_highest():
    random = np.random.default_rng(2)
    values = random.permutation(100).astype(float)
    codes = np.stack([values, random.normal(size=100)], axis=1)
    direction = transitions.contrast(codes, values)
    assert direction[0] == np.arange(90, 100).mean() - np.arange(10).mean()
    expected = codes[values >= 90, 1].mean() - codes[values < 10, 1].mean()
    assert direction[1] == pytest.approx(expected)
    np.testing.assert_allclose(transitions.contrast(codes, -values), -direction)


def test_contrast_of_a_few_compares_one_with_one():
    assert transitions.contrast(np.array([[1.0], [5.0], [2.0]]), np.array([0.2, 0.1, 0.9])).tolist() == [-3]


def test_ink_is_the_mean_brightness():
    x = np.zeros((2, 28, 28), np.float32)
    x[1, :14] = 0.5
    assert transitions.ink(x).tolist() == [0, 0.25]


@pytest.mark.parametrize("lean", [-1, 0, 0.5, 2])
def test_slant_is_columns_a_row_upwards(lean):
    x = np.zeros((1, 28, 28))
    for row in range(4, 14, 2):  # every second row, where half columns are whole
        x[0, row, 14 + int(lean * (8 - row))] = 0.7
    assert transitions.slant(x)[0] == pytest.approx(lean)


def test_a_picture_without_height_has_no_slant():
    x = np.zeros((2, 28, 28))
    x[1, 5, 3:20] = 1.0
    assert transitions.slant(x).tolist() == [0, 0]
