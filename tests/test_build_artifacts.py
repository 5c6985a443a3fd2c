"""Publishing, measuring and mapping: old and new are both whole at every moment, and the figures are what they say."""

import dataclasses
import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, TINY, TINY_CONDITIONAL, write_dataset
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from vae_core.build import evaluate as evaluation
from vae_core.build import project as projection
from vae_core.build.gallery import mnist_gallery
from vae_core.build.publish import BuildError, explained, store, update_model
from vae_core.build.run import half_precision
from vae_core.data import Images, official
from vae_core.inference import decode, elbo_terms, encode
from vae_core.latent import noise
from vae_core.manifest import Architecture, ModelSpec, load_manifest, read_manifest, verified
from vae_core.model import load_vae, new_vae


@pytest.fixture
def images() -> Images:
    """600 pictures: a bright square whose place is its class."""
    random = np.random.default_rng(0)
    x, y = random.uniform(0, 0.2, (600, 28, 28)).astype(np.float32), np.arange(600) % 10
    for picture, label in zip(x, y, strict=True):
        picture[4 + 10 * (label // 5) :][:8, 1 + 5 * (label % 5) :][:, :5] = 1
    return Images(x, y)


def publish(root: Path, id_: str = "tiny", seed: int = 0, architecture: Architecture = TINY) -> ModelSpec:
    """An untrained model with two snapshots of other weights, stored and listed."""

    def file(folder, stem, seed):
        return store(root, folder, stem, ".safetensors", half_precision(new_vae(architecture, seed)))

    spec = ModelSpec(
        id=id_,
        dataset="mnist",
        beta=1.0,
        architecture=architecture,
        epoch=9,
        weights=file("models", id_, seed),
        snapshots={epoch: file(f"snapshots/{id_}", f"{epoch:03d}", seed + 100 + epoch) for epoch in (4, 0)},
    )
    update_model(root, spec)
    return spec


# publish


def test_a_stored_file_is_named_by_its_hash_and_overwrites_no_other_version(tmp_path):
    old, new = (store(tmp_path, "models", "tiny", ".bin", content) for content in (b"old", b"new"))
    assert old.file == f"models/tiny.{old.sha256[:8]}.bin"
    assert old.file != new.file
    assert [verified(tmp_path, file) for file in (old, new)] == [b"old", b"new"]


def test_a_kill_before_the_manifest_leaves_the_former_model(tmp_path):
    former = publish(tmp_path)
    before = read_manifest(tmp_path)
    store(tmp_path, "models", "tiny", ".safetensors", half_precision(new_vae(TINY, 1)))
    assert read_manifest(tmp_path) == before
    assert all(verified(tmp_path, file) for file in former.files)


def test_a_replaced_model_takes_its_former_files_with_it_and_no_others(tmp_path):
    other, former = publish(tmp_path, "other"), publish(tmp_path, seed=1)
    new = publish(tmp_path, seed=2)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.safetensors")}
    assert files == {file.file for file in (*other.files, *new.files)}
    assert not {file.file for file in former.files} & files


def test_a_file_that_the_new_entry_still_lists_is_kept(tmp_path):
    spec = publish(tmp_path)
    update_model(tmp_path, dataclasses.replace(spec, snapshots={4: spec.snapshots[4]}))
    assert not (tmp_path / spec.snapshots[0].file).exists()
    assert all(verified(tmp_path, file) for file in load_manifest(tmp_path)["tiny"].files)


def test_a_file_that_another_model_lists_is_kept(tmp_path):
    spec = publish(tmp_path)
    twin = dataclasses.replace(spec, id="twin")
    update_model(tmp_path, twin)
    publish(tmp_path, seed=1)
    assert all(verified(tmp_path, file) for file in twin.files)


def test_builds_side_by_side_are_all_listed(tmp_path):
    first = publish(tmp_path, "first")
    script = """
import dataclasses, pathlib, sys
from vae_core.build.publish import update_model
from vae_core.manifest import load_manifest

root, name = pathlib.Path(sys.argv[1]), sys.argv[2]
first = load_manifest(root)["first"]
for i in range(40):
    update_model(root, dataclasses.replace(first, id=f"{name}{i}"))
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    builds = [subprocess.Popen([*command, name], cwd=ROOT) for name in "ab"]
    assert [build.wait(timeout=60) for build in builds] == [0, 0]
    models = load_manifest(tmp_path)
    assert {*models} == {"first", *(f"{name}{i}" for name in "ab" for i in range(40))}
    assert models["first"] == first


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(errno.ENOSPC, "No space left"), "the disk is full"), (PermissionError("not yours"), "not yours")],
)
def test_a_refusal_to_write_is_explained(error, reason):
    sentence = rf"^Could not write the figures: {reason}\. .* run the command again\.$"
    with pytest.raises(BuildError, match=sentence), explained("the figures"):
        raise error


# evaluate


@pytest.fixture(params=[TINY, TINY_CONDITIONAL], ids=["plain", "conditional"])
def model(request, tmp_path):
    return load_vae(tmp_path, publish(tmp_path, architecture=request.param))


def test_the_figures_agree_with_each_other_and_with_their_formulas(model, images):
    few = Images(images.x[:40], images.y[:40])
    figures = evaluation.evaluate(model, few)
    y = few.y if model.architecture.classes else None
    terms = elbo_terms(model, few.x, noise(40, 3, evaluation.SEED), y)
    nelbos = terms.kl - terms.log_likelihood
    assert figures["images"] == 40
    assert figures["nelbo_nats"] == pytest.approx(nelbos.mean(), abs=1e-3)
    assert figures["nelbo_nats"] == pytest.approx(figures["reconstruction_nats"] + figures["kl_nats"], abs=2e-3)
    assert figures["kl_nats"] == pytest.approx(sum(figures["kl_per_dim_nats"]), abs=2e-3)
    standard_error = np.sqrt(np.square(nelbos - nelbos.mean()).sum() / 39 / 40)
    assert figures["nelbo_standard_error_nats"] == pytest.approx(standard_error, abs=1e-3)
    mean, _ = encode(model, few.x, y)
    squares = (decode(model, mean, y) - few.x) ** 2
    assert figures["mse_per_pixel"] == pytest.approx(squares.sum() / (40 * 784), abs=1e-5)


def test_every_nearest_neighbour_in_a_separate_cluster_agrees():
    random = np.random.default_rng(0)
    labels = np.arange(200) % 10
    codes = 100 * labels[:, None] + random.standard_normal((200, 3))
    assert evaluation.knn_accuracy(codes, labels) == 1.0


def test_shuffled_labels_are_guessed_at_chance():
    random = np.random.default_rng(0)
    codes, labels = random.standard_normal((2000, 3)), random.integers(0, 10, 2000)
    assert evaluation.knn_accuracy(codes, labels) == pytest.approx(0.1, abs=0.03)


def test_a_code_has_no_vote_on_its_own_label():
    # Eleven codes: the ten others are all of them, and among those a code's own label is never the majority.
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
    assert evaluation.knn_accuracy(np.random.default_rng(0).standard_normal((11, 2)), labels) == 0.0


@pytest.fixture
def test_set(tmp_path, monkeypatch) -> Images:
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "data"))
    write_dataset(tmp_path / "data", "MNIST", train=10, test=40)
    return official("mnist", train=False)


def test_the_command_stores_and_prints_the_figures_of_each_model(tmp_path, test_set, capsys):
    specs = [publish(tmp_path, "one"), publish(tmp_path, "two", seed=1)]
    evaluation.main(["--all", "--artifacts", str(tmp_path)])
    models = load_manifest(tmp_path)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["one", "two"]
    for spec, row in zip(specs, rows, strict=True):
        figures = evaluation.evaluate(load_vae(tmp_path, spec), test_set)
        assert models[spec.id] == dataclasses.replace(spec, metrics=figures)
        assert [float(cell) for cell in row[1:]] == [figures[name] for name in evaluation.COLUMNS]


def test_measuring_keeps_the_maps_that_were_made_meanwhile(tmp_path, test_set, monkeypatch):
    spec = publish(tmp_path)

    def evaluate(model, images):
        codes = store(tmp_path, "codes", "tiny", ".npz", b"codes")
        update_model(tmp_path, dataclasses.replace(spec, codes=codes))
        return dict.fromkeys(evaluation.COLUMNS, 0)

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    evaluation.main(["tiny", "--artifacts", str(tmp_path)])
    assert load_manifest(tmp_path)["tiny"].codes is not None
    assert list(tmp_path.glob("codes/*.npz"))


@pytest.mark.parametrize("main", [evaluation.main, projection.main], ids=["evaluate", "project"])
def test_an_unknown_model_is_refused_with_the_known_ones(tmp_path, main):
    for id_ in ("one", "two"):
        publish(tmp_path, id_)
    with pytest.raises(SystemExit, match=r"^Not in the manifest: nonsense\. Known: one, two\.$"):
        main(["one", "nonsense", "--artifacts", str(tmp_path)])


# project


@pytest.mark.parametrize("architecture", [TINY, TINY_CONDITIONAL], ids=["plain", "conditional"])
def test_stored_codes_are_what_the_model_makes_of_the_gallery(tmp_path, images, architecture):
    spec = publish(tmp_path, architecture=architecture)
    codes = projection.codes(tmp_path, spec, images)
    model, y = load_vae(tmp_path, spec), images.y if architecture.classes else None
    mu, logvar = encode(model, images.x, y)
    assert np.array_equal(codes["mu"], mu)
    assert np.array_equal(codes["logvar"], logvar)
    assert np.array_equal(codes["y"], images.y)
    terms = elbo_terms(model, images.x, noise(600, 3, projection.SEED), y)
    assert np.array_equal(codes["log_likelihood"], terms.log_likelihood)


def test_the_replay_has_a_slice_an_epoch_in_order(tmp_path, images, monkeypatch):
    monkeypatch.setattr(projection, "REPLAYED", 50)
    spec = publish(tmp_path)
    replay = projection.replay(tmp_path, spec, images)
    assert replay["epochs"].tolist() == [0, 4, 9]
    assert replay["mu"].shape == (3, 50, 3)
    for slice_, epoch in zip(replay["mu"], (0, 4, 9), strict=True):
        mu, _ = encode(load_vae(tmp_path, spec, epoch), images.x[:50])
        np.testing.assert_allclose(slice_, mu, atol=2e-3)  # stored in half precision


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Five clusters in five dimensions."""
    random = np.random.default_rng(0)
    return (4 * random.standard_normal((5, 5))[np.arange(200) % 5] + random.standard_normal((200, 5))).astype("f4")


@pytest.fixture(scope="module")
def maps(codes):
    return projection.maps(codes)


def test_the_pca_map_is_scikit_learns(codes, maps):
    arrays, _ = maps
    pca = PCA(2, svd_solver="full").fit(codes)
    np.testing.assert_allclose(arrays["pca"], pca.transform(codes), atol=1e-4)
    np.testing.assert_allclose(arrays["pca_explained"], pca.explained_variance_ratio_, atol=1e-6)


def test_the_pca_map_follows_from_its_stored_mean_and_orthonormal_components(codes, maps):
    arrays, _ = maps
    components = arrays["pca_components"]
    np.testing.assert_allclose(components @ components.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose((codes - arrays["pca_mean"]) @ components.T, arrays["pca"], atol=1e-4)


def test_every_map_is_the_same_each_time(codes, maps):
    (first, entries), (second, again) = maps, projection.maps(codes)
    assert entries == again
    assert {*first} >= {"pca", "tsne-p30-s0", "umap-n15-s0"}
    assert all(np.array_equal(first[key], second[key]) for key in first)


def test_every_map_is_scored_by_its_own_trustworthiness(codes, maps):
    arrays, entries = maps
    assert [(entry.key, entry.method) for entry in entries] == [
        ("pca", "pca"),
        ("tsne-p30-s0", "tsne"),
        ("umap-n15-s0", "umap"),
    ]
    random_map = np.random.default_rng(0).standard_normal((len(codes), 2))
    chance = trustworthiness(codes, random_map, n_neighbors=10)
    for entry in entries:
        assert entry.trustworthiness == pytest.approx(
            trustworthiness(codes, arrays[entry.key], n_neighbors=10), abs=1e-4
        )
        assert chance + 0.2 < entry.trustworthiness <= 1


def test_projecting_lists_verified_files_and_keeps_the_model(tmp_path, images, maps, monkeypatch):
    monkeypatch.setattr(projection, "maps", lambda mu, **_: maps)  # they take long
    spec = publish(tmp_path)
    projected = projection.project(tmp_path, spec, images)
    assert load_manifest(tmp_path)["tiny"] == projected
    assert projected.maps == maps[1]
    assert {file.file for file in projected.files} - {file.file for file in spec.files} == {
        projected.codes.file,
        projected.maps_file.file,
        projected.replay.file,
    }
    assert all(verified(tmp_path, file) for file in projected.files)


# gallery


def test_the_gallery_is_official_training_images_500_a_class(full_data):
    gallery = mnist_gallery()
    index = gallery["index"]
    assert np.bincount(gallery["y"]).tolist() == [500] * 10
    assert (np.diff(index) > 0).all()
    assert index[0] >= 0
    assert index[-1] < 60_000
    training = official("mnist", train=True)
    assert np.array_equal(gallery["x"] / np.float32(255), training.x[index])
    assert np.array_equal(gallery["y"], training.y[index])
