"""The manifest: what every file in `artifacts/` is, how it was made and what it scored.

Reads plain JSON and hashes bytes; importing it never imports torch, so an app can list its models at once.
"""

import hashlib
import io
import json
import os
import re
import zipfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args, get_origin

import numpy as np

SCHEMA = 2
MANIFEST = "manifest.json"


class ArtifactError(Exception):
    """A shipped file is missing, altered or not readable; the message names the file and the remedy."""


@dataclass(frozen=True)
class ArtifactFile:
    """One file below the artifact root, pinned by its size and SHA-256."""

    file: str
    bytes: int
    sha256: str


def check_choices(settings) -> None:
    """Raise ValueError if a field of a dataclass that is annotated as a Literal holds none of its values."""
    for f in fields(settings):
        value = getattr(settings, f.name)
        if get_origin(f.type) is Literal and value not in get_args(f.type):
            raise ValueError(f"{f.name} is {value!r}; choose one of {', '.join(get_args(f.type))}")


@dataclass(frozen=True)
class Architecture:
    """Everything needed to rebuild a network, so that loading never guesses.

    `width` is the width of the residual MLP, `hidden` the inner width of its blocks; `channels` is the width of the
    7x7 feature maps (0 for an MLP), normalised over the batch if `batch_norm`; `classes` is the number of labels the
    model is conditioned on (0: none). `likelihood` says what the decoder's output means for a pixel; a Gaussian pixel
    has the standard deviation `pixel_sigma`, learned with the weights where that is 0. A `deterministic` model is a
    plain autoencoder: one code a picture, no posterior.
    """

    family: Literal["mlp", "conv"]
    latent_dim: int
    width: int
    hidden: int
    encoder_blocks: int
    decoder_blocks: int
    channels: int = 0
    classes: int = 0
    batch_norm: bool = False
    likelihood: Literal["bernoulli", "continuous_bernoulli", "gaussian"] = "bernoulli"
    pixel_sigma: float = 0.0
    deterministic: bool = False

    def __post_init__(self):
        check_choices(self)
        for name in ("latent_dim", "width", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("encoder_blocks", "decoder_blocks", "channels", "classes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it cannot be negative")
        if (self.family == "conv") != (self.channels > 0):
            raise ValueError("channels must be at least 1 for a convolutional model and 0 for an MLP")
        if self.batch_norm and self.family != "conv":
            raise ValueError("batch_norm is for convolutional models; leave it out of an MLP")
        if not 0 <= self.pixel_sigma < float("inf"):
            raise ValueError(f"pixel_sigma is {self.pixel_sigma}; it must be positive, or 0 to be learned")
        if self.pixel_sigma and self.likelihood != "gaussian":
            raise ValueError(f"pixel_sigma belongs to Gaussian pixels; leave it out of a {self.likelihood} model")


@dataclass(frozen=True)
class LatentMap:
    """One two-dimensional map of the codes: its key in the map file, its settings, and how far it can be trusted.

    `trustworthiness` is the score of Venna and Kaski (2001) at ten neighbours, between 0 and 1.
    """

    key: str
    method: Literal["pca", "tsne", "umap"]
    settings: dict[str, float]
    trustworthiness: float


@dataclass(frozen=True)
class ModelSpec:
    """One shipped model: its settings, files, history and metrics.

    `recipe` is the whole training table of its TOML file. `history` holds columns of equal length, one row an epoch,
    none of KL for a plain autoencoder;
    `metrics` are those of the official test set. Units are part of every name.
    """

    id: str
    dataset: str
    beta: float
    architecture: Architecture
    epoch: int
    weights: ArtifactFile
    snapshots: dict[int, ArtifactFile] = field(default_factory=dict)
    codes: ArtifactFile | None = None
    replay: ArtifactFile | None = None
    maps_file: ArtifactFile | None = None
    maps: tuple[LatentMap, ...] = ()
    recipe: dict = field(default_factory=dict)
    history: dict[str, list] = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    made_with: dict = field(default_factory=dict)

    @property
    def latent_dim(self) -> int:
        return self.architecture.latent_dim

    @property
    def likelihood(self) -> str:
        return self.architecture.likelihood

    @property
    def variational(self) -> bool:
        """Whether the model has a posterior; a plain autoencoder has none."""
        return not self.architecture.deterministic

    @property
    def conditional(self) -> bool:
        return self.architecture.classes > 0

    @property
    def epochs(self) -> list[int]:
        """Epochs whose weights are shipped, in order; the last is the model itself."""
        return sorted({*self.snapshots, self.epoch})

    @property
    def files(self) -> list[ArtifactFile]:
        """Every file that belongs to this model."""
        optional = [f for f in (self.codes, self.replay, self.maps_file) if f is not None]
        return [self.weights, *self.snapshots.values(), *optional]


@dataclass(frozen=True)
class ImageSet:
    """The pictures a gallery shows: shipped as a file, or (`file` None) read from the reader's own download.

    `title` is what readers call the data set, `classes` what its labels mean. `pixels_sha256` pins the (count, 28, 28) uint8 pixels, so that codes and pictures cannot drift apart.
    """

    title: str
    classes: tuple[str, ...]
    count: int
    source: str
    pixels_sha256: str
    file: ArtifactFile | None = None


@dataclass(frozen=True)
class Manifest:
    """All that `artifacts/` holds."""

    models: dict[str, ModelSpec] = field(default_factory=dict)
    images: dict[str, ImageSet] = field(default_factory=dict)


def load_manifest(root: str | Path) -> dict[str, ModelSpec]:
    """The shipped models by id, in the manifest's order.

    Raises
    ------
    ArtifactError
        If the manifest is missing, is not valid, or was written by a newer schema.
    """
    return read_manifest(root).models


def read_manifest(root: str | Path) -> Manifest:
    """The whole manifest below `root`; raises `ArtifactError` as `load_manifest` does."""
    path = Path(root) / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing. Restore it with `git checkout -- artifacts`.") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}). Restore it with `git checkout -- artifacts`.") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise ArtifactError(
            f"{path} has schema {schema} and this program reads schema {SCHEMA}. Update the program: `git pull`."
        )
    try:
        if schema != SCHEMA or isinstance(schema, bool):
            raise ValueError(f"its schema is {schema!r}, expected {SCHEMA}")
        return Manifest(
            models={entry["id"]: _spec(entry) for entry in data["models"]},
            images={name: _image_set(entry) for name, entry in data["images"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"{path} is not a valid manifest ({error}). Restore it with `git checkout -- artifacts`."
        ) from error


def write_manifest(root: str | Path, manifest: Manifest) -> None:
    """Replace the manifest below `root` in one step: a reader sees the old one or the new one, never half of it."""
    data = {
        "schema": SCHEMA,
        "images": {name: asdict(image_set) for name, image_set in manifest.images.items()},
        "models": [asdict(spec) for spec in manifest.models.values()],
    }
    text = json.dumps(data, indent=1)
    # One line for each list of numbers: a history of 200 epochs stays readable, and so do its diffs.
    # The line break after the bracket keeps the pattern out of strings, which cannot hold one in JSON.
    text = re.sub(r"\[\n[\s\d.,eE+\-]*\]", lambda m: re.sub(r"\s+", " ", m[0]), text)
    write_atomically(Path(root) / MANIFEST, (text + "\n").encode())


def verified(root: str | Path, artifact: ArtifactFile) -> bytes:
    """The bytes of one artifact, checked against the manifest's SHA-256.

    Raises
    ------
    ArtifactError
        If the file is missing, truncated or altered.
    """
    path = Path(root) / artifact.file
    remedy = "Restore it with `git checkout -- artifacts`, or build it again (see the README)."
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing. {remedy}") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read ({error}). {remedy}") from error
    if len(content) != artifact.bytes:
        raise ArtifactError(f"{path} has {len(content)} bytes instead of {artifact.bytes}. {remedy}")
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise ArtifactError(f"{path} has been altered: its SHA-256 is not the manifest's. {remedy}")
    return content


def read_arrays(root: str | Path, artifact: ArtifactFile, *names: str) -> list[np.ndarray]:
    """Arrays of a verified .npz file, by name; raises `ArtifactError` if the file is not whole or lacks one."""
    try:
        with np.load(io.BytesIO(verified(root, artifact)), allow_pickle=False) as file:
            return [file[name] for name in names]
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"{artifact.file} does not hold the arrays {', '.join(names)} ({error})") from error


