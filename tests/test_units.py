"""The effective beta: the gradient of a recipe's loss, written with torch's own reductions, is that of our objective."""

import itertools
import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from vae_core import objective
from vae_core.units import DIVERGENCE, RECONSTRUCTION, Recipe, effective_beta, loss_scale

BATCH, PIXELS, LATENT = 6, 784, 5


def written_out(recipe: Recipe, logits, x, mu, logvar):
    """The recipe's loss as one would type it."""
    if recipe.error == "cross-entropy":
        total, mean = (binary_cross_entropy_with_logits(logits, x, reduction=r) for r in ("sum", "mean"))
    else:
        total, mean = (mse_loss(torch.sigmoid(logits), x, reduction=r) for r in ("sum", "mean"))
    reconstruction = {
        "sum over all": total,
        "sum over pixels, mean over batch": total / BATCH,
        "mean over pixels, sum over batch": mean * BATCH,
        "mean over all": mean,
    }[recipe.reconstruction]
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp())
    divergence = {
        "sum over all": kl.sum(),
        "sum over dimensions, mean over batch": kl.sum(dim=1).mean(),
        "mean over all": kl.mean(),
        "sum over all / (pixels x batch)": kl.sum() / (PIXELS * BATCH),
    }[recipe.divergence]
    return reconstruction + recipe.kl_weight * divergence


def gradient(loss, leaves):
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, leaves)])


@pytest.mark.parametrize("error", ["cross-entropy", "squared error"])
@pytest.mark.parametrize(("reconstruction", "divergence"), list(itertools.product(RECONSTRUCTION, DIVERGENCE)))
def test_the_recipe_goes_downhill_as_our_objective_does_at_its_effective_beta(error, reconstruction, divergence):
    recipe = Recipe(error, reconstruction, divergence, 0.3, PIXELS, LATENT, BATCH, pixel_sigma=0.4)
    g = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64, requires_grad=True)  # noqa: E731
    logits, mu, logvar = draw(BATCH, 28, 28), draw(BATCH, LATENT), draw(BATCH, LATENT)
    x = torch.rand(BATCH, 28, 28, generator=g, dtype=torch.float64)
    likelihood = "bernoulli" if error == "cross-entropy" else "gaussian"
    ours = objective.objective(
        objective.log_likelihood(logits, x, likelihood, recipe.pixel_sigma),
        objective.kl_per_dim(mu, logvar),
        effective_beta(recipe),
    )
    leaves = (logits, mu, logvar)
    theirs = gradient(written_out(recipe, *(logits, x, mu, logvar)), leaves)
    torch.testing.assert_close(theirs, loss_scale(recipe) * gradient(ours, leaves))


@pytest.mark.parametrize(
    ("recipe", "beta"),
    [
        (Recipe(), 1),
        (Recipe(reconstruction="sum over all", divergence="sum over all"), 1),
        (Recipe(reconstruction="mean over all"), 784),
        (Recipe(reconstruction="mean over all", divergence="sum over all / (pixels x batch)"), 1),
        (Recipe(reconstruction="mean over all", divergence="sum over all"), 784 * 128),
        (Recipe("squared error", "mean over all", kl_weight=1e-5), 0.00784),
        (Recipe("squared error", "mean over all", kl_weight=0.00025, pixels=64 * 64 * 3), 3.072),
        (Recipe("squared error", pixel_sigma=1.0), 0.5),
    ],
)
def test_known_recipes(recipe, beta):
    assert math.isclose(effective_beta(recipe), beta, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"reconstruction": "mean"}, "mean over all"), ({"batch": 0}, "batch"), ({"kl_weight": -1.0}, "kl_weight")],
)
def test_impossible_recipes_are_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        Recipe(**wrong)
