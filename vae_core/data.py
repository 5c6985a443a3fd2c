"""The image sets: galleries that the app shows, and official splits with the gallery held out of training."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_core.manifest import ImageSet, read_arrays

PROJECT = Path(__file__).parents[1]
GALLERY_SIZE = 5000


class DataError(Exception):
    """A data set is missing or unreadable; the message names the folder and the remedy."""


@dataclass(frozen=True)
class Dataset:
    """What a data set is called: here, by its readers, and by torchvision."""

    title: str
    classes: tuple[str, ...]
    torchvision: str


DATASETS = {
    "mnist": Dataset("MNIST", tuple("0123456789"), "MNIST"),
    "fashion": Dataset(
        "Fashion-MNIST",
        ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        "FashionMNIST",
    ),
}


@dataclass(frozen=True)
class Images:
    """Pictures with their labels."""

    x: np.ndarray  # (n, 28, 28) float32 in [0, 1]
    y: np.ndarray  # (n,) int64


def data_dir() -> Path:
    """Where downloaded data sets lie: the environment variable VAE_DATA_DIR, or `data/` in the project."""
    return Path(os.environ.get("VAE_DATA_DIR") or PROJECT / "data")


def load_gallery(root: str | Path, name: str, image_set: ImageSet) -> Images:
    """The pictures whose codes are shipped, in the order of the codes. Imports neither torch nor torchvision.

    MNIST: 5,000 official training images that no model trained on, shipped below `root`. Fashion-MNIST: the first 5,000
    official test images, read from the reader's own download in `data_dir()`. One's own data: those held out.

    Raises
    ------
    ArtifactError
        If the shipped file is missing or altered.
    DataError
        If the pictures are not shipped and not downloaded, or the download holds other pictures.
    """
    if image_set.file is None:
        x, y = _downloaded_test_images(name, image_set.count)
    else:
        x, y = read_arrays(root, image_set.file, "x", "y")
    if pixels_sha256(x) != image_set.pixels_sha256:
        raise DataError(
            f"The {image_set.title} pictures found are not those that the shipped codes were computed from."
            f" Delete {data_dir() / DATASETS[name].torchvision} and download them again."
        )
    return Images(x.astype(np.float32) / 255, y.astype(np.int64))


def pixels_sha256(x: np.ndarray) -> str:
    """SHA-256 of (n, 28, 28) uint8 pixels."""
    return hashlib.sha256(np.ascontiguousarray(x, np.uint8).tobytes()).hexdigest()


def official(name: str, train: bool) -> Images:
    """An official split in its official order, from `data_dir()`, downloaded by torchvision when it is not there.

    Raises
    ------
    DataError
        If the data are not there and cannot be downloaded.
    """
    from torchvision import datasets  # heavy, and needed for training and evaluation only

    folder, kind = data_dir(), getattr(datasets, DATASETS[name].torchvision)
    try:
        try:
            split = kind(folder, train=train, download=False)
        except RuntimeError:  # torchvision's word for "not found"
            split = kind(folder, train=train, download=True)
    except ValueError as error:
        raise DataError(
            f"The files of {DATASETS[name].title} in {folder} are damaged ({error}). Delete them and run this again."
        ) from error
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{DATASETS[name].title} is not in {folder} and could not be downloaded ({error})."
            " Connect to the internet, or set VAE_DATA_DIR to a folder that torchvision downloaded it to."
        ) from error
    return Images(split.data.numpy().astype(np.float32) / 255, split.targets.numpy().astype(np.int64))


def training_split(root: str | Path, name: str, image_set: ImageSet) -> tuple[Images, Images]:
    """The official training images that models train on, and those held out to choose between models.

    Raises `DataError` and `ArtifactError` as `official` and `load_gallery` do.
    """
    images = official(name, train=True)
    out = held_out(name, len(images.x), gallery_index(root, name, image_set))
    return Images(images.x[~out], images.y[~out]), Images(images.x[out], images.y[out])


def held_out(name: str, count: int, gallery_index: np.ndarray) -> np.ndarray:
    """Which of `count` official training images no model may train on, (count,) bool: they choose between models.

    MNIST: the gallery, given by its official training indices. Fashion-MNIST: the last 5,000.
    """
    mask = np.zeros(count, bool)
    if name == "mnist":
        mask[gallery_index] = True
    else:
        mask[-GALLERY_SIZE:] = True
    return mask


def gallery_index(root: str | Path, name: str, image_set: ImageSet) -> np.ndarray:
    """Official indices of the gallery's pictures: in MNIST's training set, or in Fashion-MNIST's test set."""
    if image_set.file is None:
        return np.arange(image_set.count)
    return read_arrays(root, image_set.file, "index")[0].astype(np.int64)


def _downloaded_test_images(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` official test images and labels, read from torchvision's raw IDX files without torchvision."""
    folder = data_dir() / DATASETS[name].torchvision / "raw"
    remedy = f"Download {DATASETS[name].title}, or set VAE_DATA_DIR to a folder that has it."
    try:
        pixels = (folder / "t10k-images-idx3-ubyte").read_bytes()
        labels = (folder / "t10k-labels-idx1-ubyte").read_bytes()
    except OSError:
        raise DataError(f"The pictures of {DATASETS[name].title} are not in {data_dir()}. {remedy}") from None
    # IDX: a header of 16 bytes before the images and 8 before the labels, then one byte each.
    x = np.frombuffer(pixels[16 : 16 + count * 784], np.uint8)
    y = np.frombuffer(labels[8 : 8 + count], np.uint8)
    if x.size != count * 784 or y.size != count:
        raise DataError(f"The files in {folder} are truncated. Delete them. {remedy}")
    return x.reshape(count, 28, 28), y
