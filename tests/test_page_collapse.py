"""The page Collapse: dimensions switched off, what is lost, for any picture."""

import re

import numpy as np
import pytest
from apptest import open_page, pictures
from conftest import SHIPPED

from pages.kit import cache
from pages.kit.own import OwnDigit
from pages.kit.recipes import what_differs
from vae_core import inference

PAGE = "pages/9_collapse.py"


def metrics(at) -> dict[str, float]:
    return {metric.label: float(metric.value) for metric in at.metric}


def sheets(at) -> list[str]:
    return pictures(at)


def test_dead_dimensions_cost_nothing_and_all_of_them_cost_much():
    codes = cache.codes(SHIPPED["mnist-z20"])
    collapsed = [f"z{dim + 1}" for dim in np.flatnonzero(codes.mu.var(axis=0) <= 0.01)]
    assert len(collapsed) == 20 - SHIPPED["mnist-z20"].metrics["active_units"] > 0
    at = open_page(PAGE, model="mnist-z20")
    at.button(key="collapse_dead").click().run()
    assert at.button_group(key="collapse_off").value == collapsed
    dead = metrics(at)
    assert abs(dead["Reconstruction lost, nats"]) < 0.1
    assert dead["KL no longer paid, nats"] < 0.1
    at.button(key="collapse_all").click().run()
    assert metrics(at)["Reconstruction lost, nats"] > 100
    assert metrics(at)["KL no longer paid, nats"] == pytest.approx(
        inference.kl_per_dim(codes.mu, codes.logvar).sum(axis=1).mean(), abs=0.01
    )
    at.button(key="collapse_none").click().run()
    assert metrics(at)["Reconstruction lost, nats"] == 0


def test_a_chosen_dimension_changes_the_pictures_and_goes_on_at_once():
    at = open_page(PAGE, model="mnist-z10", collapse_off="z1")
    one = sheets(at)
    assert at.button_group(key="collapse_off").value == ["z1"]
    at.button_group(key="collapse_off").set_value(["z1", "z8"]).run()
    assert sheets(at) != one
    assert "z1, z8" in " ".join(caption.value for caption in at.caption)


def test_the_reader_s_own_digit_is_switched_off_as_any_other():
    at = open_page(PAGE, model="mnist-z10")
    before = metrics(at)
    x = np.zeros((28, 28), np.float32)
    x[4:24, 12:15] = 1
    at.session_state["own_digits"] = [OwnDigit(x, 1, "mnist")]
    at.run()
    at.number_input(key="digit").set_value(5000).run()
    assert not at.exception
    after = metrics(at)
    assert after["Lost by the chosen picture, nats"] != before["Lost by the chosen picture, nats"]
    assert after["Reconstruction lost, nats"] == before["Reconstruction lost, nats"]
    assert any("your digit 1" in caption.value for caption in at.caption)


def test_a_choice_of_dimensions_does_not_follow_to_another_model():
    at = open_page(PAGE, model="mnist-z20", collapse_off="z19")
    at.sidebar.selectbox(key="model").set_value("mnist-z2").run()
    most_used = np.argmax(SHIPPED["mnist-z2"].metrics["kl_per_dim_nats"])
    assert at.button_group(key="collapse_off").value == [f"z{most_used + 1}"]
    assert not at.warning
    assert not at.exception
    assert "z19" in open_page(PAGE, model="mnist-z2", collapse_off="z19").warning[0].value


def test_the_order_of_the_bars_is_by_use_or_by_number():
    at = open_page(PAGE, model="mnist-z20")
    codes = cache.codes(SHIPPED["mnist-z20"])
    most_used = np.argsort(-inference.kl_per_dim(codes.mu, codes.logvar).mean(axis=0))[:2]
    assert at.button_group(key="collapse_off").options[:2] == [f"z{dim + 1}" for dim in most_used]
    at.button_group(key="collapse_order").set_value("as numbered").run()
    assert at.button_group(key="collapse_off").options[:2] == ["z1", "z2"]


def test_active_units_of_every_beta_and_size_are_said():
    alts = " ".join(chart.proto.alt for chart in open_page(PAGE).get("vega_lite_chart"))
    for id_ in ("mnist-z10-b16", "mnist-z20"):
        spec = SHIPPED[id_]
        assert f"{spec.metrics['active_units']} of {spec.latent_dim} active" in alts


def test_more_noise_leaves_fewer_dimensions_of_the_linear_vae():
    at = open_page(PAGE, collapse_noise="0.1")
    few = at.select_slider(key="collapse_noise").set_value(7.0).run()
    assert next(m.value for m in few.metric if m.label.startswith("Active dimensions")) == "0"
    assert not few.warning
    assert "collapse_noise" in open_page(PAGE, collapse_noise="0.4").warning[0].value


def test_the_remedies_are_those_of_the_recipe():
    here = list(open_page(PAGE, model="mnist-z10-b4").table[0].value["here"])
    assert "first 10%" in here[0]
    assert "not used" in here[1]
    assert here[2].endswith("4")


def test_without_the_pictures_the_codes_still_tell(without_data):
    cache.st.cache_resource.clear()
    at = open_page(PAGE, model="fashion-z10")
    assert not at.exception
    assert not at.error
    assert len(sheets(at)) == 2  # decoded from the shipped codes
    assert "Reconstruction lost, nats" not in {metric.label for metric in at.metric}


def test_a_model_of_another_data_set_is_told_whose_family_is_shown():
    said = " ".join(caption.value for caption in open_page(PAGE, model="fashion-z10").caption)
    assert "fashion-z10 belongs to no such family, so this is the one of MNIST, latent size 10." in said
    assert "belongs to no such family" not in " ".join(c.value for c in open_page(PAGE, model="mnist-z10").caption)


def test_what_else_differs_within_a_family_is_read_from_the_recipes():
    said = [caption.value for caption in open_page(PAGE, model="mnist-z10").caption if "Not all else" in caption.value]
    betas = SHIPPED["mnist-z10"].recipe["epochs"], SHIPPED["mnist-z10-b8"].recipe["epochs"]
    assert f"epochs {betas[0]} (mnist-z10), {betas[1]} (the others)" in said[0]
    assert "epochs 280 (mnist-z2), 240 (mnist-z4), 220 (the others)" in said[1]
    alike = [SHIPPED["mnist-z10-b4"], SHIPPED["mnist-z10-b8"]]
    assert what_differs(alike) == ""  # but for beta, by which they are laid out


def test_collapse_and_traversals_put_the_same_dimensions_first():
    order = at_most_used("mnist-z20")
    assert open_page(PAGE, model="mnist-z20").button_group(key="collapse_off").options == order
    at = open_page("pages/5_gaussian_sampling.py", model="mnist-z20", sampling_part="Traversals")
    rows = "".join(element.proto.body for element in at.get("html"))
    shown = re.findall(r"<span>(z\d+): ", rows)
    assert shown == order


def at_most_used(model: str) -> list[str]:
    """By the KL of the shipped codes."""
    codes = cache.codes(SHIPPED[model])
    kl = inference.kl_per_dim(codes.mu, codes.logvar).mean(axis=0)
    return [f"z{dim + 1}" for dim in np.argsort(-kl)]
