"""One training run: the model, its optimiser, its schedules and its measurements, epoch by epoch."""

import io
import math
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from tqdm import tqdm

from vae_core import objective
from vae_core.build.config import Recipe, TrainConfig
from vae_core.build.noise import StepNoise, drop_pixels, step_noise, warp, warped_images
from vae_core.build.place import CPU, Place
from vae_core.build.publish import BuildError, store, update_model
from vae_core.data import GALLERY_SIZE
from vae_core.latent import active_units, reparameterize
from vae_core.manifest import ModelSpec, write_atomically
from vae_core.model import VAE, new_vae


class Run:
    """One training run: the model, its optimiser, and all that a later process needs to go on."""

    def __init__(self, recipe: Recipe, x: Tensor, y: Tensor, validation: tuple[Tensor, Tensor], place: Place = CPU):
        self.recipe, self.config, self.place = recipe, recipe.training, place
        if self.config.batch_size % place.processes:
            raise BuildError(
                f"batch_size is {self.config.batch_size}; {place.processes} processes cannot share it evenly."
            )
        self.x, self.y, self.validation = x.to(place.device), y.to(place.device), validation
        torch.set_num_threads(self.config.threads)
        self.model = new_vae(recipe.architecture, self.config.seed).to(place.device)
        self.step = distributed_step(Step(self.model, self.config, place), place)
        self.optimizer = new_optimizer(self.model, self.config)
        self.epoch, self.best_epoch, self.seconds = 0, 0, 0.0
        self.history: dict[str, list] = {}
        self.snapshots: dict[int, bytes] = {}
        self.best = b""
        self._record()

    def train_epoch(self, bar: tqdm) -> None:
        """One pass over the training images. All its noise comes from the seed and the epoch's number."""
        started = time.perf_counter()
        config, place, batch_size = self.config, self.place, self.config.batch_size
        generator = torch.Generator(place.device).manual_seed(config.seed * 100_003 + self.epoch)
        steps_an_epoch = len(self.x) // batch_size
        total = steps_an_epoch * config.epochs
        order = torch.randperm(len(self.x), generator=generator, device=place.device)
        self.model.train()
        for i in range(steps_an_epoch):
            number = self.epoch * steps_an_epoch + i
            progress = number / total
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(config, number, progress)
            rows = order[i * batch_size : (i + 1) * batch_size][place.rows]
            x, y = self.x[rows], self.y[rows] if self.recipe.architecture.classes else None
            latent_dim, warped = self.recipe.architecture.latent_dim, warped_images(config, progress)
            noise = step_noise(config, batch_size, latent_dim, warped, generator).part(place.rows)
            with place.autocast():
                loss, log_likelihood, kl = self.step(x, y, noise, kl_weight(config, progress))
            if not torch.isfinite(loss):
                raise BuildError(
                    f"The objective became {loss.item()} in epoch {self.epoch + 1}: lower learning_rate in the recipe."
                )
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
            self.optimizer.step()
            bar.update(batch_size)
            if i % 20 == 0:
                bar.set_postfix(
                    objective=f"{loss.item():.1f}", recon=f"{-log_likelihood.item():.1f}", kl=f"{kl.item():.2f}"
                )
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

    def resume(self, content: bytes, path: Path) -> None:
        """Go on from the saved state in `content`, which was read from `path`.

        Raises
        ------
        BuildError
            If the state belongs to another recipe or is not readable.
        """
        try:
            state = torch.load(io.BytesIO(content), map_location=self.place.device, weights_only=True)
            same = state["recipe"] == self.recipe.as_dict()
        except Exception as error:  # whatever a damaged file makes torch raise
            raise BuildError(f"{path} is not readable ({error}). Start anew with --restart.") from error
        if not same:
            raise BuildError(f"{path} was made by another recipe. Start anew with --restart, or restore that recipe.")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name in ("epoch", "best_epoch", "seconds", "history", "snapshots", "best"):
            setattr(self, name, state[name])

    def publish(self, root: Path, command: str) -> ModelSpec:
        """Put the kept epoch's weights and the snapshots up to it into the artifacts, with their manifest entry."""
        id_, config = self.recipe.id, self.config
        spec = ModelSpec(
            id=id_,
            dataset=self.recipe.dataset,
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
            history=self._published_history(),
            made_with={
                "command": command,
                "torch": torch.__version__,
                "device": self.place.words,
                "seconds": round(self.seconds),
                "images_per_second": round(config.epochs * len(self.x) / self.seconds),
            },
        )
        update_model(root, spec)
        return spec

    def _published_history(self) -> dict[str, list]:
        """Without the KL of a plain autoencoder: it has no posterior, and that number says nothing."""
        if not self.recipe.architecture.deterministic:
            return self.history
        return {name: column for name, column in self.history.items() if not name.endswith("_kl_nats")}

    def _record(self) -> None:
        """Measure the model as it is after `epoch` epochs, and keep its weights if they are wanted."""
        if not self.place.first:
            return
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
        if self.config.keep == "last" or int(np.argmin(objectives)) == self.epoch:
            self.best, self.best_epoch = half_precision(self.model), self.epoch


