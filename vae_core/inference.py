"""What a frozen model says: numpy in, numpy out. The one border where tensors, dtypes and gradients are decided."""

from dataclasses import dataclass

import numpy as np
import torch

from vae_core import gradients, latent, objective, pixels
from vae_core.images import SIDE
from vae_core.model import VAE

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


def kl_per_dim(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """KL(q(z|x) || p(z)) of each latent dimension in nats: (n, latent) twice -> (n, latent).

    `objective.kl_per_dim` for arrays; its source and errors are that one's.
    """
    return objective.kl_per_dim(torch.tensor(mu), torch.tensor(logvar)).numpy()


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


def kl_both_ways(mu: float, logvar: float, epsilon: np.ndarray) -> tuple[float, float, float]:
    """KL(N(mu, exp(logvar)) || N(0, 1)) in nats: closed form, Monte Carlo estimate, and its standard error.

    epsilon (samples,) is the noise of the estimate, at least two samples. Source: as `objective.kl_monte_carlo`.
    """
    m, v = torch.tensor([mu], dtype=torch.float64), torch.tensor([logvar], dtype=torch.float64)
    estimate, standard_error = objective.kl_monte_carlo(
        m, v, torch.from_numpy(np.asarray(epsilon, np.float64))[:, None]
    )
    return objective.kl(m[None], v[None]).item(), estimate.item(), standard_error.item()


def log_likelihood_of_codes(model: VAE, x: np.ndarray, z: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """log p(x|z_i) of one image x (28, 28) under each of the codes z (n, latent): (n,), in nats.

    A conditional model's label y (1,) is the image's, the same for every code. Raises ValueError as `encode` does.
    """
    image, z = torch.tensor(_images(x[None])), _codes(model, z)
    labels = _labels(model, None if y is None else np.repeat(y, len(z)), len(z))

    def per_code(z, y):
        return (model.log_likelihood(model.logits(z, y), image.expand(len(z), SIDE, SIDE)),)

    return _in_batches(per_code, z, labels)[0]


def gradients_of_mu(
    model: VAE, x: np.ndarray, mu: np.ndarray, logvar: np.ndarray, epsilon: np.ndarray, y: np.ndarray | None = None
) -> gradients.GradientSamples:
    """Estimates of d/dmu E_q[log p(x|z)] for one image x (28, 28), one for each noise: see `gradients.of_mu`.

    mu and logvar (latent,) need not be the encoder's; epsilon is (samples, latent), y (1,) for conditional models only.
    """
    image, epsilon = torch.tensor(_images(x[None])), torch.tensor(_codes(model, epsilon))
    labels = _labels(model, None if y is None else np.repeat(y, len(epsilon)), len(epsilon))

    def log_p_x_given_z(z):
        return model.log_likelihood(model.logits(z, labels), image.expand(len(z), SIDE, SIDE))

    return gradients.of_mu(log_p_x_given_z, torch.tensor(mu), torch.tensor(logvar), epsilon)


def log_likelihood_per_pixel(x: np.ndarray, logit: float, likelihood: str, pixel_sigma: float | None = None):
    """log p(x_i) of a pixel of every grey value x (n,) where the decoder gave `logit`: (n,), in nats."""
    x = torch.tensor(x, dtype=torch.float64)
    return objective.log_likelihood_per_pixel(torch.full_like(x, logit), x, likelihood, pixel_sigma).numpy()


def normalizer(logits: np.ndarray) -> np.ndarray:
    """C of the continuous Bernoulli at each logit (n,): (n,), at least 2. Source: as `objective.log_normalizer`."""
    return objective.log_normalizer(torch.tensor(logits, dtype=torch.float64)).exp().numpy()


def sample_pixels(model: VAE, z: np.ndarray, uniform: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """A draw from p(x|z) for each code z (n, latent), with noise `uniform` (n, 28, 28) on (0, 1): (n, 28, 28) float32.

    Gaussian pixels may leave [0, 1]. Source: as `pixels.sample`.
    """
    z = _codes(model, z)
    noise = np.ascontiguousarray(uniform, np.float32).clip(1e-7, 1 - 1e-7)

    def draw(z, noise, y):
        return (pixels.sample(model.logits(z, y), noise, model.architecture.likelihood, model.pixel_sigma),)

    return _in_batches(draw, z, noise, _labels(model, y, len(z)))[0]


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


def log_joint(model: VAE, x: np.ndarray, z: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """log p(x|z) + log p(z) of one image x (28, 28) for many codes z (n, latent): (n,) float64, in nats.

    What Bayes' rule normalises to the posterior p(z|x). Labels y (1,) for conditional models.
    """
    x, z = one_image(x), _codes(model, z)
    pixels = torch.tensor(x)

    def joint(z, y):
        logits = model.logits(z, y)
        zero = torch.zeros(())
        return (model.log_likelihood(logits, pixels.expand(len(z), SIDE, SIDE)) + objective.log_normal(z, zero, zero),)

    return _in_batches(joint, z, repeated(model, y, len(z)))[0].astype(np.float64)


def log_weights(model: VAE, x: np.ndarray, epsilon: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """log of p(x|z) p(z) / q(z|x) of one image x (28, 28) at z = mu + sigma epsilon: (n,) float64, in nats.

    epsilon (n, latent) is the noise; labels y (1,) for conditional models. Their mean estimates the ELBO.
    Source: Burda, Grosse and Salakhutdinov (2016), section 3.
    """
    mu, logvar = (torch.tensor(a) for a in encode(model, one_image(x)[None], y))
    z = latent.reparameterize(mu, logvar, torch.tensor(_codes(model, epsilon)))
    log_q = objective.log_normal(z, mu, logvar).numpy().astype(np.float64)
    return log_joint(model, x, z.numpy(), y) - log_q


def one_image(x: np.ndarray) -> np.ndarray:
    """One image (28, 28) as float32; raises ValueError as `encode` does."""
    return _images(np.asarray(x)[None])[0]


def repeated(model: VAE, y: np.ndarray | None, rows: int) -> torch.Tensor | None:
    """The label y (1,) of one image for so many codes of it; None stays None."""
    label = _labels(model, y, 1)
    return None if label is None else label.expand(rows)


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
