"""Ways between pictures: what a path through latent space passes, its control in pixels, blends and differences of codes."""

import numpy as np

from vae_core import latent, neighbours


def class_shares(z: np.ndarray, codes: np.ndarray, labels: np.ndarray, classes: int, k: int = 25) -> np.ndarray:
    """The share of each class among the k codes nearest to each z (Euclidean): a k-nearest-neighbour vote.

    Parameters
    ----------
    z : (n, latent)
    codes, labels : (m, latent) and (m,)
        Codes of known pictures and their labels, 0 to classes - 1. With fewer than k codes, all of them vote.

    Returns
    -------
    (n, classes) float64; rows sum to 1.

    Raises
    ------
    ValueError
        If k is not positive or there is no code.

    Source: Cover and Hart (1967), "Nearest neighbor pattern classification".
    """
    if k < 1 or len(codes) == 0:
        raise ValueError(f"k is {k} and there are {len(codes)} codes; a vote needs at least one of each")
    k = min(k, len(codes))
    z, codes = np.asarray(z, np.float64), np.asarray(codes, np.float64)
    votes = labels[neighbours.nearest(z, codes, k)]  # (n, k), in doubles: codes far from 0 would cancel in floats
    return np.eye(classes)[votes].mean(axis=1)


def cross_fade(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """(1 - t) start + t end, pixel by pixel, ends included: (steps, height, width) float32 for two (height, width).

    The control of every walk through latent space: what is seen in both is no achievement of the model.
    Raises ValueError if there are fewer than two steps.
    """
    return latent.lerp(start.ravel(), end.ravel(), steps).reshape(steps, *start.shape)


def blend(corners: np.ndarray, side: int) -> np.ndarray:
    """The bilinear blend of four codes over a square, row by row.

    Parameters
    ----------
    corners : (4, latent)
        Top left, top right, bottom left, bottom right.
    side : cells in a row, at least 2

    Returns
    -------
    (side * side, latent) float32; every row and every column is a straight line.
    """
    top, bottom = latent.lerp(*corners[:2], side), latent.lerp(*corners[2:], side)
    columns = [latent.lerp(upper, lower, side) for upper, lower in zip(top, bottom, strict=True)]
    return np.stack(columns, axis=1).reshape(side * side, -1)


def contrast(codes: np.ndarray, values: np.ndarray, share: float = 0.1) -> np.ndarray:
    """The mean of the codes whose value is highest minus the mean of those whose value is lowest: (latent,).

    codes (n, latent), values (n,); `share` of them on each side, at least one. A direction in latent space along which
    the value grows, if the space is kind: the arithmetic of Mikolov et al. (2013) on words, of White (2016),
    "Sampling Generative Networks", arXiv 1609.04468, on pictures (attribute vectors).
    """
    order = np.argsort(values, kind="stable")
    count = max(1, int(share * len(order)))
    return codes[order[-count:]].mean(axis=0) - codes[order[:count]].mean(axis=0)


def ink(x: np.ndarray) -> np.ndarray:
    """The mean brightness of each picture (n, height, width): (n,) between 0 and 1. Thick strokes have much of it."""
    return x.mean(axis=(1, 2), dtype=np.float64)


def slant(x: np.ndarray) -> np.ndarray:
    """How far each picture (n, height, width) leans to the right: columns moved for each row upwards, (n,).

    The regression of the columns of its ink on the rows, from second moments; 0 for a picture of fewer than two rows.
    """
    up, right = -np.arange(x.shape[1], dtype=float)[:, None], np.arange(x.shape[2], dtype=float)[None]
    weight = x / np.maximum(x.sum(axis=(1, 2), keepdims=True, dtype=np.float64), 1e-12)

    def mean(values: np.ndarray) -> np.ndarray:
        return (weight * values).sum(axis=(1, 2))

    variance = mean(up * up) - mean(up) ** 2
    covariance = mean(up * right) - mean(up) * mean(right)
    return np.where(variance > 1e-9, covariance / np.maximum(variance, 1e-9), 0.0)


MEASURES = {"ink": ink, "slant": slant}  # of pictures (n, height, width), by what they measure
