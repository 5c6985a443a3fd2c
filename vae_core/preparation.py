"""From a photo, a scan or a drawing to a picture like those of MNIST, step by step."""

import io
import struct
import threading
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vae_core.images import SIDE, to_grey

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 5_000_000
MOST_PIXELS = 20_000_000
WORKING_SIDE = 400  # pixels: enough for a digit of 20, small enough to be quick
BOX = 20  # MNIST's digits fill a box of 20 x 20 pixels in a field of 28 x 28
STROKE = 2.2  # pixels in that box, about the stroke of MNIST's digits
SPECK = 0.02  # parts smaller than this share of the largest are dust

# A picture of 20 megapixels needs up to 200 MB while it is read: one at a time, however many visitors upload.
_reading = threading.Lock()


class UploadError(ValueError):
    """A file that is no picture to work with; the message says why and what to do."""


@dataclass(frozen=True)
class Preparation:
    """The picture after every step, each (height, width) in [0, 1], and what was found on the way."""

    grey: np.ndarray
    ink: np.ndarray  # the paper made black, strokes bright
    cleaned: np.ndarray  # clearly ink or not, dust gone, strokes as thick as MNIST's
    x: np.ndarray  # (28, 28) float32: scaled into MNIST's box and centred by mass
    inverted: bool  # dark strokes on light paper
    threshold: float  # share of the strongest ink
    thickened: float  # pixels of `cleaned` that were added to each side of a stroke

    @property
    def blank(self) -> bool:
        """Whether nothing was found on the paper."""
        return not self.x.any()


def read_upload(content: bytes) -> np.ndarray:
    """An uploaded PNG, JPEG or WebP as grey values in [0, 1], upright, its longer side at most 400 pixels.

    What is transparent becomes white behind dark ink and black behind light ink; of an animation the first picture counts.

    Raises
    ------
    UploadError
        If it is none of these, damaged, or too large.
    """
    if len(content) > MOST_BYTES:
        raise UploadError(f"The file has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES // 10**6} MB can be read.")
    try:
        with _reading, Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UploadError(
                    f"The picture has {image.width} x {image.height} pixels; make it smaller than"
                    f" {MOST_PIXELS // 10**6} megapixels."
                )
            image.draft("L", (WORKING_SIDE, WORKING_SIDE))  # a JPEG is read at a fraction of its size
            grey = to_grey(image, contrast=True)
    except Image.UnidentifiedImageError:
        raise UploadError("This file is no PNG, JPEG or WebP picture. Save the picture as one of these.") from None
    except Image.DecompressionBombError:
        raise UploadError(f"The picture is larger than {MOST_PIXELS // 10**6} megapixels. Make it smaller.") from None
    except UploadError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error):  # what Pillow makes of damaged files
        raise UploadError("The picture file is damaged or incomplete. Save it again, or choose another.") from None
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE))
    return np.asarray(grey, np.float32) / 255


def prepare(grey: np.ndarray, inverted: bool | None = None, threshold: float | None = None) -> Preparation:
    """Make a digit on paper a picture like MNIST's.

    The paper's brightness is a plane fitted to the rim, so that a shadow across the page does no harm; what is left of it is
    ink. MNIST's way follows: scaled to fit a box of 20 x 20, grey by anti-aliasing, its centre of mass in the middle of
    28 x 28.

    Parameters
    ----------
    grey : (height, width) in [0, 1]
    inverted : whether strokes are darker than the paper; None finds out
    threshold : share of the strongest ink, between 0 and 1, that is half ink, half paper; None takes Otsu's

    Source: LeCun et al. (1998), "Gradient-based learning applied to document recognition", on the Modified
    NIST set; Otsu (1979), "A threshold selection method from gray-level histograms".
    """
    signed = grey - _paper(grey)
    if inverted is None:
        inverted = bool(-np.quantile(signed, 0.005) > np.quantile(signed, 0.995))
    ink = np.clip(-signed if inverted else signed, 0, None)
    strongest = float(np.quantile(ink, 0.998))
    # On empty paper only the grain of the paper is left, and it would be made as bright as ink.
    ink = np.clip(ink / strongest, 0, 1) if strongest > 0.08 else np.zeros_like(ink)
    if threshold is None:
        threshold = otsu(ink)
    threshold = max(threshold, 0.05)
    # Full ink well above the threshold and none well below: MNIST's digits were black and white before they were scaled.
    clear = np.clip(0.5 + (ink - threshold) / threshold, 0, 1) if ink.any() else ink
    cleaned, thickened = _thick_as_mnist(_without_specks(clear))
    return Preparation(grey, ink, cleaned, like_mnist(cleaned), inverted, float(threshold), thickened)


