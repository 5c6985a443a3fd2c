"""One picture's way x -> mu, sigma -> epsilon -> z -> x-hat, live in the browser while the reader draws."""

import ast
import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st

from pages.kit import concepts
from pages.kit.components.dots import packed, packed_labels
from pages.kit.components.draw import drawn_picture
from pages.kit.components.files import read
from pages.kit.served import served
from vae_core.images import to_pixels

SHOWN = 1000  # codes behind the posterior of a two-dimensional model

_FLOW = st.components.v2.component(
    "vae_classroom.flow",
    html=read("flow.html"),
    css=read("flow.css"),
    js=read("dots.js", "network.js", "draw.js", "flow.js"),
)

COLOURS = {
    "x": concepts.X.colour,
    "mu": concepts.MU.colour,
    "sigma": concepts.SIGMA.colour,
    "epsilon": concepts.EPSILON.colour,
    "z": concepts.Z.colour,
    "x-hat": concepts.X_HAT.colour,
}

# How the pictures of a data set were prepared, for `draw.js`; a drawing is prepared alike. One's own data: as drawn.
PREPARATIONS = {
    "mnist": {"box": 20, "mass": True, "says": "scale and centre it as MNIST does", "than": "MNIST's digits"},
    "fashion": {
        "box": 28,
        "mass": False,
        "says": "let it fill the frame as Fashion-MNIST does",
        "than": "Fashion-MNIST's items",
    },
}

# Lines of the project's own code, found by what they say, and the parts of the picture that they compute.
CODE = (
    ("vae_core/model.py, Encoder.forward", "features = self.features(x", "x"),
    ("vae_core/model.py, Encoder.forward", "outputs = self.head(", "encoder"),
    ("vae_core/model.py, Encoder.forward", "mu, logvar = outputs.chunk(", "mu sigma"),
    ("vae_core/latent.py, noise", "standard_normal(", "epsilon"),
    ("vae_core/latent.py, reparameterize", "half = 0.5 * logvar", "sigma"),
    ("vae_core/latent.py, reparameterize", "return mu + ", "z sigma"),
    ("vae_core/model.py, Decoder.forward", "return self.picture(", "decoder point"),
    ("vae_core/objective.py, pixel_mean", "return torch.sigmoid(", "x-hat point"),
)
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Left:
    """What the reader has left: a drawing as the encoder sees it, (28, 28) in [0, 1], or None; and the label.

    `sent` is all of it as the browser told it, strokes included; given back as `kept`, the flow goes on from there.
    """

    drawing: np.ndarray | None
    label: int
    sent: dict | None


@cache
def code_lines(code=CODE) -> list[dict]:
    """The source line of each entry, where it stands and what it computes; read, not imported, which would cost torch.

    Raises
    ------
    ValueError
        If a function has no such line, or several.
    """
    lines = []
    for where, text, parts in code:
        found = [line.partition("  # ")[0].strip() for line in _source(*where.split(", ")).splitlines() if text in line]
        if len(found) != 1:
            raise ValueError(f"{where} has {len(found)} lines with {text!r}; name exactly one")
        lines.append({"where": where, "line": found[0], "parts": parts})
    return lines


def _source(file: str, name: str) -> str:
    """The source of a function of the project, or of a class's method."""
    text = (ROOT / file).read_text(encoding="utf-8")
    node = ast.parse(text)
    for part in name.split("."):
        node = next(child for child in node.body if getattr(child, "name", None) == part)
    return ast.get_source_segment(text, node)


def flow(
    *,
    version: str,
    encoder: bytes,
    decoder: bytes,
    dataset: str,
    noun: str,
    classes: tuple[str, ...],
    conditional: bool,
    codes: np.ndarray,
    y: np.ndarray,
    x: np.ndarray | None,
    name: str,
    label: int,
    mu: np.ndarray,
    logvar: np.ndarray,
    epsilon: np.ndarray,
    kept: dict | None,
    key: str,
) -> Left:
    """Show the flow of one picture, or of what the reader draws; returns what the reader has left.

    `encoder` and `decoder` are those of `cache.network`, `version` tells them apart; `codes` (n, latent) and `y` (n,) are
    drawn behind the posterior of a two-dimensional model and say which dimensions are used most. x (None when its pixels
    are not there) is (28, 28) in [0, 1]; `label` is its class, mu and logvar (latent,) its posterior; epsilon (latent,)
    is the noise. A drawing stays with its picture, and goes on under another model; `kept`, what the reader left when he
    was last here, must stay the same until the page's next full run, so that it travels once.
    """
    pixels = None if x is None else to_pixels(x).tobytes()
    picture = f"{dataset}, {name}, {hashlib.sha256(pixels or mu.tobytes()).hexdigest()[:12]}"
    left = _FLOW(
        key=key,
        data={
            "version": version,
            "encoder": served(encoder, f"{key}_encoder"),
            "decoder": served(decoder, f"{key}_decoder"),
            "colours": COLOURS,
            "code": code_lines(),
            "preparation": PREPARATIONS.get(dataset),
            "noun": noun,
            "classes": list(classes) if conditional else [],
            "order": np.argsort(-codes.var(axis=0)).tolist(),
            "cloud": _cloud(codes, y, classes),
            "picture": {
                "id": picture,
                "x": None if pixels is None else base64.b64encode(pixels).decode(),
                "name": name,
                "label": label,
            },
            "mu": mu.tolist(),
            "logvar": logvar.tolist(),
            "epsilon": epsilon.tolist(),
            "left": kept,
        },
        default={"left": kept},
        on_left_change=lambda: None,
    ).get("left")
    if not isinstance(left, dict):
        return Left(None, label, None)
    if left.get("picture") != picture:
        return Left(None, label, left)
    said = left.get("label")
    allowed = isinstance(said, int) and not isinstance(said, bool) and 0 <= said < len(classes)
    return Left(drawn_picture(left.get("pixels")), said if allowed else label, left)


def _cloud(codes: np.ndarray, y: np.ndarray, classes: tuple[str, ...]) -> dict:
    """How far the plot reaches; in two dimensions also codes as dots, and the name of each class in their middle."""
    limit = float(np.clip(np.ceil(np.quantile(np.abs(codes), 0.998)), 3, 6))
    if codes.shape[1] != 2:
        return {"limit": limit, "dots": "", "labels": "", "names": []}
    middles = [(np.median(codes[y == c], axis=0), name) for c, name in enumerate(classes) if (y == c).any()]
    codes, y = codes[:SHOWN], y[:SHOWN]
    inside = (np.abs(codes) < limit).all(axis=1)
    frame = {"low": [-limit, -limit], "high": [limit, limit]}
    return {
        "limit": limit,
        "dots": packed(codes[inside], frame),
        "labels": packed_labels(y[inside]),
        "names": [[round(float(z1), 2), round(float(z2), 2), name] for (z1, z2), name in middles],
    }
