"""The evidence p(x) by plain Monte Carlo: the mean of p(x|z) over codes drawn from the prior, and why it disappoints."""

import numpy as np


def estimates(log_likelihoods: np.ndarray) -> np.ndarray:
    """log p(x) as estimated from the first one, two, ... n draws: (n,) log p(x|z_i) in nats -> (n,) in nats.

    The logarithm of the mean of p(x|z_i). The mean is unbiased; its logarithm is on average too low (Jensen's inequality),
    and far too low while no draw has come near the codes that explain x.

    Source: Kingma and Welling (2014), section 2.1; Prince (2023), "Understanding Deep Learning", chapter 17.
    """
    return np.logaddexp.accumulate(np.asarray(log_likelihoods, np.float64)) - np.log(
        np.arange(len(log_likelihoods)) + 1
    )


def share_near_best(log_likelihoods: np.ndarray, nats: float = 10.0) -> float:
    """The share of the draws (n,) whose log p(x|z_i) is less than so many nats below the best one's."""
    return float((log_likelihoods > log_likelihoods.max() - nats).mean())


def weight_of_best(log_likelihoods: np.ndarray) -> float:
    """How much of the sum of p(x|z_i) over the draws (n,) the best draw alone contributes, between 1/n and 1."""
    return float(1 / np.exp(np.asarray(log_likelihoods, np.float64) - log_likelihoods.max()).sum())
