"""Training recipes: typed settings read from TOML, refused in one sentence when they make no sense."""

import math
import re
import tomllib
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

from vae_core.data import DATASETS
from vae_core.manifest import Architecture, check_choices

CONFIGS = Path(__file__).parent / "configs"


class ConfigError(ValueError):
    """A recipe that cannot be trained; the message names the file, what was found and what is allowed."""


@dataclass(frozen=True)
class TrainConfig:
    """The whole recipe of one model. Fractions are shares of all training steps."""

    epochs: int
    seed: int = 0
    beta: float = 1.0
    kl_schedule: Literal["linear", "constant", "cyclical"] = "linear"  # how the KL weight comes to beta
    kl_warmup: float = 0.1  # linear: fraction over which it rises from 0; cyclical: that fraction of each cycle
    kl_cycles: int = 4  # cyclical only
    free_bits: float = 0.0  # nats of each latent dimension's KL that cost nothing to use
    batch_size: int = 128
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"  # sgd with momentum 0.9
    learning_rate: float = 2e-3  # peak
    schedule: Literal["cosine", "constant"] = "cosine"  # of the learning rate; the cosine ends at 0
    warmup_steps: int = 300
    weight_decay: float = 0.05  # on weight matrices, not on biases or norms
    input_dropout: float = 0.1  # of the encoder's pixels, the rest scaled up; the target stays whole
    warp: float = 0.0  # share of each batch that is drawn slightly rotated, scaled and sheared
    warp_until: float = 0.8  # fraction after which every picture is the original again
    gradient_clip: float = 100.0
    threads: int = 1  # part of the recipe: the order of float sums depends on it
    snapshot_epochs: tuple[int, ...] = ()
    keep: Literal["best", "last"] = "best"  # the epoch with the lowest objective on held-out images, or the last

    def __post_init__(self):
        check_choices(self)
        for name, value in vars(self).items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; it must be a finite number")
        for name in ("epochs", "batch_size", "threads", "kl_cycles"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("beta", "free_bits", "weight_decay", "warmup_steps"):
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
        if self.architecture.deterministic and self.training.beta:
            raise ValueError(f"beta is {self.training.beta}; a deterministic model has no KL to weigh, so set beta = 0")

    def on_data(self, dataset: str, classes: tuple[str, ...]) -> "Recipe":
        """The same recipe for a data set of one's own; a conditional model learns that data set's labels.

        Raises
        ------
        ValueError
            If the model is conditional and there are fewer than two classes.
        """
        if not self.architecture.classes:
            return replace(self, dataset=dataset)
        if len(classes) < 2:
            raise ValueError(f"{self.id} is conditional, which takes two classes or more; {dataset} has {len(classes)}")
        return replace(self, dataset=dataset, architecture=replace(self.architecture, classes=len(classes)))

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
        recipe = _typed(Recipe, {**data, "architecture": architecture, "training": training})
        if recipe.dataset not in DATASETS:
            raise ValueError(f"dataset is {recipe.dataset!r}; choose one of {sorted(DATASETS)}")
        if architecture.classes not in (0, classes := len(DATASETS[recipe.dataset].classes)):
            raise ValueError(f"classes is {architecture.classes}; {recipe.dataset} has {classes} (0: not conditional)")
        return recipe
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