class Step(nn.Module):
    """One step's forward pass as a module: what DistributedDataParallel wants, to average the gradients behind it."""

    def __init__(self, model: VAE, config: TrainConfig, place: Place = CPU):
        super().__init__()
        self.model, self.config, self.place = model, config, place

    def forward(self, x: Tensor, y: Tensor | None, noise: StepNoise, beta: float) -> tuple[Tensor, Tensor, Tensor]:
        """The objective, and the mean log-likelihood and KL without gradients: three scalars, in nats an image."""
        config = self.config
        x = warp(x, noise.deformation)
        mu, logvar = self.model.posterior(drop_pixels(x, noise.kept, config.input_dropout), y)
        logits = self.model.logits(reparameterize(mu, logvar, noise.epsilon), y)
        with torch.autocast(x.device.type, enabled=False):  # sums over 784 pixels want all of float32
            log_likelihood = self.model.log_likelihood(logits.float(), x)
            kl = objective.kl_per_dim(mu.float(), logvar.float())
            if config.free_bits and self.place.processes > 1:  # which dimensions are free, the whole batch decides
                mean = kl.detach().mean(dim=0)
                kl = kl + (self.place.mean(mean) - mean)
            loss = objective.objective(log_likelihood, kl, beta, config.free_bits)
        return loss, log_likelihood.detach().mean(), kl.detach().sum(dim=1).mean()


def distributed_step(step: Step, place: Place) -> nn.Module:
    """The step as `place` runs it: as it is alone, else with gradients averaged over all processes."""
    if place.processes == 1:
        return step
    if place.device.type == "cuda":
        step = nn.SyncBatchNorm.convert_sync_batchnorm(step)
    elif any(isinstance(module, nn.BatchNorm2d) for module in step.modules()):
        raise BuildError("batch_norm over several processes needs GPUs: train in one process, or without batch_norm.")
    return nn.parallel.DistributedDataParallel(step)


def new_optimizer(model: VAE, config: TrainConfig) -> torch.optim.Optimizer:
    """The recipe's optimiser; weight matrices decay, biases and norms do not."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=0.9)
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[config.optimizer]
    return kind(groups, lr=config.learning_rate, fused=True)


def kl_weight(config: TrainConfig, progress: float) -> float:
    """The KL weight after a share `progress` of training.

    - linear: rises from 0 to beta over the first `kl_warmup` of training, then stays. Source: Bowman et al. (2016),
      "Generating Sentences from a Continuous Space", section 3.1 (there along a sigmoid).
    - cyclical: the same in each of `kl_cycles` equal parts of training. Source: Fu et al. (2019), "Cyclical Annealing
      Schedule: A Simple Approach to Mitigating KL Vanishing": M cycles, the weight rising over a share R of each.
    - constant: beta.
    """
    if config.kl_schedule == "constant" or config.kl_warmup == 0:
        return config.beta
    if config.kl_schedule == "cyclical":
        progress = progress * config.kl_cycles % 1
    return config.beta * min(1.0, progress / config.kl_warmup)


def learning_rate(config: TrainConfig, step: int, progress: float) -> float:
    """Linear warm-up over the first steps, then a cosine to 0 or a constant.

    Source: Loshchilov and Hutter (2017), "SGDR", equation 5, without restarts.
    """
    warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    decay = 0.5 * (1 + math.cos(math.pi * progress)) if config.schedule == "cosine" else 1.0
    return config.learning_rate * warmup * decay


@torch.inference_mode()
def measure(model: VAE, x: Tensor, y: Tensor | None) -> dict:
    """The ELBO's terms over images (n, 28, 28) with the same noise every time, means in nats an image."""
    model.eval()
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(0)  # on the CPU: the same noise whatever trains
    log_likelihood, kl, means = [], [], []
    for start in range(0, len(x), 500):
        pixels = x[start : start + 500].to(device)
        labels = None if y is None else y[start : start + 500].to(device)
        mu, logvar = model.posterior(pixels, labels)
        epsilon = torch.randn(mu.shape, generator=generator).to(device)
        logits = model.logits(reparameterize(mu, logvar, epsilon), labels)
        log_likelihood.append(model.log_likelihood(logits, pixels))
        kl.append(objective.kl_per_dim(mu, logvar))
        means.append(mu)
    return {
        "log_likelihood_nats": round(torch.cat(log_likelihood).mean().item(), 3),
        "kl_nats": round(torch.cat(kl).sum(dim=1).mean().item(), 3),
        "active_units": int(active_units(torch.cat(means).cpu().numpy()).sum()),
    }


def half_precision(model: VAE) -> bytes:
    """The model's weights as a safetensors file in float16; counters, which are whole numbers, stay as they are."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    return save({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()})