def describe(file: str, content: bytes) -> ArtifactFile:
    """The manifest's record of `content` stored at `file`, a path relative to the artifact root."""
    return ArtifactFile(file, len(content), hashlib.sha256(content).hexdigest())


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a kill or a full disk leaves the old file whole.

    Raises
    ------
    OSError
        If the disk is full or not writable; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _spec(entry: dict) -> ModelSpec:
    entry = dict(entry)
    entry["weights"] = _strict(ArtifactFile, entry["weights"])
    for key in ("codes", "replay", "maps_file"):
        if entry.get(key) is not None:
            entry[key] = _strict(ArtifactFile, entry[key])
    entry["architecture"] = _strict(Architecture, entry["architecture"])
    entry["snapshots"] = {int(k): _strict(ArtifactFile, v) for k, v in entry.get("snapshots", {}).items()}
    entry["maps"] = tuple(_strict(LatentMap, m) for m in entry.get("maps", ()))
    return _strict(ModelSpec, entry)


def _image_set(entry: dict) -> ImageSet:
    file = entry.get("file")
    file = _strict(ArtifactFile, file) if file else None
    return _strict(ImageSet, {**entry, "classes": tuple(entry["classes"]), "file": file})


def _strict(kind: type, entry: dict):
    """Build a dataclass from a JSON object, refusing keys it does not know."""
    unknown = set(entry) - {f.name for f in fields(kind)}
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)} in {kind.__name__}")
    return kind(**entry)
