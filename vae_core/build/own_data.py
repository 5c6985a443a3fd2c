"""A data set of one's own: a folder of images or a CSV file, made 28 x 28 grey and split in three."""

import argparse
import os
import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from vae_core.build.publish import BuildError, store_arrays, update_manifest
from vae_core.data import DATASETS, GALLERY_SIZE, DataError, Images, pixels_sha256
from vae_core.images import SIDE, to_grey, to_pixels
from vae_core.manifest import ImageSet, Manifest

SMALLEST_SET = 100
SMALLEST_CLASS = 10
SMALLEST_PART = 30  # images: fewer codes make no map
HELD_OUT = 0.1  # of each class for the gallery, and as much for the test
DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class OwnData:
    """Images in three parts that share none: to train on, to choose by and show in the gallery, to report on."""

    name: str  # what recipes and the manifest call it
    title: str
    classes: tuple[str, ...]
    train: Images
    gallery: Images
    test: Images
    skipped: tuple[str, ...]  # one line for each image that could not be read


def read_own(source: str, classes: tuple[str, ...] = ()) -> OwnData:
    """Read `folder:PATH` or `csv:PATH` and split it, the same way every time.

    folder: one subfolder a class, named for it; images of any format and size that Pillow reads, fitted into 28 x 28.
    Images that cannot be read are skipped and listed. csv: a label and 784 pixels from 0 to 255 in each row, with or
    without a header; labels are 0 to 9, or places in `classes`.

    Raises
    ------
    DataError
        If there is nothing at that path, a class is empty or too small, or a column, label or pixel is wrong.
    """
    kind, _, place = source.partition(":")
    path = Path(place).expanduser()
    if kind not in ("folder", "csv") or not place:
        raise DataError(f"--data is {source!r}; give folder:PATH or csv:PATH.")
    if kind == "folder":
        x, y, classes, skipped = _read_folder(path)
    else:
        x, y, classes = _read_csv(path, classes or DIGITS)
        skipped = ()
    counts = np.bincount(y, minlength=len(classes))
    if small := [f"{name} has {count}" for name, count in zip(classes, counts, strict=True) if count < SMALLEST_CLASS]:
        raise DataError(f"Every class of {path} needs at least {SMALLEST_CLASS} images: {', '.join(small)}.")
    if len(x) < SMALLEST_SET:
        raise DataError(f"{path} has {len(x)} images; at least {SMALLEST_SET} are needed to train, choose and test.")
    gallery, test = _parts(y)
    rest = np.setdiff1d(np.arange(len(y)), np.concatenate([gallery, test]))

    def images(rows: np.ndarray) -> Images:
        return Images(x[rows].astype(np.float32) / 255, y[rows])

    title = path.resolve().stem
    return OwnData(_slug(title), title, classes, images(rest), images(gallery), images(test), skipped)


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that name a data set of one's own, for `own_data_of`."""
    parser.add_argument("--data", metavar="SOURCE", help="your own data: folder:PATH or csv:PATH")
    parser.add_argument("--classes", metavar="A,B,C", help="what the labels 0, 1, 2 of a CSV file mean")


def own_data_of(options: argparse.Namespace) -> OwnData | None:
    """The data that a command line asks for, None if it asks for none; says which images were skipped."""
    if options.data is None:
        return None
    own = read_own(options.data, tuple(options.classes.split(",")) if options.classes else ())
    if os.environ.get("RANK", "0") != "0":  # of the processes that torchrun starts, the first one speaks
        return own
    if own.skipped:
        print(f"Skipped {len(own.skipped)} images that cannot be read:", *own.skipped, sep="\n  ")
    sizes = f"{len(own.train.x)} to train on, {len(own.gallery.x)} for the gallery, {len(own.test.x)} to test on"
    print(f"{own.title}: {len(own.classes)} classes, {sizes}.")
    return own


def check_gallery(manifest: Manifest, own: OwnData) -> None:
    """Refuse a data set whose name stands for other pictures already: codes and gallery must fit each other."""
    known = manifest.images.get(own.name)
    if known is not None and known.pixels_sha256 != pixels_sha256(to_pixels(own.gallery.x)):
        raise BuildError(
            f"The manifest has other pictures under the name {own.name}. Rename the folder or file of the new ones."
        )


