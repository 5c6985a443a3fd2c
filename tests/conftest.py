"""What several tests need: the shipped artifacts, a small world to build in, the full data where it is there."""

import io
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from chromium import FLAGS, executable, is_complaint, running_app, said, settled

from vae_core.build.publish import store
from vae_core.data import data_dir, official, pixels_sha256
from vae_core.manifest import Architecture, ImageSet, Manifest, load_manifest, write_manifest

ROOT = Path(__file__).parents[1]
ARTIFACTS = ROOT / "artifacts"
SHIPPED = load_manifest(ARTIFACTS)

# As in the app: small batches are faster in one thread, and tests must not fight over cores.
torch.set_num_threads(1)

# What is compared to the last digits is computed on the CPU, in this process and in those it starts.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

HELD_OUT = np.arange(3, 400, 7)  # official indices of the pictures in the gallery of `root`

TINY = Architecture("mlp", latent_dim=3, width=16, hidden=8, encoder_blocks=1, decoder_blocks=1)
TINY_CONDITIONAL = replace(TINY, classes=10)
TINY_CONV = replace(TINY, family="conv", channels=4)
TINY_GAUSSIAN = replace(TINY, likelihood="gaussian")
TINY_DETERMINISTIC = replace(TINY, deterministic=True)
KINDS = {
    "mlp": TINY,
    "conv": TINY_CONV,
    "conv, batch norm": replace(TINY_CONV, batch_norm=True),
    "conditional": TINY_CONDITIONAL,
    "conditional conv": replace(TINY_CONV, classes=10),
    "Gaussian, learned sigma": TINY_GAUSSIAN,
    "Gaussian, fixed sigma": replace(TINY_GAUSSIAN, pixel_sigma=0.25),
    "continuous Bernoulli": replace(TINY, likelihood="continuous_bernoulli"),
    "deterministic": TINY_DETERMINISTIC,
}


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def full_data() -> Path:
    """The folder of the official data sets; skips where it is not there, and fails where it must be (in CI)."""
    folder = data_dir()
    if not (folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte").exists():
        reason = f"the official data sets are not in {folder}: set VAE_DATA_DIR to run this test"
        if os.environ.get("REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


def write_idx(path: Path, array: np.ndarray) -> None:
    """Store bytes as the IDX file that torchvision reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_dataset(folder: Path, kind: str, train: int, test: int, seed: int = 0) -> None:
    """A small data set in torchvision's layout: a bright square whose place is its class, and noise."""
    random = np.random.default_rng(seed)
    for prefix, count in (("train", train), ("t10k", test)):
        y = np.arange(count) % 10
        x = random.integers(0, 60, (count, 28, 28))
        for picture, label in zip(x, y, strict=True):
            row, column = 4 + 10 * (label // 5), 1 + 5 * (label % 5)
            picture[row : row + 8, column : column + 5] = 255
        write_idx(folder / kind / "raw" / f"{prefix}-images-idx3-ubyte", x)
        write_idx(folder / kind / "raw" / f"{prefix}-labels-idx1-ubyte", y)


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """An artifact root that holds a gallery and no model, next to 400 training images in VAE_DATA_DIR."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "data"))
    write_dataset(tmp_path / "data", "MNIST", train=400, test=20)
    images = official("mnist", train=True)
    x, y = np.rint(images.x[HELD_OUT] * 255).astype(np.uint8), images.y[HELD_OUT].astype(np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=x, y=y, index=HELD_OUT.astype(np.int32))
    root = tmp_path / "artifacts"
    file = store(root, "images", "mnist", ".npz", buffer.getvalue())
    mnist = ImageSet("MNIST", tuple("0123456789"), len(x), "synthetic", pixels_sha256(x), file)
    write_manifest(root, Manifest(images={"mnist": mnist}))
    return root


@pytest.fixture
def work(tmp_path) -> Path:
    return tmp_path / "work"


def torchrun(*command: str, processes: int = 2) -> subprocess.CompletedProcess:
    """Run a script, or `-m` and a module, with its arguments as so many processes that know each other."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--local-addr", "localhost"]
    with subprocess.Popen(
        [sys.executable, *launch, "--nproc_per_node", str(processes), *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.terminate()  # torchrun then stops the processes that it started
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


# What a page's browser component has once it has drawn itself.
DRAWN = {
    "": ".flow[aria-label]",
    "training_progress": "canvas.dots[aria-label]",
    "trade_off": "canvas.dots[aria-label]",
    "latent_scatter": "canvas.dots[aria-label]",
    "gaussian_sampling": ".live[data-frames], img[alt*='decoded']",
    "digit_transitions": ".walk[data-step], img[alt*='pictures between'], img[alt*='direction of']",
    "holes": ".planes[data-frames]",
    "compare": ".planes[data-frames]",
}


@pytest.fixture(scope="session")
def chromium():
    if executable() is None:
        reason = "no Chromium on this machine: `apt-get install chromium-headless-shell` to run the browser tests"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app():
    with running_app() as (address, _):
        yield address


@pytest.fixture
def copied_artifacts(tmp_path, monkeypatch):
    """The app on a copy of the artifacts that a test may damage, with empty caches before and after."""
    import streamlit as st  # only here: most tests need no page

    from pages.kit import cache

    root = shutil.copytree(ARTIFACTS, tmp_path / "artifacts")
    monkeypatch.setattr(cache, "ARTIFACTS", root)
    st.cache_resource.clear()
    yield root
    st.cache_resource.clear()


@pytest.fixture(scope="session", autouse=True)
def charts_are_checked():
    """Every chart of every page against Vega-Lite's schema, which the app itself leaves out."""
    from pages.kit.charts import finished

    finished.CHECKED = True


@pytest.fixture
def files(monkeypatch):
    """What the page's download buttons would save, by their labels."""
    offered = {}
    monkeypatch.setattr("streamlit.download_button", lambda label, data, *_, **__: offered.update({label: data}))
    return offered


@pytest.fixture
def without_data(tmp_path, monkeypatch):
    """A machine on which no data set was downloaded."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "empty"))


@pytest.fixture
def cold_app():
    """A server that nobody has visited yet. Ask for it before `visit`, so that the visitor leaves first."""
    with running_app() as (address, _):
        yield address


@pytest.fixture
def visit(chromium):
    """Open an address as a new visitor; afterwards no page may have complained on its console."""
    contexts, complaints = [], []

    def open_(address: str, width: int = 1280, **settings):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(said(message)) if is_complaint(message) else None)
        page.goto(address)
        settled(page)
        slug = address.split("?")[0].rstrip("/").split("/", 3)[3:]
        if drawn := DRAWN.get(slug[0] if slug else ""):
            page.wait_for_selector(drawn, state="attached")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
