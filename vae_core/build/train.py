"""Train one model: `python -m vae_core.build.train ID`.

Deterministic by seed on one machine. After every epoch the whole state is saved, so a killed run started again goes on
where it was and ends in the same weights. Artifacts are published once, at the end.
"""

import argparse
import io
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample
from tqdm import tqdm

from vae_core import objective
from vae_core.build.config import ConfigError, Recipe, TrainConfig, load_recipe
from vae_core.build.publish import ARTIFACTS, BuildError, explained, store, update_model
from vae_core.data import GALLERY_SIZE, PROJECT, DataError, gallery_index, held_out, official
from vae_core.latent import active_units, reparameterize
from vae_core.manifest import ArtifactError, ModelSpec, read_manifest, write_atomically
from vae_core.model import VAE, new_vae

WORK = PROJECT / "work"


class Run:
    """One training run: the model, its optimiser, and all that a later process needs to go on."""

    def __init__(self, recipe: Recipe, x: Tensor, y: Tensor, validation: tuple[Tensor, Tensor]):
        self.recipe, self.config = recipe, recipe.training
        self.x, self.y, self.validation = x, y, validation
        torch.set_num_threads(self.config.threads)
        self.model = new_vae(recipe.architecture, self.config.seed)
        weights = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": weights, "weight_decay": self.config.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=self.config.learning_rate,
            fused=True,
        )
        self.epoch, self.best_epoch, self.seconds = 0, 0, 0.0
        self.history: dict[str, list] = {}
        self.snapshots: dict[int, bytes] = {}
        self.best = b""
        self._record()

    def train_epoch(self, bar: tqdm) -> None:
        """One pass over the training images. All its noise comes from the seed and the epoch's number."""
        started = time.perf_counter()
        config, generator = self.config, torch.Generator().manual_seed(self.config.seed * 100_003 + self.epoch)
        steps_an_epoch = len(self.x) // config.batch_size
        total = steps_an_epoch * config.epochs
        order = torch.randperm(len(self.x), generator=generator)
        self.model.train()
        for i in range(steps_an_epoch):
            step = self.epoch * steps_an_epoch + i
            progress = step / total
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(config, step, progress)
            rows = order[i * config.batch_size : (i + 1) * config.batch_size]
            x, y = self.x[rows], self.y[rows] if self.recipe.architecture.classes else None
            if config.warp and progress < config.warp_until:
                x = warp(x, config.warp, generator)
            mu, logvar = self.model.posterior(drop_pixels(x, config.input_dropout, generator), y)
            z = reparameterize(mu, logvar, torch.randn(mu.shape, generator=generator))
            logits = self.model.logits(z, y)
            loss = objective.objective(logits, x, mu, logvar, kl_weight(config, progress))
            if not torch.isfinite(loss):
                raise BuildError(
                    f"The objective became {loss.item()} in epoch {self.epoch + 1}: lower learning_rate in the recipe."
                )
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
            self.optimizer.step()
            bar.update(len(rows))
            if i % 20 == 0:
                with torch.no_grad():
                    kl = objective.kl(mu, logvar).mean().item()
                    reconstruction = -objective.log_likelihood(logits, x).mean().item()
                bar.set_postfix(objective=f"{loss.item():.1f}", recon=f"{reconstruction:.1f}", kl=f"{kl:.2f}")
        self.epoch += 1
        self.seconds += time.perf_counter() - started
        self._record()

    def save(self, path: Path) -> None:
        """Write the whole state in one step."""
        state = {
            "recipe": self.recipe.as_dict(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "history": self.history,
            "snapshots": self.snapshots,
            "best": self.best,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(path, buffer.getvalue())

    def resume(self, path: Path) -> None:
        """Go on from a saved state.

        Raises
        ------
        BuildError
            If the state belongs to another recipe or is not readable.
        """
        try:
            state = torch.load(path, weights_only=True)
            same = state["recipe"] == self.recipe.as_dict()
        except Exception as error:  # whatever a damaged file makes torch raise
            raise BuildError(f"{path} is not readable ({error}). Start anew with --restart.") from error
        if not same:
            raise BuildError(f"{path} was made by another recipe. Start anew with --restart, or restore that recipe.")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name in ("epoch", "best_epoch", "seconds", "history", "snapshots", "best"):
            setattr(self, name, state[name])

    def publish(self, root: Path) -> ModelSpec:
        """Put the best epoch's weights and the snapshots up to it into the artifacts, with their manifest entry."""
        id_, config = self.recipe.id, self.config
        spec = ModelSpec(
            id=id_,
            dataset=self.recipe.dataset,
            likelihood="bernoulli",
            beta=config.beta,
            architecture=self.recipe.architecture,
            epoch=self.best_epoch,
            weights=store(root, "models", id_, ".safetensors", self.best),
            snapshots={
                epoch: store(root, f"snapshots/{id_}", f"{epoch:03d}", ".safetensors", content)
                for epoch, content in self.snapshots.items()
                if epoch < self.best_epoch
            },
            recipe=self.recipe.as_dict()["training"],
            history=self.history,
            made_with={
                "command": f"python -m vae_core.build.train {id_}",
                "torch": torch.__version__,
                "seconds": round(self.seconds),
                "images_per_second": round(config.epochs * len(self.x) / self.seconds),
            },
        )
        update_model(root, spec)
        return spec

    def _record(self) -> None:
        """Measure the model as it is after `epoch` epochs, and keep its weights if they are wanted."""
        row = {"epoch": self.epoch}
        train = (self.x[:GALLERY_SIZE], self.y[:GALLERY_SIZE])
        for split, (x, y) in (("train", train), ("validation", self.validation)):
            terms = measure(self.model, x, y if self.recipe.architecture.classes else None)
            if not all(math.isfinite(value) for value in terms.values()):
                raise BuildError(
                    f"The weights are not finite after epoch {self.epoch}: lower learning_rate in the recipe."
                )
            row.update({f"{split}_{name}": value for name, value in terms.items()})
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)
        if self.epoch in self.config.snapshot_epochs:
            self.snapshots[self.epoch] = half_precision(self.model)
        objectives = [
            self.config.beta * kl - log_likelihood
            for kl, log_likelihood in zip(
                self.history["validation_kl_nats"], self.history["validation_log_likelihood_nats"], strict=True
            )
        ]
        if int(np.argmin(objectives)) == self.epoch:
            self.best, self.best_epoch = half_precision(self.model), self.epoch


def kl_weight(config: TrainConfig, progress: float) -> float:
    """The KL weight after a share `progress` of training: rises linearly from 0 to beta, then stays.

    Source: Bowman et al. (2016), "Generating Sentences from a Continuous Space", section 3.1.
    """
    return config.beta * min(1.0, progress / config.kl_warmup) if config.kl_warmup else config.beta


def learning_rate(config: TrainConfig, step: int, progress: float) -> float:
    """Linear warm-up over the first steps, then a cosine to 0. Source: Loshchilov and Hutter (2017), equation 5."""
    warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    return config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * progress))


