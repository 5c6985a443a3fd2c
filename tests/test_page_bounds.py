"""The page Bounds: what it shows is what vae_core computes, and it moves where it should."""

import base64
import re

import numpy as np
import pytest
from apptest import PATHS, component, fresh_page, open_page
from conftest import SHIPPED

from pages.kit import cache
from pages.kit.components.climb import window
from vae_core import bounds, inference, latent

PAGE = next(path for path in PATHS if path.endswith("bounds.py"))


def numbers(at) -> dict[str, float]:
    """The page's metrics, by label."""
    return {metric.label.split(",")[0]: float(metric.value.replace("−", "-")) for metric in at.metric}


def alts(at) -> list[str]:
    return [chart.proto.alt for chart in at.get("vega_lite_chart")]


@pytest.fixture(scope="module")
def page():
    return open_page(PAGE, digit="15")


def test_the_gaps_add_up_and_are_those_of_the_core(page):
    shown = numbers(page)
    total = shown["Together: log p(x) − ELBO"]
    assert shown["Amortisation gap"] + shown["Approximation gap"] == pytest.approx(total, abs=1e-9)
    x = cache.gallery("mnist").x[15]
    gap = bounds.inference_gap(cache.model(SHIPPED["mnist-z2"]), x)
    assert total == pytest.approx(gap.log_evidence - gap.elbo, abs=0.006)
    assert shown["Amortisation gap"] == pytest.approx(gap.amortisation, abs=0.006)


def test_the_climb_is_given_the_ascent_and_the_posterior_of_the_picture(page):
    data = component(page)
    elbo = np.array(data["steps"]["elbo"])
    assert elbo[0] == data["elbo"] < elbo[-1] < data["log_evidence"]
    assert data["steps"]["mu"][0] == data["encoder"]["mu"]
    zoom = np.frombuffer(base64.b64decode(data["zoom"]["bytes"]), np.uint8).reshape(data["zoom"]["side"], -1)
    row, column = np.unravel_index(zoom.argmax(), zoom.shape)
    share = np.array([column + 0.5, zoom.shape[0] - row - 0.5]) / zoom.shape[0]
    low, high = np.array(data["zoom"]["low"]), np.array(data["zoom"]["high"])
    peak = low + share * (high - low)
    assert np.abs(peak - data["steps"]["mu"][-1]).max() < 2 * np.max(data["steps"]["sigma"][-1])
    assert (low < peak).all()
    assert data["mass"] == "100.0%"


def test_k_moves_the_bound_and_the_recap_stays():
    at = open_page(PAGE, bounds_k="1", digit="5")
    low, recap = numbers(at), alts(at)[-1]
    at.select_slider(key="bounds_k").set_value(1000).run()
    high = numbers(at)
    assert low["Bound at K = 1"] + 0.5 < high["Bound at K = 1000"]
    assert low["Spread of one draw"] > high["Spread of one draw"]
    assert low["Effective samples of 1"] == 1 < high["Effective samples of 1"] <= 1000
    assert alts(at)[-1] == recap
    ordered = [float(value) for value in re.findall(r"-\d+\.\d+", recap)]
    assert ordered == sorted(ordered)
    assert len(ordered) == 5


def test_fresh_samples_move_the_bounds_and_not_the_gaps():
    at = open_page(PAGE)
    before, drawn = numbers(at), alts(at)
    at.button(key="bounds_fresh").click().run()
    after = numbers(at)
    assert all(now != then for now, then in zip(alts(at), drawn, strict=True))
    assert after["Bound at K = 10"] == pytest.approx(before["Bound at K = 10"], abs=0.2)
    assert after["Amortisation gap"] == before["Amortisation gap"]


def test_a_prediction_is_answered_for_this_picture_and_not_asked_again_for_the_next():
    at = fresh_page(PAGE, digit="427")
    question = next(radio for radio in at.radio if "number 427" in radio.label)
    question.set_value("the Gaussian's").run()
    assert "the Gaussian's" in at.success[0].value
    at.number_input(key="digit").set_value(15).run()
    assert not at.success
    assert any("The answer: **the encoder's**." in info.value for info in at.info)
    assert "Amortisation gap" in numbers(at)


def test_where_the_ascent_is_caught_the_page_says_so_and_offers_the_other_start():
    at = open_page(PAGE, digit="32")
    caught = component(at)
    assert any("local maximum" in info.value for info in at.info)
    assert any("Even at K = 1000" in info.value for info in at.info)
    before = numbers(at)
    at.segmented_control(key="bounds_start").set_value("peak").run()
    assert component(at)["steps"]["elbo"][-1] > caught["steps"]["elbo"][-1] + 5
    assert component(at)["encoder"] == caught["encoder"]
    assert not any("local maximum" in info.value for info in at.info)
    assert numbers(at) == before


def test_a_model_without_a_plane_offers_one_that_has_it():
    at = open_page(PAGE, model="mnist-z4-cond")
    assert "vae_classroom.climb" not in [element.proto.component_name for element in at.get("bidi_component")]
    assert any("log p(x | y)" in info.value for info in at.info)
    assert any("80 to the power of 4, 41 million: more than this page can decode" in info.value for info in at.info)
    at.button(key="bounds_plane").click().run()
    assert at.sidebar.selectbox(key="model").value == "mnist-z2"
    assert "Amortisation gap" in numbers(at)


def test_the_mean_of_the_gallery_is_the_mean_of_its_pictures():
    at = open_page(PAGE, model="mnist-z4-cond", bounds_gallery="true")
    at.toggle(key="bounds_gallery").set_value(True).run()
    means = at.table[0].value["mean of 20"].str.replace("−", "-").astype(float)
    assert list(means) == sorted(means)
    spec = SHIPPED["mnist-z4-cond"]
    x, y = cache.gallery("mnist").x, cache.codes(spec).y
    elbos = [
        inference.log_weights(cache.model(spec), x[i], latent.noise(1000, 4, i), y[i : i + 1]).mean() for i in range(20)
    ]
    assert means.iloc[0] == pytest.approx(np.mean(elbos), abs=0.006)
    by_k = [
        bounds.bounds_by_k(inference.log_weights(cache.model(spec), x[i], latent.noise(1000, 4, i), y[i : i + 1]), [10])
        for i in range(20)
    ]
    spread, ess = (np.mean([one[name][0] for one in by_k]) for name in ("sd", "ess"))
    beside = next(caption.value for caption in at.caption if "pictures of the gallery at K = 10" in caption.value)
    assert f"a draw spreads by {spread:.2f} nats" in beside
    assert f"{ess:.1f} effective samples of 10." in beside
    at.select_slider(key="bounds_k").set_value(1000).run()
    assert any("at K = 1,000" in caption.value and "spreads" not in caption.value for caption in at.caption)


@pytest.mark.parametrize(("parameter", "value"), [("bounds_k", "7"), ("bounds_start", "moon")])
def test_an_impossible_setting_in_the_link_is_named(parameter, value):
    at = open_page(PAGE, **{parameter: value})
    assert parameter in at.warning[0].value
    assert not at.exception


def test_without_the_pixels_the_page_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "empty"))
    at = open_page(PAGE, model="fashion-z2")
    assert any("pixels of a picture" in info.value for info in at.info)
    assert not at.exception
    assert not at.metric


def test_the_window_is_the_smallest_square_that_shows_both_ends():
    low, high = window(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.1, 0.2], [0.1, 0.2]]))
    np.testing.assert_allclose((low, high), ([-0.35, -0.85], [1.35, 0.85]))
