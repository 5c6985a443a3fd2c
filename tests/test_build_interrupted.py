"""A training that is killed, stopped, out of disk or refused: it goes on to the same weights, and publishes nothing half-made."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import ROOT, torchrun
from test_build_train import RECIPE, hashes, silent, tiny

from vae_core.build import run as running
from vae_core.build import train as build
from vae_core.build.config import load_recipe
from vae_core.build.place import here
from vae_core.build.publish import BuildError
from vae_core.build.train import prepare, reproducing, train
from vae_core.data import DataError
from vae_core.manifest import Manifest, load_manifest, write_manifest
from vae_core.model import load_vae

TOML = """
id = "tiny"
dataset = "mnist"
[architecture]
family = "mlp"
latent_dim = 3
width = 16
hidden = 8
encoder_blocks = 1
decoder_blocks = 1
[training]
epochs = 30
batch_size = 32
snapshot_epochs = [0, 5, 20]
"""


@pytest.fixture
def full_disk(monkeypatch):
    """A function that fills the disk: after so many more files, nothing can be written."""

    def fill(files_left: int) -> None:
        written = iter(range(files_left))

        def fsync(descriptor: int) -> None:
            if next(written, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("vae_core.manifest.os.fsync", fsync)

    return fill


@pytest.fixture
def arguments(root, work, tmp_path) -> list[str]:
    """The command's arguments for a training of some seconds."""
    (tmp_path / "tiny.toml").write_text(TOML)
    return [str(tmp_path / "tiny.toml"), "--artifacts", str(root), "--work", str(work)]


