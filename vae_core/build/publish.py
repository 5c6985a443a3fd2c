"""Putting files and their manifest entries in place together, so that a kill at any moment leaves both true."""

import dataclasses
import errno
import io
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from vae_core.data import DATASETS, PROJECT
from vae_core.manifest import (
    MANIFEST,
    ArtifactFile,
    Manifest,
    ModelSpec,
    describe,
    read_manifest,
    write_atomically,
    write_manifest,
)

ARTIFACTS = PROJECT / "artifacts"


class BuildError(Exception):
    """A build that cannot go on; the message says what was lost (nothing) and what to do."""


def store(root: Path, folder: str, stem: str, suffix: str, content: bytes) -> ArtifactFile:
    """Write one artifact below `root` under a name that carries its hash, and return its manifest record.

    A new version never overwrites the one that the present manifest lists.
    """
    named = describe("", content)
    artifact = dataclasses.replace(named, file=f"{folder}/{stem}.{named.sha256[:8]}{suffix}")
    write_atomically(root / artifact.file, content)
    return artifact


def store_arrays(root: Path, folder: str, stem: str, arrays: dict[str, np.ndarray]) -> ArtifactFile:
    """Write named arrays as one compressed .npz artifact, as `store` does."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return store(root, folder, stem, ".npz", buffer.getvalue())


def update_manifest(root: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Change the manifest in one step; builds that run side by side take turns."""
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".manifest.lock"):
        exists = (root / MANIFEST).exists()
        manifest = change(read_manifest(root) if exists else Manifest())
        write_manifest(root, manifest)
    return manifest


def update_model(root: Path, spec: ModelSpec) -> None:
    """Add or replace one model's entry, and delete the files that only its former entry listed."""
    _replace(root, spec.id, lambda former: spec)


def amend_model(root: Path, spec: ModelSpec, **changes) -> ModelSpec:
    """Change fields of one model's entry as it is by now; what another build changed meanwhile stays.

    Raises
    ------
    BuildError
        If the model was trained again since `spec` was read, so that the changes describe other weights.
    """

    def change(former: ModelSpec | None) -> ModelSpec:
        if former is None or former.weights != spec.weights or former.snapshots != spec.snapshots:
            raise BuildError(f"{spec.id} was trained again meanwhile. Run the command again.")
        return dataclasses.replace(former, **changes)

    return _replace(root, spec.id, change)


def _replace(root: Path, id_: str, change: Callable[[ModelSpec | None], ModelSpec]) -> ModelSpec:
    unlisted = set()

    def change_manifest(manifest: Manifest) -> Manifest:
        former = manifest.models.get(id_)
        changed = {**manifest.models, id_: change(former)}
        models = dict(sorted(changed.items(), key=lambda item: shelf(item[1])))
        listed = {file for spec in models.values() for file in spec.files}
        unlisted.update(set(former.files if former else ()) - listed)
        return dataclasses.replace(manifest, models=models)

    manifest = update_manifest(root, change_manifest)
    for artifact in unlisted:
        (root / artifact.file).unlink(missing_ok=True)
    return manifest.models[id_]


def shelf(spec: ModelSpec) -> tuple:
    """Where a model stands in the list: by data set, ours first, then by latent size; beta families behind beta 1."""
    official = list(DATASETS)
    place = official.index(spec.dataset) if spec.dataset in official else len(official)
    return place, spec.dataset, spec.latent_dim, spec.beta != 1, spec.beta, spec.id


@contextmanager
def explained(what: str):
    """Turn the operating system's refusal to write into one sentence with the remedy."""
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error)
        raise BuildError(
            f"Could not write {what}: {reason}. What was written before is whole; mend it and run the command again."
        ) from error
