"""Who lies beside whom: nearest neighbours among codes or pictures, and whether they agree on the label."""

import numpy as np

ROWS = 16  # points looked at together: the distances to 5,000 others stay in the cache of the processor


def nearest(points: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """For each point (m, d) the indices of its nearest rows of `among` (n, d), nearest first: (m, count).

    Distances are Euclidean; a point that is itself a row of `among` is its own nearest.

    Raises
    ------
    ValueError
        If there are not so many rows.
    """
    if not 0 < count <= len(among):
        raise ValueError(f"count is {count}; there are {len(among)} to choose from")
    norms = np.einsum("nd,nd->n", among, among)
    found = []
    for start in range(0, len(points), ROWS):
        squared = (-2 * points[start : start + ROWS]) @ among.T
        squared += norms  # the point's own norm changes no order
        if count == 1:  # four times as quick
            found.append(squared.argmin(axis=1)[:, None])
            continue
        some = np.argpartition(squared, count - 1, axis=1)[:, :count]
        order = np.take_along_axis(squared, some, axis=1).argsort(axis=1)
        found.append(np.take_along_axis(some, order, axis=1))
    return np.concatenate(found)


def others(index: int, among: np.ndarray, count: int) -> np.ndarray:
    """The nearest rows of `among` (n, d) to its own row `index`, without that row, nearest first: (count,)."""
    found = nearest(among[index][None], among, count + 1)[0]
    return found[found != index][:count]


def agreement(codes: np.ndarray, labels: np.ndarray, count: int = 10) -> np.ndarray:
    """For each code (n, latent) the share of its nearest other codes that have its label: (n,) from 0 to 1.

    Fewer neighbours than `count` where there are fewer other codes.
    """
    count = min(count, len(codes) - 1)
    found = nearest(codes, codes, count + 1)
    is_other = found != np.arange(len(codes))[:, None]
    # A code that has twins may not be among its own nearest: then the farthest is left out instead.
    is_other[is_other.all(axis=1), -1] = False
    others_ = found[is_other].reshape(len(codes), count)
    return (labels[others_] == labels[:, None]).mean(axis=1)
