"""Training replayed in the browser: one epoch control for pictures, samples, dots and curves, no rerun a frame."""

import base64
import hashlib
from pathlib import Path

import numpy as np
import streamlit as st

from pages.kit import concepts
from pages.kit.scatter import DOTS_CSS, DOTS_JS, packed, packed_labels
from vae_core.images import png, tile
from vae_core.manifest import ModelSpec

HERE = Path(__file__).parent
COLUMNS = 5  # pictures in a row: enlarged to twice their size, a sheet still fits a phone

_PLAYER = st.components.v2.component(
    "vae_classroom.epoch_player",
    html=(HERE / "epoch_player.html").read_text(encoding="utf-8"),
    css=DOTS_CSS + (HERE / "epoch_player.css").read_text(encoding="utf-8"),
    js=DOTS_JS + (HERE / "epoch_player.js").read_text(encoding="utf-8"),
)


def encoded(x: np.ndarray, columns: int) -> str:
    """Pictures (n, 28, 28) as one PNG in base64, unscaled: the browser enlarges it by whole pixels."""
    return base64.b64encode(png(tile(x, columns, gap=1))).decode()


def paired(originals: np.ndarray | None, reconstructions: np.ndarray) -> np.ndarray:
    """Rows of originals, each above the row of its reconstructions; the latter alone where there are no originals."""
    if originals is None:
        return reconstructions
    rows = [
        part[start : start + COLUMNS]
        for start in range(0, len(originals), COLUMNS)
        for part in (originals, reconstructions)
    ]
    return np.concatenate(rows)


def curves_of(history: dict) -> list[dict]:
    """Reconstruction, KL and their sum by epoch, in nats, on training and on held-out pictures."""

    def both(value) -> dict:
        return {"train": value("train"), "held_out": value("validation")}

    def reconstruction(split: str) -> list[float]:
        return [-v for v in history[f"{split}_log_likelihood_nats"]]

    def kl(split: str) -> list[float]:
        return history[f"{split}_kl_nats"]

    def total(split: str) -> list[float]:
        return [a + b for a, b in zip(reconstruction(split), kl(split), strict=True)]

    return [
        {
            "name": "reconstruction",
            "colour": concepts.RECONSTRUCTION.colour,
            "from_zero": False,
            **both(reconstruction),
        },
        {"name": "KL", "colour": concepts.KL.colour, "from_zero": True, **both(kl)},
        {"name": "negative ELBO", "colour": concepts.X.colour, "from_zero": False, **both(total)},
    ]


def replay_of(
    spec: ModelSpec,
    *,
    originals: np.ndarray | None,
    reconstructions: dict[int, np.ndarray],
    samples: dict[int, np.ndarray],
    dots: dict[int, np.ndarray],
    labels: np.ndarray,
    frame: dict,
    scatter_title: str,
    classes: tuple[str, ...],
) -> dict:
    """All that the player shows, ready for the browser.

    Pictures are (n, 28, 28) by epoch, dots (n, 2) by epoch; `originals` is None while their pixels are not here.
    """
    epochs = sorted(reconstructions)
    recipe = spec.recipe
    warmup = recipe["kl_warmup"] * recipe["epochs"] if recipe["kl_schedule"] == "linear" else 0
    frames = [
        {
            "reconstruction": encoded(paired(originals, reconstructions[epoch]), COLUMNS),
            "samples": encoded(samples[epoch], COLUMNS),
            "dots": packed(dots[epoch], frame),
        }
        for epoch in epochs
    ]
    content = "".join(f["reconstruction"] + f["samples"] for f in frames)
    return {
        "version": f"{spec.id}-{hashlib.sha256(content.encode()).hexdigest()[:12]}",
        "epochs": epochs,
        "last": spec.history["epoch"][-1],
        "warmup": warmup,
        "paired": originals is not None,
        "frames": frames,
        "labels": packed_labels(labels),
        "frame": frame,
        "scatter_title": scatter_title,
        "classes": list(classes),
        "curves": curves_of(spec.history),
    }


def epoch_player(replay: dict, *, start: int, key: str, on_epoch) -> None:
    """Draw the player at epoch `start` and call `on_epoch(epoch)` when the reader's hand leaves the control."""

    def changed():
        epoch = st.session_state[key].get("epoch")
        if epoch in replay["epochs"]:
            on_epoch(epoch)

    _PLAYER(key=key, data={**replay, "start": start}, on_epoch_change=changed)
