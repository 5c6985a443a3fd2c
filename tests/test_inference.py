"""Numpy in, numpy out: what frozen models answer, and what they refuse."""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from conftest import KINDS
from scipy.stats import norm
from torch.distributions import Bernoulli, ContinuousBernoulli, Normal

from vae_core import inference, latent, objective
from vae_core.manifest import Architecture
from vae_core.model import new_vae

RANDOM = np.random.default_rng(0)
X = RANDOM.random((6, 28, 28), np.float32)
EPSILON = RANDOM.standard_normal((6, 3), np.float32)
Y = np.array([0, 1, 2, 7, 8, 9])

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def frozen(architecture: Architecture):
    """An untrained model with large outputs, so that its posterior is neither the prior nor the true one."""
    model = new_vae(architecture, seed=0)
    with torch.no_grad():
        model.encoder.head[-1].weight.mul_(4)
        model.decoder.head[-1].weight.mul_(4)
    return model.eval().requires_grad_(False)


MODELS = {kind: frozen(architecture) for kind, architecture in KINDS.items()}
MLP, CONDITIONAL = MODELS["mlp"], MODELS["conditional"]


def labels(kind: str) -> np.ndarray | None:
    return Y if KINDS[kind].classes else None


def pixels_of(model, logits: torch.Tensor) -> torch.distributions.Distribution:
    """p(x|z) as torch knows it."""
    logits, likelihood = logits.double(), model.architecture.likelihood
    if likelihood == "gaussian":
        return Normal(logits.sigmoid(), torch.as_tensor(model.pixel_sigma).double())
    kind = {"bernoulli": Bernoulli, "continuous_bernoulli": ContinuousBernoulli}[likelihood]
    return kind(logits=logits, validate_args=False)  # grey values are no coin's outcomes


def answers(model, x, epsilon, y) -> dict[str, np.ndarray]:
    """Everything a model says about pictures x with noise epsilon."""
    mu, logvar = inference.encode(model, x, y)
    terms = inference.elbo_terms(model, x, epsilon, y)
    return {
        "mu": mu,
        "logvar": logvar,
        "decoded": inference.decode(model, epsilon, y),
        "reconstructed": inference.reconstruct(model, x, y),
        "log_likelihood": terms.log_likelihood,
        "kl_per_dim": terms.kl_per_dim,
        "bound": inference.importance_weighted_bound(model, x, epsilon[None], y),
    }


@EVERY_KIND
def test_answers_are_float32_arrays_of_the_stated_shapes(kind):
    found = answers(MODELS[kind], X, EPSILON, labels(kind))
    shapes = {name: a.shape for name, a in found.items()}
    assert shapes == {
        "mu": (6, 3),
        "logvar": (6, 3),
        "decoded": (6, 28, 28),
        "reconstructed": (6, 28, 28),
        "log_likelihood": (6,),
        "kl_per_dim": (6, 3),
        "bound": (6,),
    }
    assert all(type(a) is np.ndarray and a.dtype == np.float32 for a in found.values())
    for picture in (found["decoded"], found["reconstructed"]):
        assert 0 <= picture.min() < picture.max() <= 1


@EVERY_KIND
def test_answers_are_those_of_the_model_itself(kind):
    model, y = MODELS[kind], labels(kind)
    x, epsilon, y_tensor = torch.tensor(X), torch.tensor(EPSILON), None if y is None else torch.tensor(y)
    mu, logvar = model.posterior(x, y_tensor)
    logits = model.logits(mu + (0.5 * logvar).exp() * epsilon, y_tensor)
    expected = {
        "mu": mu,
        "logvar": logvar,
        "decoded": pixels_of(model, model.logits(epsilon, y_tensor)).mean,
        "reconstructed": pixels_of(model, model.logits(mu, y_tensor)).mean,
        "log_likelihood": pixels_of(model, logits).log_prob(x.double()).sum(dim=(1, 2)),
        "kl_per_dim": objective.kl_per_dim(mu, logvar),
    }
    found = answers(model, X, EPSILON, y)
    for name, tensor in expected.items():
        np.testing.assert_allclose(found[name], tensor.numpy(), rtol=1e-5, atol=2e-6)


def test_elbo_is_the_sum_of_its_terms():
    terms = inference.elbo_terms(MLP, X, EPSILON)
    mu, logvar = (torch.tensor(a) for a in inference.encode(MLP, X))
    logits = MLP.logits(latent.reparameterize(mu, logvar, torch.tensor(EPSILON)))
    elbo = objective.elbo(objective.log_likelihood(logits, torch.tensor(X)), objective.kl_per_dim(mu, logvar))
    np.testing.assert_allclose(terms.kl, objective.kl(mu, logvar).numpy(), rtol=1e-5)
    np.testing.assert_allclose(terms.elbo, elbo.numpy(), rtol=1e-5)


