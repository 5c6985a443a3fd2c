"""Training: the same seed gives the same weights, by the recipe's schedule, objective and optimizer."""

import dataclasses

import numpy as np
import pytest
import torch
from conftest import HELD_OUT, KINDS, TINY, TINY_GAUSSIAN
from tqdm import tqdm

from vae_core.build import run as running
from vae_core.build.config import Recipe, TrainConfig
from vae_core.build.noise import step_noise
from vae_core.build.run import kl_weight, learning_rate, new_optimizer
from vae_core.build.train import prepare, train
from vae_core.data import official
from vae_core.inference import elbo_terms, encode
from vae_core.latent import noise
from vae_core.manifest import load_manifest, verified
from vae_core.model import load_vae, new_vae

SETTINGS = TrainConfig(epochs=3, batch_size=32, learning_rate=1e-2, warmup_steps=2, snapshot_epochs=(0, 1, 3))
RECIPE = Recipe("tiny", "mnist", TINY, SETTINGS)
EVERY_KIND = pytest.mark.parametrize(
    "architecture", [a for a in KINDS.values() if not a.deterministic], ids=[k for k in KINDS if k != "deterministic"]
)


def tiny(**settings) -> Recipe:
    return dataclasses.replace(RECIPE, training=dataclasses.replace(SETTINGS, **settings))


def silent() -> tqdm:
    return tqdm(disable=True)


def hashes(spec) -> list[str]:
    return [file.sha256 for file in (spec.weights, *spec.snapshots.values())]


def nelbo(history: dict) -> np.ndarray:
    return np.subtract(history["validation_kl_nats"], history["validation_log_likelihood_nats"])


# The same seed, the same weights


def test_one_seed_gives_bit_identical_weights(root, tmp_path):
    first, second = (train(RECIPE, root, tmp_path / name) for name in ("one", "two"))
    assert len(hashes(first)) > 1
    assert hashes(first) == hashes(second)
    assert first.history == second.history


def test_another_seed_gives_other_weights(root, work):
    first, second = (train(tiny(seed=seed), root, work) for seed in (0, 1))
    assert not set(hashes(first)) & set(hashes(second))


