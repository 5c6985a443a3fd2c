"""The manifest: what is written is read, and what is damaged is refused with its remedy."""

import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from vae_core import manifest
from vae_core.manifest import (
    Architecture,
    ArtifactError,
    ArtifactFile,
    ImageSet,
    LatentMap,
    Manifest,
    ModelSpec,
    describe,
    load_manifest,
    read_manifest,
    verified,
    write_atomically,
    write_manifest,
)

RESTORE = "git checkout -- artifacts"
FILE = ArtifactFile("models/a.safetensors", 3, "00ff")
SPEC = ModelSpec(
    id="a",
    dataset="mnist",
    beta=0.5,
    architecture=Architecture("conv", 2, 16, 8, 1, 1, channels=4, classes=10, batch_norm=True),
    epoch=9,
    weights=FILE,
    snapshots={3: ArtifactFile("s3", 1, "03"), 10: ArtifactFile("s10", 1, "10")},
    codes=ArtifactFile("c", 2, "cc"),
    replay=ArtifactFile("r", 2, "dd"),
    maps_file=ArtifactFile("m", 2, "ee"),
    maps=(LatentMap("pca", "pca", {}, 0.7), LatentMap("tsne-p30", "tsne", {"perplexity": 30}, 0.99)),
    recipe={"seed": 0, "snapshot_epochs": [0, 3], "note": "β = ½, see [1, 2]"},
    history={"epoch": list(range(200)), "kl_nats": [-1.5e-7 * i for i in range(200)]},
    metrics={"nelbo_nats": 101.25, "kl_per_dim_nats": [1.0, 2.5]},
    made_with={"torch": "2"},
)
PLAIN = ModelSpec("b", "fashion", 1.0, Architecture("mlp", 2, 16, 8, 0, 0), 1, FILE)
GAUSSIAN = Architecture("mlp", 2, 16, 8, 0, 0, likelihood="gaussian", pixel_sigma=0.125)
POINTS = ModelSpec("c", "mine", 0.0, replace(GAUSSIAN, deterministic=True), 1, FILE)
WHOLE = Manifest(
    models={"b": PLAIN, "a": SPEC, "c": POINTS},
    images={
        "mnist": ImageSet("MNIST", tuple("0123456789"), 5, "somewhere", "abc", FILE),
        "fashion": ImageSet("Fashion", ("T-shirt", "Bag"), 5, "elsewhere", "def"),
        "mine": ImageSet("My own", (), 5, "here", "123", FILE),
    },
)


def changed(root: Path, change) -> Path:
    """Write the whole manifest, then edit its JSON."""
    write_manifest(root, WHOLE)
    path = root / "manifest.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    return root


def test_what_is_written_is_read(tmp_path):
    write_manifest(tmp_path, WHOLE)
    assert read_manifest(tmp_path) == WHOLE
    assert list(load_manifest(tmp_path)) == ["b", "a", "c"]


def test_lists_of_numbers_stay_on_one_line(tmp_path):
    write_manifest(tmp_path, WHOLE)
    lines = (tmp_path / "manifest.json").read_text().splitlines()
    assert sum('"epoch": [ 0, 1, 2,' in line and "199 ]" in line for line in lines) == 1
    assert sum('"kl_nats": [' in line and "]" in line for line in lines) == 1
    assert len(lines) < 250


def test_a_model_knows_its_epochs_and_its_files():
    assert SPEC.epochs == [3, 9, 10]
    assert [f.file for f in SPEC.files] == ["models/a.safetensors", "s3", "s10", "c", "r", "m"]
    assert PLAIN.epochs == [1]
    assert PLAIN.files == [FILE]
    assert (SPEC.latent_dim, SPEC.conditional, PLAIN.conditional) == (2, True, False)


def test_a_model_knows_its_likelihood_and_whether_it_has_a_posterior():
    assert (PLAIN.likelihood, POINTS.likelihood) == ("bernoulli", "gaussian")
    assert (PLAIN.variational, SPEC.variational, POINTS.variational) == (True, True, False)


def test_missing_manifest_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=rf"manifest\.json is missing\. Restore it with `{RESTORE}`"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b'{"schema": 2', b"", b"\xff\xfe"], ids=["half", "empty", "no text"])
def test_manifest_that_is_no_json_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"manifest\.json cannot be read .*{RESTORE}"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", ["[]", "3", "null", "{}", '{"schema": "1"}', '{"schema": 0}', '{"schema": 2}'])
def test_json_that_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match=rf"manifest\.json is not a valid manifest .*{RESTORE}"):
        read_manifest(tmp_path)


