"""Formulas as their papers write them, beside the forms that the code computes; and numbers that the pages state."""

import math

import numpy as np
import pytest
import torch

from pages.kit.theory.terms import GREY_NATS
from vae_core import bounds, embedding, objective, preparation
from vae_core.data import load_gallery
from vae_core.manifest import read_manifest
from vae_core.toy import Toy

ROOT = "artifacts"


@pytest.mark.parametrize("share", [0.001, 0.2, 0.47, 0.6, 0.99])
def test_the_continuous_bernoulli_in_lambda_is_ours_in_logits(share):
    """Loaiza-Ganem and Cunningham (2019): C = 2 artanh(1 - 2 l) / (1 - 2 l), mean l / (2 l - 1) + 1 / (2 artanh(1 - 2 l))."""
    logit = torch.tensor([math.log(share / (1 - share))], dtype=torch.float64)
    artanh = math.atanh(1 - 2 * share)
    assert objective.log_normalizer(logit).exp().item() == pytest.approx(2 * artanh / (1 - 2 * share), rel=1e-7)
    mean = share / (2 * share - 1) + 1 / (2 * artanh)
    assert objective.pixel_mean(logit, "continuous_bernoulli").item() == pytest.approx(mean, rel=1e-7)


def test_effective_samples_are_k_over_one_plus_the_squared_coefficient_of_variation():
    """Kong (1992): k / (1 + var(w) / mean(w)^2)."""
    log_weights = np.random.default_rng(0).normal(-100, 2, 50)
    weights = np.exp(log_weights + 100)
    expected = len(weights) / (1 + weights.var() / weights.mean() ** 2)
    assert bounds.effective_sample_sizes(log_weights, 50)[0] == pytest.approx(expected)


def test_trustworthiness_is_venna_and_kaskis_sum():
    """1 - 2 / (n k (2 n - 3 k - 1)) times the sum of (rank in truth - k) over the k neighbours on the map."""
    generator = np.random.default_rng(1)
    codes = generator.standard_normal((40, 5))
    xy = codes[:, :2] + 0.2 * generator.standard_normal((40, 2))
    n, k = len(codes), 10

    def ranks(points):  # of each other point by distance, 1 for the nearest
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        np.fill_diagonal(apart, -1)
        return apart.argsort(axis=1).argsort(axis=1)

    truth, near = ranks(codes), ranks(xy)
    intruders = np.clip(truth - k, 0, None)[(near >= 1) & (near <= k)].sum()
    assert embedding.trust(codes, xy) == pytest.approx(1 - 2 / (n * k * (2 * n - 3 * k - 1)) * intruders, abs=1e-4)


def test_otsus_threshold_has_the_least_variance_within_the_groups():
    generator = np.random.default_rng(2)
    values = np.concatenate([generator.normal(0.2, 0.05, 3000), generator.normal(0.7, 0.1, 900)]).clip(0, 1)

    def within(threshold):
        low, high = values[values <= threshold], values[values > threshold]
        return len(low) * low.var() + len(high) * high.var()

    grid = np.linspace(0.05, 0.95, 500)
    assert within(preparation.otsu(values)) == pytest.approx(min(map(within, grid)), rel=1e-3)


def test_densities_of_the_toy_stay_below_the_peak_of_its_gaussian():
    """What the page Loss theory says of its bars, over the range of its sliders."""
    highest = max(Toy(bend).log_evidence(x) for bend in np.linspace(0, 1, 6) for x in np.linspace(-1, 4, 26))
    assert highest < math.log(0.80) < 0


@pytest.mark.parametrize("dataset", ["mnist", "fashion"])
def test_grey_pictures_drawn_perfectly_still_cost_the_nats_that_the_page_says(dataset):
    """The cross-entropy of a grey value with itself is its entropy: 46 nats a picture over the MNIST gallery."""
    images = load_gallery(ROOT, dataset, read_manifest(ROOT).images[dataset])
    x = torch.tensor(images.x).double()
    perfect = torch.logit(x.clamp(1e-12, 1 - 1e-12))
    cost = -objective.log_likelihood(perfect, x).mean().item()
    assert round(cost) == GREY_NATS[dataset]
    slightly_off = -objective.log_likelihood(perfect * 0.99, x).mean().item()
    assert slightly_off > cost
