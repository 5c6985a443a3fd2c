"""Where the codes of a data set lie: the aggregate posterior, its distance from the prior, holes, and a fitted density.

The aggregate posterior q(z) = 1/N sum_n q(z|x_n) is a mixture of as many Gaussians as there are pictures, so its density
is computed exactly. A plain autoencoder's codes are points; with a bandwidth for every sigma (see `bandwidth`) the same
mixture is their kernel density estimate. Arrays in, arrays out; densities in nats.
"""

import math
from dataclasses import dataclass

import numpy as np

from vae_core import neighbours

ROWS = 250  # points at a time against all codes: 10 MB for 5,000 codes


@dataclass(frozen=True)
class Estimate:
    """A mean of samples in nats, and its standard error."""

    nats: float
    standard_error: float


@dataclass(frozen=True)
class Surgery:
    """The KL term of the ELBO, averaged over the pictures, and the two parts of it: kl = mutual_information + marginal_kl."""

    kl: float  # mean KL(q(z|x) || p(z)), closed form
    kl_sampled: Estimate  # the same from the samples that estimate its parts
    mutual_information: Estimate  # I(x; z) when x is one of the N pictures, each as likely
    marginal_kl: Estimate  # KL(q(z) || p(z))
    ceiling: float  # log N: no code can say more about which of N pictures it is


@dataclass(frozen=True)
class GaussianMix:
    """A mixture of K Gaussians with full covariances."""

    weights: np.ndarray  # (K,)
    means: np.ndarray  # (K, latent)
    covariances: np.ndarray  # (K, latent, latent)


def log_prior(z: np.ndarray) -> np.ndarray:
    """log N(z; 0, I) in nats: (n, latent) -> (n,) float64."""
    z = np.asarray(z, np.float64)
    return -0.5 * (np.square(z).sum(axis=1) + z.shape[1] * math.log(2 * math.pi))


def log_aggregate(z: np.ndarray, mu: np.ndarray, logvar: np.ndarray, left_out: np.ndarray | None = None) -> np.ndarray:
    """log q(z) of the aggregate posterior in nats, exactly: the mean of N(z; mu_n, diag exp(logvar_n)) over the codes.

    Parameters
    ----------
    z : (m, latent)
    mu, logvar : (n, latent)
    left_out : (m,) the row of a code that each point is not judged by, its own: so would a picture be judged that is not
        among them

    Returns
    -------
    (m,) float64

    Raises
    ------
    ValueError
        If shapes do not fit.

    Source: Tomczak and Welling (2018), "VAE with a VampPrior", where it is the aggregated posterior.
    """
    z, mu, logvar = (np.asarray(a, np.float64) for a in (z, mu, logvar))
    if mu.ndim != 2 or mu.shape != logvar.shape or z.ndim != 2 or z.shape[1] != mu.shape[1]:
        raise ValueError(
            f"z {z.shape}, mu {mu.shape} and logvar {logvar.shape} must be (m, latent) and (n, latent) twice"
        )
    if left_out is not None and len(left_out) != len(z):
        raise ValueError(f"{len(left_out)} codes to leave out for {len(z)} points; name one for each")
    # (z - mu)^2 / sigma^2 multiplied out is one matrix product; float64 leaves the cancellation far below a nat.
    precision = np.exp(-logvar)
    factors = np.concatenate([precision, mu * precision], axis=1).T
    constants = -0.5 * (mu * mu * precision + logvar + math.log(2 * math.pi)).sum(axis=1)
    count = len(mu) - (left_out is not None)
    result = np.empty(len(z))
    for start in range(0, len(z), ROWS):
        part = z[start : start + ROWS]
        logs = np.concatenate([-0.5 * part * part, part], axis=1) @ factors + constants
        if left_out is not None:
            logs[np.arange(len(part)), left_out[start : start + ROWS]] = -np.inf
        result[start : start + ROWS] = _log_sum_exp(logs) - math.log(count)
    return result


def surgery(mu: np.ndarray, logvar: np.ndarray, epsilon: np.ndarray, at_codes: np.ndarray | None = None) -> Surgery:
    """Split the mean KL into what the code says of the picture, I(x; z), and how far q(z) is from the prior.

    From one sample of every posterior with noise epsilon (n, latent): I(x; z) is the mean of log q(z|x) - log q(z), the
    marginal KL that of log q(z) - log p(z). Their standard errors take the samples as independent draws of q(z); with one
    from each posterior they are a little smaller in truth. `at_codes` (n,) saves the sums over all posteriors where they are
    known already: what `log_aggregate` says at the samples, each left out of its own.

    Source: Hoffman and Johnson (2016), "ELBO surgery: yet another way to carve up the variational evidence lower
    bound".
    """
    mu, logvar = np.asarray(mu, np.float64), np.asarray(logvar, np.float64)
    z = mu + np.exp(0.5 * logvar) * epsilon
    log_q_given_x = -0.5 * (np.square(epsilon, dtype=np.float64) + logvar + math.log(2 * math.pi)).sum(axis=1)
    if at_codes is None:
        log_q = log_aggregate(z, mu, logvar)
    else:  # the others and its own
        log_q = np.logaddexp(math.log(len(mu) - 1) + at_codes, log_q_given_x) - math.log(len(mu))
    log_p = log_prior(z)
    return Surgery(
        kl=float(0.5 * (mu**2 + np.expm1(logvar) - logvar).sum(axis=1).mean()),
        kl_sampled=_estimate(log_q_given_x - log_p),
        mutual_information=_estimate(log_q_given_x - log_q),
        marginal_kl=_estimate(log_q - log_p),
        ceiling=math.log(len(mu)),
    )


