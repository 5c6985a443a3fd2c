"""The geometry of latent space: noise, the prior, grids, paths and the codes of a data set. Arrays in, arrays out."""

from math import lgamma, log
from statistics import NormalDist

import numpy as np


def reparameterize(mu, logvar, epsilon):
    """z = mu + sigma epsilon with sigma = exp(logvar / 2): a posterior sample as a function of its noise.

    Parameters
    ----------
    mu, logvar, epsilon : (..., latent), all arrays or all tensors
        Epsilon is standard normal noise; hold it to see what mu and sigma do.

    Returns
    -------
    (..., latent), array or tensor as given; gradients flow to mu and logvar.

    Source: Kingma and Welling (2014), section 2.4.
    """
    half = 0.5 * logvar
    return mu + (np.exp(half) if isinstance(half, np.ndarray) else half.exp()) * epsilon


def noise(count: int, latent_dim: int, seed: int) -> np.ndarray:
    """Standard normal noise, (count, latent_dim) float32: the same for the same seed, whatever else is running."""
    return np.random.default_rng(seed).standard_normal((count, latent_dim), dtype=np.float32)


def normal_density(z: np.ndarray, mu: float, sigma: float) -> np.ndarray:
    """The density of N(mu, sigma^2) at each z (n,): (n,)."""
    return np.exp(-0.5 * ((z - mu) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))


def sample_prior(count: int, latent_dim: int, seed: int, temperature: float = 1.0) -> np.ndarray:
    """Samples of N(0, temperature^2 I): (count, latent_dim) float32; temperature 1 is the prior itself.

    Raises
    ------
    ValueError
        If the temperature is negative.
    """
    if temperature < 0:
        raise ValueError(f"temperature is {temperature}; it cannot be negative")
    return np.float32(temperature) * noise(count, latent_dim, seed)


def grid_axis(side: int, spacing: str = "probability", limit: float = 3.0) -> np.ndarray:
    """Coordinates of a row of `side` cells, ascending, (side,) float32.

    With "probability" spacing each cell holds the same mass of N(0, 1) and is drawn at its median; with "equal" spacing
    the coordinates run evenly from -limit to limit.

    Raises
    ------
    ValueError
        If the side is not positive or the spacing unknown.

    Source: Kingma and Welling (2014), figure 4 (inverse Gaussian CDF).
    """
    if side < 1:
        raise ValueError(f"side is {side}; it must be at least 1")
    if spacing == "probability":
        normal = NormalDist()
        values = [normal.inv_cdf((i + 0.5) / side) for i in range(side)]
    elif spacing == "equal":
        values = np.linspace(-limit, limit, side) if side > 1 else [0.0]
    else:
        raise ValueError(f"spacing is {spacing!r}; choose 'probability' or 'equal'")
    return np.asarray(values, np.float32)


def grid_share(z: np.ndarray, side: int, spacing: str = "probability", limit: float = 3.0) -> np.ndarray:
    """Where coordinates lie along a row of cells: 0 at its left end, 1 at its right, of the shape of z.

    The inverse of `grid_axis`, cell i having its middle at (i + 0.5) / side, so that codes and decoded pictures can share
    one axis. What lies outside of equally spaced cells falls outside of 0 to 1.

    Raises
    ------
    ValueError
        As `grid_axis`; for equal spacing also if there are fewer than two cells.
    """
    z = np.asarray(z, np.float64)
    if spacing == "probability":
        return np.vectorize(NormalDist().cdf, otypes=[np.float64])(z)
    first, *_, last = grid_axis(side, spacing, limit)
    return (0.5 + (z - first) / (last - first) * (side - 1)) / side


def grid(axis: np.ndarray, latent_dim: int, dims: tuple[int, int] = (0, 1), origin: np.ndarray | None = None):
    """The plane of two latent dimensions, row by row from the top left, as a scatter plot would show it.

    Parameters
    ----------
    axis : (side,)
        Ascending coordinates for both dimensions, see `grid_axis`.
    latent_dim : size of the latent
    dims : the dimension that grows to the right and the one that grows upwards
    origin : (latent_dim,), the values of the other dimensions, or None for zeros

    Returns
    -------
    (side * side, latent_dim) float32
    """
    right, up = np.meshgrid(axis, axis[::-1])
    z = np.zeros((right.size, latent_dim), np.float32)
    if origin is not None:
        z[:] = origin
    z[:, dims[0]], z[:, dims[1]] = right.ravel(), up.ravel()
    return z


def traverse(z: np.ndarray, dim: int, values: np.ndarray) -> np.ndarray:
    """Copies of z (latent,) in which dimension `dim` takes each of `values`: (len(values), latent) float32."""
    copies = np.repeat(np.asarray(z, np.float32)[None], len(values), axis=0)
    copies[:, dim] = values
    return copies


