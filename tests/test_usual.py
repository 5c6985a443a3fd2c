"""What is usual stands beside the numbers: the figures of the manifest, and of what is shipped."""

import dataclasses

import numpy as np
import pytest
from apptest import open_page
from conftest import SHIPPED

from pages.kit import cache, computed
from pages.kit.usual import alike, best, usual_terms
from vae_core.manifest import Manifest
from vae_core.published import PUBLISHED


def captions(at) -> str:
    return "\n".join(caption.value for caption in at.caption)


def figure(id_: str, name: str) -> float:
    return SHIPPED[id_].metrics[name]


def test_nats_are_compared_with_those_of_the_same_pictures_pixels_and_labels():
    ids = [spec.id for spec in alike(SHIPPED["mnist-z10-b8"])]
    assert ids == ["mnist-z2", "mnist-z4", "mnist-z6-conv", "mnist-z10", "mnist-z10-conv", "mnist-z20"]
    assert best([SHIPPED["mnist-z10"], SHIPPED["mnist-z10-conv"]]).id == "mnist-z10-conv"
    for alone in ("mnist-z10-gauss", "mnist-z2-ae", "mnist-z4-cond"):
        assert [spec.id for spec in alike(SHIPPED[alone])] == [alone]


def test_the_usual_terms_are_those_of_the_best_of_its_size_and_of_other_sizes():
    said = usual_terms(SHIPPED["mnist-z10"])
    one = SHIPPED["mnist-z10-conv"].metrics
    assert "the best model of 10 dimensions here, mnist-z10-conv" in said
    assert f"{one['reconstruction_nats']:.1f} + KL {one['kl_nats']:.1f} = nELBO {one['nelbo_nats']:.1f} nats" in said
    ends = [figure(id_, "nelbo_nats") for id_ in ("mnist-z2", "mnist-z20")]
    assert said.endswith(f"2 to 20 dimensions reach {ends[0]:.1f} to {ends[1]:.1f}.")
    assert "−694.7" in usual_terms(SHIPPED["mnist-z10-gauss"])
    assert "KL" not in usual_terms(SHIPPED["mnist-z2-ae"])


def test_without_a_measured_model_of_its_size_nothing_is_said(monkeypatch):
    unmeasured = dataclasses.replace(SHIPPED["mnist-z2"], metrics={})
    monkeypatch.setattr(cache, "manifest", lambda: Manifest(models={"mnist-z2": unmeasured}))
    assert usual_terms(unmeasured) == ""


@pytest.mark.parametrize("model", ["mnist-z2", "mnist-z20", "fashion-z2"])
def test_a_training_is_shown_beside_what_is_usual(model):
    said = captions(open_page("pages/3_training_progress.py", model=model))
    assert usual_terms(SHIPPED[model]) in said


def test_two_trainings_of_two_sizes_have_both_beside_them():
    said = captions(open_page("pages/3_training_progress.py", model="mnist-z2", training_second="mnist-z10"))
    assert said.count("Usual on test pictures") == 2


def test_what_is_lost_stands_beside_what_one_dimension_loses():
    spec = SHIPPED["mnist-z20"]
    said = captions(open_page("pages/9_collapse.py", model="mnist-z20"))
    usage, cost = computed.usage(spec), computed.cost_by_dim(spec)
    lost, saved = cost[usage.active], usage.kl[usage.active]
    assert f"loses {lost.min():.1f} to {lost.max():.1f} nats and saves {saved.min():.1f} to {saved.max():.1f}" in said
    assert f"all 20 together save {usage.kl.sum():.1f}" in said
    assert f"mnist-z20, deep and trained, keeps {figure('mnist-z20', 'active_units')} of 20 dimensions" in said


def test_errors_and_spreads_of_compare_stand_beside_those_of_pictures_and_larger_models():
    said = captions(open_page("pages/11_compare.py", model="mnist-z10"))
    variance = cache.gallery("mnist").x.var(axis=0).mean()
    assert f"the mean picture for every picture errs by {variance:.4f}" in said
    assert f"a pixel of the gallery's own pictures varies by {np.sqrt(variance):.2f}" in said
    errors = [figure(id_, "mse_per_pixel") for id_ in ("mnist-z4", "mnist-z20")]
    assert f"VAEs here of 4 to 20 dimensions reach {errors[0]:.4f} to {errors[1]:.4f} on test pictures" in said
    assert f"mnist-z10 reaches reconstruction {figure('mnist-z10', 'reconstruction_nats'):.1f} + KL" in said


def test_latent_sizes_stand_beside_published_models():
    said = captions(open_page("pages/11_compare.py", model="mnist-z2"))
    of_ten = min(model.nelbo_nats for model in PUBLISHED if (model.dataset, model.latent_dim) == ("mnist", 10))
    assert f"{of_ten} with 10" in said
