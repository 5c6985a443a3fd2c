"""Differences as colours: one scale for all, exact, and refused outside of it."""

import io

import numpy as np
import pytest
from PIL import Image

from vae_core.images import LESS, MORE, SAME, png, signed


def test_the_ends_and_the_middle_have_their_colours():
    np.testing.assert_array_equal(signed(np.array([[-1.0, 0.0, 1.0]])), [[LESS, SAME, MORE]])


def test_half_is_half_way_and_the_sign_alone_tells_the_colour():
    below, above = signed(np.array([[-0.5, 0.5]]))[0].astype(float)
    np.testing.assert_allclose(below, (LESS + SAME) / 2, atol=0.5)
    np.testing.assert_allclose(above, (MORE + SAME) / 2, atol=0.5)


def test_a_difference_is_not_stretched_to_its_own_range():
    faint = signed(np.array([[0.0, 0.1]]))
    assert np.abs(faint[0, 1].astype(int) - faint[0, 0]).max() < 20


def test_pixels_are_enlarged_whole_and_survive_the_png():
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    pixels = signed(x, 4)
    assert pixels.shape == (8, 12, 3)
    np.testing.assert_array_equal(pixels[::4, ::4], signed(x))
    with Image.open(io.BytesIO(png(pixels))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("value", [-1.01, 1.01, np.nan])
def test_values_outside_the_scale_are_refused(value):
    with pytest.raises(ValueError, match="outside"):
        signed(np.array([[value]]))
