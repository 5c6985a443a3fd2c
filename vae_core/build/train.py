"""Train one model: `python -m vae_core.build.train ID`.

Deterministic by seed on one machine. After every epoch the whole state is saved, so a killed run started again goes on
where it was and ends in the same weights. Artifacts are published once, at the end.
"""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from vae_core.build.config import ConfigError, Recipe, load_recipe
from vae_core.build.own_data import OwnData, add_data_arguments, check_gallery, own_data_of, publish_gallery
from vae_core.build.place import CPU, Place, here
from vae_core.build.publish import ARTIFACTS, BuildError, explained
from vae_core.build.run import Run
from vae_core.data import PROJECT, DataError, training_split
from vae_core.manifest import ArtifactError, ModelSpec, read_manifest

WORK = PROJECT / "work"


def changed(recipe: Recipe, id_: str | None, seed: int | None, own: OwnData | None) -> Recipe:
    """The recipe with what the command line changes of it.

    Raises
    ------
    ConfigError
        If the result makes no sense.
    """
    try:
        if own is not None:
            name = f"{own.name}-{recipe.id.removeprefix(f'{recipe.dataset}-')}"
            smaller = replace(recipe.training, batch_size=min(recipe.training.batch_size, len(own.train.x)))
            recipe = replace(recipe, id=name, training=smaller).on_data(own.name, own.classes)
        if seed is not None:
            recipe = replace(recipe, training=replace(recipe.training, seed=seed))
        return replace(recipe, id=id_) if id_ else recipe
    except ValueError as error:
        raise ConfigError(f"{error}.") from error


def prepare(recipe: Recipe, root: Path, place: Place = CPU, own: OwnData | None = None) -> Run:
    """A run on the official training images without those that choose between models, or on one's own data."""
    manifest = read_manifest(root)
    if own is not None:
        check_gallery(manifest, own)
        train, validation = own.train, own.gallery
    elif recipe.dataset not in manifest.images:
        raise BuildError(f"{root} has no {recipe.dataset} gallery: run `python -m vae_core.build.gallery` first.")
    else:
        train, validation = training_split(root, recipe.dataset, manifest.images[recipe.dataset])
    if recipe.training.batch_size > len(train.x):
        raise BuildError(
            f"batch_size is {recipe.training.batch_size}, but there are only {len(train.x)} images to train on."
        )
    x, y, *held = (torch.from_numpy(a) for a in (train.x, train.y, validation.x, validation.y))
    return Run(recipe, x, y, tuple(held), place)


def train(
    recipe: Recipe,
    root: Path,
    work: Path,
    restart: bool = False,
    place: Place = CPU,
    own: OwnData | None = None,
    command: str = "",
) -> ModelSpec | None:
    """Train a model, or go on where a killed run was, and publish it below `root`; `work` keeps the state.

    With `own` data its gallery is published too. The manifest says that `command` made the model. Of several processes
    the first one reads and writes files and returns the manifest entry, the others None.
    """
    state = work / f"{recipe.id}.pt"
    run = prepare(recipe, root, place, own)
    saved = place.from_first(state.read_bytes() if place.first and state.exists() and not restart else None)
    if saved is not None:
        run.resume(saved, state)
    images = recipe.training.batch_size * (len(run.x) // recipe.training.batch_size)
    with tqdm(
        total=recipe.training.epochs * images,
        initial=run.epoch * images,
        unit=" images",
        unit_scale=True,
        desc=recipe.id,
        disable=not place.first,
    ) as bar:
        while run.epoch < recipe.training.epochs:
            bar.set_description(f"{recipe.id} epoch {run.epoch + 1}/{recipe.training.epochs}")
            run.train_epoch(bar)
            if place.first:
                with explained(f"the state of epoch {run.epoch} to {state}"):
                    run.save(state)
    if not place.first:
        return None
    with explained(f"{recipe.id} below {root}"):
        if own is not None:
            publish_gallery(root, own)
        spec = run.publish(root, command or f"python -m vae_core.build.train {recipe.id}")
    state.unlink()
    return spec


def reproducing(arguments: list[str]) -> list[str]:
    """The arguments that shape the model: without where its files lay on one machine, and whether it began anew."""
    passing = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for folder in ("--artifacts", "--work"):
        passing.add_argument(folder)
    passing.add_argument("--restart", action="store_true")
    return passing.parse_known_args(arguments)[1]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m vae_core.build.train", description=__doc__.split("\n")[0])
    parser.add_argument("recipe", help="a shipped model's id, or the path of a TOML recipe")
    parser.add_argument("--id", help="what to call the model, if not as its recipe does")
    parser.add_argument("--seed", type=int, help="another seed than the recipe's")
    add_data_arguments(parser)
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where to publish (default: %(default)s)")
    parser.add_argument("--work", type=Path, default=WORK, help="where the state is kept (default: %(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget a saved state and start anew")
    options = parser.parse_args(arguments)
    try:
        recipe, own = load_recipe(options.recipe), own_data_of(options)
        recipe = changed(recipe, options.id, options.seed, own)
        with here() as place:
            command = shlex.join(["python", "-m", "vae_core.build.train", *reproducing(arguments or sys.argv[1:])])
            spec = train(recipe, options.artifacts, options.work, options.restart, place, own, command)
    except (ConfigError, BuildError, DataError, ArtifactError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command to go on from the last finished epoch.")
    if spec is None:  # another process than the first
        return
    best = spec.history["epoch"].index(spec.epoch)
    cost, name = -spec.history["validation_log_likelihood_nats"][best], "reconstruction"
    if spec.variational:
        cost, name = cost + spec.history["validation_kl_nats"][best], "nELBO"
    print(f"{spec.id}: epoch {spec.epoch} is kept, {name} {cost:.2f} nats on the held-out images.")
    data = ["--data", options.data] if own else []
    data += ["--classes", options.classes] if options.classes else []
    evaluate = shlex.join(["python", "-m", "vae_core.build.evaluate", spec.id, *data])
    print(f"Next: {evaluate} && python -m vae_core.build.project {spec.id}")


if __name__ == "__main__":
    main()
