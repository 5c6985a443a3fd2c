"""What cached functions have in common: what they give is shared, what they are given is told apart by its content."""

import hashlib

import numpy as np


def shared(values: np.ndarray) -> np.ndarray:
    """What all readers share, nobody may change."""
    values.setflags(write=False)
    return values


def content_of(values: np.ndarray) -> str:
    """What identifies a picture, be it from the gallery or the reader's own, or codes."""
    return hashlib.sha256(np.ascontiguousarray(values)).hexdigest()


def labels_of(label: int | None) -> np.ndarray | None:
    return None if label is None else np.array([label])
