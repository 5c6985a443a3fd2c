"""Training recipes: typed settings read from TOML, refused in one sentence when they make no sense."""

import math
import re
import tomllib
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from vae_core.data import DATASETS
from vae_core.manifest import Architecture

CONFIGS = Path(__file__).parent / "configs"


class ConfigError(ValueError):
    """A recipe that cannot be trained; the message names the file, what was found and what is allowed."""


@dataclass(frozen=True)
class TrainConfig:
    """The whole recipe of one model. Fractions are shares of all training steps."""

    epochs: int
    seed: int = 0
    beta: float = 1.0
    kl_warmup: float = 0.1  # fraction over which the KL weight rises linearly from 0 to beta
    batch_size: int = 128
    learning_rate: float = 2e-3  # peak; decays to 0 along a cosine
    warmup_steps: int = 300
    weight_decay: float = 0.05  # on weight matrices, not on biases or norms
    input_dropout: float = 0.1  # of the encoder's pixels, the rest scaled up; the target stays whole
    warp: float = 0.0  # share of each batch that is drawn slightly rotated, scaled and sheared
    warp_until: float = 0.8  # fraction after which every picture is the original again
    gradient_clip: float = 100.0
    threads: int = 1  # part of the recipe: the order of float sums depends on it
    snapshot_epochs: tuple[int, ...] = ()

    def __post_init__(self):
        for name, value in vars(self).items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; it must be a finite number")
        for name in ("epochs", "batch_size", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("beta", "weight_decay", "warmup_steps"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it cannot be negative")
        for name in ("learning_rate", "gradient_clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")
        for name in ("kl_warmup", "warp", "warp_until"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed is {self.seed}; it must lie between 0 and {2**31 - 1}")
        if not 0 <= self.input_dropout < 1:
            raise ValueError(f"input_dropout is {self.input_dropout}; it must lie in [0, 1)")
        outside = [e for e in self.snapshot_epochs if not 0 <= e <= self.epochs]
        if outside:
            raise ValueError(f"snapshot epochs {outside} lie outside 0 to {self.epochs}")


@dataclass(frozen=True)
class Recipe:
    """One TOML file: which model, on which data, how trained."""

    id: str
    dataset: str
    architecture: Architecture
    training: TrainConfig

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", self.id):
            raise ValueError(f"id is {self.id!r}; use lower-case letters, digits, dots and hyphens")
        if self.dataset not in DATASETS:
            raise ValueError(f"dataset is {self.dataset!r}; choose one of {sorted(DATASETS)}")
        classes = len(DATASETS[self.dataset].classes)
        if self.architecture.classes not in (0, classes):
            raise ValueError(
                f"classes is {self.architecture.classes}; {self.dataset} has {classes} (0: not conditional)"
            )

    def as_dict(self) -> dict:
        """Plain data, as JSON keeps it: equal for equal recipes."""
        data = asdict(self)
        data["training"]["snapshot_epochs"] = list(self.training.snapshot_epochs)
        return data


def load_recipe(name: str) -> Recipe:
    """The recipe of a shipped model's id, or of a path to a TOML file.

    Raises
    ------
    ConfigError
        If there is no such file, or it holds unknown keys, wrong types or values out of range.
    """
    path = Path(name) if name.endswith(".toml") else CONFIGS / f"{name}.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(p.stem for p in CONFIGS.glob("*.toml")))
        raise ConfigError(f"There is no recipe {path}. Give a .toml file, or one of: {known}.") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not readable TOML: {error}.") from error
    try:
        architecture = _typed(Architecture, data.pop("architecture", {}))
        training = _typed(TrainConfig, data.pop("training", {}))
        return _typed(Recipe, {**data, "architecture": architecture, "training": training})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}.") from error


def _typed(kind: type, table: dict):
    """Build a dataclass from a TOML table, refusing unknown and missing keys and wrong types."""
    if not isinstance(table, dict):
        raise ValueError(f"{table!r} stands where a table of settings is expected")
    known = {f.name: f for f in fields(kind)}
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"unknown keys {unknown}; known are {sorted(known)}")
    if missing := [name for name, f in known.items() if f.default is MISSING and name not in table]:
        raise ValueError(f"missing keys {missing}")
    values = {}
    for name, value in table.items():
        wanted = known[name].type
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        elif name == "snapshot_epochs":
            if not (isinstance(value, list) and all(type(e) is int for e in value)):
                raise ValueError("snapshot_epochs must be a list of whole numbers")
            value = tuple(value)
        if isinstance(wanted, type) and type(value) is not wanted:
            raise ValueError(f"{name} is {value!r}; it must be of type {wanted.__name__}")
        values[name] = value
    return kind(**values)
