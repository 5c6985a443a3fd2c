"""Nearest neighbours, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from vae_core import neighbours

RANDOM = np.random.default_rng(0)
CODES = RANDOM.standard_normal((1203, 4)).astype(np.float32)  # more than two batches
LABELS = RANDOM.integers(0, 3, len(CODES))


@pytest.mark.parametrize("count", [1, 6])
def test_the_nearest_are_scikit_learns_in_their_order(count):
    points = RANDOM.standard_normal((700, 4)).astype(np.float32)
    expected = NearestNeighbors(n_neighbors=count).fit(CODES).kneighbors(points, return_distance=False)
    np.testing.assert_array_equal(neighbours.nearest(points, CODES, count), expected)


def test_one_s_own_row_is_no_neighbour():
    expected = NearestNeighbors(n_neighbors=8).fit(CODES).kneighbors(return_distance=False)
    for index in (0, 611, 1202):
        np.testing.assert_array_equal(neighbours.others(index, CODES, 8), expected[index])


def test_agreement_is_the_share_of_the_ten_nearest_others_with_the_label():
    expected = NearestNeighbors(n_neighbors=10).fit(CODES).kneighbors(return_distance=False)
    shares = neighbours.agreement(CODES, LABELS)
    np.testing.assert_allclose(shares, (LABELS[expected] == LABELS[:, None]).mean(axis=1))


def test_twins_do_not_count_themselves():
    codes, labels = np.zeros((30, 2), np.float32), np.arange(30)
    assert not neighbours.agreement(codes, labels).any()  # thirty labels: nobody agrees but a code with itself
    assert all(index not in neighbours.others(index, codes, 5) for index in range(30))


def test_few_codes_have_few_neighbours():
    codes = np.array([[0.0], [1.0], [5.0]])
    np.testing.assert_array_equal(neighbours.agreement(codes, np.array([0, 0, 1])), [0.5, 0.5, 0.0])
    with pytest.raises(ValueError, match="count is 4; there are 3"):
        neighbours.nearest(codes, codes, 4)
