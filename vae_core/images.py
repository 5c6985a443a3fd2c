"""Pictures of arrays: exact pixels on a fixed scale, never stretched, enlarged by whole pixels only."""

import io
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.PngImagePlugin import PngInfo

# Signed values: -1, 0, 1. Orange and purple differ to every kind of colour vision (ColorBrewer's PuOr; Harrower and
# Brewer 2003).
LESS, SAME, MORE = np.array([[230, 97, 1], [247, 247, 247], [94, 60, 153]], np.float64)

SIDE = 28  # of every picture, in pixels
MARGIN = 40  # the grey around a sheet that has names
GAP = 96  # mid-dark grey between tiles: visible beside black pictures on a light and on a dark page


def to_pixels(x: np.ndarray, scale: int = 1) -> np.ndarray:
    """Grey values in [0, 1] as bytes, rounded, each pixel enlarged to scale x scale.

    Parameters
    ----------
    x : (..., height, width)
    scale : a positive integer

    Returns
    -------
    (..., height * scale, width * scale) uint8

    Raises
    ------
    ValueError
        If a value lies outside [0, 1] or the scale is not a positive integer.
    """
    x = np.asarray(x)
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError("x has values outside [0, 1]")
    if scale != int(scale) or scale < 1:
        raise ValueError(f"scale is {scale}; it must be a positive integer")
    return np.rint(x * 255).astype(np.uint8).repeat(scale, axis=-2).repeat(scale, axis=-1)


def signed(x: np.ndarray, scale: int = 1) -> np.ndarray:
    """Signed values in [-1, 1] as colours: orange below 0, white at 0, purple above, always on this one scale.

    Parameters
    ----------
    x : (height, width)
    scale : as in `to_pixels`

    Returns
    -------
    (height * scale, width * scale, 3) uint8

    Raises
    ------
    ValueError
        If a value lies outside [-1, 1] or the scale is not a positive integer.
    """
    x = np.asarray(x)
    if x.size and not (x.min() >= -1 and x.max() <= 1):
        raise ValueError("x has values outside [-1, 1]")
    if scale != int(scale) or scale < 1:
        raise ValueError(f"scale is {scale}; it must be a positive integer")
    share = np.abs(x, dtype=np.float64)[..., None]
    colours = SAME + share * (np.where(x[..., None] < 0, LESS, MORE) - SAME)
    return enlarged(np.rint(colours).astype(np.uint8), scale)


def tile(x: np.ndarray, columns: int, scale: int = 1, gap: int = 0) -> np.ndarray:
    """Pictures (n, height, width) side by side, row by row, as one picture of bytes (rows, columns) uint8.

    `gap` is in pixels of the result. Places left over in the last row have the gap's grey.

    Raises
    ------
    ValueError
        If there is no picture or no column, if the gap is negative, or as `to_pixels`.
    """
    if len(x) == 0 or columns < 1 or gap < 0:
        raise ValueError("a sheet needs at least one picture and one column, and no negative gap")
    pixels = to_pixels(x, scale)
    count, height, width = pixels.shape
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + gap, width + gap), GAP, np.uint8)
    cells[:count, :height, :width] = pixels
    sheet = cells.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2).reshape(rows * (height + gap), -1)
    return np.ascontiguousarray(sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap])


def labelled(sheet: np.ndarray, rows: Sequence[str], columns: Sequence[str] = (), size: int = 20) -> np.ndarray:
    """A sheet of bytes (height, width) with a name left of each of its rows and above each of its columns.

    `size` is the height of the letters in pixels; column names shrink to fit their columns. Rows and columns must be
    evenly spaced, as `tile` makes them. White letters on the dark grey of the margin, on any page.
    """
    height, width = sheet.shape
    font = ImageFont.load_default(size)
    left = round(max(font.getlength(row) for row in rows)) + size if rows else 0
    top = round(1.6 * size) if columns else 0
    page = Image.new("L", (left + width, top + height), MARGIN)
    page.paste(Image.fromarray(sheet), (left, top))
    pen = ImageDraw.Draw(page)
    for i, row in enumerate(rows):
        pen.text((size // 2, top + (i + 0.5) * height / len(rows)), row, 255, font, anchor="lm")
    if columns:
        widest = max(font.getlength(column) for column in columns)
        font = font.font_variant(size=min(size, int(size * 0.9 * width / len(columns) / widest)))
    for i, column in enumerate(columns):
        pen.text((left + (i + 0.5) * width / len(columns), top / 2), column, 255, font, anchor="mm")
    return np.asarray(page)


def png(pixels: np.ndarray, about: dict[str, object] | None = None) -> bytes:
    """A picture of bytes, (height, width) grey or (height, width, 3) in colour, as an exact PNG file.

    `about` is kept inside the file as text, a chunk for each entry: the model, the seed, the settings.
    """
    texts = PngInfo()
    for name, value in (about or {}).items():
        texts.add_itxt(name, str(value))
    if pixels.ndim == 3:
        picture = Image.fromarray(pixels)
    else:  # a palette of all greys: Pillow tries no filters on it, and with runs alone is three times as quick
        picture = Image.frombytes("P", pixels.shape[::-1], pixels.tobytes())
        picture.putpalette(np.arange(256, dtype=np.uint8).repeat(3).tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1, compress_type=zlib.Z_RLE, pnginfo=texts)
    return out.getvalue()


def unpacked(data: bytes) -> np.ndarray:
    """The bytes of a grey picture, (height, width) uint8, out of the file that `png` made of them."""
    return np.asarray(Image.open(io.BytesIO(data)))


def enlarged(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Each pixel of (height, width), or of (height, width, 3), as a square of scale x scale."""
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def gif(frames: np.ndarray, milliseconds: int, about: dict[str, object] | None = None) -> bytes:
    """Pictures of bytes (n, height, width), grey, as an endless GIF that shows each for `milliseconds`; exact greys.

    `about` is kept inside the file as its comment.

    Raises
    ------
    ValueError
        If there is no frame.
    """
    if len(frames) == 0:
        raise ValueError("a GIF needs at least one frame")
    first, *rest = (Image.fromarray(frame) for frame in frames)
    out = io.BytesIO()
    comment = "; ".join(f"{name}: {value}" for name, value in (about or {}).items())
    first.save(
        out,
        "GIF",
        save_all=True,
        append_images=rest,
        duration=milliseconds,
        loop=0,
        optimize=False,
        comment=comment.encode(),
    )
    return out.getvalue()


def to_grey(image: Image.Image, contrast: bool = False) -> Image.Image:
    """An opened picture of any kind as 8-bit grey, upright; of many frames the first.

    What is transparent becomes black; with `contrast` white, if what is opaque is dark.

    Raises
    ------
    OSError
        If the file behind it is truncated or broken.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, np.float64)
        if image.mode.startswith("I") and values.max(initial=0) > 255:
            values = values / 257  # 16 bits: 65535 is white
        elif image.mode == "F" and values.max(initial=0) <= 1:
            values = values * 255
        return Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        behind = "white" if contrast and _is_dark(image) else "black"
        image = Image.alpha_composite(Image.new("RGBA", image.size, behind), image)
    return image.convert("L")


def _is_dark(image: Image.Image) -> bool:
    """Whether what is opaque in an RGBA picture is darker than middle grey on average; False where nothing is."""
    alpha = np.asarray(image.getchannel("A"), np.float32)
    return float(((np.asarray(image.convert("L"), np.float32) - 127.5) * alpha).sum()) < 0
