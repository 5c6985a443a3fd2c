"""What is shipped, read once: the cached functions that give models, codes, maps and pictures.

Here and in the files of `computed` is all that is cached, but finished charts (`charts/finished.py`) and the frames of a walk
(`transitions/steps.py`). Keys are ids and hashes; what is cached is shared by all readers and never changed.
"""

from pathlib import Path

import streamlit as st

from vae_core.data import DataError, Images, data_dir, load_gallery
from vae_core.manifest import MANIFEST, ArtifactError, Manifest, ModelSpec, read_manifest, verified
from vae_core.projection import Codes, Maps, load_codes, load_maps, load_replay
from vae_core.weights import read_weights
from vae_core.wire import pack

ARTIFACTS = Path(__file__).parents[2] / "artifacts"


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


def intact(spec: ModelSpec) -> bool:
    """True, for a model whose weights are there, whole and unaltered; costs no torch. Raises ArtifactError."""
    return _intact(spec.id, spec.weights.sha256, spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _intact(model_id: str, sha256: str, _spec: ModelSpec) -> bool:
    return bool(verified(ARTIFACTS, _spec.weights))


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
    return pack(_spec.architecture, read_weights(ARTIFACTS, _spec), part)


def gallery_or_none(dataset: str) -> Images | None:
    """As `gallery`, but None where the pictures are not on this machine or not readable."""
    try:
        return gallery(dataset)
    except (ArtifactError, DataError):
        return None
