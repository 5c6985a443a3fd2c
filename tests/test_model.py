"""The networks, their seeds, and the loading of shipped weights."""

import dataclasses

import pytest
import torch
from conftest import KINDS, SHIPPED, TINY, TINY_CONDITIONAL, TINY_CONV, TINY_DETERMINISTIC, TINY_GAUSSIAN

from vae_core import objective
from vae_core.build.run import half_precision
from vae_core.latent import reparameterize
from vae_core.manifest import (
    ArtifactError,
    Manifest,
    ModelSpec,
    describe,
    load_manifest,
    write_atomically,
    write_manifest,
)
from vae_core.model import load_vae, new_vae

EVERY_KIND = pytest.mark.parametrize("architecture", KINDS.values(), ids=KINDS)


@pytest.fixture
def root(tmp_path):
    """An artifact root with one model of two epochs, each with its own weights."""
    files = {}
    for epoch in (0, 1):
        content = half_precision(new_vae(TINY, seed=epoch))
        files[epoch] = describe(f"models/tiny-{epoch}.safetensors", content)
        write_atomically(tmp_path / files[epoch].file, content)
    spec = ModelSpec("tiny", "mnist", 1.0, TINY, epoch=1, weights=files[1], snapshots={0: files[0]})
    write_manifest(tmp_path, Manifest(models={"tiny": spec}))
    return tmp_path


def used(architecture):
    """A frozen model whose batch norms, if any, have counted more batches than half precision can."""
    model = new_vae(architecture, seed=0).requires_grad_(False)
    generator = torch.Generator().manual_seed(1)
    x, z = 3 * torch.rand(8, 28, 28, generator=generator), 3 * torch.randn(8, 3, generator=generator)
    y = torch.arange(8) if architecture.classes else None
    model.posterior(x, y)
    model.logits(z, y)
    for name, buffer in model.named_buffers():
        if name.endswith("num_batches_tracked"):
            buffer.fill_(70_001)
    return model.eval()


@EVERY_KIND
def test_shapes_of_the_posterior_and_of_the_pixels(architecture):
    model = new_vae(architecture, seed=0)
    y = torch.arange(5) if architecture.classes else None
    mu, logvar = model.posterior(torch.rand(5, 28, 28), y)
    assert mu.shape == logvar.shape == (5, 3)
    assert model.logits(torch.randn(5, 3), y).shape == (5, 28, 28)


@EVERY_KIND
def test_pictures_of_a_batch_do_not_see_each_other(architecture, generator):
    model = used(architecture)
    x, z = torch.rand(4, 28, 28, generator=generator), torch.randn(4, 3, generator=generator)
    y = torch.arange(4) if architecture.classes else None
    row = None if y is None else y[2:3]
    mu, logvar = model.posterior(x, y)
    alone = model.posterior(x[2:3], row)
    torch.testing.assert_close((mu[2:3], logvar[2:3]), alone)
    torch.testing.assert_close(model.logits(z, y)[2:3], model.logits(z[2:3], row))
    assert not torch.allclose(mu[0], mu[2])


def test_a_batch_norm_sees_the_whole_batch_in_training_only(generator):
    model = used(KINDS["conv, batch norm"])
    x = torch.rand(4, 28, 28, generator=generator)
    calm = model.posterior(x)[0]
    in_training = model.train().posterior(x)[0]
    assert not torch.allclose(in_training[:2], model.posterior(x[:2])[0])
    assert not torch.allclose(in_training, calm)


def test_a_plain_autoencoders_sample_is_its_mean(generator):
    model = new_vae(TINY_DETERMINISTIC, seed=0)
    mu, logvar = model.posterior(torch.rand(50, 28, 28, generator=generator))
    z = reparameterize(mu, logvar, torch.randn(50, 3, generator=generator))
    torch.testing.assert_close(z, mu, rtol=0, atol=2e-6)
    assert mu.std() > 1000 * (z - mu).abs().max()
    assert not logvar.requires_grad


