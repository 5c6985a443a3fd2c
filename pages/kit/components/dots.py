"""Codes as `dots.js` draws them: packed small, as shares of their axes."""

import base64

import numpy as np


def frame_of(xy: np.ndarray, titles: tuple[str, str] | None, equal: bool) -> dict:
    """The axes around dots (n, 2) with a small margin; `equal` gives both axes one scale and centres them on 0."""
    if equal:
        limit = float(np.ceil(np.abs(xy).max()))
        low, high = [-limit, -limit], [limit, limit]
    else:
        margin = 0.04 * np.ptp(xy, axis=0)
        low, high = (xy.min(axis=0) - margin).tolist(), (xy.max(axis=0) + margin).tolist()
    return {"low": low, "high": high, "titles": titles}


def packed(xy: np.ndarray, frame: dict) -> str:
    """Dots (n, 2) as 16-bit shares of the frame, base64: what `dots.js` draws."""
    low, high = np.array(frame["low"]), np.array(frame["high"])
    shares = np.clip((xy - low) / (high - low), 0, 1)
    return base64.b64encode(np.rint(shares * 65535).astype("<u2").tobytes()).decode()


def packed_labels(y: np.ndarray) -> str:
    """Labels (n,) as bytes, base64."""
    return base64.b64encode(y.astype(np.uint8).tobytes()).decode()
