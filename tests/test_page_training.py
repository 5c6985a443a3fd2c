"""Training progress: two models on one clock, KL by dimension by epoch, phases, and the question before."""

import dataclasses
import io
from itertools import pairwise

import numpy as np
import pytest
from apptest import component, fresh_page, open_page
from conftest import ARTIFACTS, SHIPPED

from pages.kit import cache, computed
from pages.kit.charts.player import phase_at, phases, phases_in_words, terms_by_epoch
from pages.kit.components.player import nearest_before
from vae_core import inference
from vae_core.build.publish import store
from vae_core.data import load_gallery
from vae_core.manifest import read_manifest, verified, write_manifest
from vae_core.model import load_vae
from vae_core.projection import load_replay

PAGE = "pages/3_training_progress.py"
RECIPE = SHIPPED["mnist-z10"].recipe
LAST = SHIPPED["mnist-z2"].epoch


def test_each_time_shows_the_latest_frame_that_is_not_after_it():
    assert nearest_before([0, 1, 5, 9, 10], [0, 5, 10]) == [0, 0, 1, 1, 2]
    assert nearest_before([1], [3, 4]) == [0]


def test_two_models_share_one_clock_and_each_says_which_epoch_it_shows():
    data = component(open_page(PAGE, model="mnist-z2", training_second="mnist-z10", epoch=str(LAST)))
    first, second = data["tracks"]
    clock = data["clock"]["values"]
    assert clock == sorted({*SHIPPED["mnist-z2"].epochs, *SHIPPED["mnist-z10"].epochs})
    assert data["start"] == LAST
    now = clock.index(LAST)
    assert first["times"][first["at"][now]] == LAST
    assert second["times"][second["at"][now]] == SHIPPED["mnist-z10"].epoch < LAST  # the latest that is not after
    said = data["clock"]["said"][now]
    assert "mnist-z2: " in said
    assert f"mnist-z10, its latest snapshot, of epoch {SHIPPED['mnist-z10'].epoch}" in said
    assert [one["name"] for one in data["tracks"]] == ["mnist-z2", "mnist-z10"]


def test_two_models_share_their_axes():
    first, second = component(open_page(PAGE, model="mnist-z2", training_second="mnist-z20"))["tracks"]
    for one, other in zip(first["charts"], second["charts"], strict=True):
        assert one["y"]["ticks"] == other["y"]["ticks"]
    assert first["charts"][0]["x"] == second["charts"][0]["x"]


def test_an_epoch_of_other_models_is_forgotten_and_not_complained_about():
    at = open_page(PAGE, model="mnist-z2", epoch=str(LAST))
    at.sidebar.selectbox(key="model").set_value("mnist-z10").run()
    assert not at.warning
    assert component(at)["start"] == SHIPPED["mnist-z10"].epoch
    assert "training_second" in open_page(PAGE, training_second="mnist-z4").warning[0].value


def test_bars_are_the_kl_of_the_encoded_pictures_at_each_epoch():
    spec = SHIPPED["mnist-z10"]
    chart = component(open_page(PAGE, model="mnist-z10"))["tracks"][0]["charts"][-1]
    x = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"]).x[: computed.KL_PICTURES]
    dims = [int(text) - 1 for _, text in chart["x"]["ticks"]]
    for epoch in (0, 3, spec.epoch):
        mu, logvar = inference.encode(load_vae(ARTIFACTS, spec, epoch), x)
        kl = (0.5 * (mu**2 + np.exp(logvar) - logvar - 1)).mean(axis=0)
        said = [float(text.split()[1]) for text in chart["said"][spec.epochs.index(epoch)]]
        np.testing.assert_allclose(said, kl[dims], atol=6e-4)
    assert chart["bars"][-1] == sorted(chart["bars"][-1], reverse=True)


@pytest.mark.parametrize(
    ("epoch", "words"),
    [
        (0, "before training"),
        (22, "KL weight rises"),
        (23, "full KL weight"),
        (176, "full KL weight"),
        (177, "no picture deformed"),
        (220, "no picture deformed"),
    ],
)
def test_phases_follow_the_recipe(epoch, words):
    assert RECIPE["epochs"] == 220
    assert phase_at(RECIPE, epoch) == words


def test_phases_of_other_schedules_cover_the_whole_training():
    for change in ({"kl_schedule": "constant"}, {"kl_schedule": "cyclical"}, {"kl_warmup": 0.0}, {"warp": 0.0}):
        steps = phases({**RECIPE, **change})
        assert steps[0][0] == 0
        assert steps[-1][1] == RECIPE["epochs"]
        assert all(one[1] == other[0] for one, other in pairwise(steps))
    assert phases({**RECIPE, "kl_schedule": "cyclical"})[0][2] == "KL weight in cycles"