def test_newer_schema_asks_for_a_newer_program(tmp_path):
    changed(tmp_path, lambda data: data.update(schema=3, models="in another form"))
    with pytest.raises(ArtifactError, match=r"has schema 3 and this program reads schema 2\. .*git pull"):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["models"][0].update(extra=1), r"unknown keys \['extra'\] in ModelSpec"),
        (lambda d: d["models"][0]["weights"].update(url=1), r"unknown keys \['url'\] in ArtifactFile"),
        (lambda d: d["models"][0]["architecture"].update(depth=1), r"unknown keys \['depth'\] in Architecture"),
        (lambda d: d["models"][1]["maps"][0].update(colour=1), r"unknown keys \['colour'\] in LatentMap"),
        (lambda d: d["images"]["mnist"].update(author=1), r"unknown keys \['author'\] in ImageSet"),
        (lambda d: d["models"][0].pop("beta"), "beta"),
        (lambda d: d["models"][0].pop("id"), "id"),
        (lambda d: d["models"][0]["weights"].pop("sha256"), "sha256"),
        (lambda d: d["models"][1]["snapshots"].update(last=None), "last"),
        (lambda d: d["models"][0]["architecture"].update(family="rnn"), "family is 'rnn'"),
        (lambda d: d["models"][0]["architecture"].update(likelihood="poisson"), "likelihood is 'poisson'"),
        (lambda d: d["models"][0].update(likelihood="bernoulli"), r"unknown keys \['likelihood'\] in ModelSpec"),
        (lambda d: d.update(models={"a": {}}), "not a valid manifest"),
        (lambda d: d.update(images=[]), "not a valid manifest"),
    ],
)
def test_manifest_with_wrong_keys_is_refused(tmp_path, change, words):
    with pytest.raises(ArtifactError, match=rf"{words}.*{RESTORE}"):
        read_manifest(changed(tmp_path, change))


def test_verified_returns_the_bytes_described(tmp_path):
    artifact = describe("models/a.bin", b"weights")
    assert artifact == ArtifactFile("models/a.bin", 7, hashlib.sha256(b"weights").hexdigest())
    write_atomically(tmp_path / artifact.file, b"weights")
    assert verified(tmp_path, artifact) == b"weights"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is missing"),
        (b"weight", "has 6 bytes instead of 7"),
        (b"weights!", "has 8 bytes instead of 7"),
        (b"weightz", "has been altered: its SHA-256 is not the manifest's"),
    ],
    ids=["missing", "truncated", "longer", "altered"],
)
def test_file_that_is_not_the_one_described_is_refused(tmp_path, content, words):
    if content is not None:
        (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"a\.bin {words}.*{RESTORE}`, or build it again"):
        verified(tmp_path, describe("a.bin", b"weights"))


def test_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(ArtifactError, match=rf"a\.bin cannot be read .*{RESTORE}"):
        verified(tmp_path, describe("a.bin", b"weights"))


def test_writing_makes_folders_and_replaces_the_old_file(tmp_path):
    path = tmp_path / "new" / "folder" / "a.bin"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_full_disk_leaves_the_old_file_whole_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(manifest.os, step, full)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
def test_write_to_a_full_device_is_reported(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    monkeypatch.setattr(Path, "with_name", lambda self, name: link(tmp_path / name))
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"new" * 10_000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def link(path: Path) -> Path:
    path.symlink_to("/dev/full")
    return path


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"family": "rnn"}, "family is 'rnn'; choose one of mlp, conv"),
        ({"latent_dim": 0}, "latent_dim is 0; it must be at least 1"),
        ({"width": 0}, "width is 0; it must be at least 1"),
        ({"hidden": -1}, "hidden is -1; it must be at least 1"),
        ({"encoder_blocks": -1}, "encoder_blocks is -1; it cannot be negative"),
        ({"decoder_blocks": -1}, "decoder_blocks is -1; it cannot be negative"),
        ({"classes": -1}, "classes is -1; it cannot be negative"),
        ({"channels": -1}, "channels is -1; it cannot be negative"),
        ({"channels": 4}, "0 for an MLP"),
        ({"family": "conv"}, "at least 1 for a convolutional model"),
        ({"batch_norm": True}, "batch_norm is for convolutional models; leave it out of an MLP"),
        (
            {"likelihood": "poisson"},
            "likelihood is 'poisson'; choose one of bernoulli, continuous_bernoulli, gaussian",
        ),
        ({"pixel_sigma": 0.1}, "pixel_sigma belongs to Gaussian pixels; leave it out of a bernoulli model"),
        ({"likelihood": "continuous_bernoulli", "pixel_sigma": 0.1}, "leave it out of a continuous_bernoulli model"),
        ({"likelihood": "gaussian", "pixel_sigma": -0.1}, "pixel_sigma is -0.1; it must be positive, or 0"),
        ({"likelihood": "gaussian", "pixel_sigma": float("nan")}, "pixel_sigma is nan; it must be positive"),
        ({"likelihood": "gaussian", "pixel_sigma": float("inf")}, "pixel_sigma is inf; it must be positive"),
    ],
)
def test_architecture_refuses_nonsense(settings, words):
    sound = {"family": "mlp", "latent_dim": 2, "width": 16, "hidden": 8, "encoder_blocks": 1, "decoder_blocks": 1}
    assert Architecture(**sound).channels == 0
    with pytest.raises(ValueError, match=words):
        Architecture(**{**sound, **settings})


def test_a_schema_that_is_no_number_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"schema": true, "models": [], "images": {}}')
    with pytest.raises(ArtifactError, match="not a valid manifest"):
        load_manifest(tmp_path)


def test_a_model_without_weights_is_refused(tmp_path):
    write_manifest(tmp_path, Manifest(models={"b": PLAIN}))
    path = tmp_path / "manifest.json"
    entry = json.loads(path.read_text())
    entry["models"][0]["weights"] = None
    path.write_text(json.dumps(entry))
    with pytest.raises(ArtifactError, match="not a valid manifest"):
        load_manifest(tmp_path)


def test_text_that_looks_like_a_list_is_kept_to_the_letter(tmp_path):
    spec = replace(PLAIN, recipe={"note": "[1,  2]"})
    write_manifest(tmp_path, Manifest(models={"b": spec}))
    assert load_manifest(tmp_path)["b"].recipe["note"] == "[1,  2]"