def like_mnist(ink: np.ndarray) -> np.ndarray:
    """Bright strokes (height, width) scaled into a box of 20 x 20 and centred by mass: (28, 28) float32 in [0, 1].

    Source: LeCun et al. (1998), on the Modified NIST set.
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    x = np.zeros((SIDE, SIDE), np.float32)
    if not len(rows):
        return x
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(cut.shape)
    height, width = (max(1, round(scale * side)) for side in cut.shape)
    small = Image.fromarray(np.ascontiguousarray(cut, np.float32)).resize((width, height), Image.Resampling.BOX)
    small = np.clip(np.asarray(small), 0, 1)
    y_mass, x_mass = (
        float((small.sum(axis=1 - axis) @ np.arange(side)) / small.sum()) for axis, side in ((0, height), (1, width))
    )
    # Pixels are weighed by their upper left corners: the centres of mass of MNIST's own digits lie at 14.0, not at 13.5.
    top = int(np.clip(round(SIDE / 2 - y_mass), 0, SIDE - height))
    left = int(np.clip(round(SIDE / 2 - x_mass), 0, SIDE - width))
    x[top : top + height, left : left + width] = small
    return x


def thumbnail(picture: np.ndarray, side: int = 112) -> np.ndarray:
    """A step (height, width) in [0, 1], made smaller to be shown: its longer side is `side` pixels."""
    height, width = (max(1, round(side * length / max(picture.shape))) for length in picture.shape)
    image = Image.fromarray(np.ascontiguousarray(picture, np.float32))
    return np.clip(np.asarray(image.resize((width, height), Image.Resampling.BOX)), 0, 1)


def otsu(values: np.ndarray) -> float:
    """The threshold in [0, 1] that parts values in [0, 1] into the two groups of least variance within. Source: Otsu (1979)."""
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    total = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    if not np.isfinite(between).any():
        return 0.5
    best = np.nanmax(between)
    return float(edges[1:][between >= best * (1 - 1e-9)].mean())  # the middle, where nothing lies between the groups


def _paper(grey: np.ndarray) -> np.ndarray:
    """The brightness of the empty paper: a plane through the rim, fitted twice, the second time without outliers."""
    height, width = grey.shape
    v, u = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    rim = np.ones(grey.shape, bool)
    edge = max(1, min(height, width) // 20)
    rim[edge:-edge, edge:-edge] = False
    plane = np.stack([np.ones(grey.shape), v, u], axis=-1)
    at, values = plane[rim], grey[rim]
    near = np.abs(values - np.median(values)) < 0.3  # a stroke that runs over the rim is no paper
    for _ in range(2):
        factors, *_ = np.linalg.lstsq(at[near], values[near], rcond=None)
        apart = np.abs(values - at @ factors)
        near = apart <= max(2 * float(np.median(apart)), 0.02)
    return (plane @ factors).astype(np.float32)


def _without_specks(ink: np.ndarray) -> np.ndarray:
    """The ink without parts that are tiny beside the largest."""
    from scipy.ndimage import label

    parts, count = label(ink > 0, structure=np.ones((3, 3)))
    if count < 2:
        return ink
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.where((sizes >= SPECK * sizes.max())[parts], ink, 0)


def _thick_as_mnist(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """The ink with strokes at least as thick as MNIST's, once it is scaled; and by how many pixels they grew on each side.

    A thin pen would leave a faint grey line of the digit, which no network has seen.
    """
    from scipy.ndimage import distance_transform_edt, grey_dilation

    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return ink, 0.0
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    depth = distance_transform_edt(np.pad(ink > 0, 1))[1:-1, 1:-1]
    ridge = depth[(depth >= grey_dilation(depth, size=(3, 3))) & (depth > 0)]  # the middle of the strokes
    grow = int(max(0.0, round(STROKE * side / BOX / 2 - float(np.median(ridge)))))
    if not grow:
        return ink, 0.0
    padded = np.pad(ink, grow)
    v, u = np.mgrid[-grow : grow + 1, -grow : grow + 1]
    return grey_dilation(padded, footprint=v * v + u * u <= grow * grow), float(grow)
