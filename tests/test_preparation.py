"""Uploads of every kind, and what becomes of a digit on paper."""

import io
import struct
import zlib

import numpy as np
import pytest
from conftest import ARTIFACTS, SHIPPED
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from vae_core import inference
from vae_core.data import load_gallery
from vae_core.manifest import read_manifest
from vae_core.model import load_vae
from vae_core.preparation import MOST_BYTES, UploadError, like_mnist, otsu, prepare, read_upload


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    images = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"])
    return images.x[:: len(images.x) // 40]


def on_paper(x: np.ndarray, seed: int = 0) -> np.ndarray:
    """A digit as a photo has it: dark ink off the middle of a light page, a shadow across, grain."""
    random = np.random.default_rng(seed)
    ink = (
        np.asarray(Image.fromarray(np.rint(255 * x).astype(np.uint8)).resize((170, 170), Image.Resampling.BICUBIC))
        / 255
    )
    page = 0.8 + np.linspace(-0.2, 0.1, 400)[None] + np.linspace(-0.1, 0.05, 300)[:, None]
    top, left = random.integers(5, 125), random.integers(5, 225)
    page[top : top + 170, left : left + 170] -= 0.5 * ink
    return np.clip(page + 0.02 * random.standard_normal(page.shape), 0, 1).astype(np.float32)


def file_of(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_a_photographed_digit_is_the_digit_again(digits):
    """Moved by at most two pixels, and up to what the grain takes from its rim."""
    apart = []
    for i, x in enumerate(digits):
        made = prepare(on_paper(x, i))
        assert made.inverted
        moved = [np.roll(made.x, (v, u), (0, 1)) for v in range(-2, 3) for u in range(-2, 3)]
        apart.append(min(np.abs(other - x).sum() / x.sum() for other in moved))
    assert np.median(apart) < 0.2
    assert max(apart) < 0.5


def test_a_photographed_digit_lies_nearest_to_its_own_code(digits):
    model = load_vae(ARTIFACTS, SHIPPED["mnist-z10"])
    photographed = np.stack([prepare(on_paper(x, i)).x for i, x in enumerate(digits)])
    mu, _ = inference.encode(model, digits)
    own, _ = inference.encode(model, photographed)
    distances = np.linalg.norm(own[:, None] - mu[None], axis=2)
    assert (distances.argmin(axis=1) == np.arange(len(digits))).mean() > 0.75


def test_light_strokes_on_a_dark_board_need_no_inversion(digits):
    made = prepare(1 - on_paper(digits[3]))
    assert not made.inverted
    np.testing.assert_allclose(made.x, prepare(on_paper(digits[3])).x, atol=1e-3)


def test_the_wrong_inversion_and_another_threshold_change_the_picture(digits):
    page = on_paper(digits[3])
    right = prepare(page)
    assert not np.array_equal(prepare(page, inverted=False).x, right.x)
    assert prepare(page, threshold=0.9).x.sum() < right.x.sum()


def test_a_thin_pen_becomes_a_stroke_like_mnists():
    page = np.full((300, 300), 0.9, np.float32)
    page[60:240, 150:153] = 0.2
    made = prepare(page)
    assert made.thickened > 0
    assert made.x.max() > 0.9
    assert 1.5 < made.x.sum() / 20 < 3.2  # a line of 20 pixels, two or three wide


def test_dust_beside_the_digit_is_left_out(digits):
    page = on_paper(digits[3])
    dusty = page.copy()
    dusty[2:5, 2:5] = 0.1
    np.testing.assert_allclose(prepare(dusty).x, prepare(page).x, atol=0.02)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_empty_paper_is_blank_even_with_grain(grey):
    random = np.random.default_rng(0)
    assert prepare(np.full((90, 70), grey, np.float32)).blank
    assert prepare(np.clip(grey + 0.01 * random.standard_normal((90, 70)), 0, 1).astype(np.float32)).blank


@given(arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 1, width=32)))
def test_any_picture_becomes_one_like_mnists(grey):
    for inverted in (None, True, False):
        x = prepare(grey, inverted).x
        assert x.shape == (28, 28)
        assert x.dtype == np.float32
        assert 0 <= x.min() <= x.max() <= 1


def test_the_box_is_20_pixels_and_the_mass_is_in_the_middle():
    ink = np.zeros((200, 300))
    ink[20:180, 50:70] = 1
    ink[160:180, 50:130] = 1  # an L
    x = like_mnist(ink)
    rows, columns = np.flatnonzero(x.any(axis=1)), np.flatnonzero(x.any(axis=0))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (20, 10)
    v, u = np.mgrid[:28, :28]
    assert abs((v * x).sum() / x.sum() - 14) <= 0.5
    assert abs((u * x).sum() / x.sum() - 14) <= 0.5


def test_nothing_stays_nothing():
    assert not like_mnist(np.zeros((30, 20))).any()


def test_otsu_parts_two_groups():
    random = np.random.default_rng(1)
    values = np.concatenate([random.normal(0.1, 0.03, 900), random.normal(0.8, 0.05, 100)])
    assert 0.2 < otsu(values) < 0.7