def test_a_fixed_sigma_is_no_parameter_and_a_learned_one_is():
    learned, fixed = new_vae(TINY_GAUSSIAN, seed=0), new_vae(KINDS["Gaussian, fixed sigma"], seed=0)
    assert learned.pixel_sigma.item() == pytest.approx(learned.log_pixel_sigma.exp().item())
    assert learned.pixel_sigma.requires_grad
    assert fixed.pixel_sigma == 0.25
    assert {*learned.state_dict()} - {*fixed.state_dict()} == {"log_pixel_sigma"}
    assert new_vae(TINY, seed=0).pixel_sigma is None


@EVERY_KIND
def test_a_model_draws_and_scores_its_own_kind_of_pixel(architecture, generator):
    model, x = used(architecture), torch.rand(2, 28, 28, generator=generator)
    logits = torch.randn(2, 28, 28, generator=generator)
    sigma = None if model.pixel_sigma is None else float(model.pixel_sigma)
    expected = objective.log_likelihood(logits, x, architecture.likelihood, sigma)
    torch.testing.assert_close(model.log_likelihood(logits, x), expected)
    assert torch.equal(model.pixel_mean(logits), objective.pixel_mean(logits, architecture.likelihood))


@EVERY_KIND
def test_new_weights_depend_on_the_seed_alone(architecture):
    torch.manual_seed(1)
    first = new_vae(architecture, seed=5).state_dict()
    torch.manual_seed(2)
    again, other = new_vae(architecture, seed=5).state_dict(), new_vae(architecture, seed=6).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_new_model_leaves_the_global_generator_as_it_was():
    before = torch.get_rng_state()
    new_vae(TINY, seed=5)
    assert torch.equal(torch.get_rng_state(), before)


def test_labels_change_what_a_conditional_model_says(generator):
    model = new_vae(TINY_CONDITIONAL, seed=0)
    x, z = torch.rand(1, 28, 28, generator=generator), torch.randn(1, 3, generator=generator)
    three, four = torch.tensor([3]), torch.tensor([4])
    assert not torch.allclose(model.posterior(x, three)[0], model.posterior(x, four)[0])
    assert not torch.allclose(model.logits(z, three), model.logits(z, four))


def test_conditional_model_wants_labels():
    model = new_vae(TINY_CONDITIONAL, seed=0)
    with pytest.raises(ValueError, match="conditional: give the labels y"):
        model.posterior(torch.zeros(1, 28, 28))
    with pytest.raises(ValueError, match="conditional: give the labels y"):
        model.logits(torch.zeros(1, 3))


def test_unconditional_model_takes_no_labels():
    model = new_vae(TINY, seed=0)
    with pytest.raises(ValueError, match="takes no labels: leave y out"):
        model.posterior(torch.zeros(1, 28, 28), torch.tensor([3]))
    with pytest.raises(ValueError, match="takes no labels: leave y out"):
        model.logits(torch.zeros(1, 3), torch.tensor([3]))


def test_loaded_model_has_the_stored_weights_and_is_frozen(root):
    model = load_vae(root, load_manifest(root)["tiny"])
    assert not any(module.training for module in model.modules())
    assert not any(p.requires_grad for p in model.parameters())
    made, loaded = new_vae(TINY, seed=1).state_dict(), model.state_dict()
    assert made.keys() == loaded.keys()
    for name, tensor in loaded.items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, made[name].half().float())


