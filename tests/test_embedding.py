"""t-SNE and UMAP while somebody watches: progress that only grows, an end when told, and the same map as without."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from vae_core import embedding

RANDOM = np.random.default_rng(0)
LABELS = np.arange(90) % 3
CODES = (6 * np.eye(3, 5)[LABELS] + RANDOM.standard_normal((90, 5))).astype(np.float32)
METHODS = pytest.mark.parametrize(
    ("method", "setting"), [(embedding.tsne, 10), (embedding.umap, 8)], ids=["tsne", "umap"]
)


class Enough(Exception):  # noqa: N818
    pass


@METHODS
def test_watching_changes_nothing_and_the_share_grows_to_one(method, setting):
    shares = []
    watched = method(CODES, setting, 1, shares.append)
    assert watched.shape == (90, 2)
    assert watched.dtype == np.float32
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)
    assert len(shares) > 10
    assert (np.diff(shares) >= 0).all()
    np.testing.assert_array_equal(watched, method(CODES, setting, 1))
    assert np.abs(watched - method(CODES, setting, 2)).max() > 0.1  # another seed, another map


@METHODS
def test_what_progress_raises_ends_the_work_at_once(method, setting):
    shares = []

    def progress(share):
        shares.append(share)
        if 0.2 < share < 0.9:
            raise Enough

    with pytest.raises(Enough):
        method(CODES, setting, 0, progress)
    assert max(shares) < 0.5


@METHODS
def test_a_map_keeps_neighbours_together(method, setting):
    xy = method(CODES, setting, 0)
    assert embedding.trust(CODES, xy) == pytest.approx(trustworthiness(CODES, xy, n_neighbors=10), abs=1e-4)
    assert embedding.trust(CODES, xy) > embedding.trust(CODES, RANDOM.standard_normal((90, 2))) + 0.2


@METHODS
def test_more_neighbours_than_codes_are_refused_with_the_most_that_goes(method, setting):
    most = {embedding.tsne: 29, embedding.umap: 89}[method]
    with pytest.raises(ValueError, match=f"at most {most}$"):
        method(CODES, most + 1, 0)
