"""What else differs between trained models that are laid side by side: read from their recipes, said in a sentence."""

from collections.abc import Sequence

from vae_core.manifest import ModelSpec

WORDS = {
    "epochs": ("epochs", "g"),
    "batch_size": ("pictures in a batch", "g"),
    "learning_rate": ("learning rate", "g"),
    "warp": ("deformed pictures in a batch", ".0%"),
    "warp_until": ("share of the training with deformed pictures", ".0%"),
}
UNSAID = {"seed", "threads", "snapshot_epochs", "beta", "warmup_steps"}  # of no account here, or said already


def what_differs(family: Sequence[ModelSpec]) -> str:
    """The settings in which the recipes of some models differ, each with its values; empty if in none."""
    names = [name for name in family[0].recipe if name not in UNSAID]
    settings = [name for name in names if len({spec.recipe.get(name) for spec in family}) > 1]
    return "; ".join(_values(name, family) for name in settings)


def _values(name: str, family: Sequence[ModelSpec]) -> str:
    """A setting's values, each with its models; those of the most common value come last, as "the others"."""
    words, form = WORDS.get(name, (name.replace("_", " "), ""))
    by_value: dict = {}
    for spec in family:
        by_value.setdefault(spec.recipe.get(name), []).append(spec.id)
    rare_first = sorted(by_value.items(), key=lambda item: len(item[1]))
    said = [
        f"{value:{form}} ({'the others' if last and len(ids) > 1 else ', '.join(ids)})"
        for last, (value, ids) in ((i == len(rare_first) - 1, item) for i, item in enumerate(rare_first))
    ]
    return f"{words} {', '.join(said)}"