def test_the_phases_are_named_in_their_order_with_the_numbers_of_the_chart():
    words = "**1** KL weight rises, **2** full KL weight (after epoch 22), **3** no picture deformed (after epoch 176)"
    assert phases_in_words(RECIPE) == words
    at = open_page(PAGE, model="mnist-z10")
    assert any(words in caption.value for caption in at.caption)
    for chart in component(at)["tracks"][0]["charts"][:3]:
        assert [text for _, _, text in chart["phases"]] == ["KL weight rises", "full KL weight", "no picture deformed"]


def test_an_untrained_value_beyond_the_axis_is_written_above_it():
    reconstruction, kl, total, _ = component(open_page(PAGE, model="mnist-z2"))["tracks"][0]["charts"]
    untrained = {name: values[0] for name, values in terms_by_epoch(SHIPPED["mnist-z2"], "validation").items()}
    assert reconstruction["beyond"] == f"{untrained['reconstruction']:.0f}"
    assert total["beyond"] == f"{untrained['negative ELBO']:.0f}"
    assert kl["beyond"] is None
    assert reconstruction["now"][0] == [0, 1]  # its dot is on the rim


def test_a_plain_autoencoder_s_training_has_no_kl(copied_artifacts):
    """Trained with snapshots, as one's own may be: the shipped one has none."""
    whole = read_manifest(copied_artifacts)
    plain, vae = whole.models["mnist-z2-ae"], whole.models["mnist-z2"]
    assert not [name for name in plain.history if "kl" in name]
    first = store(
        copied_artifacts, "snapshots/mnist-z2-ae", "000", ".safetensors", verified(copied_artifacts, plain.weights)
    )
    replayed = load_replay(copied_artifacts, vae)
    content = io.BytesIO()
    np.savez(content, epochs=np.array([0, plain.epoch]), mu=np.stack([replayed[0], replayed[vae.epoch]]))
    replay = store(copied_artifacts, "codes", "mnist-z2-ae-replay", ".npz", content.getvalue())
    models = {**whole.models, plain.id: dataclasses.replace(plain, snapshots={0: first}, replay=replay)}
    write_manifest(copied_artifacts, dataclasses.replace(whole, models=models))
    at = open_page(PAGE, model="mnist-z2-ae", training_second="mnist-z2")
    assert not at.exception
    own, other = component(at)["tracks"]
    assert [chart["name"] for chart in own["charts"]] == ["reconstruction"]
    assert len(other["charts"]) == 4
    (line,) = (text for text in component(at)["clock"]["said"][0].splitlines() if "mnist-z2-ae: " in text)
    assert "reconstruction" in line
    assert "KL" not in line
    words = " ".join(caption.value for caption in at.caption)
    assert "Phases of mnist-z2-ae, numbered above its curves: **1** reconstruction alone" in words


def test_bars_name_the_pictures_they_are_the_mean_of():
    bars = component(open_page(PAGE, model="mnist-z2"))["tracks"][0]["charts"][-1]
    assert bars["unit"].endswith("mean of 500 gallery pictures")


def test_the_kl_does_rise_as_the_answer_says():
    for id_ in ("mnist-z2", "mnist-z10", "mnist-z20", "fashion-z2"):
        kl = terms_by_epoch(SHIPPED[id_], "validation")["KL"]
        assert kl[-1] > 3 * kl[0]
        warm = int(SHIPPED[id_].recipe["kl_warmup"] * SHIPPED[id_].recipe["epochs"])
        assert kl[1 : warm + 1].max() > kl[-1] > kl[warm + 10]  # overshoots, settles, creeps up again


def test_the_answer_is_not_given_away():
    at = fresh_page(PAGE)
    (track,) = component(at)["tracks"]
    assert not track["charts"]
    words = " ".join(element.value for element in (*at.markdown, *at.caption, *at.info))
    assert "overshoot" not in words
    assert "rises from" not in words
    at.radio(key="training_predict").set_value("it falls").run()
    assert any("The answer: **it rises**." in info.value for info in at.info)
    assert [chart["name"] for chart in component(at)["tracks"][0]["charts"]][1] == "KL"
    at.radio(key="training_predict").set_value("it rises").run()
    assert "overshoots" in at.success[0].value


def test_without_the_pictures_the_replay_goes_on_without_bars(without_data):
    cache.st.cache_resource.clear()
    at = open_page(PAGE, model="fashion-z2", training_second="mnist-z2")
    assert not at.exception
    assert not at.error
    without, whole = component(at)["tracks"]
    assert len(without["charts"]) == 3
    assert len(whole["charts"]) == 4
    assert "not on this machine" in without["note"]