@EVERY_KIND
def test_batches_do_not_matter(kind):
    n = inference.BATCH + 7
    x, epsilon = np.resize(X, (n, 28, 28)), latent.noise(n, 3, seed=0)
    x = np.clip(x + np.linspace(-0.5, 0.5, n, dtype=np.float32)[:, None, None], 0, 1)
    y = None if labels(kind) is None else np.resize(Y, n)
    together = answers(MODELS[kind], x, epsilon, y)
    for rows in (slice(0, 5), slice(inference.BATCH - 3, inference.BATCH + 3), slice(n - 1, n)):
        apart = answers(MODELS[kind], x[rows], epsilon[rows], None if y is None else y[rows])
        for name, a in apart.items():
            np.testing.assert_allclose(together[name][rows], a, rtol=1e-4, atol=1e-5)


@EVERY_KIND
def test_no_pictures_have_no_answers(kind):
    y = None if labels(kind) is None else Y[:0]
    found = answers(MODELS[kind], X[:0], EPSILON[:0], y)
    assert found["mu"].shape == (0, 3)
    assert found["decoded"].shape == (0, 28, 28)
    assert {len(a) for a in found.values()} == {0}


def test_inputs_stay_as_they_were_even_when_read_only():
    x, epsilon = X.copy(), EPSILON.copy()
    x.setflags(write=False)
    epsilon.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = answers(MLP, x, epsilon, None)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(epsilon, EPSILON)
    assert all(a.flags.writeable and not np.shares_memory(a, epsilon) for a in found.values())


def test_other_dtypes_and_orders_say_the_same():
    expected = inference.encode(MLP, X)[0]
    np.testing.assert_array_equal(inference.encode(MLP, X.astype(np.float64))[0], expected)
    np.testing.assert_array_equal(inference.encode(MLP, np.asfortranarray(X))[0], expected)


def test_gradient_mode_does_not_leak():
    assert torch.is_grad_enabled()
    answers(MLP, X, EPSILON, None)
    with pytest.raises(ValueError, match="labels"):
        inference.encode(MLP, X, Y)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_four_threads_get_the_same_answers():
    expected = {kind: answers(model, X, EPSILON, labels(kind)) for kind, model in MODELS.items()}
    jobs = list(MODELS) * 20
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda kind: answers(MODELS[kind], X, EPSILON, labels(kind)), jobs)
    for kind, given in zip(jobs, found, strict=True):
        for name, a in given.items():
            # Not to the bit: a thread's first product of matrices may be split over the cores.
            np.testing.assert_allclose(a, expected[kind][name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("verb", [inference.encode, inference.reconstruct])
@pytest.mark.parametrize(
    ("x", "words"),
    [
        (X[0], r"x has shape \(28, 28\); images are \(n, 28, 28\)"),
        (X.reshape(6, 784), r"x has shape \(6, 784\); images are \(n, 28, 28\)"),
        (X * 255, r"grey values outside \[0, 1\]; divide bytes by 255"),
        (X - 0.5, r"grey values outside \[0, 1\]"),
        (np.where(X > 0.9, np.nan, X), r"grey values outside \[0, 1\]"),
    ],
    ids=["one picture", "flat", "bytes", "negative", "NaN"],
)
def test_wrong_pictures_are_refused(verb, x, words):
    with pytest.raises(ValueError, match=words):
        verb(MLP, x)
    with pytest.raises(ValueError, match=words):
        inference.elbo_terms(MLP, x, EPSILON)
    with pytest.raises(ValueError, match=words):
        inference.importance_weighted_bound(MLP, x, EPSILON[None])


@pytest.mark.parametrize("z", [EPSILON[0], EPSILON[:, :2]], ids=["one code", "two dimensions"])
def test_wrong_codes_are_refused(z):
    words = r"z has shape \([\d, ]+\); this model's codes are \(n, 3\)"
    with pytest.raises(ValueError, match=words):
        inference.decode(MLP, z)
    with pytest.raises(ValueError, match=words):
        inference.elbo_terms(MLP, X, z)
    with pytest.raises(ValueError, match=words):
        inference.importance_weighted_bound(MLP, X, z[None])


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "conditional: give the labels y"),
        (Y[:5], r"y must be 6 integer labels, not int64 of shape \(5,\)"),
        (np.eye(6, 10, dtype=int), r"y must be 6 integer labels, not int64 of shape \(6, 10\)"),
        (Y.astype(float), "y must be 6 integer labels, not float64"),
        (Y + 1, "labels outside 0 to 9"),
        (Y - 1, "labels outside 0 to 9"),
    ],
    ids=["missing", "too few", "one-hot", "floats", "ten", "minus one"],
)
def test_wrong_labels_are_refused(y, words):
    for ask in (
        lambda: inference.encode(CONDITIONAL, X, y),
        lambda: inference.decode(CONDITIONAL, EPSILON, y),
        lambda: inference.reconstruct(CONDITIONAL, X, y),
        lambda: inference.elbo_terms(CONDITIONAL, X, EPSILON, y),
        lambda: inference.importance_weighted_bound(CONDITIONAL, X, EPSILON[None], y),
    ):
        with pytest.raises(ValueError, match=words):
            ask()