def bandwidth(mu: np.ndarray, shares: tuple[float, ...] = (0.01, 0.02, 0.04, 0.08, 0.16)) -> tuple[float, float]:
    """The standard deviation to give point codes (n, latent), so that their mixture is a kernel density estimate.

    Of the given shares of the codes' own standard deviation (root mean square over the dimensions), the one under which the
    others of the codes make each code most likely (leave-one-out log-likelihood). Returns it in units of z, and the share.

    Source: Habbema, Hermans and van den Broek (1974); Silverman (1986), "Density Estimation for Statistics and Data
    Analysis", on likelihood cross-validation.
    """
    spread = math.sqrt(float(np.asarray(mu, np.float64).var(axis=0).mean()))
    share = max(
        shares,
        key=lambda s: log_aggregate(mu, mu, np.full(mu.shape, 2 * math.log(s * spread)), np.arange(len(mu))).mean(),
    )
    return share * spread, share


def density_grid(
    mu: np.ndarray, logvar: np.ndarray, dims: tuple[int, int], limit: float, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """The marginal of two dimensions on side x side cells from -limit to limit: the cells' centres (side,) and the log of
    q's exact mean over each cell, (side, side) in nats, -inf where it is too small for a number.

    Rows of the grid run with the second dimension from -limit upwards. The marginal of a mixture of Gaussians is the mixture
    of their marginals: the other dimensions are integrated out, not fixed. A Gaussian's mass in a cell is a product of
    differences of its cumulative distribution, so that no cloud narrower than a cell falls between two points.
    """
    from scipy.special import ndtr

    edges = np.linspace(-limit, limit, side + 1)

    def mass(dim: int) -> np.ndarray:  # of each Gaussian in each interval, (side, n)
        scaled = (edges[:, None] - mu[:, dim]) / np.exp(0.5 * logvar[:, dim])
        low, high = scaled[:-1], scaled[1:]
        # To the right of the mean both are near 1, and their difference is lost: take the same interval on the left.
        return np.where(low > 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))

    area = (2 * limit / side) ** 2
    with np.errstate(divide="ignore"):
        return (edges[:-1] + edges[1:]) / 2, np.log(mass(dims[1]) @ mass(dims[0]).T / (len(mu) * area))


def central_half(candidates: np.ndarray) -> np.ndarray:
    """The half of the prior's samples (m, latent) that the prior finds most probable: no far corner is among them."""
    log_p = log_prior(candidates)
    return candidates[log_p >= np.median(log_p)]


def is_hole(log_q: np.ndarray, log_p: np.ndarray, at_codes: np.ndarray) -> np.ndarray:
    """Whether places (m,) are holes: at least 95 % of real codes lie where q(z) is denser, and the prior is denser than q(z).

    All in nats; `at_codes` (n,) is log q(z) at codes of real pictures, each judged by the others.
    """
    denser_than = np.searchsorted(np.sort(at_codes), log_q) / len(at_codes)
    return (denser_than < 0.05) & (log_q < log_p)


def tells_holes(at_codes: np.ndarray, prior_at_codes: np.ndarray) -> bool:
    """Whether the density of the other codes can tell a hole from a code: log q(z) and log p(z) at real codes, (n,) in nats.

    It cannot where even the typical code lies where the prior is e^3 = 20 times denser than they are. Clouds that small
    leave everything between them empty, the next picture's code as well.
    """
    return float(np.median(at_codes - prior_at_codes)) > -3


def find_hole(mu: np.ndarray, logvar: np.ndarray, candidates: np.ndarray, at_codes: np.ndarray) -> np.ndarray | None:
    """Of the central half of the prior's samples (m, latent), the hole with fewest codes for what the prior expects: (latent,).

    That is where log q(z) - log p(z) is least; `at_codes` as for `is_hole`. None where no sample lies in a hole.
    """
    central = central_half(candidates)
    log_q, log_p = log_aggregate(central, mu, logvar), log_prior(central)
    holes = is_hole(log_q, log_p, at_codes)
    return central[np.argmin(np.where(holes, log_q - log_p, np.inf))] if holes.any() else None


