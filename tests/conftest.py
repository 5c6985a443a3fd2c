"""What several tests need: the shipped artifacts, a small world to build in, the full data where it is there."""

import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.data import data_dir
from vae_core.manifest import Architecture, load_manifest

ROOT = Path(__file__).parents[1]
ARTIFACTS = ROOT / "artifacts"
SHIPPED = load_manifest(ARTIFACTS)

# As in the app: small batches are faster in one thread, and tests must not fight over cores.
torch.set_num_threads(1)

# What is compared to the last digits is computed on the CPU, in this process and in those it starts.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

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
