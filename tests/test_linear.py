"""Principal components: what defines them, and scikit-learn's as an oracle."""

import json
import struct

import numpy as np
import pytest
from sklearn.decomposition import PCA

from vae_core import linear
from vae_core.wire import pack_linear


@pytest.fixture
def x():
    random = np.random.default_rng(0)
    hidden = random.normal(size=(200, 6)) * [3, 2, 1.5, 1, 0.5, 0.2]
    return (hidden @ random.normal(size=(6, 30)) + 0.1 * random.normal(size=(200, 30)) + 5).reshape(200, 5, 6)


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_components_are_those_of_scikit_learn(x, latent_dim):
    pca, expected = linear.fit(x, latent_dim), PCA(latent_dim, svd_solver="full").fit(x.reshape(200, -1))
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(latent_dim), atol=1e-10)
    np.testing.assert_allclose(np.abs(pca.components @ expected.components_.T), np.eye(latent_dim), atol=1e-8)
    np.testing.assert_allclose(pca.variances, expected.explained_variance_ * 199 / 200)


def test_the_reconstruction_error_is_the_sum_of_the_dropped_eigenvalues(x):
    pca = linear.fit(x, 2)
    x_hat = linear.decode(pca, linear.encode(pca, x))
    assert x_hat.shape == x.shape
    error = np.square(x_hat - x).reshape(200, -1).sum(axis=1).mean()
    assert error == pytest.approx(pca.dropped, rel=1e-5)
    assert pca.dropped + pca.variances.sum() == pytest.approx(x.reshape(200, -1).var(axis=0).sum())


def test_the_codes_are_centred_uncorrelated_and_have_the_eigenvalues_as_variances(x):
    pca = linear.fit(x, 3)
    z = linear.encode(pca, x)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.cov(z.T, bias=True), np.diag(pca.variances), atol=1e-4)


def test_signs_do_not_depend_on_chance(x):
    pca = linear.fit(x, 4)
    largest = np.abs(pca.components).argmax(axis=1)
    assert (pca.components[np.arange(4), largest] > 0).all()


def test_all_components_lose_nothing_and_more_do_not_exist(x):
    pca = linear.fit(x, 30)
    np.testing.assert_allclose(linear.decode(pca, linear.encode(pca, x)), x, rtol=1e-5, atol=1e-5)
    for wrong in (0, 31):
        with pytest.raises(ValueError, match="latent_dim"):
            linear.fit(x, wrong)


def test_the_browser_gets_the_matrix_and_the_mean(x):
    pca = linear.fit(x, 2)
    data = pack_linear(pca.components.T, pca.mean)
    length = struct.unpack("<I", data[:4])[0]
    header = json.loads(data[4 : 4 + length])
    assert header["layers"] == [{"type": "linear", "inputs": 2, "outputs": 30}]
    assert (header["inputs"], header["classes"], header["likelihood"]) == (2, 0, "linear")
    numbers = np.frombuffer(data[4 + length :], "<f2").astype(float)
    z = np.array([[1.0, -2.0]])
    decoded = z @ numbers[:60].reshape(30, 2).T + numbers[60:]
    np.testing.assert_allclose(decoded.reshape(1, 5, 6), linear.decode(pca, z), rtol=2e-3)
