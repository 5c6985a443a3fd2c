"""Sheets of pictures, and how pictures differ from one another."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.computed.sharing import content_of, shared
from vae_core.data import Images, data_dir
from vae_core.images import png, tile
from vae_core.manifest import ModelSpec


def decoded(spec: ModelSpec, z: np.ndarray, label: int | Sequence[int] | None) -> np.ndarray:
    """Codes z (n, latent) as pictures (n, 28, 28); if the model is conditional, all of one class or each of its own. Raises
    ArtifactError.

    Decoded once for everybody who looks at the same codes: a few of them, that a page measures, too.
    """
    labels, told = _labels(spec, z, label)
    return _decoded(spec.id, spec.weights.sha256, content_of(z), told, spec, z, labels)


@st.cache_resource(max_entries=128, show_spinner=False)
def _decoded(model_id: str, sha256: str, codes: str, told: str | None, _spec: ModelSpec, _z, _labels) -> np.ndarray:
    from vae_core import inference

    return shared(inference.decode(cache.model(_spec), _z, _labels))


def decoded_sheet(
    spec: ModelSpec, z: np.ndarray, label: int | Sequence[int] | None, columns: int, gap: int = 0
) -> bytes:
    """As `decoded`, row by row as a PNG; `gap` as for `tile`."""
    labels, told = _labels(spec, z, label)
    return _decoded_sheet(spec.id, spec.weights.sha256, content_of(z), told, columns, gap, spec, z, labels)


@st.cache_resource(max_entries=128, show_spinner=False)
def _decoded_sheet(
    model_id: str, sha256: str, codes: str, told: str | None, columns: int, gap: int, _spec: ModelSpec, _z, _labels
) -> bytes:
    from vae_core import inference

    return png(tile(inference.decode(cache.model(_spec), _z, _labels), columns, gap=gap))


def _labels(spec: ModelSpec, z: np.ndarray, label: int | Sequence[int] | None) -> tuple[np.ndarray | None, str | None]:
    """A label for each code if the model is conditional, and what identifies them all."""
    labels = np.broadcast_to(label, len(z)) if spec.conditional else None
    return labels, None if labels is None else content_of(labels)


ATLAS_COLUMNS = 64


def atlas(dataset: str) -> bytes:
    """All pictures of a gallery as one PNG, `ATLAS_COLUMNS` in a row, unscaled. Raises as `gallery` does."""
    return _atlas(dataset, cache.manifest().images[dataset].pixels_sha256, str(data_dir()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _atlas(dataset: str, sha256: str, folder: str) -> bytes:
    return png(tile(cache.gallery(dataset).x, ATLAS_COLUMNS))


def picture_distance(dataset: str, x: np.ndarray, own: np.ndarray | None) -> np.ndarray:
    """`vae_core.density.picture_distance` of pictures x (m, 28, 28) from those of a gallery. Raises as `gallery`."""
    pixels = cache.manifest().images[dataset].pixels_sha256
    return _picture_distance(
        dataset, pixels, str(data_dir()), content_of(x), None if own is None else content_of(own), x, own
    )


@st.cache_resource(max_entries=256, show_spinner=False)
def _picture_distance(dataset: str, pixels: str, folder: str, content: str, rows: str | None, _x, _own) -> np.ndarray:
    from vae_core import density

    return shared(density.picture_distance(_x, cache.gallery(dataset).x, _own))


def pca(dataset: str):
    """The first two principal components of a gallery's pictures, and the pictures' codes (n, 2). Raises as `gallery`."""
    return _pca(dataset, cache.manifest().images[dataset].pixels_sha256, str(data_dir()))


@st.cache_resource(max_entries=4, show_spinner="Fitting PCA to the pictures")
def _pca(dataset: str, sha256: str, folder: str):
    from vae_core import linear

    x = cache.gallery(dataset).x
    fitted = linear.fit(x, 2)
    return fitted, shared(linear.encode(fitted, x))


def gallery_error(spec: ModelSpec) -> float:
    """Mean squared error a pixel of a model's reconstructions of its gallery. Raises as `gallery`."""
    return _gallery_error(spec.id, spec.weights.sha256, spec.codes and spec.codes.sha256, str(data_dir()), spec)


@st.cache_resource(max_entries=32, show_spinner="Reconstructing the gallery")
def _gallery_error(model_id: str, weights: str, sha256: str | None, folder: str, _spec: ModelSpec) -> float:
    from vae_core import inference

    x_hat = inference.decode(cache.model(_spec), cache.codes(_spec).mu)
    return float(np.square(x_hat - cache.gallery(_spec.dataset).x).mean())


def principal_variances(dataset: str, count: int) -> np.ndarray:
    """As `collapse.principal_variances`, of a data set's gallery; raises as `gallery`."""
    images = cache.gallery(dataset)
    return _principal_variances(dataset, cache.manifest().images[dataset].pixels_sha256, count, images)


@st.cache_resource(max_entries=4, show_spinner=False)
def _principal_variances(dataset: str, pixels_sha256: str, count: int, _images: Images) -> np.ndarray:
    from vae_core import collapse

    return collapse.principal_variances(_images.x, count)
