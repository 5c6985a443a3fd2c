"""Pictures that the reader draws: the code of the drawing pad, and the check of what it sends."""

import base64
import binascii

import numpy as np

from vae_core.images import SIDE

LENGTH = 4 * -(-SIDE * SIDE // 3)  # of 784 bytes as base64


def drawn_picture(sent: object) -> np.ndarray | None:
    """The picture (28, 28) float32 in [0, 1] of 784 grey bytes in base64; None if what was sent is anything else."""
    if not isinstance(sent, str) or len(sent) != LENGTH:
        return None
    try:
        pixels = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(pixels) != SIDE * SIDE:
        return None
    return np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE).astype(np.float32) / 255