@EVERY_KIND
def test_every_kind_of_model_is_loaded_as_it_was_stored(tmp_path, architecture, generator):
    model = used(architecture)
    content = half_precision(model)
    weights = describe("models/kind.safetensors", content)
    write_atomically(tmp_path / weights.file, content)
    spec = ModelSpec("kind", "mnist", 1.0, architecture, epoch=1, weights=weights)
    write_manifest(tmp_path, Manifest(models={"kind": spec}))
    loaded = load_vae(tmp_path, load_manifest(tmp_path)["kind"])
    assert loaded.architecture == architecture

    made, read = model.state_dict(), loaded.state_dict()
    assert made.keys() == read.keys()
    for name, tensor in made.items():
        stored = tensor.half().float() if tensor.is_floating_point() else tensor
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], stored)

    x = torch.rand(5, 28, 28, generator=generator)
    y = torch.arange(5) if architecture.classes else None
    mu, _ = model.posterior(x, y)
    logits = model.logits(mu, y)
    torch.testing.assert_close(loaded.posterior(x, y)[0], mu, atol=3e-3, rtol=0)
    torch.testing.assert_close(loaded.logits(mu, y), logits, atol=3e-3, rtol=0)
    torch.testing.assert_close(loaded.log_likelihood(logits, x), model.log_likelihood(logits, x), atol=0.1, rtol=1e-3)


def test_epoch_chooses_among_the_stored_weights(root):
    spec = load_manifest(root)["tiny"]
    for epoch, seed in ((0, 0), (1, 1), (None, 1)):
        stored = new_vae(TINY, seed).encoder.head[0].weight.half().float()
        assert torch.equal(load_vae(root, spec, epoch).encoder.head[0].weight, stored)


def test_epoch_that_is_not_stored_is_refused(root):
    with pytest.raises(ValueError, match=r"tiny has no weights of epoch 7; choose one of \[0, 1\]"):
        load_vae(root, load_manifest(root)["tiny"], epoch=7)


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(TINY, latent_dim=4),
        dataclasses.replace(TINY, encoder_blocks=2),
        dataclasses.replace(TINY, decoder_blocks=0),
        TINY_CONV,
        TINY_GAUSSIAN,
        TINY_DETERMINISTIC,
    ],
    ids=["another size", "missing weights", "unexpected weights", "another family", "no sigma", "no logvar"],
)
def test_weights_of_another_architecture_are_refused(root, other):
    spec = dataclasses.replace(load_manifest(root)["tiny"], architecture=other)
    with pytest.raises(ArtifactError, match=r"models/tiny-1\.safetensors does not hold the weights of tiny"):
        load_vae(root, spec)


def altered(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (None, "is missing"),
        (lambda content: content[:-1], r"has \d+ bytes instead of \d+"),
        (altered, "has been altered"),
    ],
    ids=["missing", "truncated", "altered"],
)
def test_damaged_weights_are_named_with_their_remedy(root, damage, words):
    spec = load_manifest(root)["tiny"]
    path = root / spec.weights.file
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match=rf"tiny-1\.safetensors {words}.*git checkout -- artifacts"):
        load_vae(root, spec)


@pytest.mark.parametrize("id_", SHIPPED)
def test_shipped_weights_fit_in_one_mebibyte(id_):
    assert SHIPPED[id_].weights.bytes <= 2**20


@pytest.mark.parametrize("id_", SHIPPED)
def test_shipped_snapshots_have_the_size_of_the_model(id_):
    spec = SHIPPED[id_]
    assert {f.bytes for f in spec.snapshots.values()} <= {spec.weights.bytes}
    assert spec.epochs[-1] == spec.epoch


def test_verified_bytes_that_are_no_weights_are_refused(root):
    junk = describe("models/junk.safetensors", b"no safetensors")
    write_atomically(root / junk.file, b"no safetensors")
    spec = dataclasses.replace(load_manifest(root)["tiny"], weights=junk)
    with pytest.raises(ArtifactError, match=r"junk\.safetensors does not hold the weights of tiny"):
        load_vae(root, spec)


def test_loading_leaves_the_global_generator_alone(root):
    before = torch.get_rng_state()
    load_vae(root, load_manifest(root)["tiny"])
    assert torch.equal(torch.get_rng_state(), before)
