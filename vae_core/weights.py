"""The weights of a shipped model as arrays. Importing it costs no torch, so a browser may have them at once."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from vae_core.manifest import ArtifactError, ArtifactFile, ModelSpec, verified


def weights_file(spec: ModelSpec, epoch: int | None = None) -> ArtifactFile:
    """The file of a model's weights, or of those of an epoch of its training.

    Raises
    ------
    ValueError
        If no weights of that epoch are shipped.
    """
    if epoch is None or epoch == spec.epoch:
        return spec.weights
    if epoch in spec.snapshots:
        return spec.snapshots[epoch]
    raise ValueError(f"{spec.id} has no weights of epoch {epoch}; choose one of {spec.epochs}")


def read_weights(root: str | Path, spec: ModelSpec, epoch: int | None = None) -> dict[str, np.ndarray]:
    """The weights of a model by the names that `vae_core.model` gives them, as stored.

    Parameters
    ----------
    root : folder of the manifest
    spec : the model's entry in it
    epoch : one of `spec.epochs`, or None for the model itself

    Raises
    ------
    ValueError
        If no weights of that epoch are shipped.
    ArtifactError
        If the file is missing, altered or not readable.
    """
    artifact = weights_file(spec, epoch)
    try:
        return load(verified(root, artifact))
    except (SafetensorError, ValueError) as error:
        raise ArtifactError(f"{artifact.file} does not hold the weights of {spec.id} ({error})") from error