def publish_gallery(root: Path, own: OwnData) -> None:
    """Put the gallery below `root` and into its manifest, where the app finds it."""
    x = to_pixels(own.gallery.x)
    file = store_arrays(root, "images", own.name, {"x": x, "y": own.gallery.y.astype(np.uint8)})
    entry = ImageSet(own.title, own.classes, len(x), "one's own data", pixels_sha256(x), file)
    update_manifest(root, lambda manifest: replace(manifest, images={**manifest.images, own.name: entry}))


def fitted(image: Image.Image) -> np.ndarray:
    """A picture as (28, 28) uint8 grey: whole, its shape kept, on the grey of its own rim where it is not square."""
    grey = to_grey(image)
    if grey.size == (SIDE, SIDE):
        return np.asarray(grey)
    pixels = np.asarray(grey)
    rim = int(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))
    return np.asarray(ImageOps.pad(grey, (SIDE, SIDE), Image.Resampling.LANCZOS, color=rim))


def _read_folder(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[str, ...]]:
    from torchvision.datasets import ImageFolder  # heavy, and needed for folders only

    readable = tuple(Image.registered_extensions())
    if not path.is_dir():
        raise DataError(f"There is no folder {path}.")
    try:
        folder = ImageFolder(str(path), is_valid_file=lambda name: name.lower().endswith(readable))
    except FileNotFoundError as error:  # torchvision's word for no class at all, and for classes without images
        raise DataError(f"{path} needs one subfolder of images for each class ({error}).") from None
    x, y, skipped = [], [], []
    for name, label in tqdm(folder.samples, desc=f"reading {path}", unit=" images"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(name) as image:
                    x.append(fitted(image))
            y.append(label)
        except Exception as error:  # whatever a broken file makes Pillow raise
            skipped.append(f"{name}: {error}")
    if not x:
        raise DataError(f"None of the {len(skipped)} images in {path} can be read.")
    return np.stack(x), np.array(y, np.int64), tuple(folder.classes), tuple(skipped)


def _read_csv(path: Path, classes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig") as file:
            header = not _is_number(file.readline().split(",")[0])
        table = pd.read_csv(path, header=0 if header else None, dtype=np.float32, encoding="utf-8-sig").to_numpy()
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise DataError(f"{path} is not a table of numbers ({' '.join(str(error).split())}).") from error
    if table.shape[1] != 1 + SIDE * SIDE:
        raise DataError(f"{path} has {table.shape[1]} columns; it must have 785, the label and 784 pixels.")
    labels, pixels = table[:, 0], table[:, 1:]
    whole = np.isfinite(pixels).all(axis=1) & ((pixels >= 0) & (pixels <= 255)).all(axis=1)
    if not whole.all():
        raise DataError(f"Row {whole.argmin() + 1} of {path} has a pixel that is missing or not from 0 to 255.")
    known = np.isin(labels, np.arange(len(classes)))
    if not known.all():
        row = known.argmin()
        raise DataError(
            f"Row {row + 1} of {path} has the label {labels[row]:g}; labels are whole numbers from 0 to"
            f" {len(classes) - 1}. Where there are other classes, name them all: --classes A,B,C."
        )
    return np.rint(pixels).astype(np.uint8).reshape(-1, SIDE, SIDE), labels.astype(np.int64), classes


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parts(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the gallery and of the test, each in a random order, with every class's share in both."""
    share = min(max(HELD_OUT, SMALLEST_PART / len(y)), GALLERY_SIZE / len(y))
    random = np.random.default_rng(0)
    gallery, test = [], []
    for label in np.unique(y):
        rows = random.permutation(np.flatnonzero(y == label))
        count = max(1, round(share * len(rows)))
        gallery.append(rows[:count])
        test.append(rows[count : 2 * count])
    return random.permutation(np.concatenate(gallery)), random.permutation(np.concatenate(test))


def _slug(title: str) -> str:
    """A title as an id: lower case, no spaces, and no data set that is there already."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "own"
    return f"own-{slug}" if slug in DATASETS else slug