def drop_pixels(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Images (batch, 28, 28) with a share of the pixels black and the others scaled up, so that the mean stays.

    Denoising the encoder regularises its inference. Source: Shu et al. (2018), "Amortized inference regularization".
    """
    if share == 0:
        return x
    return x * torch.empty_like(x).bernoulli_(1 - share, generator=generator).div_(1 - share)


def warp(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """A share of the images (batch, 28, 28) slightly rotated, scaled and sheared about the centre."""
    count = int(share * len(x))
    if count == 0:
        return x
    angle, log_width, log_height, shear = torch.randn(4, count, generator=generator) * torch.tensor(
        [[0.075], [0.04], [0.04], [0.075]]
    )
    width, height = log_width.exp(), log_height.exp()
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = angle.cos() * width, shear - angle.sin() * width
    theta[:, 1, 0], theta[:, 1, 1] = angle.sin() * height, angle.cos() * height
    places = affine_grid(theta, (count, 1, 28, 28), align_corners=False)
    moved = grid_sample(x[:count, None], places, align_corners=False)[:, 0].clamp(0, 1)
    return torch.cat([moved, x[count:]])


@torch.inference_mode()
def measure(model: VAE, x: Tensor, y: Tensor | None) -> dict:
    """The ELBO's terms over images (n, 28, 28) with the same noise every time, means in nats an image."""
    model.eval()
    generator = torch.Generator().manual_seed(0)
    log_likelihood, kl, means = [], [], []
    for start in range(0, len(x), 500):
        rows = slice(start, start + 500)
        labels = None if y is None else y[rows]
        mu, logvar = model.posterior(x[rows], labels)
        z = reparameterize(mu, logvar, torch.randn(mu.shape, generator=generator))
        log_likelihood.append(objective.log_likelihood(model.logits(z, labels), x[rows]))
        kl.append(objective.kl_per_dim(mu, logvar))
        means.append(mu)
    return {
        "log_likelihood_nats": round(torch.cat(log_likelihood).mean().item(), 3),
        "kl_nats": round(torch.cat(kl).sum(dim=1).mean().item(), 3),
        "active_units": int(active_units(torch.cat(means).numpy()).sum()),
    }


def half_precision(model: VAE) -> bytes:
    """The model's weights as a safetensors file in float16."""
    return save({name: tensor.detach().half().contiguous() for name, tensor in model.state_dict().items()})


def prepare(recipe: Recipe, root: Path) -> Run:
    """A run on the official training images without those that choose between models."""
    manifest = read_manifest(root)
    if recipe.dataset not in manifest.images:
        raise BuildError(f"{root} has no {recipe.dataset} gallery: run `python -m vae_core.build.gallery` first.")
    index = gallery_index(root, recipe.dataset, manifest.images[recipe.dataset])
    images = official(recipe.dataset, train=True)
    out = torch.from_numpy(held_out(recipe.dataset, len(images.x), index))
    x, y = torch.from_numpy(images.x), torch.from_numpy(images.y)
    if recipe.training.batch_size > (count := int((~out).sum())):
        raise BuildError(f"batch_size is {recipe.training.batch_size}, but there are only {count} images to train on.")
    return Run(recipe, x[~out], y[~out], (x[out], y[out]))


def train(recipe: Recipe, root: Path, work: Path, restart: bool = False) -> ModelSpec:
    """Train a model, or go on where a killed run was, and publish it below `root`; `work` keeps the state."""
    state = work / f"{recipe.id}.pt"
    run = prepare(recipe, root)
    if state.exists() and not restart:
        run.resume(state)
    images = recipe.training.batch_size * (len(run.x) // recipe.training.batch_size)
    with tqdm(
        total=recipe.training.epochs * images,
        initial=run.epoch * images,
        unit=" images",
        unit_scale=True,
        desc=recipe.id,
    ) as bar:
        while run.epoch < recipe.training.epochs:
            bar.set_description(f"{recipe.id} epoch {run.epoch + 1}/{recipe.training.epochs}")
            run.train_epoch(bar)
            with explained(f"the state of epoch {run.epoch} to {state}"):
                run.save(state)
    with explained(f"{recipe.id} below {root}"):
        spec = run.publish(root)
    state.unlink()
    return spec


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m vae_core.build.train", description=__doc__.split("\n")[0])
    parser.add_argument("id", help="a model's id, or the path of a TOML recipe")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="where to publish (default: %(default)s)")
    parser.add_argument("--work", type=Path, default=WORK, help="where the state is kept (default: %(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget a saved state and start anew")
    options = parser.parse_args(arguments)
    try:
        spec = train(load_recipe(options.id), options.artifacts, options.work, options.restart)
    except (ConfigError, BuildError, DataError, ArtifactError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command to go on from the last finished epoch.")
    best = spec.history["epoch"].index(spec.epoch)
    nelbo = spec.history["validation_kl_nats"][best] - spec.history["validation_log_likelihood_nats"][best]
    print(f"{spec.id}: epoch {spec.epoch} is the best, nELBO {nelbo:.2f} nats on the held-out training images.")
    print(f"Next: python -m vae_core.build.evaluate {spec.id} && python -m vae_core.build.project {spec.id}")


if __name__ == "__main__":
    main()