def traversals(origin: np.ndarray, spread: np.ndarray, reach: float, steps: int, dims: np.ndarray) -> np.ndarray:
    """A row of codes for each of `dims`, in which it alone moves: (len(dims) * steps, latent) float32, row by row.

    Parameters
    ----------
    origin, spread : (latent,)
        Dimension d runs evenly from origin_d - reach spread_d to origin_d + reach spread_d, the others stay at the origin:
        mu and sigma of a picture show what its posterior leaves open, zeros and ones walk along the prior.
    reach : in units of the spread
    steps : pictures in a row; an odd number has the origin in the middle
    dims : the dimensions that move, in the order of their rows
    """
    along = np.linspace(-reach, reach, steps)
    return np.concatenate([traverse(origin, d, origin[d] + spread[d] * along) for d in dims])


def lerp(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """The straight line from start to end, both (latent,), ends included: (steps, latent) float32.

    Raises
    ------
    ValueError
        If there are fewer than two steps.
    """
    t = _fractions(steps)
    return ((1 - t) * start + t * end).astype(np.float32)


def slerp(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """The great-circle path from start to end, both (latent,), ends included: (steps, latent) float32.

    Equal norms stay equal along the way. Where the angle leaves no unique arc (a zero vector, or vectors that point
    the same or exactly the opposite way) the path is the straight line.

    Source: Shoemake (1985), "Animating rotation with quaternion curves"; White (2016),
    "Sampling Generative Networks", arXiv 1609.04468.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    cosine = float(start @ end / norms) if norms > 0 else 1.0
    if abs(cosine) > 1 - 1e-6:
        return lerp(start, end, steps)
    t, angle = _fractions(steps), np.arccos(cosine)
    return ((np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)).astype(np.float32)


def class_gaussians(mu: np.ndarray, logvar: np.ndarray, labels: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Mean and variance of each class's aggregate posterior, the mixture of its images' posteriors.

    Parameters
    ----------
    mu, logvar : (n, latent)
    labels : (n,)

    Returns
    -------
    dict of label -> (mean (latent,), variance (latent,))
        The variance is the mean of the variances plus the variance of the means (law of total variance).
    """
    moments = {}
    for label in np.unique(labels):
        rows = labels == label
        variance = np.exp(logvar[rows]).mean(axis=0) + mu[rows].var(axis=0)
        moments[int(label)] = (mu[rows].mean(axis=0), variance)
    return moments


def ellipse(covariance: np.ndarray) -> tuple[float, float, float]:
    """The one-sigma ellipse of a Gaussian in the plane, covariance (2, 2): half axes and direction.

    Returns
    -------
    major, minor, angle
        The square roots of the eigenvalues, the greater first, and the direction of the major axis in radians,
        anticlockwise from the first coordinate. In two dimensions 39 % of the mass lies within one sigma, 86 % within two.
    """
    values, vectors = np.linalg.eigh(np.asarray(covariance, np.float64))
    minor, major = np.sqrt(values.clip(min=0))
    return float(major), float(minor), float(np.arctan2(vectors[1, 1], vectors[0, 1]))


def sample_gaussian(mean: np.ndarray, variance: np.ndarray, count: int, seed: int, temperature: float = 1.0):
    """Samples of N(mean, temperature^2 diag(variance)), for mean and variance (latent,): (count, latent) float32."""
    return (mean + np.sqrt(variance) * sample_prior(count, len(mean), seed, temperature)).astype(np.float32)


def norm_density(norm: np.ndarray, latent_dim: int) -> np.ndarray:
    """Density of |z| for z from N(0, I) in latent_dim dimensions, at each norm > 0: the chi distribution.

    It peaks at sqrt(latent_dim - 1), and the mean of |z|^2 is latent_dim: in many dimensions almost no sample is near 0.
    """
    half = latent_dim / 2
    return np.exp((latent_dim - 1) * np.log(norm) - norm**2 / 2 - (half - 1) * log(2) - lgamma(half))


def nearest_cloud(z: np.ndarray, mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """How far each code lies from the nearest posterior, in that posterior's own sigmas, root mean square by dimension.

    z (m, latent), mu and logvar (n, latent) -> (m,). About 1 for a code drawn from one of the posteriors, and more where
    no picture's posterior reaches: a hole.
    """
    z, mu, precision = z.astype(np.float64), mu.astype(np.float64), np.exp(-logvar.astype(np.float64))
    squared = z**2 @ precision.T - 2 * z @ (mu * precision).T + (mu**2 * precision).sum(axis=1)
    return np.sqrt(np.clip(squared.min(axis=1), 0, None) / z.shape[1])


def active_units(mu: np.ndarray, threshold: float = 0.01) -> np.ndarray:
    """Which dimensions the encoder uses: the variance of the posterior mean over the data exceeds the threshold.

    mu (n, latent) -> (latent,) bool. Source: Burda, Grosse and Salakhutdinov (2016), section 5.2.
    """
    return mu.var(axis=0) > threshold


def _fractions(steps: int) -> np.ndarray:
    if steps < 2:
        raise ValueError(f"steps is {steps}; a path needs at least 2")
    return np.linspace(0.0, 1.0, steps)[:, None]
