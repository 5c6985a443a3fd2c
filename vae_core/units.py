"""The units of a loss: which beta a recipe really trains with, once its sums and means are counted.

Our objective sums over pixels and latent dimensions and averages over pictures only (`vae_core.objective.objective`), so that
it is nats an image. A recipe that takes means elsewhere weighs its two terms differently: that is another beta.
"""

from dataclasses import dataclass
from typing import Literal

from vae_core.manifest import check_choices

RECONSTRUCTION = (
    "sum over all",
    "sum over pixels, mean over batch",
    "mean over pixels, sum over batch",
    "mean over all",
)
DIVERGENCE = (
    "sum over all",
    "sum over dimensions, mean over batch",
    "mean over all",
    "sum over all / (pixels x batch)",
)


@dataclass(frozen=True)
class Recipe:
    """A training loss as it is written in code: the reductions of its two terms, and its counts.

    `error` is the reconstruction term of one pixel: the "cross-entropy" is -log p of a Bernoulli pixel; the "squared error"
    (x - x_hat)^2 is 2 pixel_sigma^2 times -log p of a Gaussian pixel, but for a constant, so it stands for some
    `pixel_sigma`, said or not: sqrt(1/2) makes the factor 1.
    """

    error: Literal["cross-entropy", "squared error"] = "cross-entropy"
    reconstruction: Literal[RECONSTRUCTION] = "sum over pixels, mean over batch"
    divergence: Literal[DIVERGENCE] = "sum over dimensions, mean over batch"
    kl_weight: float = 1.0
    pixels: int = 784
    latent_dim: int = 20
    batch: int = 128
    pixel_sigma: float = 0.5**0.5

    def __post_init__(self):
        check_choices(self)
        for name in ("pixels", "latent_dim", "batch", "pixel_sigma"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")
        if self.kl_weight < 0:
            raise ValueError(f"kl_weight is {self.kl_weight}; it cannot be negative")


def factors(recipe: Recipe) -> tuple[float, float]:
    """By what the recipe multiplies each picture's -log p(x|z) and each picture's KL, both in nats, before it adds them."""
    nats = 1.0 if recipe.error == "cross-entropy" else 2 * recipe.pixel_sigma**2
    over = {
        "sum over all": 1,
        "sum over pixels, mean over batch": recipe.batch,
        "mean over pixels, sum over batch": recipe.pixels,
        "mean over all": recipe.pixels * recipe.batch,
    }[recipe.reconstruction]
    under = {
        "sum over all": 1,
        "sum over dimensions, mean over batch": recipe.batch,
        "mean over all": recipe.latent_dim * recipe.batch,
        "sum over all / (pixels x batch)": recipe.pixels * recipe.batch,
    }[recipe.divergence]
    return nats / over, recipe.kl_weight / under


def effective_beta(recipe: Recipe) -> float:
    """The beta of our objective that has the same minimum as the recipe's loss: the KL's factor over the other's.

    The recipe's loss is `loss_scale(recipe)` times our objective at this beta, plus a constant. For beta itself: Higgins et
    al. (2017), "beta-VAE", equation 4; they, too, give it normalised by the sizes of picture and latent.
    """
    reconstruction, divergence = factors(recipe)
    return divergence / reconstruction


def loss_scale(recipe: Recipe) -> float:
    """By what the recipe's loss is multiplied as a whole: to plain gradient descent a learning rate, to Adam almost nothing."""
    return factors(recipe)[0] * recipe.batch
