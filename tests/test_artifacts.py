"""What is shipped is what the manifest says, and as good as it says."""

from itertools import pairwise

import numpy as np
import pytest
from conftest import ARTIFACTS, SHIPPED
from sklearn.neighbors import KNeighborsClassifier

from vae_core import card, latent
from vae_core.build.config import load_recipe
from vae_core.build.evaluate import evaluate
from vae_core.build.project import TAUGHT
from vae_core.data import GALLERY_SIZE, load_gallery, official
from vae_core.inference import decode, elbo_terms
from vae_core.manifest import MANIFEST, read_manifest, verified
from vae_core.model import load_vae
from vae_core.projection import load_codes, load_maps, load_replay, place

MIB = 2**20

# The house plan's figures: test nELBO in nats an image, at most.
FIGURES = {
    "mnist-z2": 133.0,
    "mnist-z4": 114.0,
    "mnist-z6-conv": 103.0,
    "mnist-z10": 95.0,
    "mnist-z10-conv": 93.0,
    "mnist-z20": 93.0,
    "fashion-z2": 250.5,
    "fashion-z4": 241.5,
    "fashion-z10": 235.5,
}
BETAS = ["mnist-z10-b0.1", "mnist-z10-b0.3", "mnist-z10", *(f"mnist-z10-b{beta}" for beta in (2, 4, 8, 16))]
PLAN = {*FIGURES, *BETAS, "mnist-z2-ae", "mnist-z4-cond", "mnist-z10-gauss"}


def listed_files():
    manifest = read_manifest(ARTIFACTS)
    images = [image_set.file for image_set in manifest.images.values() if image_set.file]
    return images + [file for spec in manifest.models.values() for file in spec.files]


@pytest.mark.parametrize("artifact", listed_files(), ids=lambda artifact: artifact.file)
def test_every_listed_file_has_its_hash(artifact):
    assert len(verified(ARTIFACTS, artifact)) == artifact.bytes


def test_every_file_is_listed():
    files = {p.relative_to(ARTIFACTS).as_posix() for p in ARTIFACTS.rglob("*") if p.is_file()}
    cards = {f"cards/{id_}.{kind}" for id_ in SHIPPED for kind in ("png", "svg")}
    listed = {artifact.file for artifact in listed_files()}
    assert files - {MANIFEST, "README.md", ".manifest.lock"} == listed | cards


def test_the_artifacts_are_small_enough_to_clone():
    assert sum(p.stat().st_size for p in ARTIFACTS.rglob("*") if p.is_file()) < 80e6
    assert all(spec.weights.bytes <= MIB for spec in SHIPPED.values())


def test_the_models_of_the_plan_are_shipped():
    assert set(SHIPPED) == PLAN


def test_a_label_makes_the_bound_better():
    assert SHIPPED["mnist-z4-cond"].metrics["nelbo_nats"] < SHIPPED["mnist-z4"].metrics["nelbo_nats"]


def test_a_plain_autoencoder_reconstructs_at_least_as_well_as_the_vae():
    assert SHIPPED["mnist-z2-ae"].metrics["mse_per_pixel"] <= SHIPPED["mnist-z2"].metrics["mse_per_pixel"]


def test_along_the_beta_family_the_rate_falls_and_the_distortion_rises():
    assert [SHIPPED[id_].beta for id_ in BETAS] == [0.1, 0.3, 1, 2, 4, 8, 16]
    for low, high in pairwise(SHIPPED[id_].metrics for id_ in BETAS):
        assert low["kl_nats"] > high["kl_nats"]
        assert low["reconstruction_nats"] < high["reconstruction_nats"]


def test_the_readme_has_a_card_and_the_figures_of_every_model():
    text = (ARTIFACTS / "README.md").read_text()
    for id_, spec in SHIPPED.items():
        assert f"<summary><b>{id_}</b>" in text
        assert all(f"| {value} | {unit} |" in text for _, value, unit in card.metrics(spec))


@pytest.mark.parametrize("id_", FIGURES)
def test_a_model_reaches_its_figure(id_):
    assert SHIPPED[id_].metrics["nelbo_nats"] <= FIGURES[id_]
    assert SHIPPED[id_].metrics["images"] == 10_000
    assert SHIPPED[id_].metrics["split"] == "test"


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_metrics_are_those_of_the_shipped_weights(id_, full_data):
    spec = SHIPPED[id_]
    measured = evaluate(load_vae(ARTIFACTS, spec), official(spec.dataset, train=False))
    assert set(measured) == set(spec.metrics)
    assert measured["reconstruction_nats"] == pytest.approx(spec.metrics["reconstruction_nats"], abs=0.05)
    assert measured["active_units"] == spec.metrics["active_units"]
    assert measured["knn_accuracy"] == pytest.approx(spec.metrics["knn_accuracy"], abs=0.002)
    if spec.variational:
        assert measured["nelbo_nats"] == pytest.approx(spec.metrics["nelbo_nats"], abs=0.05)
        assert measured["kl_nats"] == pytest.approx(spec.metrics["kl_nats"], abs=0.05)


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_recipe_in_the_manifest_is_the_one_in_its_file(id_):
    recipe = load_recipe(id_)
    assert recipe.as_dict()["training"] == SHIPPED[id_].recipe
    assert recipe.architecture == SHIPPED[id_].architecture
    assert recipe.dataset == SHIPPED[id_].dataset


