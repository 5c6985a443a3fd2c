"""The page Trade-off: a family found, one frame for each beta, numbers of the manifest."""

import base64
import io

import numpy as np
import pytest
from apptest import component, fresh_page, open_page
from conftest import ARTIFACTS, SHIPPED
from PIL import Image

from pages.kit import cache
from pages.kit.recipes import what_differs
from vae_core import inference, latent
from vae_core.images import tile
from vae_core.model import load_vae

PAGE = "pages/8_trade_off.py"
BETAS = [0.1, 0.3, 1, 2, 4, 8, 16]


def frames(at) -> list[dict]:
    return component(at)["tracks"][0]["frames"]


def test_the_dot_stands_on_the_measured_curve_for_every_beta():
    data = component(open_page(PAGE, model="mnist-z10-b4"))
    assert data["clock"]["values"] == BETAS
    assert data["start"] == 4
    chart = data["tracks"][0]["lead"][0]
    x, y = np.array(chart["now"]).T
    family = [next(s for s in SHIPPED.values() if s.latent_dim == 10 and s.beta == b and s.recipe) for b in BETAS]
    for shares, name in ((x, "kl_nats"), (y, "reconstruction_nats")):
        values = np.array([spec.metrics[name] for spec in family])
        slope, start = np.polyfit(values, shares, 1)
        np.testing.assert_allclose(shares, slope * values + start, atol=2e-4)
        assert slope > 0
    texts = " ".join(data["clock"]["said"])
    assert all(f"{spec.metrics['nelbo_nats']:.1f}" in texts for spec in family)


def test_lines_of_constant_nelbo_have_one_sum_of_rate_and_distortion():
    """In the chart's own ticks: going right by so many nats goes down by as many."""
    chart = component(open_page(PAGE))["tracks"][0]["lead"][0]

    def scale(axis):
        (a, first), *_, (b, last) = chart[axis]["ticks"]
        return lambda share: float(first) + (share - a) / (b - a) * (float(last) - float(first))

    rate, distortion = scale("x"), scale("y")
    guides = [line for line in chart["lines"] if line["kind"] == "guide"]
    assert len(guides) >= 3
    for line in guides:
        sums = [rate(u) + distortion(v) for u, v in line["xy"]]
        np.testing.assert_allclose(sums, float(line["text"].split()[1]), atol=0.05)


def test_samples_are_the_same_noise_decoded_by_each_model():
    at = open_page(PAGE, model="mnist-z10", tradeoff_seed="3")
    noise = latent.sample_prior(20, 10, seed=3)
    shown = frames(at)
    for frame, id_ in ((shown[2], "mnist-z10"), (shown[6], "mnist-z10-b16")):
        x = inference.decode(load_vae(ARTIFACTS, SHIPPED[id_]), noise)
        with Image.open(io.BytesIO(base64.b64decode(frame["samples"]))) as image:
            np.testing.assert_array_equal(np.asarray(image), tile(x, 5, gap=1))
    assert len({frame["reconstruction"] for frame in shown}) == len(BETAS)


def test_every_beta_has_one_frame_of_axes_and_other_dots():
    track = component(open_page(PAGE))["tracks"][0]
    assert len({frame["dots"] for frame in track["frames"]}) == len(BETAS)
    assert track["prior"]
    assert track["frame"]["low"][0] == -track["frame"]["high"][0]
    assert track["charts"][0]["unit"].endswith("mean of 10,000 test pictures")
    bars = track["charts"][0]["bars"]
    assert all(row == sorted(row, reverse=True) for row in bars)
    assert bars[-1].count(0) >= 5  # at beta 16 most dimensions are closed


def test_another_model_without_a_family_is_told_and_the_curve_stays():
    at = open_page(PAGE, model="fashion-z2")
    assert any("fashion-z2" in caption.value and "mnist-z10-b16" in caption.value for caption in at.caption)
    assert component(at)["start"] == 1
    at = open_page(PAGE, model="mnist-z10-b2")
    assert not any("differs from" in caption.value for caption in at.caption)


def test_the_link_chooses_beta_until_another_model_is_chosen():
    at = open_page(PAGE, model="mnist-z10", beta="8")
    assert component(at)["start"] == 8
    at.sidebar.selectbox(key="model").set_value("mnist-z10-b0.3").run()
    assert component(at)["start"] == 0.3
    assert not at.warning
    assert "beta" in open_page(PAGE, beta="3").warning[0].value


def test_the_reason_is_hidden_until_the_reader_has_predicted():
    at = fresh_page(PAGE)
    assert not at.success
    assert not at.dataframe
    at.radio(key="tradeoff_predict").set_value("worse, and less KL").run()
    assert "33.2" in at.success[0].value  # the rate at beta 0.1
    at.radio(key="tradeoff_predict").set_value("sharper, and more KL").run()
    assert not at.success
    assert any("worse, and less KL" in info.value for info in at.info)


def test_the_table_has_the_figures_of_every_member():
    table = open_page(PAGE).table[0].value
    assert list(table.index.astype(float)) == BETAS
    for _, row in table.iterrows():
        spec = SHIPPED[row["model"]]
        assert float(row["rate, nats"]) == pytest.approx(spec.metrics["kl_nats"], abs=0.051)
        assert int(row["active"]) == spec.metrics["active_units"]
        sigma = np.exp(0.5 * cache.codes(spec).logvar).mean()
        assert float(row["mean σ"]) == pytest.approx(sigma, abs=0.0051)
    gaps = table["gap, σ"].astype(float)
    assert gaps.is_monotonic_decreasing  # the lower beta, the deeper the holes


def test_what_else_differs_within_the_family_is_read_from_the_recipes():
    said = next(c.value for c in open_page(PAGE, model="mnist-z10").caption if "Not all else is equal" in c.value)
    family = [next(s for s in SHIPPED.values() if s.latent_dim == 10 and s.beta == b and s.recipe) for b in BETAS]
    assert what_differs(family) in said
    assert f"epochs {SHIPPED['mnist-z10'].recipe['epochs']} (mnist-z10)" in said


def test_a_damaged_member_is_left_out_and_named(copied_artifacts):
    (copied_artifacts / SHIPPED["mnist-z10-b8"].weights.file).unlink()
    at = open_page(PAGE, model="mnist-z10")
    assert not at.exception
    assert "mnist-z10-b8 is left out" in at.warning[0].value
    assert component(at)["clock"]["values"] == [b for b in BETAS if b != 8]
    for id_ in ("mnist-z10-b0.1", "mnist-z10-b0.3", "mnist-z10-b2", "mnist-z10-b4"):
        (copied_artifacts / SHIPPED[id_].weights.file).unlink()
    cache.st.cache_resource.clear()
    assert "three or more" in open_page(PAGE, model="mnist-z2").info[0].value


def test_other_pictures_come_back_by_link():
    at = open_page(PAGE)
    first = frames(at)[0]["reconstruction"]
    at.button(key="tradeoff_others").click().run()
    other = frames(at)[0]["reconstruction"]
    assert other != first
    assert frames(open_page(PAGE, tradeoff_others="1"))[0]["reconstruction"] == other
    assert at.query_params["tradeoff_others"] == "1"