def interrupted(arguments: list[str], state: Path, with_signal: int) -> tuple[int, str]:
    """Exit code and last line of the command, sent a signal as soon as it has saved a state."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vae_core.build.train", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts its background jobs deaf to SIGINT, and these tests may run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 60
        while not state.exists():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(with_signal)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    return process.returncode, re.split(r"[\r\n]+", stderr.strip())[-1]


# Killed, stopped, or out of disk


def test_a_killed_training_publishes_nothing_and_goes_on_to_the_same_weights(root, work, arguments, tmp_path, capsys):
    code, _ = interrupted(arguments, work / "tiny.pt", signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert load_manifest(root) == {}
    done = torch.load(work / "tiny.pt", weights_only=True)["epoch"]
    assert 1 <= done < 30

    build.main(arguments)
    progress = capsys.readouterr().err
    assert f"epoch {done + 1}/30" in progress
    assert f"epoch {done}/30" not in progress
    continued = load_manifest(root)["tiny"]
    with here() as place:  # as the command: in bfloat16 where the processor has it
        whole = train(load_recipe(arguments[0]), root, tmp_path / "other", place=place)
    assert hashes(continued) == hashes(whole)
    assert continued.history == whole.history
    assert continued.made_with["command"] == whole.made_with["command"].replace("tiny", arguments[0])
    assert not (work / "tiny.pt").exists()


def test_the_manifest_says_how_to_make_a_model_not_where_files_lay(arguments):
    recipe = arguments[0]
    asked = [*arguments, "--seed", "3", "--restart", "--id", "again"]
    assert reproducing(asked) == [recipe, "--seed", "3", "--id", "again"]


def test_a_resumed_training_still_has_its_best_epoch(root, work, monkeypatch):
    monkeypatch.setattr(running, "measure", lambda *_: {"log_likelihood_nats": -9, "kl_nats": 1, "active_units": 3})
    run = prepare(RECIPE, root)
    run.train_epoch(silent())  # measured as no better than the untrained model
    run.save(work / "tiny.pt")
    resumed = prepare(RECIPE, root)
    resumed.resume((work / "tiny.pt").read_bytes(), work / "tiny.pt")
    assert (resumed.epoch, resumed.best_epoch) == (1, 0)
    assert resumed.best == run.snapshots[0] != run.snapshots[1]
    assert (resumed.snapshots, resumed.history) == (run.snapshots, run.history)


def test_a_stopped_training_says_how_to_go_on(root, work, arguments):
    code, last_line = interrupted(arguments, work / "tiny.pt", signal.SIGINT)
    assert code == 1
    assert last_line == "Stopped. Run the same command to go on from the last finished epoch."
    assert load_manifest(root) == {}


def test_a_full_disk_leaves_the_former_state(root, work, full_disk):
    full_disk(files_left=1)
    with pytest.raises(BuildError, match=r"state of epoch 2 .*the disk is full"):
        train(RECIPE, root, work)
    assert [path.name for path in work.iterdir()] == ["tiny.pt"]
    run = prepare(RECIPE, root)
    run.resume((work / "tiny.pt").read_bytes(), work / "tiny.pt")
    assert run.epoch == 1


@pytest.mark.parametrize("files_left", [0, 1, 3], ids=["weights", "snapshots", "manifest"])
def test_a_disk_that_is_full_when_publishing_leaves_the_former_model(root, work, full_disk, files_left):
    former = train(RECIPE, root, work)
    manifest = (root / "manifest.json").read_bytes()
    full_disk(files_left=RECIPE.training.epochs + files_left)
    with pytest.raises(BuildError, match=r"tiny below .*the disk is full"):
        train(tiny(seed=1), root, work)
    assert (root / "manifest.json").read_bytes() == manifest
    for epoch in former.epochs:
        load_vae(root, load_manifest(root)["tiny"], epoch)

    full_disk(files_left=4)  # two snapshots, the weights and the manifest, and no epoch again
    assert train(tiny(seed=1), root, work).recipe["seed"] == 1


def test_the_state_of_another_recipe_is_refused(root, work):
    prepare(RECIPE, root).save(work / "tiny.pt")
    with pytest.raises(BuildError, match=r"tiny\.pt was made by another recipe\. .*--restart"):
        train(tiny(beta=2.0), root, work)


@pytest.mark.parametrize("content", [b"", b"half a sta", "truncated"], ids=["empty", "noise", "truncated"])
def test_a_damaged_state_is_refused(root, work, content):
    state = work / "tiny.pt"
    prepare(RECIPE, root).save(state)
    state.write_bytes(state.read_bytes()[:-2000] if content == "truncated" else content)
    with pytest.raises(BuildError, match=r"tiny\.pt is not readable .*--restart"):
        train(RECIPE, root, work)


def test_restarting_forgets_the_state(root, work, tmp_path):
    run = prepare(tiny(seed=5), root)
    run.train_epoch(silent())
    run.save(work / "tiny.pt")
    anew = train(RECIPE, root, work, restart=True)
    assert hashes(anew) == hashes(train(RECIPE, root, tmp_path / "other"))


# In several processes


def test_two_processes_publish_one_model(root, work, arguments):
    Path(arguments[0]).write_text(TOML.replace("epochs = 30", "epochs = 2").replace("[0, 5, 20]", "[0]"))
    process = torchrun("-m", "vae_core.build.train", *arguments)
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("tiny: epoch ") == 1
    models = load_manifest(root)
    assert list(models) == ["tiny"]
    spec = models["tiny"]
    assert spec.made_with["device"].startswith("2 x CPU, ")
    assert spec.history["epoch"] == [0, 1, 2]
    files = {str(path.relative_to(root)) for path in root.rglob("*.safetensors")}
    assert files == {file.file for file in spec.files}
    load_vae(root, spec)
    assert list(work.iterdir()) == []


# Refused before or during training


def test_an_objective_that_explodes_names_the_learning_rate(root, work):
    with pytest.raises(BuildError, match=r"objective became (nan|inf) in epoch 1: lower learning_rate"):
        train(tiny(learning_rate=1e30, warmup_steps=0), root, work)
    assert load_manifest(root) == {}


def test_a_model_ruined_by_its_last_step_is_not_published(root, work):
    with pytest.raises(BuildError, match="learning_rate"):
        train(tiny(epochs=1, batch_size=343, learning_rate=1e30, warmup_steps=0, snapshot_epochs=()), root, work)


def test_a_batch_larger_than_the_data_is_refused(root, work):
    with pytest.raises(BuildError, match="batch_size"):
        train(tiny(batch_size=344), root, work)


def test_without_a_gallery_the_command_that_makes_it_is_named(root, work):
    write_manifest(root, Manifest())
    with pytest.raises(BuildError, match=r"no mnist gallery: run `python -m vae_core\.build\.gallery` first"):
        train(RECIPE, root, work)


def test_without_data_and_network_the_remedy_is_named(root, work, arguments, tmp_path, monkeypatch):
    def download(self):
        raise RuntimeError("no network")

    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "empty"))
    monkeypatch.setattr("torchvision.datasets.mnist.MNIST.download", download)
    with pytest.raises(DataError, match=r"MNIST is not in .*empty .*no network.*set VAE_DATA_DIR"):
        prepare(RECIPE, root)
    with pytest.raises(SystemExit, match="Connect to the internet, or set VAE_DATA_DIR"):
        build.main(arguments)