KINDS = {
    "PNG": lambda grey: file_of(grey, "PNG"),
    "JPEG": lambda grey: file_of(grey, "JPEG", quality=95),
    "WebP": lambda grey: file_of(grey, "WEBP", lossless=True),
    "16 bit": lambda grey: file_of(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), "PNG"),
    "palette": lambda grey: file_of(grey.convert("P"), "PNG"),
    "one bit": lambda grey: file_of(grey.point(lambda v: 255 * (v > 153), "1"), "PNG"),
    "CMYK": lambda grey: file_of(grey.convert("CMYK"), "JPEG", quality=95),
    "colour": lambda grey: file_of(grey.convert("RGB"), "JPEG", quality=95),
    "alpha": lambda grey: file_of(Image.merge("LA", (Image.new("L", grey.size, 255), grey)), "PNG"),
    "animated": lambda grey: file_of(grey, "WEBP", save_all=True, append_images=[grey.rotate(180)], lossless=True),
    "animated PNG": lambda grey: file_of(grey, "PNG", save_all=True, append_images=[grey.rotate(180)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_is_the_same_digit(kind, digits):
    grey = Image.fromarray(np.rint(255 * (1 - on_paper(digits[5]))).astype(np.uint8))
    expected = prepare(np.asarray(grey, np.float32) / 255)
    made = prepare(read_upload(KINDS[kind](grey)), inverted=False)
    assert np.abs(made.x - expected.x).mean() < (0.05 if kind == "one bit" else 0.02)


def with_ink(kind: str, ink: int, alpha: np.ndarray) -> bytes:
    """Ink of one grey on transparent paper, (height, width) uint8, as a PNG of this kind."""
    grey = np.where(alpha > 0, ink, 0).astype(np.uint8)  # transparent pixels are black, as most programs write them
    if kind == "P":
        image = Image.fromarray(np.where(alpha > 0, 1, 0).astype(np.uint8), "P")
        image.putpalette([0, 0, 0, ink, ink, ink])
        return file_of(image, "PNG", transparency=0)
    bands = {"LA": (grey, alpha), "RGBA": (grey, grey, grey, alpha)}[kind]
    return file_of(Image.merge(kind, [Image.fromarray(band) for band in bands]), "PNG")


@pytest.mark.parametrize("kind", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("ink", [0, 40, 220, 255])
def test_ink_on_transparent_paper_is_read_whether_dark_or_light(kind, ink, digits):
    alpha = np.asarray(Image.fromarray(np.rint(255 * digits[5]).astype(np.uint8)).resize((280, 280)))
    if kind == "P":
        alpha = np.where(alpha > 127, 255, 0).astype(np.uint8)  # a palette knows ink or none
    made = prepare(read_upload(with_ink(kind, ink, alpha)))
    assert made.inverted == (ink < 128)
    assert np.abs(made.x - prepare(alpha / np.float32(255)).x).mean() < 0.02


def test_a_wholly_transparent_picture_is_blank():
    assert prepare(read_upload(with_ink("RGBA", 0, np.zeros((30, 40), np.uint8)))).blank


def test_a_photo_lying_on_its_side_is_turned_upright(digits):
    page = Image.fromarray(np.rint(255 * on_paper(digits[5])).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held a quarter turn to the right
    lying = page.transpose(Image.Transpose.ROTATE_90)
    upright = read_upload(file_of(lying, "JPEG", quality=95, exif=exif))
    assert upright.shape == (300, 400)
    assert np.abs(prepare(upright).x - prepare(on_paper(digits[5])).x).mean() < 0.02


def test_a_large_photo_is_made_small():
    photo = Image.new("RGB", (4000, 3000), "white")
    assert read_upload(file_of(photo, "JPEG")).shape == (300, 400)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


WHOLE = file_of(Image.fromarray(np.arange(10_000, dtype=np.uint32).reshape(100, 100).astype(np.uint8)), "PNG")
REFUSED = {
    "empty": (b"", "no PNG, JPEG or WebP"),
    "text": (b"Just a text, renamed to digit.png\n" * 50, "no PNG, JPEG or WebP"),
    "another format": (file_of(Image.new("L", (20, 20)), "BMP"), "no PNG, JPEG or WebP"),
    "GIF": (file_of(Image.new("L", (20, 20)), "GIF"), "no PNG, JPEG or WebP"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no PNG, JPEG or WebP"),
    "truncated PNG": (WHOLE[: len(WHOLE) // 2], "damaged or incomplete"),
    "truncated JPEG": (file_of(Image.effect_noise((300, 300), 90), "JPEG")[:4000], "damaged or incomplete"),
    "truncated WebP": (file_of(Image.effect_noise((300, 300), 90), "WEBP")[:4000], "damaged or incomplete|no PNG"),
    "21 megapixels": (bomb(7000, 3000), "megapixels"),
    "bomb": (bomb(60_000, 60_000), "megapixels"),
    "warned-of bomb": (bomb(10_000, 10_000), "megapixels"),
    "no pixels": (bomb(0, 10), "damaged or incomplete|no PNG"),
    "too many bytes": (WHOLE + bytes(MOST_BYTES), "at most 5 MB"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_picture_is_refused_in_one_sentence(kind):
    content, reason = REFUSED[kind]
    with pytest.raises(UploadError, match=reason) as refusal:
        read_upload(content)
    assert len(str(refusal.value)) < 120
    assert "\n" not in str(refusal.value)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_damaged_byte_gives_a_picture_or_one_sentence(place, value):
    damaged = bytearray(WHOLE)
    damaged[place] = value
    try:
        grey = read_upload(bytes(damaged))
    except UploadError:
        return
    assert grey.dtype == np.float32
    assert 0 <= grey.min() <= grey.max() <= 1
