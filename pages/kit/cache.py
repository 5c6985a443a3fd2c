"""The only cached functions. Keys are ids and hashes; what is cached is shared by all readers and never changed."""

from pathlib import Path

import numpy as np
import streamlit as st

from vae_core import latent
from vae_core.data import DataError, Images, data_dir, load_gallery
from vae_core.manifest import MANIFEST, ArtifactError, Manifest, ModelSpec, read_manifest
from vae_core.projection import Codes, Maps, load_codes, load_maps, load_replay

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
KL_PICTURES = 500  # of the gallery's 5,000: enough for the mean KL of a dimension, encoded anew for each epoch
COST_PICTURES = 300  # on which a dimension's worth is measured, with the standard error beside it


def manifest() -> Manifest:
    """All that is shipped; read again only when the file has changed. Raises ArtifactError."""
    path = ARTIFACTS / MANIFEST
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _manifest(str(path), changed)


@st.cache_resource(max_entries=2, show_spinner=False)
def _manifest(path: str, changed: int) -> Manifest:
    return read_manifest(Path(path).parent)


def model(spec: ModelSpec):
    """A frozen model, shared by every session: read it, never train or seed it. Raises ArtifactError."""
    return _model(spec.id, spec.weights.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner="Loading the model")
def _model(model_id: str, sha256: str, _spec: ModelSpec):
    from vae_core.model import load_vae

    return load_vae(ARTIFACTS, _spec)


def snapshots(spec: ModelSpec) -> dict:
    """Frozen models by epoch, as `model`. Raises ArtifactError."""
    return _snapshots(spec.id, tuple(f.sha256 for f in (*spec.snapshots.values(), spec.weights)), spec)


@st.cache_resource(max_entries=4, show_spinner="Loading the snapshots of its training")
def _snapshots(model_id: str, sha256s: tuple[str, ...], _spec: ModelSpec) -> dict:
    from vae_core.model import load_vae

    return {epoch: load_vae(ARTIFACTS, _spec, epoch) for epoch in _spec.epochs}


def gallery(dataset: str) -> Images:
    """The 5,000 pictures of a data set. Raises ArtifactError, or DataError when they are not downloaded."""
    image_set = manifest().images[dataset]
    return _gallery(dataset, image_set.pixels_sha256, str(data_dir()), image_set)


@st.cache_resource(max_entries=4, show_spinner=False)
def _gallery(dataset: str, sha256: str, folder: str, _image_set) -> Images:
    images = load_gallery(ARTIFACTS, dataset, _image_set)
    images.x.setflags(write=False)
    return images


def codes(spec: ModelSpec) -> Codes:
    """The gallery's codes under a model. Raises ArtifactError."""
    return _codes(spec.id, spec.codes and spec.codes.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _codes(model_id: str, sha256: str | None, _spec: ModelSpec) -> Codes:
    return load_codes(ARTIFACTS, _spec)


def maps(spec: ModelSpec) -> Maps:
    """The two-dimensional maps of a model's codes. Raises ArtifactError."""
    return _maps(spec.id, spec.maps_file and spec.maps_file.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _maps(model_id: str, sha256: str | None, _spec: ModelSpec) -> Maps:
    return load_maps(ARTIFACTS, _spec)


def replay(spec: ModelSpec) -> dict:
    """Posterior means of the gallery's first pictures by epoch. Raises ArtifactError."""
    return _replay(spec.id, spec.replay and spec.replay.sha256, spec)


@st.cache_resource(max_entries=8, show_spinner=False)
def _replay(model_id: str, sha256: str | None, _spec: ModelSpec) -> dict:
    return load_replay(ARTIFACTS, _spec)


def network(spec: ModelSpec, part: str) -> bytes:
    """A model's "encoder" or "decoder" for the browser, see `vae_core.wire.pack`. Raises ArtifactError."""
    return _network(spec.id, spec.weights.sha256, part, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _network(model_id: str, sha256: str, part: str, _spec: ModelSpec) -> bytes:
    from vae_core.wire import pack

    return pack(model(_spec), part)


def kl_by_epoch(spec: ModelSpec) -> dict:
    """KL of each latent dimension, (latent,) in nats, averaged over the gallery's first pictures, by epoch.

    Raises ArtifactError, or DataError where the pictures are not downloaded.
    """
    images = gallery(spec.dataset)
    sha256s = tuple(f.sha256 for f in (*spec.snapshots.values(), spec.weights))
    return _kl_by_epoch(spec.id, sha256s, manifest().images[spec.dataset].pixels_sha256, spec, images)


@st.cache_resource(max_entries=8, show_spinner=False)
def _kl_by_epoch(
    model_id: str, sha256s: tuple[str, ...], pixels_sha256: str, _spec: ModelSpec, _images: Images
) -> dict:
    from vae_core import inference

    y = _images.y[:KL_PICTURES] if _spec.conditional else None
    return {
        epoch: inference.kl_per_dim(*inference.encode(one, _images.x[:KL_PICTURES], y)).mean(axis=0)
        for epoch, one in snapshots(_spec).items()
    }


def gallery_or_none(dataset: str) -> Images | None:
    """As `gallery`, but None where the pictures are not on this machine or not readable."""
    try:
        return gallery(dataset)
    except (ArtifactError, DataError):
        return None


def cost_by_dim(spec: ModelSpec) -> np.ndarray:
    """Nats of reconstruction lost without each latent dimension, (latent,): mean of the gallery's first pictures.

    Raises ArtifactError, or DataError where the pictures are not downloaded.
    """
    images = gallery(spec.dataset)
    pixels_sha256 = manifest().images[spec.dataset].pixels_sha256
    return _cost_by_dim(spec.id, spec.weights.sha256, spec.codes and spec.codes.sha256, pixels_sha256, spec, images)


@st.cache_resource(max_entries=32, show_spinner="Switching each dimension off")
def _cost_by_dim(
    model_id: str, sha256: str, codes_sha256: str | None, pixels_sha256: str, _spec: ModelSpec, _images: Images
) -> np.ndarray:
    from vae_core import collapse

    x, z, y = posterior_samples(_spec, _images)
    return collapse.cost_by_dim(model(_spec), x, z, y)


def posterior_samples(spec: ModelSpec, images: Images) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The gallery's first pictures (n, 28, 28), one posterior sample of each (n, latent), labels if they are wanted."""
    of_gallery = codes(spec)
    mu, logvar = of_gallery.mu[:COST_PICTURES], of_gallery.logvar[:COST_PICTURES]
    z = latent.reparameterize(mu, logvar, latent.noise(COST_PICTURES, spec.latent_dim, seed=0))
    return images.x[:COST_PICTURES], z, of_gallery.y[:COST_PICTURES] if spec.conditional else None


def principal_variances(dataset: str, count: int) -> np.ndarray:
    """As `collapse.principal_variances`, of a data set's gallery; raises as `gallery`."""
    images = gallery(dataset)
    return _principal_variances(dataset, manifest().images[dataset].pixels_sha256, count, images)


@st.cache_resource(max_entries=4, show_spinner=False)
def _principal_variances(dataset: str, pixels_sha256: str, count: int, _images: Images) -> np.ndarray:
    from vae_core import collapse

    return collapse.principal_variances(_images.x, count)
