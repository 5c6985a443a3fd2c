"""All chance of one training step: drawn for the whole batch from one generator, applied to the part that is ours."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from vae_core.build.config import TrainConfig

# Standard deviations of the slight deformation: angle in radians, logarithms of width and height, shear.
DEFORMATION = (0.075, 0.04, 0.04, 0.075)


@dataclass(frozen=True)
class StepNoise:
    """The random numbers of one step for a batch of images."""

    deformation: Tensor  # (warped, 4), for the first images of the batch
    kept: Tensor  # (batch, 28, 28) bool, the pixels that the encoder sees
    epsilon: Tensor  # (batch, latent)

    def part(self, rows: slice) -> "StepNoise":
        """The noise of every n-th image, `rows` being slice(first, None, n)."""
        return StepNoise(self.deformation[rows], self.kept[rows], self.epsilon[rows])


def step_noise(config: TrainConfig, batch: int, latent_dim: int, warped: int, generator: torch.Generator) -> StepNoise:
    """Draw one step's noise; it depends on the generator's state alone, on whatever device that lives."""
    device = generator.device
    return StepNoise(
        torch.randn(warped, 4, generator=generator, device=device) * torch.tensor(DEFORMATION, device=device),
        kept_pixels(batch, config.input_dropout, generator),
        torch.randn(batch, latent_dim, generator=generator, device=device),
    )


def kept_pixels(batch: int, dropout: float, generator: torch.Generator) -> Tensor:
    """Which pixels of each image stay, (batch, 28, 28) bool, each with probability 1 - dropout."""
    # Four pixels from each 64-bit draw: six times as fast as a Bernoulli draw a pixel, and exact to 1/65536.
    shape = (batch, 28, 28)
    draws = torch.randint(-(2**63), 2**63 - 1, (batch * 196,), generator=generator, device=generator.device)
    return draws.view(torch.int16).view(shape) >= min(round(dropout * 2**16), 2**16 - 1) - 2**15


def drop_pixels(x: Tensor, kept: Tensor, dropout: float) -> Tensor:
    """Images (batch, 28, 28) with the other pixels black and the kept ones scaled up, so that the mean stays.

    Denoising the encoder regularises its inference. Source: Shu et al. (2018), "Amortized inference regularization".
    """
    return x * kept / (1 - dropout) if dropout else x


def warp(x: Tensor, deformation: Tensor) -> Tensor:
    """The first images of x (batch, 28, 28) slightly rotated, scaled and sheared about the centre, the others as given.

    `deformation` (warped, 4) has a row for each: angle in radians, log width, log height, shear.
    """
    count = len(deformation)
    if count == 0:
        return x
    angle, log_width, log_height, shear = deformation.T
    width, height = log_width.exp(), log_height.exp()
    to_x = torch.stack([angle.cos() * width, shear - angle.sin() * width])  # (2, warped)
    to_y = torch.stack([angle.sin() * height, angle.cos() * height])
    across = (torch.arange(28, device=x.device) * 2 + 1) / 28 - 1  # pixel centres, -1 to 1, as grid_sample counts
    centres = torch.cartesian_prod(across, across).flip(1)  # (784, 2), x before y
    places = torch.stack([(centres @ to_x).T, (centres @ to_y).T], dim=-1).view(count, 28, 28, 2)
    moved = grid_sample(x[:count, None], places, align_corners=False)[:, 0].clamp(0, 1)
    return torch.cat([moved, x[count:]])


def warped_images(config: TrainConfig, progress: float) -> int:
    """How many images of each batch are deformed after a share `progress` of training."""
    return math.floor(config.warp * config.batch_size) if progress < config.warp_until else 0