def test_every_epoch_draws_its_own_noise(root, monkeypatch):
    drawn = []

    def reparameterize(mu, logvar, epsilon):
        if mu.requires_grad:  # in training, not in measuring
            drawn.append(epsilon.numpy().tobytes())
        return mu

    monkeypatch.setattr(running, "reparameterize", reparameterize)
    run = prepare(RECIPE, root)
    for _ in range(2):
        run.train_epoch(silent())
    assert len(drawn) == 2 * (len(run.x) // 32)
    assert len(set(drawn)) == len(drawn)


def test_the_global_generator_is_left_as_it_was(root):
    before = torch.get_rng_state()
    prepare(tiny(warp=0.5), root).train_epoch(silent())
    assert torch.equal(torch.get_rng_state(), before)


# What is trained on, and what comes out


def test_held_out_pictures_are_never_trained_on(root):
    run = prepare(RECIPE, root)
    trained = {picture.tobytes() for picture in run.x.numpy()}
    chosen = [picture.tobytes() for picture in run.validation[0].numpy()]
    images = official("mnist", train=True).x
    assert chosen == [picture.tobytes() for picture in images[HELD_OUT]]
    assert trained.isdisjoint(chosen)
    assert len(trained) + len(chosen) == len(images)


def test_training_lowers_the_validation_nelbo(root, work):
    history = train(RECIPE, root, work).history
    assert nelbo(history)[-1] < nelbo(history)[0] - 50


@pytest.mark.parametrize("architecture", KINDS.values(), ids=KINDS)
def test_every_kind_of_model_is_published_as_it_was_trained(root, work, architecture):
    settings = {"beta": 0.0} if architecture.deterministic else {}
    training = dataclasses.replace(SETTINGS, epochs=1, snapshot_epochs=(), **settings)
    recipe = Recipe("tiny", "mnist", architecture, training)
    run = prepare(recipe, root)
    run.train_epoch(silent())
    model = load_vae(root, train(recipe, root, work))
    images = official("mnist", train=False)
    mu, _ = encode(model, images.x, images.y if architecture.classes else None)
    labels = torch.from_numpy(images.y) if architecture.classes else None
    expected, _ = run.model.eval().posterior(torch.from_numpy(images.x), labels)
    np.testing.assert_allclose(mu, expected.detach(), atol=5e-3)  # the published weights are in half precision
    published = load_manifest(root)["tiny"]
    assert published.architecture == architecture
    assert ("train_kl_nats" in published.history) is published.variational


def test_the_history_counts_every_image_once(generator):
    model, x = new_vae(TINY, 0).eval(), torch.rand(720, 28, 28, generator=generator)
    terms = elbo_terms(model, x.numpy(), noise(720, 3, seed=0))
    measured = running.measure(model, x, None)
    assert measured["kl_nats"] == pytest.approx(terms.kl.mean(), abs=1e-3)
    assert measured["log_likelihood_nats"] == pytest.approx(terms.log_likelihood.mean(), abs=0.5)  # other noise
    assert measured == running.measure(model, x, None)


def test_the_history_has_a_row_an_epoch_from_the_untrained_model_on(root, work):
    history = train(RECIPE, root, work).history
    assert history["epoch"] == [0, 1, 2, 3]
    assert {len(column) for column in history.values()} == {4}
    assert {f"{split}_{term}" for split in ("train", "validation") for term in ("kl_nats", "active_units")} < {*history}


def test_the_best_epoch_on_validation_is_published_with_the_snapshots_before_it(root, work, monkeypatch):
    # The KL counts half, so that epoch 2 has the lowest objective though epoch 3 has the lowest nELBO.
    log_likelihood, kl = [-90, -70, -50, -58, -69, -80], [10, 10, 30, 18, 8, 8]
    calls = iter([(split, epoch) for epoch in range(6) for split in ("train", "validation")])

    def measure(model, x, y):
        split, epoch = next(calls)
        sign = 1 if split == "validation" else -1  # on the training images the last epoch looks best
        return {"log_likelihood_nats": sign * log_likelihood[epoch], "kl_nats": sign * kl[epoch], "active_units": 3}

    monkeypatch.setattr(running, "measure", measure)
    run = prepare(tiny(epochs=5, beta=0.5, snapshot_epochs=(0, 1, 2, 3, 5)), root)
    for _ in range(5):
        run.train_epoch(silent())
    spec = run.publish(root, "a command")
    assert spec.made_with["command"] == "a command"
    assert np.argmin(nelbo(run.history)) == 3
    assert spec.epoch == 2
    assert verified(root, spec.weights) == run.snapshots[2]
    assert list(spec.snapshots) == [0, 1]
    assert all(verified(root, spec.snapshots[epoch]) == run.snapshots[epoch] for epoch in (0, 1))


def test_the_last_epoch_is_published_where_the_recipe_keeps_it(root, work, monkeypatch):
    worse = iter(range(100))  # on the held-out pictures, epoch by epoch

    def measure(model, x, y):
        return {"log_likelihood_nats": -next(worse), "kl_nats": 1, "active_units": 3}

    monkeypatch.setattr(running, "measure", measure)
    last, best = (train(tiny(keep=keep), root, work) for keep in ("last", "best"))
    assert (last.epoch, list(last.snapshots)) == (3, [0, 1])
    assert (best.epoch, list(best.snapshots)) == (0, [])
    assert last.weights.sha256 != best.weights.sha256


# Schedules


def test_the_kl_weight_rises_linearly_and_then_stays():
    config = TrainConfig(epochs=1, beta=3.0, kl_warmup=0.2)
    assert [kl_weight(config, p) for p in (0, 0.05, 0.1, 0.2, 0.6, 1)] == pytest.approx([0, 0.75, 1.5, 3, 3, 3])


def test_without_warmup_the_kl_weight_is_beta_at_once():
    assert kl_weight(TrainConfig(epochs=1, beta=0.7, kl_warmup=0.0), 0.0) == 0.7


def test_the_learning_rate_is_torchs_cosine():
    config = TrainConfig(epochs=1, learning_rate=0.3, warmup_steps=0)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for step in range(50):
        assert learning_rate(config, step, step / 50) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        cosine.step()


def test_the_learning_rate_warms_up_linearly_to_its_peak_and_ends_near_zero():
    config = TrainConfig(epochs=1, learning_rate=1.0, warmup_steps=4)
    rates = [learning_rate(config, step, step / 10_000) for step in range(10_000)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=1e-5)
    assert max(rates) == pytest.approx(1.0, abs=1e-5)
    assert rates[-1] < 1e-6


def test_a_cyclical_kl_weight_starts_again_in_each_cycle_and_reaches_beta():
    config = TrainConfig(epochs=1, beta=3.0, kl_schedule="cyclical", kl_cycles=4, kl_warmup=0.5)
    for cycle in range(4):
        progress = [(cycle + share) / 4 for share in (0, 0.25, 0.5, 0.75, 0.99)]
        assert [kl_weight(config, p) for p in progress] == pytest.approx([0, 1.5, 3, 3, 3])


def test_one_cycle_is_the_linear_schedule():
    linear = TrainConfig(epochs=1, kl_warmup=0.3)
    cyclical = dataclasses.replace(linear, kl_schedule="cyclical", kl_cycles=1)
    for progress in np.arange(100) / 100:
        assert kl_weight(cyclical, progress) == pytest.approx(kl_weight(linear, progress))


def test_a_constant_kl_weight_is_beta_from_the_first_step_on():
    config = TrainConfig(epochs=1, beta=0.7, kl_schedule="constant", kl_warmup=0.5)
    assert [kl_weight(config, p) for p in (0, 0.1, 0.9)] == [0.7, 0.7, 0.7]


def test_a_constant_learning_rate_stays_at_its_peak_after_the_warmup():
    config = TrainConfig(epochs=1, learning_rate=0.3, schedule="constant", warmup_steps=3)
    rates = [learning_rate(config, step, step / 100) for step in range(100)]
    assert rates == pytest.approx([0.1, 0.2, *[0.3] * 98])


def test_training_follows_its_schedules(root, monkeypatch):
    run = prepare(tiny(kl_schedule="cyclical", kl_cycles=2, schedule="constant", warmup_steps=0, warp=0.25), root)
    used = []

    def forward(x, y, noise, beta):
        used.append((beta, run.optimizer.param_groups[0]["lr"], len(noise.deformation)))
        return step(x, y, noise, beta)

    step, run.step = run.step, forward
    for _ in range(3):
        run.train_epoch(silent())
    betas, rates, warped = zip(*used, strict=True)
    steps = 3 * (len(run.x) // 32)
    assert len(used) == steps
    assert [i for i, beta in enumerate(betas) if beta == 0] == [0, steps // 2]
    assert max(betas) == 1
    assert set(rates) == {1e-2}
    assert warped == (8,) * 24 + (0,) * (steps - 24)  # until 0.8 of 30 steps


# The objective of a step, and its optimiser


def step_terms(recipe: Recipe, beta: float) -> tuple[float, float, float]:
    """Objective, mean log-likelihood and mean KL of one step on random pictures."""
    generator = torch.Generator().manual_seed(0)
    architecture, config = recipe.architecture, recipe.training
    y = torch.arange(8) if architecture.classes else None
    noise = step_noise(config, 8, architecture.latent_dim, 2, generator)
    step = running.Step(new_vae(architecture, seed=0), config)
    return tuple(value.item() for value in step(torch.rand(8, 28, 28, generator=generator), y, noise, beta))


@EVERY_KIND
def test_a_steps_objective_is_its_terms_weighed_by_beta(architecture):
    objective, log_likelihood, kl = step_terms(dataclasses.replace(RECIPE, architecture=architecture), beta=0.3)
    assert objective == pytest.approx(0.3 * kl - log_likelihood, rel=1e-5)


def test_free_bits_of_a_recipe_are_free():
    plain, log_likelihood, kl = step_terms(RECIPE, beta=0.5)
    free, *terms = step_terms(tiny(free_bits=100.0), beta=0.5)
    assert terms == [log_likelihood, kl]
    assert free == pytest.approx(0.5 * 100 * TINY.latent_dim - log_likelihood)
    assert free > plain + 100


def test_a_dimension_with_free_bits_is_used_where_it_would_collapse(root):
    used = {}
    for free_bits in (0.0, 1.0):
        run = prepare(tiny(beta=60.0, kl_schedule="constant", free_bits=free_bits), root)
        for _ in range(3):
            run.train_epoch(silent())
        used[free_bits] = run.history["validation_kl_nats"][-1]
    assert used[0.0] < 0.5
    assert used[1.0] > 0.5 * TINY.latent_dim


@pytest.mark.parametrize(
    ("name", "kind", "learning_rate"),
    [("adamw", torch.optim.AdamW, 1e-2), ("adam", torch.optim.Adam, 1e-2), ("sgd", torch.optim.SGD, 2e-3)],
)
def test_each_optimizer_lowers_the_objective(root, name, kind, learning_rate):
    run = prepare(tiny(optimizer=name, learning_rate=learning_rate), root)
    assert type(run.optimizer) is kind
    for _ in range(3):
        run.train_epoch(silent())
    assert nelbo(run.history)[-1] < nelbo(run.history)[0] - 50
    assert nelbo(run.history)[-1] == min(nelbo(run.history))


@EVERY_KIND
@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_weight_matrices_decay_and_nothing_else(architecture, name):
    model = new_vae(architecture, seed=0)
    optimizer = new_optimizer(model, TrainConfig(epochs=1, optimizer=name, weight_decay=0.3))
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decay == {id(p): 0.3 if p.ndim > 1 else 0.0 for p in model.parameters()}


def test_a_learned_sigma_comes_down_to_the_error_of_the_pictures(root):
    run = prepare(dataclasses.replace(tiny(epochs=25, input_dropout=0.0), architecture=TINY_GAUSSIAN), root)

    def error() -> float:
        mu, _ = run.model.eval().posterior(run.x)
        return (run.model.pixel_mean(run.model.logits(mu)) - run.x).square().mean().sqrt().item()

    sigma, rms = run.model.pixel_sigma.item(), error()
    for _ in range(25):
        run.train_epoch(silent())
    assert error() < 0.8 * rms
    # A sample's picture is a little further off than that of the posterior mean.
    assert error() < run.model.pixel_sigma.item() < 1.3 * error()
    assert run.model.pixel_sigma.item() < 0.7 * sigma
