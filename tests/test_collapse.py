"""What a dimension is worth, and the linear VAE against one that is really optimised."""

import numpy as np
import pytest
import torch
from conftest import ARTIFACTS, SHIPPED

from vae_core import inference, latent
from vae_core.collapse import cost_by_dim, cost_of_switching_off, linear_kl, principal_variances, switch_off
from vae_core.data import load_gallery
from vae_core.manifest import read_manifest
from vae_core.model import load_vae
from vae_core.projection import load_codes

N = 100
X = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"]).x[:N]


def samples(id_: str):
    """A shipped model, and one posterior sample of each picture."""
    spec = SHIPPED[id_]
    codes = load_codes(ARTIFACTS, spec)
    z = latent.reparameterize(codes.mu[:N], codes.logvar[:N], latent.noise(N, spec.latent_dim, seed=0))
    return spec, load_vae(ARTIFACTS, spec), codes, z


@pytest.mark.parametrize("id_", ["mnist-z20", "mnist-z10-b8"])
def test_dead_dimensions_are_worth_next_to_nothing_and_much_used_ones_more_than_their_price(id_):
    spec, model, codes, z = samples(id_)
    active = latent.active_units(codes.mu)
    assert 0 < active.sum() < spec.latent_dim
    dead = np.flatnonzero(~active)
    together = cost_of_switching_off(model, X, z, dead)
    assert abs(together.mean()) < 0.1  # nats, of some 70 to 120
    assert np.abs(together).max() < 1
    worth, kl = cost_by_dim(model, X, z), inference.kl_per_dim(codes.mu, codes.logvar).mean(axis=0)
    assert np.abs(worth[dead]).max() < 0.05
    much_used = kl > 0.5
    assert (worth[much_used] > spec.beta * kl[much_used]).all()


def test_without_any_dimension_every_picture_is_the_prior_mean_decoded():
    spec, model, _, z = samples("mnist-z4-cond")
    y = np.full(N, 3)
    everything = range(spec.latent_dim)
    same = inference.decode(model, switch_off(z, everything), y)
    np.testing.assert_array_equal(same, inference.decode(model, np.zeros_like(z), y))
    cost = cost_of_switching_off(model, X, z, everything, y)
    whole, none = (inference.log_likelihood(model, X, code, y) for code in (z, np.zeros_like(z)))
    np.testing.assert_allclose(cost, whole - none, atol=1e-3)


def test_switching_nothing_off_costs_nothing_and_changes_no_code():
    _, model, _, z = samples("mnist-z2")
    kept = z.copy()
    assert (cost_of_switching_off(model, X, z, []) == 0).all()
    off = switch_off(z, [1])
    np.testing.assert_array_equal(off[:, 0], z[:, 0])
    assert (off[:, 1] == 0).all()
    np.testing.assert_array_equal(z, kept)


def test_the_cost_of_one_dimension_is_that_of_a_list_of_one():
    _, model, _, z = samples("mnist-z4")
    each = [cost_of_switching_off(model, X, z, [j]).mean() for j in range(4)]
    np.testing.assert_allclose(cost_by_dim(model, X, z), each, rtol=1e-6)


def test_log_likelihood_is_the_reconstruction_term_of_the_elbo_and_wants_a_code_for_each_picture():
    spec, model, _, _ = samples("mnist-z2")
    epsilon = latent.noise(N, spec.latent_dim, seed=1)
    mu, logvar = inference.encode(model, X)
    terms = inference.elbo_terms(model, X, epsilon)
    z = latent.reparameterize(mu, logvar, epsilon)
    np.testing.assert_allclose(inference.log_likelihood(model, X, z), terms.log_likelihood, rtol=1e-4)
    np.testing.assert_allclose(inference.kl_per_dim(mu, logvar), terms.kl_per_dim, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="its own code"):
        inference.log_likelihood(model, X, z[:5])


def test_a_linear_vae_optimised_from_random_weights_keeps_what_the_formula_says():
    """The exact objective of a linear VAE on data of known covariance, minimised: KL by dimension as `linear_kl`."""
    variances, noise = np.array([4.0, 2.0, 0.8, 0.5]), 1.0
    covariance = torch.diag(torch.tensor(variances))
    generator = torch.Generator().manual_seed(0)
    decoder, encoder = (torch.randn(4, 4, generator=generator, dtype=torch.float64) * 0.5 for _ in range(2))
    logvar = torch.zeros(4, dtype=torch.float64)
    weights = [w.requires_grad_() for w in (decoder, encoder, logvar)]
    optimizer = torch.optim.LBFGS(
        weights, max_iter=2000, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def kl_of_dims():
        second_moment = torch.diagonal(encoder @ covariance @ encoder.T)
        return 0.5 * (second_moment + logvar.exp() - logvar - 1)

    def loss():
        optimizer.zero_grad()
        rest = torch.eye(4, dtype=torch.float64) - decoder @ encoder
        error = torch.trace(rest @ covariance @ rest.T) + (decoder.square() * logvar.exp()).sum()
        value = error / (2 * noise) + kl_of_dims().sum()
        value.backward()
        return value

    optimizer.step(loss)
    found = np.sort(kl_of_dims().detach().numpy())[::-1]
    np.testing.assert_allclose(found, linear_kl(variances, noise), atol=1e-3)


def test_the_price_of_precision_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        linear_kl(np.ones(2), 0.0)


def test_principal_variances_are_the_squared_singular_values():
    x = np.random.default_rng(0).random((50, 6, 6)).astype(np.float32)
    flat = x.reshape(50, -1) - x.reshape(50, -1).mean(axis=0)
    expected = np.linalg.svd(flat, compute_uv=False)[:5] ** 2 / 50
    np.testing.assert_allclose(principal_variances(x, 5), expected, rtol=1e-4)


def test_the_nearest_cloud_is_measured_in_its_own_sigmas():
    mu, logvar = np.array([[0.0, 0.0], [10.0, 0.0]]), np.log([[1.0, 1.0], [0.01, 0.01]])
    z = np.array([[3.0, 4.0], [10.0, 0.3], [0.0, 0.0]])
    np.testing.assert_allclose(latent.nearest_cloud(z, mu, logvar), [5 / 2**0.5, 3 / 2**0.5, 0], atol=1e-6)
