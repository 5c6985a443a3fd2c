"""A network as bytes for a browser: a JSON header that lists its layers, then its weights as float16. Needs no torch."""

import json
import struct

import numpy as np

from vae_core.images import SIDE
from vae_core.manifest import Architecture

SILU = {"type": "silu"}


def pack(architecture: Architecture, weights: dict[str, np.ndarray], part: str) -> bytes:
    """The `part` "decoder" or "encoder" of a model, exactly as shipped: float16 weights, nothing merged.

    `weights` are those of `vae_core.weights.read_weights`: arrays by the names that `vae_core.model` gives them.

    Layout: the header's length (uint32, little-endian), the header (UTF-8 JSON, padded with spaces so that the weights
    start at an even byte), the weights (float16, little-endian) in the order in which the layers name them.

    The header has `inputs` (numbers that go in, labels not counted), `classes` (one-hot labels that follow the input of
    the first linear layer), `likelihood`, `deterministic` and `layers`. A layer has a `type` and its sizes:

    - linear: inputs, outputs; weight (outputs, inputs), bias
    - norm: size; weight, bias (layer normalisation, epsilon 1e-5)
    - silu
    - residual: layers, whose result is added to what went in
    - conv, deconv: inputs, outputs, kernel, stride, padding, side (of the picture that goes in); weight as torch has it, bias
    - scale: channels, side; factor, shift (batch normalisation with its running statistics)

    Pictures travel channel by channel, row by row, so flattening them costs nothing and has no layer.

    Raises
    ------
    ValueError
        If there is no such part, or its weights are not those of the architecture.
    """
    if part not in ("decoder", "encoder"):
        raise ValueError(f"part is {part!r}; choose 'decoder' or 'encoder'")
    own = {name.removeprefix(f"{part}."): w for name, w in weights.items() if name.startswith(f"{part}.")}
    network = _Network(architecture, own)
    try:
        layers = network.decoder() if part == "decoder" else network.encoder()
    except KeyError as missing:
        raise ValueError(f"the {part} has no weights {missing}") from None
    header = {
        "inputs": architecture.latent_dim if part == "decoder" else SIDE * SIDE,
        "classes": architecture.classes,
        "likelihood": architecture.likelihood,
        "deterministic": architecture.deterministic,
        "layers": layers,
    }
    return _bytes(header, network.sent)


def pack_linear(weight: np.ndarray, bias: np.ndarray) -> bytes:
    """One linear layer whose results are grey values themselves (likelihood "linear"), in the layout of `pack`.

    weight (outputs, inputs), bias (outputs,). A linear model such as PCA then decodes in the browser like the others.
    """
    outputs, inputs = weight.shape
    layer = {"type": "linear", "inputs": inputs, "outputs": outputs}
    header = {"inputs": inputs, "classes": 0, "likelihood": "linear", "deterministic": True, "layers": [layer]}
    return _bytes(header, [weight, bias])


def _bytes(header: dict, weights: list[np.ndarray]) -> bytes:
    """The header and the weights in the layout of `pack`."""
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (len(text) % 2)
    data = np.concatenate([w.ravel() for w in weights]).astype("<f2").tobytes()
    return struct.pack("<I", len(text)) + text + data


class _Network:
    """The networks of `vae_core.model`, layer by layer; `sent` collects their weights in the order of the layers.

    Sizes are those of the weights. A convolution is followed by its normalisation, if it has one, and a SiLU.
    """

    def __init__(self, architecture: Architecture, weights: dict[str, np.ndarray]):
        self.architecture, self.weights = architecture, weights
        self.next = 3 if architecture.batch_norm else 2  # places from one convolution of a sequence to the next
        self.sent: list[np.ndarray] = []

    def encoder(self) -> list[dict]:
        layers = []
        if self.architecture.family == "conv":
            layers += self.convolution("features", 0, side=28, stride=2)
            layers += self.convolution("features", self.next, side=14, stride=2)
        return layers + self.residual_mlp("head", self.architecture.encoder_blocks)

    def decoder(self) -> list[dict]:
        layers = self.residual_mlp("head", self.architecture.decoder_blocks)
        if self.architecture.family == "conv":
            inner = [SILU, *self.convolution("picture.1.inner", 1, side=7)]
            inner += [self.conv(f"picture.1.inner.{1 + self.next}", side=7)]
            layers += [{"type": "residual", "layers": inner}, SILU]
            layers += self.convolution("picture", 3, side=7, stride=2, transposed=True)
            layers += [self.conv(f"picture.{3 + self.next}", side=14, stride=2, transposed=True)]
        return layers

    def residual_mlp(self, name: str, blocks: int) -> list[dict]:
        layers = [self.linear(f"{name}.0"), SILU]
        for block in range(2, 2 + blocks):
            inner = [self.norm(f"{name}.{block}.norm"), self.linear(f"{name}.{block}.expand"), SILU]
            inner += [self.linear(f"{name}.{block}.contract")]
            layers += [{"type": "residual", "layers": inner}]
        return [*layers, self.norm(f"{name}.{2 + blocks}"), SILU, self.linear(f"{name}.{4 + blocks}")]

    def linear(self, name: str) -> dict:
        outputs, inputs = self._send(name)
        return {"type": "linear", "inputs": inputs, "outputs": outputs}

    def norm(self, name: str) -> dict:
        (size,) = self._send(name)
        return {"type": "norm", "size": size}

    def convolution(self, name: str, place: int, *, side: int, stride: int = 1, transposed: bool = False) -> list[dict]:
        layers = [self.conv(f"{name}.{place}", side=side, stride=stride, transposed=transposed)]
        if self.architecture.batch_norm:
            grown = side * stride if transposed else side // stride
            layers += [self.scale(f"{name}.{place + 1}", side=grown)]
        return [*layers, SILU]

    def conv(self, name: str, *, side: int, stride: int = 1, transposed: bool = False) -> dict:
        """All kernels are padded by one, so that a stride of 2 doubles or halves a picture and one of 1 keeps it."""
        first, second, kernel, _ = self._send(name)
        inputs, outputs = (first, second) if transposed else (second, first)
        sizes = {"inputs": inputs, "outputs": outputs, "kernel": kernel, "stride": stride, "padding": 1, "side": side}
        return {"type": "deconv" if transposed else "conv", **sizes}

    def scale(self, name: str, *, side: int) -> dict:
        weight, bias, mean, variance = (
            np.float32(self.weights[f"{name}.{kind}"]) for kind in ("weight", "bias", "running_mean", "running_var")
        )
        factor = weight / np.sqrt(variance + np.float32(1e-5))
        self.sent += [factor, bias - mean * factor]
        return {"type": "scale", "channels": len(weight), "side": side}

    def _send(self, name: str) -> tuple[int, ...]:
        """Send weight and bias of a layer; returns the weight's shape."""
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        self.sent += [weight, bias]
        return weight.shape