@pytest.mark.parametrize("id_", [id_ for id_, spec in SHIPPED.items() if spec.snapshots])
def test_every_snapshot_loads_and_decodes_something_else(id_):
    spec = SHIPPED[id_]
    z = latent.sample_prior(4, spec.latent_dim, seed=0)
    pictures = [decode(load_vae(ARTIFACTS, spec, epoch), z) for epoch in spec.epochs]
    for earlier, later in pairwise(pictures):
        assert np.abs(earlier - later).max() > 0.1


@pytest.mark.parametrize("id_", SHIPPED)
def test_codes_maps_and_replay_belong_together(id_):
    spec = SHIPPED[id_]
    codes, maps = load_codes(ARTIFACTS, spec), load_maps(ARTIFACTS, spec)
    assert codes.mu.shape == codes.logvar.shape == (GALLERY_SIZE, spec.latent_dim)
    assert {m.method for m in spec.maps} == {"pca", "tsne", "umap"}
    assert all(xy.shape == (GALLERY_SIZE, 2) and np.isfinite(xy).all() for xy in maps.xy.values())
    if not spec.snapshots:
        return
    replay = load_replay(ARTIFACTS, spec)
    assert list(replay) == spec.epochs
    np.testing.assert_allclose(replay[spec.epoch], codes.mu[: len(replay[spec.epoch])], atol=0.01)


@pytest.mark.parametrize("id_", [id_ for id_, spec in SHIPPED.items() if spec.dataset == "mnist"])
def test_the_stored_likelihood_of_a_code_is_that_of_its_picture(id_):
    spec = SHIPPED[id_]
    gallery = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"])
    epsilon = latent.noise(GALLERY_SIZE, spec.latent_dim, seed=0)
    y = gallery.y[:200] if spec.conditional else None
    terms = elbo_terms(load_vae(ARTIFACTS, spec), gallery.x[:200], epsilon[:200], y)
    np.testing.assert_allclose(load_codes(ARTIFACTS, spec).log_likelihood[:200], terms.log_likelihood, atol=0.05)


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_history_begins_before_training_and_ends_better(id_):
    history, spec = SHIPPED[id_].history, SHIPPED[id_]
    assert history["epoch"] == list(range(spec.recipe["epochs"] + 1))
    assert all(len(column) == len(history["epoch"]) for column in history.values())
    objective = -np.array(history["validation_log_likelihood_nats"])
    assert ("validation_kl_nats" in history) is spec.variational
    if spec.variational:
        objective = objective + spec.beta * np.array(history["validation_kl_nats"])
    assert spec.epoch == int(objective.argmin())
    assert objective[spec.epoch] < objective[1] < objective[0]


@pytest.mark.parametrize("id_", TAUGHT)
def test_maps_to_read_have_every_setting_with_every_seed(id_):
    made = {(m.method, *m.settings.values()) for m in SHIPPED[id_].maps}
    assert {("tsne", p, seed) for p in (5, 30, 100) for seed in (0, 1, 2)} < made
    assert {("umap", n, seed) for n in (5, 15, 50) for seed in (0, 1, 2)} < made
    assert all(0.5 < m.trustworthiness <= 1 for m in SHIPPED[id_].maps)


@pytest.mark.parametrize("key", ["tsne-p30-s0", "umap-n15-s0"])
def test_a_new_code_is_placed_among_its_class(key):
    """Every tenth code of the gallery, placed by the other codes alone, has their neighbourhood's label."""
    spec = SHIPPED["mnist-z10"]
    codes, xy = load_codes(ARTIFACTS, spec), load_maps(ARTIFACTS, spec).xy[key]
    new = np.arange(GALLERY_SIZE) % 10 == 0
    placed = place(codes.mu[new], codes.mu[~new], xy[~new])
    knn = KNeighborsClassifier(10).fit(xy[~new], codes.y[~new])
    own = knn.score(xy[new], codes.y[new])
    assert knn.score(placed, codes.y[new]) > own - 0.03
    apart = np.linalg.norm(placed - xy[new], axis=1)
    assert np.median(apart) < 0.05 * np.ptp(xy, axis=0).max()
