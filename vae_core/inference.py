"""What a frozen model says: numpy in, numpy out. The one border where tensors, dtypes and gradients are decided."""

from dataclasses import dataclass

import numpy as np
import torch

from vae_core import latent, objective
from vae_core.model import SIDE, VAE

# Large enough to be fast, small enough that 5,000 images never need more than a few MB at once.
BATCH = 500


@dataclass(frozen=True)
class ElboTerms:
    """The ELBO of each image and its parts, in nats: elbo = log_likelihood - kl."""

    log_likelihood: np.ndarray  # (n,)
    kl_per_dim: np.ndarray  # (n, latent)

    @property
    def kl(self) -> np.ndarray:
        return self.kl_per_dim.sum(axis=1)

    @property
    def elbo(self) -> np.ndarray:
        return self.log_likelihood - self.kl


def encode(model: VAE, x: np.ndarray, y: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The posterior q(z|x) of each image.

    Parameters
    ----------
    model : a frozen model
    x : (n, 28, 28), grey values in [0, 1]
    y : (n,) integer labels, for conditional models only

    Returns
    -------
    mu, logvar : (n, latent) float32 each

    Raises
    ------
    ValueError
        If a shape is wrong, a grey value lies outside [0, 1], or labels are given or missing against the model's kind.
    """
    x = _images(x)
    mu, logvar = _in_batches(model.posterior, x, _labels(model, y, len(x)))
    return mu, logvar


def decode(model: VAE, z: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """The pixel means of p(x|z), (n, 28, 28) float32 in [0, 1], for z (n, latent).

    Labels y (n,) go to conditional models only. Raises ValueError as `encode` does.
    """
    z = _codes(model, z)
    labels = _labels(model, y, len(z))
    return _in_batches(lambda z, y: (model.pixel_mean(model.logits(z, y)),), z, labels)[0]


def reconstruct(model: VAE, x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """The decoded posterior mean of each image, (n, 28, 28) float32: the usual reconstruction, without noise."""
    mu, _ = encode(model, x, y)
    return decode(model, mu, y)


def elbo_terms(model: VAE, x: np.ndarray, epsilon: np.ndarray, y: np.ndarray | None = None) -> ElboTerms:
    """The ELBO of each image (n, 28, 28) and its parts, from one posterior sample with noise epsilon (n, latent).

    Source: Kingma and Welling (2014), equation 7 with L = 1; the KL is exact, the likelihood a one-sample estimate.
    """
    x, epsilon = _images(x), _noise(model, epsilon, x)

    def terms(x, epsilon, y):
        mu, logvar = model.posterior(x, y)
        logits = model.logits(latent.reparameterize(mu, logvar, epsilon), y)
        return model.log_likelihood(logits, x), objective.kl_per_dim(mu, logvar)

    return ElboTerms(*_in_batches(terms, x, epsilon, _labels(model, y, len(x))))


def log_likelihood(model: VAE, x: np.ndarray, z: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """log p(x|z) of each image (n, 28, 28) at a code of one's own choice z (n, latent): (n,), in nats.

    Minus this, averaged over posterior samples z, is the reconstruction term. Source: as `objective.log_likelihood`.
    Raises ValueError as `encode` does, or if there is not one code for each image.
    """
    x, z = _images(x), _codes(model, z)
    if len(z) != len(x):
        raise ValueError(f"z has {len(z)} rows for {len(x)} images; each image needs its own code")
    return _in_batches(lambda x, z, y: (model.log_likelihood(model.logits(z, y), x),), x, z, _labels(model, y, len(x)))[
        0
    ]


def kl_per_dim(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """KL(q(z|x) || p(z)) of each image's latent dimensions: mu, logvar (n, latent) -> (n, latent), in nats.

    Source: as `objective.kl_per_dim`.
    """
    return _in_batches(lambda mu, logvar: (objective.kl_per_dim(mu, logvar),), mu, logvar)[0]


def kl_both_ways(mu: float, logvar: float, epsilon: np.ndarray) -> tuple[float, float, float]:
    """KL(N(mu, exp(logvar)) || N(0, 1)) in nats: closed form, Monte Carlo estimate, and its standard error.

    epsilon (samples,) is the noise of the estimate, at least two samples. Source: as `objective.kl_monte_carlo`.
    """
    m, v = torch.tensor([mu], dtype=torch.float64), torch.tensor([logvar], dtype=torch.float64)
    estimate, standard_error = objective.kl_monte_carlo(
        m, v, torch.from_numpy(np.asarray(epsilon, np.float64))[:, None]
    )
    return objective.kl(m[None], v[None]).item(), estimate.item(), standard_error.item()


def importance_weighted_bound(
    model: VAE, x: np.ndarray, epsilon: np.ndarray, y: np.ndarray | None = None
) -> np.ndarray:
    """The K-sample bound of each image in nats, (n,), for noise epsilon (K, n, latent).

    Source: Burda, Grosse and Salakhutdinov (2016), equation 8.
    """
    x, labels = _images(x), _labels(model, y, len(x))
    if len(epsilon) == 0:
        raise ValueError("epsilon is empty; the bound needs at least one sample")
    log_weights = []
    with torch.inference_mode():
        pixels = torch.tensor(x)
        mu, logvar = model.posterior(pixels, labels)
        for row in epsilon:  # one sample of every image at a time bounds the memory at any K
            z = latent.reparameterize(mu, logvar, torch.tensor(_noise(model, row, x)))
            log_p_x_given_z = model.log_likelihood(model.logits(z, labels), pixels)
            log_weights.append(objective.log_importance_weights(log_p_x_given_z[None], z[None], mu, logvar)[0])
        return objective.importance_weighted_bound(torch.stack(log_weights)).numpy()


def _in_batches(function, *inputs) -> tuple[np.ndarray, ...]:
    """Apply `function` of tensors to slices of the inputs (None stays None) and join each of its results."""
    inputs = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in inputs]  # copies
    rows = len(inputs[0])
    with torch.inference_mode():
        parts = [
            function(*(None if a is None else a[start : start + BATCH] for a in inputs))
            for start in range(0, max(rows, 1), BATCH)
        ]
    return tuple(torch.cat(columns).numpy() for columns in zip(*parts, strict=True))


def _images(x: np.ndarray) -> np.ndarray:
    x = np.ascontiguousarray(x, np.float32)
    if x.ndim != 3 or x.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"x has shape {x.shape}; images are (n, {SIDE}, {SIDE})")
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError("x has grey values outside [0, 1]; divide bytes by 255")
    return x


def _codes(model: VAE, z: np.ndarray) -> np.ndarray:
    z = np.ascontiguousarray(z, np.float32)
    latent_dim = model.architecture.latent_dim
    if z.ndim != 2 or z.shape[1] != latent_dim:
        raise ValueError(f"z has shape {z.shape}; this model's codes are (n, {latent_dim})")
    if not np.isfinite(z).all():
        raise ValueError("z has values that are not finite numbers")
    return z


def _noise(model: VAE, epsilon: np.ndarray, x: np.ndarray) -> np.ndarray:
    epsilon = _codes(model, epsilon)
    if len(epsilon) != len(x):
        raise ValueError(f"epsilon has {len(epsilon)} rows for {len(x)} images; each image needs its own noise")
    return epsilon


def _labels(model: VAE, y: np.ndarray | None, rows: int) -> torch.Tensor | None:
    """Labels as the model wants them; whether it wants any is for the model to say."""
    if y is None:
        return None
    y = np.asarray(y)
    if y.shape != (rows,) or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"y must be {rows} integer labels, not {y.dtype} of shape {y.shape}")
    classes = model.architecture.classes
    if classes and y.size and not (y.min() >= 0 and y.max() < classes):
        raise ValueError(f"y has labels outside 0 to {classes - 1}")
    return torch.tensor(y, dtype=torch.int64)
