"""Stored codes and maps: read back, refused when damaged, and equal to what the shipped models say today."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from conftest import ARTIFACTS, SHIPPED, TINY

from vae_core import projection
from vae_core.data import DataError, load_gallery
from vae_core.inference import encode
from vae_core.manifest import (
    ArtifactError,
    LatentMap,
    Manifest,
    ModelSpec,
    describe,
    load_manifest,
    read_manifest,
    write_atomically,
    write_manifest,
)
from vae_core.model import load_vae

RANDOM = np.random.default_rng(0)
MU = (RANDOM.normal(size=(40, 3)) * [3.0, 1.0, 0.1] + [1.0, -2.0, 0.5]).astype(np.float32)
LOGVAR = RANDOM.normal(size=(40, 3)).astype(np.float32)


def principal_axes(mu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two leading eigenvectors of the covariance, as rows, and their shares of the variance."""
    values, vectors = np.linalg.eigh(np.cov(mu.T))
    return vectors[:, ::-1][:, :2].T, values[::-1][:2] / values.sum()


@pytest.fixture
def root(tmp_path):
    """An artifact root with one model's codes, maps and replay, and no weights."""

    def store(name, **arrays):
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        write_atomically(tmp_path / name, buffer.getvalue())
        return describe(name, buffer.getvalue())

    components, explained = principal_axes(MU)
    mean = MU.mean(axis=0)
    xy = ((MU - mean) @ components.T).astype(np.float32)
    spec = ModelSpec(
        id="tiny",
        dataset="mnist",
        beta=1.0,
        architecture=TINY,
        epoch=5,
        weights=describe("none", b""),
        codes=store("codes.npz", mu=MU, logvar=LOGVAR, y=np.arange(40, dtype=np.uint8), log_likelihood=-MU[:, 0]),
        replay=store("replay.npz", epochs=np.array([0, 2, 5]), mu=np.stack([0 * MU, MU / 2, MU]).astype(np.float16)),
        maps_file=store(
            "maps.npz", **{"pca": xy, "tsne-p30": -xy, "pca_mean": mean, "pca_components": components},
            pca_explained=explained,
        ),
        maps=(LatentMap("pca", "pca", {}, 0.9), LatentMap("tsne-p30", "tsne", {"perplexity": 30}, 0.9)),
    )  # fmt: skip
    write_manifest(tmp_path, Manifest(models={"tiny": spec}))
    return tmp_path


@pytest.fixture
def spec(root):
    return load_manifest(root)["tiny"]


def test_codes_are_read_as_stored(root, spec):
    codes = projection.load_codes(root, spec)
    np.testing.assert_array_equal(codes.mu, MU)
    np.testing.assert_array_equal(codes.logvar, LOGVAR)
    np.testing.assert_array_equal(codes.log_likelihood, -MU[:, 0])
    assert codes.y.tolist() == list(range(40))
    assert codes.y.dtype == np.int64


def test_maps_are_read_by_the_keys_of_the_manifest(root, spec):
    maps = projection.load_maps(root, spec)
    assert list(maps.xy) == ["pca", "tsne-p30"]
    np.testing.assert_array_equal(maps.xy["tsne-p30"], -maps.xy["pca"])
    assert maps.pca_explained.sum() == pytest.approx(np.var(maps.xy["pca"], axis=0).sum() / np.var(MU, axis=0).sum())


def test_replay_gives_each_epoch_its_codes(root, spec):
    replay = projection.load_replay(root, spec)
    assert list(replay) == [0, 2, 5]
    np.testing.assert_allclose(replay[2], MU / 2, rtol=1e-3)
    assert not replay[0].any()
    assert {mu.dtype for mu in replay.values()} == {np.dtype(np.float32)}


def test_pca_of_the_stored_codes_is_the_stored_map(root, spec):
    maps = projection.load_maps(root, spec)
    np.testing.assert_allclose(maps.project_pca(MU), maps.xy["pca"], atol=1e-5)
    np.testing.assert_allclose(maps.project_pca(MU.mean(axis=0, keepdims=True)), [[0, 0]], atol=1e-5)