def find_border(mu: np.ndarray, y: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Of the central half of the prior's samples (m, latent), the one whose ten nearest codes agree least on a class:
    (latent,); of several the most probable one."""
    central = central_half(candidates)
    central = central[np.argsort(-log_prior(central), kind="stable")]
    return central[np.argmin(agreement(y[neighbours.nearest(central, mu, 10)]))]


def agreement(labels: np.ndarray) -> np.ndarray:
    """How many of each row's labels (m, k) are the row's most frequent one: (m,) integers from 1 to k."""
    return (labels[:, :, None] == labels[:, None, :]).sum(axis=2).max(axis=1)


@dataclass(frozen=True)
class SampleScores:
    """What codes alone say of samples; none of it says whether a person would read the pictures."""

    log_density: float  # mean log q(z) at the samples, in nats
    agreeing: float  # share of samples at least 8 of whose 10 nearest codes have one class
    distinct: float  # different nearest codes among the samples, as a share of the samples


def score_samples(
    z: np.ndarray, mu: np.ndarray, logvar: np.ndarray, y: np.ndarray, own: np.ndarray | None = None
) -> SampleScores:
    """Score samples z (m, latent) by the codes mu, logvar (n, latent) with labels y (n,), at least eleven.

    Samples of single pictures' posteriors name those pictures' rows, own (m,), and are judged by all others.
    """
    rows = neighbours.nearest(z, mu, 11)
    if own is not None:  # their own code goes last, then the eleventh or their own is cut off
        rows = np.take_along_axis(rows, (rows == own[:, None]).argsort(axis=1, kind="stable"), axis=1)
    return SampleScores(
        log_density=float(log_aggregate(z, mu, logvar, own).mean()),
        agreeing=float((agreement(y[rows[:, :10]]) >= 8).mean()),
        distinct=len(np.unique(rows[:, 0])) / len(z),
    )


def picture_distance(x: np.ndarray, pictures: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
    """How far each picture (m, height, width) is from the nearest of others (n, height, width), except the row `own` (m,):
    the root mean square of the differences of grey values, (m,)."""
    flat, others = x.reshape(len(x), -1), pictures.reshape(len(pictures), -1)
    rows = neighbours.nearest(flat, others, 2)
    closest = rows[:, 0] if own is None else np.where(rows[:, 0] == own, rows[:, 1], rows[:, 0])
    return np.sqrt(np.square(flat - others[closest]).mean(axis=1))


def fit_mixture(z: np.ndarray, components: int) -> GaussianMix:
    """A mixture of K Gaussians fitted to codes (n, latent) by expectation maximisation: an ex-post density to sample from.

    Deterministic (random state 0); stops when a round gains less than 0.01 nats a code. Imports scikit-learn.

    Source: Ghosh et al. (2020), "From Variational to Deterministic Autoencoders", section 4.

    Raises
    ------
    ValueError
        If there are fewer codes than components.
    """
    if components > len(z):
        raise ValueError(f"{components} components for {len(z)} codes; a component needs at least one")
    from sklearn.mixture import GaussianMixture

    fitted = GaussianMixture(components, tol=0.01, max_iter=300, random_state=0).fit(np.asarray(z, np.float64))
    return GaussianMix(fitted.weights_, fitted.means_, fitted.covariances_)


def log_mixture(mix: GaussianMix, z: np.ndarray) -> np.ndarray:
    """The log-density of a mixture at each z (n, latent): (n,) float64, in nats."""
    z = np.asarray(z, np.float64)
    logs = []
    for weight, mean, covariance in zip(mix.weights, mix.means, mix.covariances, strict=True):
        lower = np.linalg.cholesky(covariance)
        white = np.linalg.solve(lower, (z - mean).T).T
        logs.append(math.log(weight) + log_prior(white) - np.log(np.diag(lower)).sum())
    return _log_sum_exp(np.stack(logs, axis=1))


def sample_mixture(mix: GaussianMix, epsilon: np.ndarray, seed: int) -> np.ndarray:
    """Samples of a mixture, (n, latent) float32: components by `seed`, and mean + L epsilon with L L^T the covariance.

    With the noise epsilon (n, latent) that gave the prior's samples, the two sets share their chance.
    """
    component = np.random.default_rng((seed, len(mix.weights))).choice(len(mix.weights), len(epsilon), p=mix.weights)
    lower = np.linalg.cholesky(mix.covariances)
    return (mix.means[component] + np.einsum("nij,nj->ni", lower[component], epsilon)).astype(np.float32)


def _log_sum_exp(logs: np.ndarray) -> np.ndarray:
    """log sum exp of each row, (m, n) -> (m,).

    What is left after the row's largest is taken off is exponentiated in float32, seven times as fast: good to 1e-6 nats.
    """
    largest = logs.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp((logs - largest).astype(np.float32)).sum(axis=1, dtype=np.float64))


def _estimate(samples: np.ndarray) -> Estimate:
    return Estimate(float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(len(samples))))
