"""The page Holes: its numbers are the core's, its buttons find places, links restore them."""

import json
import re

import numpy as np
import pytest
from apptest import component, open_page, pictures
from conftest import SHIPPED

from pages.kit import cache, computed
from pages.kit.show import printed
from vae_core import density, latent

PATH = "pages/10_holes.py"


def metrics(at) -> dict[str, str]:
    return {metric.label: metric.value.replace("−", "-") for metric in at.metric}


def test_the_surgery_s_table_and_the_identity():
    at = open_page(PATH, model="mnist-z4")
    codes = cache.codes(SHIPPED["mnist-z4"])
    parts = density.surgery(codes.mu, codes.logvar, latent.noise(*codes.mu.shape, seed=0))
    table = next(m.value for m in at.markdown if m.value.startswith("| | nats"))
    kl, information, marginal, total, ceiling = (float(row.split("|")[2]) for row in table.splitlines()[2:])
    assert kl == pytest.approx(parts.kl, abs=0.005)
    assert information == pytest.approx(parts.mutual_information.nats, abs=0.005)
    assert information + marginal == pytest.approx(total, abs=0.011)
    assert total == pytest.approx(kl, abs=4 * parts.kl_sampled.standard_error + 0.01)
    assert information < ceiling == 8.52


def test_the_search_goes_to_an_emptier_place_and_back():
    at = open_page(PATH)
    before, turn = metrics(at), component(at)["turn"]
    at.button(key="holes_search").click().run()
    found = metrics(at)
    assert float(found["log q(z), nats"]) < float(before["log q(z), nats"]) - 5
    z = component(at)["planes"][0]["origin"]
    assert [f"{v:.4g}" for v in z] == "".join(at.query_params["holes_z"]).split(",")
    assert np.square(z).sum() < 1.5  # the half of the prior's samples that it finds most probable
    assert component(at)["turn"] != turn
    assert component(at)["cursor"] == pytest.approx(z, abs=1e-3)
    assert any("**A hole**" in m.value for m in at.markdown)
    at.button(key="holes_border").click().run()
    votes = next(int(c.value.split("pictures; ")[1][0]) for c in at.caption if "nearest codes are of these" in c.value)
    assert votes <= 4
    at.button(key="holes_centre").click().run()
    assert metrics(at) == before
    assert not at.exception


def said(at) -> str:
    return " ".join(element.value for element in (*at.markdown, *at.info))


def test_where_no_sample_is_a_hole_the_place_stays_and_it_is_said():
    for model in ("mnist-z4-cond", "mnist-z2-ae"):
        at = open_page(PATH, model=model)
        before = metrics(at)
        at.button(key="holes_search").click().run()
        assert metrics(at) == before
        assert "No hole this time" in said(at)
        assert f"well filled in {model}" in said(at)
        at.button(key="holes_border").click().run()
        assert "No hole this time" not in said(at)


@pytest.mark.parametrize("model", ["mnist-z2", "fashion-z4", "mnist-z10-b4"])
def test_every_place_that_the_search_finds_is_a_hole_by_the_verdict(model):
    at = open_page(PATH, model=model)
    for _ in range(3):
        at.button(key="holes_search").click().run()
        assert "**A hole**" in said(at)


@pytest.mark.parametrize("model", ["mnist-z10-gauss", "mnist-z20", "mnist-z10"])
def test_a_precise_model_says_that_the_score_cannot_tell(model):
    at = open_page(PATH, model=model)
    z, at_codes, _ = computed.cloud_samples(SHIPPED[model])
    typical, by_prior = printed(np.median(at_codes)), printed(np.median(density.log_prior(z)))
    assert f"log q(z) = {typical}, where log p(z) = {by_prior}" in said(at)
    assert "Codes of real pictures lie" not in said(at)
    at.button(key="holes_search").click().run()
    assert "**Perhaps a hole**" in said(at)


@pytest.mark.parametrize(("model", "counted"), [("mnist-z2", True), ("mnist-z10-b8", True), ("mnist-z20", False)])
def test_samples_in_holes_are_counted_only_where_the_score_can_tell(model, counted):
    *_, misses = computed.cloud_samples(SHIPPED[model])
    words = said(open_page(PATH, model=model))
    assert (f"**{misses:.1%}** of 2,000 samples" in words) is counted
    assert ("cannot be counted here" in words) is not counted


def test_the_map_is_as_high_as_it_is_wide_whatever_the_width():
    at = open_page(PATH)
    spec = json.loads(next(e.proto for e in at.get("vega_lite_chart") if "circles of the" in e.proto.alt).spec)
    assert {"name": "height", "expr": "width"} in spec["params"]
    assert spec["autosize"]["type"] == "fit-x"


def test_a_link_restores_the_place_and_its_density():
    at = open_page(PATH, model="mnist-z10", holes_z=",".join(["0.5"] * 10))
    codes = cache.codes(SHIPPED["mnist-z10"])
    expected = density.log_aggregate(np.full((1, 10), 0.5), codes.mu, codes.logvar)[0]
    assert float(metrics(at)["log q(z), nats"]) == pytest.approx(expected, abs=0.06)
    assert component(at)["planes"][0]["origin"] == [0.5] * 10
    at.sidebar.selectbox(key="model").set_value("mnist-z2").run()
    assert component(at)["planes"][0]["origin"] == [0, 0]
    assert not at.warning


@pytest.mark.parametrize("asked", ["1,2,3", "", "nan,0", "x" * 500])
def test_an_impossible_place_in_the_link_is_named(asked):
    at = open_page(PATH, holes_z=asked)
    assert "holes_z" in at.warning[0].value
    assert len(at.warning[0].value) < 300
    assert not at.exception


def test_a_plain_autoencoder_has_a_stated_bandwidth_and_no_kl():
    at = open_page(PATH, model="mnist-z2-ae")
    text = next(m.value for m in at.markdown if "bandwidth" in m.value)
    width, _ = density.bandwidth(cache.codes(SHIPPED["mnist-z2-ae"]).mu)
    assert f"**{width:.2f}**" in text
    assert "## Surgery on the KL" not in [text.value for text in at.markdown]
    scores = at.table[0].value
    agreeing = [int(share.rstrip("%")) for share in scores["8 of 10 nearest codes of one class"]]
    assert agreeing[1] > agreeing[0] + 10  # the mixture knows where the codes are


def test_the_mixture_s_samples_follow_its_size_and_the_others_stay():
    at = open_page(PATH, model="mnist-z4", holes_components="1")
    before = pictures(at)
    assert component(at)["planes"][0]["dims"] != [0, 0]
    at.segmented_control(key="holes_components").set_value(20).run()
    after = pictures(at)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, True]
    assert "of one class" in " ".join(c.value for c in at.caption)


def test_a_conditional_model_draws_the_class_one_asks_for():
    at = open_page(PATH, model="mnist-z4-cond")
    assert component(at)["label"] == 0
    at.selectbox(key="holes_label").set_value(7).run()
    assert component(at)["label"] == 7


def test_the_difference_is_that_of_the_two_densities():
    at = open_page(PATH, holes_view="difference")
    chart = next(e.proto for e in at.get("vega_lite_chart") if "log p" in e.proto.alt)
    assert "log q(z) − log p(z)" in chart.alt
    assert re.search(r'"scheme": ?"redblue"', json.dumps(json.loads(chart.spec)))
