"""What is shipped is what the manifest says, and as good as it says."""

from itertools import pairwise

import numpy as np
import pytest
from conftest import ARTIFACTS, SHIPPED

from vae_core import latent
from vae_core.build.config import load_recipe
from vae_core.build.evaluate import evaluate
from vae_core.data import GALLERY_SIZE, load_gallery, official
from vae_core.inference import decode, elbo_terms
from vae_core.manifest import MANIFEST, read_manifest, verified
from vae_core.model import load_vae
from vae_core.projection import load_codes, load_maps, load_replay

MIB = 2**20

# The house plan's figures: test nELBO in nats an image, at most.
FIGURES = {"mnist-z2": 133.0, "mnist-z10": 95.0, "mnist-z20": 93.0, "fashion-z2": 250.5}


def listed_files():
    manifest = read_manifest(ARTIFACTS)
    images = [image_set.file for image_set in manifest.images.values() if image_set.file]
    return images + [file for spec in manifest.models.values() for file in spec.files]


@pytest.mark.parametrize("artifact", listed_files(), ids=lambda artifact: artifact.file)
def test_every_listed_file_has_its_hash(artifact):
    assert len(verified(ARTIFACTS, artifact)) == artifact.bytes


def test_every_file_is_listed():
    files = {p.relative_to(ARTIFACTS).as_posix() for p in ARTIFACTS.rglob("*") if p.is_file()}
    assert files - {MANIFEST, "README.md", ".manifest.lock"} == {artifact.file for artifact in listed_files()}


def test_the_artifacts_are_small_enough_to_clone():
    assert sum(artifact.bytes for artifact in listed_files()) < 80e6
    assert all(spec.weights.bytes <= MIB for spec in SHIPPED.values())


def test_the_models_of_the_plan_are_shipped():
    assert set(FIGURES) <= set(SHIPPED)


@pytest.mark.parametrize("id_", FIGURES)
def test_a_model_reaches_its_figure(id_):
    assert SHIPPED[id_].metrics["nelbo_nats"] <= FIGURES[id_]
    assert SHIPPED[id_].metrics["images"] == 10_000
    assert SHIPPED[id_].metrics["split"] == "test"


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_metrics_are_those_of_the_shipped_weights(id_, full_data):
    spec = SHIPPED[id_]
    measured = evaluate(load_vae(ARTIFACTS, spec), official(spec.dataset, train=False))
    assert measured["nelbo_nats"] == pytest.approx(spec.metrics["nelbo_nats"], abs=0.05)
    assert measured["kl_nats"] == pytest.approx(spec.metrics["kl_nats"], abs=0.05)
    assert measured["active_units"] == spec.metrics["active_units"]
    assert measured["knn_accuracy"] == pytest.approx(spec.metrics["knn_accuracy"], abs=0.002)


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_recipe_in_the_manifest_is_the_one_in_its_file(id_):
    recipe = load_recipe(id_)
    assert recipe.as_dict()["training"] == SHIPPED[id_].recipe
    assert recipe.architecture == SHIPPED[id_].architecture
    assert recipe.dataset == SHIPPED[id_].dataset


@pytest.mark.parametrize("id_", SHIPPED)
def test_every_snapshot_loads_and_decodes_something_else(id_):
    spec = SHIPPED[id_]
    z = latent.sample_prior(4, spec.latent_dim, seed=0)
    pictures = [decode(load_vae(ARTIFACTS, spec, epoch), z) for epoch in spec.epochs]
    for earlier, later in pairwise(pictures):
        assert np.abs(earlier - later).max() > 0.1


@pytest.mark.parametrize("id_", SHIPPED)
def test_codes_maps_and_replay_belong_together(id_):
    spec = SHIPPED[id_]
    codes, maps, replay = load_codes(ARTIFACTS, spec), load_maps(ARTIFACTS, spec), load_replay(ARTIFACTS, spec)
    assert codes.mu.shape == codes.logvar.shape == (GALLERY_SIZE, spec.latent_dim)
    assert {m.method for m in spec.maps} == {"pca", "tsne", "umap"}
    assert all(xy.shape == (GALLERY_SIZE, 2) and np.isfinite(xy).all() for xy in maps.xy.values())
    assert list(replay) == spec.epochs
    np.testing.assert_allclose(replay[spec.epoch], codes.mu[: len(replay[spec.epoch])], atol=0.01)


@pytest.mark.parametrize("id_", [id_ for id_, spec in SHIPPED.items() if spec.dataset == "mnist"])
def test_the_stored_likelihood_of_a_code_is_that_of_its_picture(id_):
    spec = SHIPPED[id_]
    gallery = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"])
    epsilon = latent.noise(GALLERY_SIZE, spec.latent_dim, seed=0)
    terms = elbo_terms(load_vae(ARTIFACTS, spec), gallery.x[:200], epsilon[:200])
    np.testing.assert_allclose(load_codes(ARTIFACTS, spec).log_likelihood[:200], terms.log_likelihood, atol=0.05)


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_history_begins_before_training_and_ends_better(id_):
    history, spec = SHIPPED[id_].history, SHIPPED[id_]
    assert history["epoch"] == list(range(spec.recipe["epochs"] + 1))
    assert all(len(column) == len(history["epoch"]) for column in history.values())
    nelbo = np.array(history["validation_kl_nats"]) - np.array(history["validation_log_likelihood_nats"])
    assert spec.epoch == int(nelbo.argmin())
    assert nelbo[spec.epoch] < nelbo[1] < nelbo[0]
