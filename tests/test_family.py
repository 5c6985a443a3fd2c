"""Families of models: who belongs to one, what a nat costs along it, and planes that do not jump."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import SHIPPED
from hypothesis import given
from hypothesis import strategies as st

from vae_core.family import aligned_planes, beta_family, exchange_rates, latent_sizes, nearest_family

MODELS = list(SHIPPED.values())
Z10 = SHIPPED["mnist-z10"]


def test_the_beta_family_has_one_architecture_and_every_beta_once_in_order():
    family = beta_family(MODELS, SHIPPED["mnist-z10-b4"])
    assert [spec.beta for spec in family] == [0.1, 0.3, 1, 2, 4, 8, 16]
    assert {spec.architecture for spec in family} == {Z10.architecture}
    assert beta_family(reversed(MODELS), Z10) == family


def test_a_family_takes_three_and_no_unmeasured_model():
    family = beta_family(MODELS, Z10)
    assert beta_family(family[:2], Z10) == []
    assert len(beta_family(family[:3], Z10)) == 3
    unmeasured = [*family[:2], replace(family[2], metrics={})]
    assert beta_family(unmeasured, Z10) == []


def test_a_second_model_of_the_same_beta_does_not_stand_on_the_curve():
    twin = replace(Z10, id="mnist-z10-again")
    assert twin not in beta_family([*MODELS, twin], Z10)


@pytest.mark.parametrize("id_", ["mnist-z10-conv", "mnist-z10-gauss", "mnist-z2", "mnist-z4-cond", "mnist-z2-ae"])
def test_another_architecture_or_likelihood_belongs_to_no_beta_family(id_):
    assert beta_family(MODELS, SHIPPED[id_]) == []


def test_latent_sizes_differ_in_the_latent_alone():
    assert [spec.id for spec in latent_sizes(MODELS, Z10)] == ["mnist-z2", "mnist-z4", "mnist-z10", "mnist-z20"]
    assert [spec.id for spec in latent_sizes(MODELS, SHIPPED["fashion-z2"])] == [
        "fashion-z2",
        "fashion-z4",
        "fashion-z10",
    ]
    assert latent_sizes(MODELS, SHIPPED["mnist-z10-b4"]) == []


def test_a_model_without_sisters_is_shown_a_family_of_its_data_set_first():
    z10 = beta_family(MODELS, Z10)
    assert nearest_family(MODELS, SHIPPED["mnist-z10-b2"]) == nearest_family(MODELS, SHIPPED["fashion-z2"]) == z10
    sizes = nearest_family(MODELS, SHIPPED["fashion-z10"], latent_sizes)
    assert [spec.id for spec in sizes] == ["fashion-z2", "fashion-z4", "fashion-z10"]
    assert nearest_family(MODELS[:2], MODELS[0]) == []


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_the_exchange_rate_of_minimisers_lies_between_their_betas(one, other):
    """The curve D = exp(-R): the minimiser of D + beta R has the slope -beta, so R = -log beta."""
    low, high = sorted([one, other])
    if high - low < 1e-3:
        return
    rate = -np.log([low, high])
    bought = exchange_rates(rate, np.exp(-rate))[0]
    assert low <= bought * (1 + 1e-9)
    assert bought <= high * (1 + 1e-9)


def test_the_shipped_family_pays_prices_between_its_betas():
    family = beta_family(MODELS, Z10)
    rate, distortion = (
        np.array([spec.metrics[f"{name}_nats"] for spec in family]) for name in ("kl", "reconstruction")
    )
    betas = np.array([spec.beta for spec in family])
    bought = exchange_rates(rate, distortion)
    assert (betas[:-1] < bought).all()
    assert (bought < betas[1:]).all()


def test_equal_rates_have_no_exchange_rate():
    with pytest.raises(ValueError, match="same rate"):
        exchange_rates(np.array([1.0, 1.0]), np.array([2.0, 3.0]))


def test_a_plane_that_only_turned_is_turned_back():
    """Codes turned and mirrored among nearly equal components: the dots stay where they were."""
    random = np.random.default_rng(0)
    mu = random.standard_normal((300, 4)) * [2, 2, 0.5, 0.2]
    for angle in (0.3, 2.0):
        turn, _ = np.linalg.qr(random.standard_normal((4, 4)))
        in_plane = np.eye(4)
        in_plane[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        stretched = mu * [1.1, 1, 1, 1] @ in_plane  # its largest component is no longer the first one's
        first, second = aligned_planes([mu, stretched @ turn])
        u, _, v = np.linalg.svd((stretched @ turn @ second.T).T @ (mu @ first.T))
        np.testing.assert_allclose(u @ v, np.eye(2), atol=1e-6)  # no further turn brings them closer


def test_planes_are_orthonormal_hold_the_largest_components_and_leave_the_prior_mean():
    random = np.random.default_rng(1)
    sets = [random.standard_normal((500, 5)) * random.permutation([4, 3, 1, 1, 0.1]) + 0.3 for _ in range(3)]
    for mu, plane in zip(sets, aligned_planes(sets), strict=True):
        np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-8)
        largest = np.linalg.eigvalsh(np.cov(mu.T, bias=True))[-2:].sum()
        assert (mu @ plane.T).var(axis=0).sum() == pytest.approx(largest)
