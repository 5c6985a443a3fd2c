"""One colour a concept: seen on every page, told from the others, and the same in formulas and charts."""

import json
import tomllib
from itertools import combinations

import numpy as np
import pytest
from apptest import component, open_page
from conftest import ROOT, SHIPPED

from pages.kit import concepts
from pages.kit.charts.bounds import bound_by_k
from pages.kit.charts.compare import turn_cost
from pages.kit.charts.finished import finished
from pages.kit.charts.holes import surgery_bars
from pages.kit.charts.own import cost_among_the_gallery
from pages.kit.charts.shared import training_curves
from pages.kit.charts.theory.bound import bound_and_gap
from pages.kit.charts.theory.pixels import pixel_curves
from pages.kit.concepts import ELBO, GAP, KL, Concept

CONCEPTS = {name: one for name, one in vars(concepts).items() if isinstance(one, Concept)}
COLOURS = {one.colour for one in CONCEPTS.values()}


def channels(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    c = channels(colour)
    return float(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def colours_of(draw, *data) -> set[str]:
    """The concepts' colours that a chart uses."""
    drawn = json.dumps({**finished(draw, data, {}, large=False), "datasets": {}})
    return {colour for colour in COLOURS if colour in drawn}


@pytest.mark.parametrize("name", CONCEPTS)
def test_every_colour_is_seen_on_the_light_and_on_the_dark_page(name):
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    own = luminance(CONCEPTS[name].colour)
    for look in ("light", "dark"):
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            dark, light = sorted((own, luminance(theme[look][ground])))
            assert (light + 0.05) / (dark + 0.05) >= 3, (look, ground)


def test_no_two_concepts_look_alike():
    for one, other in combinations(CONCEPTS.values(), 2):
        assert np.abs(channels(one.colour) - channels(other.colour)).max() > 0.15, (one.symbol, other.symbol)


def test_the_elbo_has_one_colour_in_every_chart():
    columns = {"K": [1, 10], "bound": [-2.0, -1.5], "sd": [0.5, 0.2], "draws": [10, 5]}
    columns = {name: np.array(values) for name, values in columns.items()}
    assert ELBO.colour in colours_of(bound_by_k, columns, 1, None)
    assert ELBO.colour in colours_of(cost_among_the_gallery, np.arange(50.0), 20.0)
    assert colours_of(training_curves, SHIPPED["mnist-z2"].history, True) == {ELBO.colour}
    assert {ELBO.colour, GAP.colour} <= colours_of(bound_and_gap, -2.0, -3.0, 1.0)
    assert {ELBO.colour, GAP.colour} <= colours_of(turn_cost, (0, 45), np.zeros(2), np.ones((2, 3)), 0)
    for page, model in (("pages/3_training_progress.py", "mnist-z2"), ("pages/8_trade_off.py", "mnist-z10")):
        (track,) = component(open_page(page, model=model))["tracks"]
        if page.startswith("pages/3"):
            assert {chart["name"]: chart["colour"] for chart in track["charts"]}["negative ELBO"] == ELBO.colour
        else:
            assert {line["colour"] for line in track["lead"][0]["lines"] if "text" in line} == {ELBO.colour}


def test_the_pink_of_the_kl_is_neither_the_gap_s_nor_another_s():
    assert KL.colour not in colours_of(bound_and_gap, -2.0, -3.0, 1.0)
    assert colours_of(surgery_bars, 7.0, 0.5, 7.5, 8.5) == {KL.colour, concepts.X.colour}


def test_the_likelihoods_of_a_pixel_differ_in_dashes_and_not_in_colours_of_concepts():
    curves = {"Bernoulli": np.zeros(2), "continuous Bernoulli": np.ones(2), "Gaussian": np.ones(2)}
    assert colours_of(pixel_curves, np.arange(2.0), curves) == {concepts.RECONSTRUCTION.colour}
    dash = finished(pixel_curves, (np.arange(2.0), curves), {}, large=False)["encoding"]["strokeDash"]["scale"]
    assert len({tuple(one) for one in dash["range"]}) == 3


@pytest.mark.parametrize(
    ("path", "query"), [("pages/2_loss_theory.py", {"step": "Bound"}), ("pages/2_loss_theory.py", {"step": "Recap"})]
)
def test_formulas_have_the_colours_of_the_charts(path, query):
    formulas = [latex.value for latex in open_page(path, **query).latex]
    assert any(ELBO.colour in formula and "ELBO" in formula for formula in formulas)
    assert any(GAP.colour in formula for formula in formulas)
    assert not any(rf"\textcolor{{{KL.colour}}}{{\mathrm{{KL}}(q\,\|\,p(z \mid x))" in one for one in formulas)


def test_the_formulas_of_bounds_colour_the_elbo_and_its_gap():
    formulas = " ".join(latex.value for latex in open_page("pages/12_bounds.py", model="mnist-z2").latex)
    assert formulas.count(rf"\textcolor{{{ELBO.colour}}}{{\mathrm{{ELBO}}}}") == 3
    assert GAP.colour in formulas
    assert KL.colour not in formulas
