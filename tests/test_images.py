"""Pictures: exact pixels, every tile at its place, files that decode back."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from vae_core import images

FRAMES = np.random.default_rng(0).integers(0, 256, (6, 16, 16), dtype=np.uint8)
FRAMES[0] = np.arange(256).reshape(16, 16)  # every grey


def test_greys_are_rounded_to_the_nearest_byte():
    levels = np.arange(256)
    np.testing.assert_array_equal(images.to_pixels((levels / 255)[None]), levels[None])
    x = np.array([[0.0, 0.49 / 255, 0.51 / 255, 254.4 / 255, 254.6 / 255, 1.0]], np.float32)
    pixels = images.to_pixels(x)
    assert pixels.tolist() == [[0, 0, 1, 254, 255, 255]]
    assert pixels.dtype == np.uint8


def test_enlarged_pixels_are_whole_squares():
    pixels = images.to_pixels(np.array([[[0, 1], [0.2, 0.4]]]), scale=2)
    assert pixels.tolist() == [[[0, 0, 255, 255], [0, 0, 255, 255], [51, 51, 102, 102], [51, 51, 102, 102]]]


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf])
def test_values_outside_the_scale_are_refused(value):
    with pytest.raises(ValueError, match=r"values outside \[0, 1\]"):
        images.to_pixels(np.array([[0.5, value]]))


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_scales_that_are_no_positive_integer_are_refused(scale):
    with pytest.raises(ValueError, match=rf"scale is {scale}; it must be a positive integer"):
        images.to_pixels(np.zeros((2, 2)), scale)


PICTURES = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1))
)


@settings(deadline=None)
@given(PICTURES, st.integers(1, 5), st.integers(1, 3), st.integers(0, 3))
def test_every_tile_lies_at_its_place_and_all_else_is_gap(x, columns, scale, gap):
    sheet = images.tile(x, columns, scale, gap)
    count, height, width = x.shape[0], x.shape[1] * scale, x.shape[2] * scale
    rows = (count + columns - 1) // columns
    assert sheet.shape == (rows * height + (rows - 1) * gap, columns * width + (columns - 1) * gap)
    rest = np.ones(sheet.shape, bool)
    for i in range(count):
        row, column = divmod(i, columns)
        top, left = row * (height + gap), column * (width + gap)
        place = np.s_[top : top + height, left : left + width]
        np.testing.assert_array_equal(sheet[place], images.to_pixels(x[i], scale))
        rest[place] = False
    assert (sheet[rest] == images.GAP).all()


def test_sheet_reads_row_by_row():
    x = np.array([0, 0.2, 0.4])[:, None, None]
    grey = images.GAP
    assert images.tile(x, 2, gap=1).tolist() == [[0, grey, 51], [grey, grey, grey], [102, grey, grey]]


def test_sheet_needs_a_picture_and_a_column():
    for x, columns in ((np.zeros((0, 2, 2)), 3), (np.zeros((1, 2, 2)), 0)):
        with pytest.raises(ValueError, match="at least one picture and one column"):
            images.tile(x, columns)


def test_sheet_refuses_values_outside_the_scale():
    with pytest.raises(ValueError, match=r"values outside \[0, 1\]"):
        images.tile(np.full((1, 2, 2), 255.0), 1)


def test_png_decodes_back_exactly():
    picture = Image.open(io.BytesIO(images.png(FRAMES[0])))
    assert (picture.format, picture.size) == ("PNG", FRAMES[0].shape[::-1])
    np.testing.assert_array_equal(np.asarray(picture.convert("L")), FRAMES[0])
    np.testing.assert_array_equal(images.unpacked(images.png(FRAMES[0])), FRAMES[0])


def test_an_enlarged_pixel_is_a_square():
    np.testing.assert_array_equal(images.enlarged(np.array([[1, 2]]), 2), [[1, 1, 2, 2], [1, 1, 2, 2]])


def test_gif_frames_decode_back_exactly():
    film = Image.open(io.BytesIO(images.gif(FRAMES, milliseconds=70)))
    assert (film.format, film.n_frames) == ("GIF", len(FRAMES))
    for i, frame in enumerate(FRAMES):
        film.seek(i)
        np.testing.assert_array_equal(np.asarray(film.convert("L")), frame)
        assert film.info["duration"] == 70


def test_gif_repeats_without_end():
    assert Image.open(io.BytesIO(images.gif(FRAMES, milliseconds=70))).info["loop"] == 0


def test_gif_shows_a_still_passage_for_its_whole_time():
    film = Image.open(io.BytesIO(images.gif(FRAMES[[0, 1, 1, 1, 2]], milliseconds=70)))
    total = 0
    for i in range(film.n_frames):
        film.seek(i)
        total += film.info["duration"]
    assert total == 5 * 70


def test_gif_needs_a_frame():
    with pytest.raises(ValueError, match="at least one frame"):
        images.gif(FRAMES[:0], milliseconds=70)


def test_tiles_that_would_overlap_are_refused():
    with pytest.raises(ValueError, match="no negative gap"):
        images.tile(np.zeros((2, 4, 4)), 2, gap=-1)
