"""How close the ELBO comes to log p(x): importance weights, the true posterior of a plane, and the best q of one image.

Everything here is about one image; x is (28, 28), z and epsilon are (n, latent), nats are of that image.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch.optim.adam import adam

from vae_core import inference, latent, objective
from vae_core.model import VAE

LIMIT = 5.0  # the plane is searched from -5 to 5: outside lies one millionth of the prior
CELLS = 80  # in a row of the first grid: cells of 1/8
SPLIT = 600  # at each finer level, the most probable so many cells are cut in four
LEVELS = 6  # the finest cells: 1/8 / 2^6 = 0.002, as narrow as the narrowest sigma of a shipped encoder

ORDER = 8  # nodes a dimension for the expectation over q: exact for polynomials of degree 15


def importance_weighted_bounds(log_weights: np.ndarray, k: int) -> np.ndarray:
    """Independent draws of the K-sample bound log (1/K) sum_k w_k, in nats: (n,) -> (n // k,).

    The log-weights are cut into groups of k that share no sample, so the draws are as independent as the samples are.

    Raises
    ------
    ValueError
        If k is not between 1 and n.

    Source: Burda, Grosse and Salakhutdinov (2016), equation 8.
    """
    return objective.importance_weighted_bound(torch.tensor(_groups(log_weights, k).T)).numpy()


def effective_sample_sizes(log_weights: np.ndarray, k: int) -> np.ndarray:
    """How many equal weights are worth as much as each group of k: (sum w)^2 / sum w^2, (n,) -> (n // k,), in [1, k].

    Groups and errors as in `importance_weighted_bounds`. Source: Kong (1992), "A note on importance sampling using
    standardized weights"; Liu (2001), "Monte Carlo Strategies in Scientific Computing". They write k / (1 + cv^2) with
    cv the weights' coefficient of variation, which is the same number.
    """
    groups = _groups(log_weights, k)
    w = np.exp(groups - groups.max(axis=1, keepdims=True))  # the ratio does not change with the weights' scale
    return w.sum(axis=1) ** 2 / np.square(w).sum(axis=1)


def bounds_by_k(log_weights: np.ndarray, sizes: list[int]) -> dict[str, np.ndarray]:
    """The K-sample bound for each K of `sizes`, from the same log-weights (n,) cut into groups of K.

    Returns
    -------
    dict of columns, one row for each K
        "K"; "bound", the mean over the groups, and "sd", their standard deviation, in nats (NaN where there is only one
        group); "ess", the mean effective sample size; "draws", the number of groups.
    """
    rows = []
    for k in sizes:
        bound, ess = importance_weighted_bounds(log_weights, k), effective_sample_sizes(log_weights, k)
        rows.append((k, bound.mean(), bound.std(ddof=1) if len(bound) > 1 else np.nan, ess.mean(), len(bound)))
    return dict(zip(("K", "bound", "sd", "ess", "draws"), map(np.array, zip(*rows, strict=True)), strict=True))


@dataclass(frozen=True)
class PlanePosterior:
    """The true posterior p(z|x) of a two-dimensional model as square cells that fill the plane, fine where it is large.

    `z` (n, 2) are the cells' centres, `side` (n,) their sides, `log_joint` (n,) is log p(x|z) + log p(z) there, in nats.
    `coarse` (CELLS, CELLS) is the same on the first grid, the whole plane row by row from the top left.
    """

    z: np.ndarray
    side: np.ndarray
    log_joint: np.ndarray
    coarse: np.ndarray

    @cached_property
    def log_evidence(self) -> float:
        """log p(x) in nats: the integral of p(x|z) p(z) over the plane, by the midpoint rule."""
        return float(np.logaddexp.reduce(self.log_joint + 2 * np.log(self.side)))

    @property
    def mass(self) -> np.ndarray:
        """Posterior probability of each cell, (n,)."""
        return np.exp(self.log_joint + 2 * np.log(self.side) - self.log_evidence)

    @property
    def peak(self) -> np.ndarray:
        """The z (2,) where the posterior is largest: the maximum a posteriori code."""
        return self.z[self.log_joint.argmax()]

    def mass_within(self, low: np.ndarray, high: np.ndarray) -> float:
        """Posterior probability of the rectangle between two corners (2,), up to the size of a cell at its rim."""
        return float(self.mass[((self.z >= low) & (self.z <= high)).all(axis=1)].sum())


def plane_posterior(model: VAE, x: np.ndarray, y: np.ndarray | None = None, levels: int = LEVELS) -> PlanePosterior:
    """The true posterior of a model with two latent dimensions, and with it log p(x) itself.

    A grid over the whole plane finds the region, then the most probable cells are cut in four, level after level: a
    posterior of sigma 0.01 covers less than a thousandth of one first cell.

    Raises
    ------
    ValueError
        If the latent space is not a plane.
    """
    if model.architecture.latent_dim != 2:
        raise ValueError(f"this model has {model.architecture.latent_dim} latent dimensions; a grid needs 2")
    side = 2 * LIMIT / CELLS
    axis = np.linspace(-LIMIT + side / 2, LIMIT - side / 2, CELLS, dtype=np.float32)
    z = latent.grid(axis, 2)
    log_joint = inference.log_joint(model, x, z, y)
    coarse, leaves = log_joint.reshape(CELLS, CELLS), []
    for _ in range(levels):
        order = np.argsort(-log_joint)
        split, rest = order[:SPLIT], order[SPLIT:]
        leaves.append((z[rest], np.full(len(rest), side), log_joint[rest]))
        side /= 2
        corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], np.float32) * np.float32(side / 2)
        z = (z[split][:, None] + corners).reshape(-1, 2)
        log_joint = inference.log_joint(model, x, z, y)
    leaves.append((z, np.full(len(z), side), log_joint))
    return PlanePosterior(*(np.concatenate(columns) for columns in zip(*leaves, strict=True)), coarse)


def quadrature_noise(order: int, latent_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes epsilon (order^latent, latent) and weights (order^latent,) of the Gauss-Hermite rule: sum w f(epsilon) is
    the mean of f over N(0, I), exactly so for polynomials of degree below 2 order in each dimension.

    Source: Abramowitz and Stegun (1964), 25.4.46, with their x = epsilon / sqrt(2).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    epsilon = np.stack(np.meshgrid(*[nodes] * latent_dim, indexing="ij"), axis=-1).reshape(-1, latent_dim)
    products = np.stack(np.meshgrid(*[weights / weights.sum()] * latent_dim, indexing="ij"), axis=-1)
    return epsilon, products.reshape(-1, latent_dim).prod(axis=1)


@dataclass(frozen=True)
class Ascent:
    """A q(z|x) on its way up: mu, logvar (steps + 1, latent), and its ELBO in nats (steps + 1,), the start first."""

    mu: np.ndarray
    logvar: np.ndarray
    elbo: np.ndarray

    @property
    def best(self) -> int:
        """The step with the largest ELBO."""
        return int(self.elbo.argmax())


class _Adam:
    """torch's Adam (Kingma and Ba 2015) as a function on tensors, upwards.

    The class `torch.optim.Adam` imports torch's compiler: 900 modules, seconds and 160 MB for what is never compiled.
    """

    def __init__(self, parameters: list[torch.Tensor]):
        self.parameters = parameters
        self.means, self.squares = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
        self.steps = [torch.tensor(0.0) for _ in parameters]

    @torch.no_grad()
    def climb(self, value: torch.Tensor, rate: float) -> None:
        """One step of size `rate` along the gradient of a value."""
        adam(
            self.parameters,
            list(torch.autograd.grad(value, self.parameters)),
            self.means,
            self.squares,
            [],
            self.steps,
            foreach=False,
            amsgrad=False,
            beta1=0.9,
            beta2=0.95,
            lr=rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=True,
        )


def optimise_posterior(
    model: VAE,
    x: np.ndarray,
    mu: np.ndarray,
    logvar: np.ndarray,
    epsilon: np.ndarray,
    weights: np.ndarray,
    y: np.ndarray | None = None,
    steps: int = 50,
    rate: float = 0.2,
) -> list[Ascent]:
    """Climb the ELBO of this one image by its own mu and logvar; the decoder stays as it is.

    Parameters
    ----------
    mu, logvar : (starts, latent), where each ascent starts
    epsilon, weights : (n, latent) and (n,), the fixed noise of every step, see `quadrature_noise`; weights sum to 1
    rate : first step size of Adam, falling to 0 along half a cosine; for mu in units of the start's sigma

    Source: Cremer, Li and Duvenaud (2018), "Inference Suboptimality in Variational Autoencoders" (their q*);
    gradients through z = mu + sigma epsilon: Kingma and Welling (2014), section 2.4; Adam: Kingma and Ba (2015).
    """
    x, labels = inference.one_image(x), inference.repeated(model, y, len(mu) * len(epsilon))
    start, spread = torch.tensor(mu, dtype=torch.float32), torch.tensor(np.exp(0.5 * logvar), dtype=torch.float32)
    noise, weight = (torch.tensor(a, dtype=torch.float32) for a in (epsilon, weights))
    pixels = torch.tensor(x).expand(len(mu) * len(epsilon), *x.shape)
    moved = torch.zeros_like(start, requires_grad=True)
    log_variance = torch.tensor(logvar, dtype=torch.float32, requires_grad=True)
    adam = _Adam([moved, log_variance])
    path = []
    for step in range(steps + 1):
        m = start + spread * moved
        z = latent.reparameterize(m[:, None], log_variance[:, None], noise)  # (starts, n, latent)
        log_likelihood = model.log_likelihood(model.logits(z.flatten(0, 1), labels), pixels)
        expected = log_likelihood.view(len(m), -1) @ weight
        elbo = expected - objective.kl(m, log_variance)
        path.append([a.detach().numpy().copy() for a in (m, log_variance, elbo)])
        adam.climb(elbo.sum(), rate * (1 + math.cos(math.pi * step / steps)) / 2)
    m, v, elbo = (np.stack(a, axis=1) for a in zip(*path, strict=True))
    return [Ascent(*of_start) for of_start in zip(m, v, elbo, strict=True)]


@dataclass(frozen=True)
class InferenceGap:
    """log p(x) minus the encoder's ELBO for one image, and what closes how much of it, in nats.

    `from_encoder` is the ascent that starts at the encoder's q, `from_peak` the one that starts at the true posterior's
    peak: the ELBO may have several maxima, and q* is the better of the two ends.
    """

    posterior: PlanePosterior
    from_encoder: Ascent
    from_peak: Ascent

    @property
    def log_evidence(self) -> float:
        return self.posterior.log_evidence

    @property
    def elbo(self) -> float:
        """The ELBO of the encoder's q."""
        return float(self.from_encoder.elbo[0])

    @property
    def best_elbo(self) -> float:
        """The ELBO of q*, the best diagonal Gaussian found for this image."""
        return float(max(self.from_encoder.elbo.max(), self.from_peak.elbo.max()))

    @property
    def amortisation(self) -> float:
        """What the encoder loses because one network serves all images: ELBO of q* minus ELBO of q."""
        return self.best_elbo - self.elbo

    @property
    def approximation(self) -> float:
        """What no diagonal Gaussian can reach: log p(x) minus the ELBO of q*, which is KL(q* || p(z|x))."""
        return self.log_evidence - self.best_elbo


def inference_gap(model: VAE, x: np.ndarray, y: np.ndarray | None = None) -> InferenceGap:
    """The gap between log p(x) and the ELBO of one image, split in two; for models with two latent dimensions.

    Raises ValueError as `plane_posterior` does. Source: Cremer, Li and Duvenaud (2018), on the
    approximation gap and the amortization gap.
    """
    posterior = plane_posterior(model, x, y)
    mu, logvar = inference.encode(model, inference.one_image(x)[None], y)
    starts = np.stack([mu[0], posterior.peak])
    ascents = optimise_posterior(model, x, starts, np.repeat(logvar, 2, axis=0), *quadrature_noise(ORDER, 2), y)
    return InferenceGap(posterior, *ascents)


def _groups(log_weights: np.ndarray, k: int) -> np.ndarray:
    log_weights = np.asarray(log_weights, np.float64)
    if not 1 <= k <= len(log_weights):
        raise ValueError(f"k is {k}; with {len(log_weights)} weights it must be between 1 and {len(log_weights)}")
    return log_weights[: len(log_weights) // k * k].reshape(-1, k)
