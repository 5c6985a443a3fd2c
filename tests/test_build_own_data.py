"""One's own data: read from folders and tables, broken images reported, nonsense refused, a model that the app shows."""

import dataclasses
import json

import numpy as np
import pytest
from conftest import TINY
from PIL import Image

from vae_core.build import cards, evaluate, project
from vae_core.build import train as build
from vae_core.build.own_data import fitted, read_own
from vae_core.data import DataError, load_gallery, official
from vae_core.manifest import Manifest, load_manifest, read_manifest, write_manifest
from vae_core.projection import load_codes, load_maps

COUNT = 120


def pictures(count: int = COUNT, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright row that tells the class."""
    y = np.arange(count) % classes
    x = np.random.default_rng(0).integers(0, 60, (count, 28, 28), dtype=np.uint8)
    for picture, label in zip(x, y, strict=True):
        picture[5 + 2 * label] = 255
    return x, y


@pytest.fixture
def folder(tmp_path):
    """A folder `My shapes` with a subfolder for each of three classes, exact PNGs."""
    x, y = pictures()
    root = tmp_path / "My shapes"
    for i, (picture, label) in enumerate(zip(x, y, strict=True)):
        place = root / f"class {'abc'[label]}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{i:03d}.png")
    return root


def table(path, x: np.ndarray, y: np.ndarray, header: bool) -> str:
    rows = ["label," + ",".join(f"pixel{i}" for i in range(x[0].size))] if header else []
    rows += [f"{label}," + ",".join(map(str, picture.ravel())) for picture, label in zip(x, y, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return f"csv:{path}"


def all_pixels(own) -> set[bytes]:
    parts = (own.train, own.gallery, own.test)
    return {np.rint(picture * 255).astype(np.uint8).tobytes() for part in parts for picture in part.x}


def test_a_folder_of_png_files_is_read_pixel_by_pixel(folder):
    own = read_own(f"folder:{folder}")
    assert all_pixels(own) == {picture.tobytes() for picture in pictures()[0]}
    assert own.classes == ("class a", "class b", "class c")
    assert (own.name, own.title) == ("my-shapes", "My shapes")


def test_the_three_parts_share_no_picture_and_hold_every_class(folder):
    own = read_own(f"folder:{folder}")
    parts = (own.train, own.gallery, own.test)
    assert sum(len(part.x) for part in parts) == len(all_pixels(own)) == COUNT
    assert all(set(part.y) == {0, 1, 2} for part in parts)


def test_labels_stay_with_their_pictures(folder):
    own = read_own(f"folder:{folder}")
    for part in (own.train, own.gallery, own.test):
        assert all(part.x[i, 5 + 2 * label].min() == 1 for i, label in enumerate(part.y))


def test_reading_twice_splits_the_same_way(folder):
    one, other = (read_own(f"folder:{folder}") for _ in range(2))
    np.testing.assert_array_equal(one.gallery.x, other.gallery.x)


@pytest.mark.parametrize("header", [True, False])
def test_a_table_is_read_with_and_without_a_header(tmp_path, header):
    x, y = pictures(classes=10)
    own = read_own(table(tmp_path / "shapes.csv", x, y, header))
    assert all_pixels(own) == {picture.tobytes() for picture in x}
    assert own.classes == tuple("0123456789")


def test_classes_of_a_table_can_be_named(tmp_path):
    x, y = pictures()
    assert read_own(table(tmp_path / "t.csv", x, y, False), ("A", "B", "C")).classes == ("A", "B", "C")


def test_broken_images_are_skipped_and_named(folder):
    good = (folder / "class a" / "000.png").read_bytes()
    (folder / "class a" / "truncated.png").write_bytes(good[: len(good) // 2])
    (folder / "class b" / "no picture.jpg").write_text("hello")
    own = read_own(f"folder:{folder}")
    assert len(own.skipped) == 2
    assert "truncated.png" in own.skipped[0]
    assert "no picture.jpg" in own.skipped[1]
    assert len(all_pixels(own)) == COUNT


def test_a_decompression_bomb_is_skipped(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    Image.new("L", (120, 120)).save(folder / "class c" / "bomb.png")
    assert ["bomb.png" in line for line in read_own(f"folder:{folder}").skipped] == [True]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGB", (28, 28), (255, 255, 255)), 255),
        (Image.new("RGBA", (28, 28), (255, 255, 255, 0)), 0),
        (Image.fromarray(np.full((28, 28), 65535, np.uint16)), 255),
        (Image.new("1", (28, 28), 1), 255),
        (Image.new("CMYK", (28, 28), (0, 0, 0, 255)), 0),
        (Image.new("P", (28, 28), 0), 0),
        (Image.new("F", (28, 28), 1.0), 255),
    ],
)
def test_every_mode_becomes_grey(image, expected):
    np.testing.assert_array_equal(fitted(image), np.full((28, 28), expected, np.uint8))


def test_a_picture_that_is_not_square_keeps_its_shape_on_the_grey_of_its_rim():
    image = Image.new("L", (280, 140), 200)
    image.paste(40, (70, 40, 210, 100))
    pixels = fitted(image)
    assert pixels.shape == (28, 28)
    assert (pixels[:6] == 200).all()
    assert (pixels[-6:] == 200).all()
    dark = np.argwhere(pixels < 120)
    assert np.ptp(dark, axis=0).tolist() == [5, 13]  # 6 by 14 pixels


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x, y: (x[:, :27], y), "757 columns; it must have 785"),
        (
            lambda x, y: (x, np.where(np.arange(len(y)) == 4, 12, y)),
            "Row 5 .* label 12; labels are whole numbers from 0 to 9",
        ),
        (lambda x, y: (x, np.where(np.arange(len(y)) == 4, -1, y)), "label -1"),
        (
            lambda x, y: (x.astype(int) * np.where(np.arange(len(y)) == 6, 2, 1)[:, None, None], y),
            "Row 7 .* from 0 to 255",
        ),
        (lambda x, y: (x[y != 3], y[y != 3]), "at least 10 images: 3 has 0"),
        (lambda x, y: (x[:60], y[:60]), "at least 10 images"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(tmp_path, spoil, message):
    x, y = spoil(*pictures(classes=10))
    with pytest.raises(DataError, match=message):
        read_own(table(tmp_path / "t.csv", x, y, True))


@pytest.mark.parametrize("text", ["", "label,a\n1,x\n", "1,2\n1,2,3\n", "\x00\xff"])
def test_a_file_that_is_no_table_of_numbers_is_refused(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError):
        read_own(f"csv:{tmp_path / 't.csv'}")


def test_an_empty_class_is_refused_by_name(folder):
    (folder / "nothing").mkdir()
    with pytest.raises(DataError, match="nothing"):
        read_own(f"folder:{folder}")


@pytest.mark.parametrize("source", ["folder:/nowhere", "csv:/nowhere.csv", "zip:x", "folder:", "data"])
def test_what_is_not_there_or_not_known_is_refused(source):
    with pytest.raises(DataError):
        read_own(source)


def test_a_folder_without_classes_is_refused(tmp_path):
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="one subfolder of images for each class"):
        read_own(f"folder:{tmp_path}")


def test_an_official_name_is_not_taken(tmp_path):
    x, y = pictures(classes=10)
    assert read_own(table(tmp_path / "MNIST.csv", x, y, True)).name == "own-mnist"


@pytest.fixture
def recipe(tmp_path):
    """The path of a recipe that trains in a second."""
    settings = {k: v for k, v in dataclasses.asdict(TINY).items() if k not in ("likelihood",)}
    architecture = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
    path = tmp_path / "tiny.toml"
    path.write_text(
        f'id = "mnist-tiny"\ndataset = "mnist"\n[architecture]\n{architecture}\n'
        "[training]\nepochs = 2\nbatch_size = 512\nsnapshot_epochs = [0, 1]\n"
    )
    return path


def test_train_evaluate_project_make_a_model_that_the_app_can_show(folder, recipe, tmp_path, capsys):
    root = tmp_path / "artifacts"
    write_manifest(root, Manifest())
    places = ["--artifacts", str(root)]
    data = ["--data", f"folder:{folder}"]
    build.main([str(recipe), *data, *places, "--work", str(tmp_path / "work")])
    assert "evaluate my-shapes-tiny --data" in capsys.readouterr().out
    evaluate.main(["my-shapes-tiny", *data, *places])
    project.main(["my-shapes-tiny", *places])
    cards.main(places)

    spec, images = load_manifest(root)["my-shapes-tiny"], read_manifest(root).images["my-shapes"]
    gallery = load_gallery(root, "my-shapes", images)
    codes, maps = load_codes(root, spec), load_maps(root, spec)
    assert images.classes == ("class a", "class b", "class c")
    assert len(gallery.x) == len(codes.mu) == len(maps.xy["umap-n15-s0"]) == images.count
    np.testing.assert_array_equal(codes.y, gallery.y)
    assert spec.metrics["nelbo_nats"] > 0
    assert "my-shapes-tiny" in (root / "README.md").read_text()


def test_a_data_set_under_a_name_that_is_taken_is_refused(folder, recipe, tmp_path):
    arguments = ["--artifacts", str(tmp_path / "artifacts"), "--work", str(tmp_path / "work")]
    write_manifest(tmp_path / "artifacts", Manifest())
    build.main([str(recipe), "--data", f"folder:{folder}", *arguments])
    for path in folder.glob("*/*.png"):
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    with pytest.raises(SystemExit, match="other pictures under the name my-shapes"):
        build.main([str(recipe), "--data", f"folder:{folder}", *arguments])


def test_evaluating_without_the_data_says_so(folder, recipe, tmp_path, capsys):
    arguments = ["--artifacts", str(tmp_path / "artifacts")]
    write_manifest(tmp_path / "artifacts", Manifest())
    build.main(
        [str(recipe), "--data", f"folder:{folder}", *arguments, "--work", str(tmp_path / "work"), "--id", "mine"]
    )
    with pytest.raises(SystemExit):
        evaluate.main(["mine", *arguments])
    assert "give its pictures with --data" in capsys.readouterr().out


def test_a_folder_exported_from_real_digits_comes_back_as_it_was(tmp_path, full_data):
    images = official("mnist", train=False)
    x = np.rint(images.x[:400] * 255).astype(np.uint8)
    for i, (picture, label) in enumerate(zip(x, images.y[:400], strict=True)):
        place = tmp_path / "digits" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{i}.webp", lossless=True)
    own = read_own(f"folder:{tmp_path / 'digits'}")
    assert all_pixels(own) == {picture.tobytes() for picture in x}
