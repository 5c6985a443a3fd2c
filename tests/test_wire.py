"""The bytes that travel to the browser: a header that lists the layers, then every weight once, in float16."""

import json
import struct

import numpy as np
import pytest
import torch
from conftest import ARTIFACTS, SHIPPED, TINY, TINY_CONDITIONAL, TINY_CONV

from vae_core.manifest import Architecture
from vae_core.model import new_vae
from vae_core.weights import read_weights
from vae_core.wire import pack

TINY_NORMED = Architecture("conv", 3, 16, 8, 1, 1, channels=4, batch_norm=True)


def unpacked(data: bytes) -> tuple[dict, np.ndarray]:
    (length,) = struct.unpack("<I", data[:4])
    return json.loads(data[4 : 4 + length]), np.frombuffer(data[4 + length :], "<f2")


def packed(model, part: str) -> bytes:
    """A model that is not shipped, packed."""
    return pack(model.architecture, {name: w.numpy(force=True) for name, w in model.state_dict().items()}, part)


def layers(header: dict) -> list[str]:
    return [layer["type"] for layer in header["layers"]]


@pytest.mark.parametrize("part", ["decoder", "encoder"])
@pytest.mark.parametrize("architecture", [TINY, TINY_CONDITIONAL, TINY_CONV])
def test_every_weight_travels_once_in_order(architecture, part):
    model = new_vae(architecture, 0)
    _, weights = unpacked(packed(model, part))
    expected = [p.detach().contiguous().numpy().ravel() for p in getattr(model, part).parameters()]
    np.testing.assert_array_equal(weights, np.concatenate(expected).astype(np.float16))


def test_the_header_lists_what_a_browser_must_compute():
    header, _ = unpacked(packed(new_vae(TINY_CONV, 0), "decoder"))
    assert layers(header) == [
        "linear",
        "silu",
        "residual",
        "norm",
        "silu",
        "linear",
        "residual",
        "silu",
        "deconv",
        "silu",
        "deconv",
    ]
    first, last = [layer for layer in header["layers"] if layer["type"] == "deconv"]
    assert (first["side"], last["side"], last["outputs"]) == (7, 14, 1)
    assert header["inputs"] == 3
    assert header["classes"] == 0


def test_batch_normalisation_travels_as_the_factor_and_shift_of_its_running_statistics():
    model = new_vae(TINY_NORMED, 0)
    model.train()
    model.posterior(torch.rand(64, 28, 28))  # moves the running statistics
    header, weights = unpacked(packed(model.eval(), "encoder"))
    assert layers(header)[:3] == ["conv", "scale", "silu"]
    norm = model.encoder.features[1]
    x = torch.rand(1, 2, 14, 14)
    factor, shift = (torch.tensor(weights[34 + 2 * i : 36 + 2 * i].astype(np.float32)) for i in range(2))
    with torch.no_grad():
        expected = norm(x)
    torch.testing.assert_close(x * factor[:, None, None] + shift[:, None, None], expected, atol=5e-3, rtol=5e-3)


def test_a_shipped_decoder_fits_into_half_a_megabyte_or_so():
    sizes = [len(pack(spec.architecture, read_weights(ARTIFACTS, spec), "decoder")) for spec in SHIPPED.values()]
    assert max(sizes) < 700_000


def test_another_part_is_refused_and_so_are_the_weights_of_another_architecture():
    with pytest.raises(ValueError, match="decoder"):
        packed(new_vae(TINY, 0), "prior")
    with pytest.raises(ValueError, match="picture"):
        pack(TINY_CONV, {name: w.numpy() for name, w in new_vae(TINY, 0).state_dict().items()}, "decoder")