LOADERS = pytest.mark.parametrize(
    ("loader", "field", "what"),
    [
        (projection.load_codes, "codes", "codes"),
        (projection.load_maps, "maps_file", "maps"),
        (projection.load_replay, "replay", "replay"),
    ],
    ids=["codes", "maps", "replay"],
)


@LOADERS
def test_what_is_not_shipped_names_the_command_that_builds_it(root, spec, loader, field, what):
    spec = dataclasses.replace(spec, **{field: None})
    with pytest.raises(
        ArtifactError, match=rf"tiny has no {what}\. Build them: `python -m vae_core\.build\.project tiny`"
    ):
        loader(root, spec)


@LOADERS
def test_altered_files_are_refused(root, spec, loader, field, what):
    path = root / getattr(spec, field).file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{path.name} has been altered.*git checkout -- artifacts"):
        loader(root, spec)


@LOADERS
def test_file_that_holds_no_arrays_is_refused(root, spec, loader, field, what):
    path = root / "text.npz"
    path.write_bytes(b"not an archive")
    spec = dataclasses.replace(spec, **{field: describe("text.npz", b"not an archive")})
    with pytest.raises(ArtifactError, match=r"text\.npz does not hold the arrays"):
        loader(root, spec)


@pytest.mark.parametrize("id_", [id_ for id_, spec in SHIPPED.items() if spec.codes])
def test_shipped_codes_are_what_the_model_says_of_the_gallery(id_):
    spec = SHIPPED[id_]
    try:
        gallery = load_gallery(ARTIFACTS, spec.dataset, read_manifest(ARTIFACTS).images[spec.dataset])
    except DataError as missing:
        pytest.skip(str(missing))
    codes = projection.load_codes(ARTIFACTS, spec)
    np.testing.assert_array_equal(codes.y, gallery.y)
    mu, logvar = encode(load_vae(ARTIFACTS, spec), gallery.x, gallery.y if spec.conditional else None)
    np.testing.assert_allclose(codes.mu, mu, atol=1e-4)
    np.testing.assert_allclose(codes.logvar, logvar, atol=1e-4)


@pytest.mark.parametrize("id_", [id_ for id_, spec in SHIPPED.items() if spec.maps_file])
def test_shipped_pca_map_is_the_projection_of_the_codes_on_their_principal_axes(id_):
    spec = SHIPPED[id_]
    mu, maps = projection.load_codes(ARTIFACTS, spec).mu, projection.load_maps(ARTIFACTS, spec)
    np.testing.assert_allclose(maps.project_pca(mu), maps.xy["pca"], atol=1e-3)
    axes, explained = principal_axes(mu)
    np.testing.assert_allclose(np.abs(axes @ maps.pca_components.T), np.eye(2), atol=1e-2)
    np.testing.assert_allclose(maps.pca_explained, explained, atol=1e-4)


@pytest.mark.parametrize("id_", [id_ for id_, spec in SHIPPED.items() if spec.replay])
def test_shipped_replay_ends_in_the_codes(id_):
    spec = SHIPPED[id_]
    replay, mu = projection.load_replay(ARTIFACTS, spec), projection.load_codes(ARTIFACTS, spec).mu
    assert list(replay) == spec.epochs
    np.testing.assert_allclose(replay[spec.epoch], mu[: len(replay[spec.epoch])], rtol=1e-3, atol=1e-3)


def test_a_new_code_is_placed_where_the_most_central_of_its_neighbours_is():
    codes = np.array([[0.0], [1.0], [2.0], [100.0], [101.0]], np.float32)
    xy = np.array([[0, 0], [1, 5], [2, 7], [50, 50], [60, 60]], np.float32)
    np.testing.assert_array_equal(projection.place(np.array([[1.1]], np.float32), codes, xy, neighbours=3), [[1, 5]])


def test_placing_is_blind_to_the_order_of_the_codes(generator):
    codes, xy, new = (torch.randn(n, d, generator=generator).numpy() for n, d in ((80, 4), (80, 2), (7, 4)))
    order = torch.randperm(80, generator=generator).numpy()
    np.testing.assert_array_equal(projection.place(new, codes, xy), projection.place(new, codes[order], xy[order]))
