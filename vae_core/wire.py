"""A network as bytes for a browser: a JSON header that lists its layers, then its weights as float16."""

import json
import struct

import numpy as np
from torch import nn

from vae_core.model import SIDE, VAE, ResidualBlock, ResidualConv


def pack(model: VAE, part: str) -> bytes:
    """The `part` "decoder" or "encoder" of a model, exactly as shipped: float16 weights, nothing merged.

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
        If there is no such part.
    """
    if part not in ("decoder", "encoder"):
        raise ValueError(f"part is {part!r}; choose 'decoder' or 'encoder'")
    a = model.architecture
    weights: list[np.ndarray] = []
    network = getattr(model, part)
    modules = [network.head, network.picture] if part == "decoder" else [network.features, network.head]
    layers, side = [], SIDE
    for module in modules:
        added, side = _layers(module, side, weights)
        layers += added
    header = {
        "inputs": a.latent_dim if part == "decoder" else SIDE * SIDE,
        "classes": a.classes,
        "likelihood": a.likelihood,
        "deterministic": a.deterministic,
        "layers": layers,
    }
    return _bytes(header, weights)


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


def _layers(module: nn.Module, side: int, weights: list[np.ndarray]) -> tuple[list[dict], int]:
    """The layers of a module for pictures of this side, and the side of what comes out; its weights are appended."""

    def keep(*tensors) -> None:
        weights.extend(tensor.detach().cpu().numpy() for tensor in tensors)

    match module:
        case nn.Sequential():
            layers = []
            for child in module:
                added, side = _layers(child, side, weights)
                layers += added
            return layers, side
        case ResidualBlock():
            inner = [module.norm, module.expand, nn.SiLU(), module.contract]
            return [{"type": "residual", "layers": _layers(nn.Sequential(*inner), side, weights)[0]}], side
        case ResidualConv():
            return [{"type": "residual", "layers": _layers(module.inner, side, weights)[0]}], side
        case nn.Linear():
            keep(module.weight, module.bias)
            return [{"type": "linear", "inputs": module.in_features, "outputs": module.out_features}], side
        case nn.LayerNorm():
            keep(module.weight, module.bias)
            return [{"type": "norm", "size": module.normalized_shape[0]}], side
        case nn.BatchNorm2d():
            factor = module.weight / (module.running_var + module.eps).sqrt()
            keep(factor, module.bias - module.running_mean * factor)
            return [{"type": "scale", "channels": module.num_features, "side": side}], side
        case nn.Conv2d() | nn.ConvTranspose2d():
            keep(module.weight, module.bias)
            transposed = isinstance(module, nn.ConvTranspose2d)
            kernel, stride, padding = module.kernel_size[0], module.stride[0], module.padding[0]
            layer = {
                "type": "deconv" if transposed else "conv",
                "inputs": module.in_channels,
                "outputs": module.out_channels,
                "kernel": kernel,
                "stride": stride,
                "padding": padding,
                "side": side,
            }
            grown = (side - 1) * stride - 2 * padding + kernel
            return [layer], grown if transposed else (side + 2 * padding - kernel) // stride + 1
        case nn.SiLU():
            return [{"type": "silu"}], side
        case nn.Unflatten():
            return [], module.unflattened_size[-1]
        case nn.Flatten():
            return [], side
    raise ValueError(f"no browser layer for {type(module).__name__}")
