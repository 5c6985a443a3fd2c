"""Plain Monte Carlo of the evidence: on a model whose evidence is known, and its diagnostics on paper."""

import numpy as np
import pytest
from conftest import TINY, TINY_CONDITIONAL
from scipy.special import logsumexp

from vae_core import evidence, inference
from vae_core.model import new_vae
from vae_core.toy import Toy


def test_many_draws_from_the_prior_come_to_the_exact_evidence():
    toy = Toy(0.5, 0.5)
    z = np.random.default_rng(0).standard_normal(100_000)
    assert evidence.estimates(toy.log_likelihood(1.0, z))[-1] == pytest.approx(toy.log_evidence(1.0), abs=0.02)


def test_each_estimate_is_the_log_mean_of_the_draws_so_far():
    values = np.array([-2000.0, -1000.0, -1010.0, -995.0], np.float32)
    expected = [logsumexp(values[:n].astype(float)) - np.log(n) for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(evidence.estimates(values), expected, rtol=1e-9)


def test_the_best_draw_and_its_neighbours():
    values = np.array([-100.0, -105.0, -111.0, -300.0])
    assert evidence.share_near_best(values) == 0.5
    assert evidence.weight_of_best(values) == pytest.approx(1 / (1 + np.exp(-5) + np.exp(-11)))
    assert evidence.weight_of_best(np.full(8, -3.0)) == pytest.approx(1 / 8)


@pytest.mark.parametrize("architecture", [TINY, TINY_CONDITIONAL])
def test_the_log_likelihood_of_a_code_is_that_of_the_elbo_at_this_code(architecture):
    model = new_vae(architecture, 0).eval().requires_grad_(False)
    y = np.array([4]) if architecture.classes else None
    x = np.random.default_rng(1).random((28, 28), np.float32)
    mu, logvar = inference.encode(model, x[None], y)
    epsilon = np.random.default_rng(2).standard_normal((700, 3)).astype(np.float32)
    values = inference.log_likelihood_of_codes(model, x, mu + np.exp(0.5 * logvar) * epsilon, y)
    assert values.shape == (700,)
    for row in (0, 699):
        terms = inference.elbo_terms(model, x[None], epsilon[[row]], y)
        assert values[row] == pytest.approx(terms.log_likelihood[0], rel=1e-5)
