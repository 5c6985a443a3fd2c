"""Putting files and their manifest entries in place together, so that a kill at any moment leaves both true."""

import dataclasses
import errno
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from vae_core.data import PROJECT
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
    former = []

    def change(manifest: Manifest) -> Manifest:
        if spec.id in manifest.models:
            former.extend(manifest.models[spec.id].files)
        return dataclasses.replace(manifest, models={**manifest.models, spec.id: spec})

    update_manifest(root, change)
    for artifact in set(former) - set(spec.files):
        (root / artifact.file).unlink(missing_ok=True)


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