def test_a_plain_autoencoders_code_is_its_picture_whatever_the_noise():
    model = MODELS["deterministic"]
    quiet, loud = (inference.elbo_terms(model, X, noise) for noise in (0 * EPSILON, 3 * EPSILON))
    np.testing.assert_allclose(loud.log_likelihood, quiet.log_likelihood, rtol=1e-5)
    log_likelihood = pixels_of(model, model.logits(torch.tensor(inference.encode(model, X)[0]))).log_prob(
        torch.tensor(X).double()
    )
    np.testing.assert_allclose(quiet.log_likelihood, log_likelihood.sum(dim=(1, 2)).numpy(), rtol=1e-5)


def test_labels_for_an_unconditional_model_are_refused():
    with pytest.raises(ValueError, match="takes no labels: leave y out"):
        inference.decode(MLP, EPSILON, Y)


def test_one_sample_bound_is_the_elbo_on_average():
    n = 2000
    x = np.repeat(X[:1], n, axis=0)
    elbo = inference.elbo_terms(MLP, x, latent.noise(n, 3, seed=1)).elbo.astype(np.float64)
    bound = inference.importance_weighted_bound(MLP, x, latent.noise(n, 3, seed=2)[None]).astype(np.float64)
    error = math.hypot(elbo.std(), bound.std()) / math.sqrt(n)
    assert abs(elbo.mean() - bound.mean()) < 4 * error


def test_bound_grows_with_the_samples_up_to_the_evidence():
    model = frozen(Architecture("mlp", latent_dim=1, width=16, hidden=8, encoder_blocks=1, decoder_blocks=1))
    z = np.linspace(-8, 8, 4001)
    logits = model.logits(torch.tensor(z[:, None], dtype=torch.float32))
    log_joint = objective.log_likelihood(logits, torch.tensor(X[:1]).expand_as(logits)).numpy() + norm.logpdf(z)
    top = log_joint.max()
    evidence = top + math.log(np.trapezoid(np.exp(log_joint - top), z))
    n = 500
    x = np.repeat(X[:1], n, axis=0)
    bounds = {
        k: inference.importance_weighted_bound(model, x, latent.noise(k * n, 1, seed=k).reshape(k, n, 1))
        for k in (1, 8, 64)
    }
    means = [float(b.mean(dtype=np.float64)) for b in bounds.values()]
    errors = [float(b.std(dtype=np.float64)) / math.sqrt(n) for b in bounds.values()]
    assert means[0] + 4 * errors[0] < means[1] < means[2] - 4 * errors[2]
    assert evidence - 1 < means[2] < evidence + 4 * errors[2]
    many = inference.importance_weighted_bound(model, X[:1], latent.noise(4000, 1, seed=0)[:, None])
    assert many.item() == pytest.approx(evidence, abs=0.2)


def test_kl_both_ways_is_exact_and_by_sampling():
    epsilon = latent.noise(1000, 1, seed=0)[:, 0].astype(np.float64)
    exact, estimate, standard_error = inference.kl_both_ways(0.8, -1.5, epsilon)
    q = norm(0.8, math.exp(-0.75))
    z = 0.8 + math.exp(-0.75) * epsilon
    ratios = q.logpdf(z) - norm.logpdf(z)
    assert exact == pytest.approx(0.5 * (0.8**2 + math.exp(-1.5) - 1 + 1.5))
    assert estimate == pytest.approx(ratios.mean())
    assert standard_error == pytest.approx(ratios.std(ddof=1) / math.sqrt(1000))
    assert abs(estimate - exact) < 4 * standard_error


def test_each_image_needs_its_own_noise():
    for rows in (EPSILON[:1], np.concatenate([EPSILON, EPSILON])):
        with pytest.raises(ValueError, match="each image needs its own noise"):
            inference.elbo_terms(MLP, X, rows)
        with pytest.raises(ValueError, match="each image needs its own noise"):
            inference.importance_weighted_bound(MLP, X, rows[None])
    with pytest.raises(ValueError, match="at least one sample"):
        inference.importance_weighted_bound(MLP, X, EPSILON[None][:0])


def test_codes_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        inference.decode(MLP, np.array([[0.0, np.nan, 0.0]]))


def test_labels_may_be_read_only():
    y = Y.copy()
    y.setflags(write=False)
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            inference.encode(CONDITIONAL, X, y)
    finally:
        torch.set_warn_always(False)
