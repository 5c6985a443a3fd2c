"""Maps that are not linear: t-SNE and UMAP of codes, and how far a map can be trusted. The packages load when asked."""

import io
from collections.abc import Callable

import numpy as np

TRUSTED = 10  # neighbours that trustworthiness looks at
ITERATIONS, EVERY = 750, 25  # of openTSNE: 250 with exaggeration, then 500; progress is told every so many

Progress = Callable[[float], None]


def tsne(mu: np.ndarray, perplexity: int, seed: int, progress: Progress | None = None) -> np.ndarray:
    """A t-SNE map (n, 2) float32 of codes; seed 0 starts from the PCA plane, any other from random places.

    `progress(share)` is called now and then with the share that is done, from 0 to 1; what it raises ends the work.

    Raises
    ------
    ValueError
        If there are fewer than 3 * perplexity + 1 codes: the method looks at so many neighbours.

    Source: van der Maaten and Hinton (2008); the start from PCA: Kobak and Berens (2019).
    """
    if 3 * perplexity >= len(mu):
        raise ValueError(f"perplexity is {perplexity}; {len(mu)} codes allow at most {(len(mu) - 1) // 3}")
    from openTSNE import TSNE

    done = 0

    def tell(*_) -> None:
        nonlocal done
        done += EVERY
        progress(min(done / ITERATIONS, 1.0))

    if progress is not None:
        progress(0.0)
    start = "random" if seed else "pca"
    method = TSNE(
        perplexity=perplexity,
        random_state=seed,
        initialization=start,
        callbacks=None if progress is None else tell,
        callbacks_every_iters=EVERY,
    )
    return np.asarray(method.fit(mu), np.float32)


def umap(mu: np.ndarray, neighbours: int, seed: int, progress: Progress | None = None) -> np.ndarray:
    """A UMAP map (n, 2) float32 of codes. `progress` is as for `tsne`.

    Raises
    ------
    ValueError
        If there are not more codes than neighbours.

    Source: McInnes, Healy and Melville (2018).
    """
    if neighbours >= len(mu):
        raise ValueError(f"neighbours is {neighbours}; {len(mu)} codes allow at most {len(mu) - 1}")
    from umap import UMAP

    bar = None
    if progress is not None:
        progress(0.0)
        # UMAP tells of its epochs through a tqdm bar only: this one writes to a file that listens.
        bar = {
            "disable": False,
            "file": _Listener(progress),
            "bar_format": "{percentage}",
            "mininterval": 0,
            "miniters": 1,
        }
    method = UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1, tqdm_kwds=bar)
    return np.asarray(method.fit_transform(mu), np.float32)


def trust(mu: np.ndarray, xy: np.ndarray) -> float:
    """Trustworthiness of a map (n, 2) of codes (n, latent), 0 to 1: are neighbours on the map neighbours in truth?

    At ten neighbours, fewer where there are few codes. Source: Venna and Kaski (2001).
    """
    from sklearn.manifold import trustworthiness

    return round(float(trustworthiness(mu, xy, n_neighbors=min(TRUSTED, (len(mu) - 1) // 2))), 4)


class _Listener(io.TextIOBase):
    """A file for a progress bar of percentages: what is written to it goes to `progress` as a share."""

    def __init__(self, progress: Progress):
        self.progress = progress

    def write(self, text: str) -> int:
        if text.strip():
            self.progress(float(text) / 100)
        return len(text)
