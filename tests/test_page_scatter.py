"""Latent scatter, run by Streamlit's own test client: colours, samples, ellipses, boxes, neighbours and own maps."""

import base64
import io
import time

import numpy as np
import pandas as pd
import pytest
from apptest import clicked, component, open_page, pictures
from conftest import ARTIFACTS, SHIPPED
from sklearn.neighbors import NearestNeighbors

from pages.kit import cache
from pages.kit.components.scatter import coloured_by
from pages.kit.own import OwnDigit
from pages.kit.picker import Choice
from pages.kit.scatter import maps as scatter_maps
from pages.kit.scatter import parts
from vae_core import inference, latent, projection
from vae_core.model import load_vae

PAGE = "pages/4_latent_scatter.py"


def said(at) -> str:
    return " ".join(caption.value for caption in at.caption)


def places(data: dict) -> np.ndarray:
    """The dots that the browser is given, in the map's coordinates."""
    shares = np.frombuffer(base64.b64decode(data["dots"]), "<u2").reshape(-1, 2) / 65535
    low, high = np.array(data["frame"]["low"]), np.array(data["frame"]["high"])
    return low + shares * (high - low)


def codes_of(model: str):
    return projection.load_codes(ARTIFACTS, SHIPPED[model])


def test_every_colour_has_its_bar_with_a_unit_and_the_levels_of_its_numbers():
    codes = codes_of("mnist-z10")
    numbers = {
        "KL": 0.5 * (codes.mu**2 + np.exp(codes.logvar) - codes.logvar - 1).sum(axis=1),
        "log-likelihood": codes.log_likelihood,
    }
    for name, values in numbers.items():
        data = component(open_page(PAGE, model="mnist-z10", scatter_colour=name))
        levels = np.frombuffer(base64.b64decode(data["levels"]), np.uint8)
        low, high = np.percentile(values, (1, 99))
        expected = np.floor(np.clip((values - low) / (high - low) * 8, 0, 7))
        assert (levels == expected).mean() > 0.999
        assert "nats" in data["bar"]["title"]
        assert data["bar"]["low"].startswith("≤ ")  # some lie beyond
    assert component(open_page(PAGE, model="mnist-z10"))["bar"] is None


def test_agreement_is_coloured_from_none_to_all_of_the_ten_neighbours():
    data = component(open_page(PAGE, scatter_colour="agreement"))
    codes = codes_of("mnist-z2")
    found = NearestNeighbors(n_neighbors=10).fit(codes.mu).kneighbors(return_distance=False)
    shares = (codes.y[found] == codes.y[:, None]).mean(axis=1)
    levels = np.frombuffer(base64.b64decode(data["levels"]), np.uint8)
    assert (levels == np.minimum(np.floor(shares * 8 + 1e-9), 7)).mean() > 0.99  # ties of equal distance
    assert (data["bar"]["low"], data["bar"]["high"]) == ("0.0", "1.0")


def test_numbers_that_are_all_alike_have_one_colour():
    assert set(base64.b64decode(coloured_by(np.full(5, 3.0), "x").levels)) == {0}


def test_the_plane_shows_the_posterior_to_scale_and_the_prior_around_zero():
    data, codes = component(open_page(PAGE, digit="42")), codes_of("mnist-z2")
    sigma = np.exp(0.5 * codes.logvar[42])
    assert data["prior"] == [0, 0]
    assert data["posterior"]["at"] == pytest.approx(codes.mu[42].tolist(), abs=1e-5)
    assert (data["posterior"]["major"], data["posterior"]["minor"]) == pytest.approx(
        (sigma.max(), sigma.min()), rel=1e-4
    )
    assert (
        data["frame"]["low"][0] == data["frame"]["low"][1] == -data["frame"]["high"][0]
    )  # one scale: circles stay round


def test_pca_shows_the_projected_posterior_and_t_sne_none_and_says_why():
    codes, maps = codes_of("mnist-z10"), projection.load_maps(ARTIFACTS, SHIPPED["mnist-z10"])
    at = open_page(PAGE, model="mnist-z10", scatter_map="PCA", digit="42")
    ellipse = component(at)["posterior"]
    covariance = maps.pca_components @ np.diag(np.exp(codes.logvar[42])) @ maps.pca_components.T
    assert [ellipse["minor"] ** 2, ellipse["major"] ** 2] == pytest.approx(np.linalg.eigvalsh(covariance), rel=1e-4)
    assert component(at)["prior"] == pytest.approx((-maps.pca_mean @ maps.pca_components.T).tolist(), abs=1e-5)
    at.segmented_control(key="scatter_map").set_value("t-SNE").run()
    assert component(at)["posterior"] is None
    assert component(at)["prior"] is None
    assert "only a linear map has a formula" in said(at)
    assert "scatter_dot" not in [control.key for control in at.get("button_group")]


def test_a_sampled_z_is_mu_plus_sigma_epsilon_with_the_seed_that_is_shown():
    codes = codes_of("mnist-z2")
    at = open_page(PAGE, scatter_dot="sample", scatter_noise="5")
    expected = latent.reparameterize(codes.mu, codes.logvar, latent.noise(5000, 2, 5))
    np.testing.assert_allclose(places(component(at)), expected, atol=1e-3)
    assert component(at)["at"] == pytest.approx(expected[component(at)["digit"]].tolist(), abs=1e-4)
    assert component(at)["frame"]["titles"] == ["sampled z1", "sampled z2"]
    assert "sample" in said(at)
    at.number_input(key="scatter_noise").set_value(6).run()
    assert np.abs(places(component(at)) - expected).max() > 0.1


@pytest.mark.parametrize(
    ("query", "of"),
    [
        ({"model": "mnist-z2"}, "mean μ of z1"),
        ({"model": "mnist-z2-ae"}, "z1"),
        ({"model": "mnist-z2-ae", "scatter_map": "PCA"}, "z, first component"),
        ({"model": "mnist-z10", "scatter_map": "PCA"}, "mean μ of z, first component"),
        ({"model": "mnist-z10", "scatter_map": "PCA", "scatter_dot": "sample"}, "sampled z, first component"),
    ],
)
def test_the_axes_say_what_of_z_the_dots_are(query, of):
    assert component(open_page(PAGE, **query))["frame"]["titles"][0].split(" (")[0] == of


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ({}, "# model mnist-z10, map PCA, a dot is mu"),
        (
            {"scatter_dot": "sample", "scatter_noise": "2"},
            "# model mnist-z10, map PCA, a dot is a sampled z, seed 2 of its noise",
        ),
        ({"scatter_map": "t-SNE"}, "# model mnist-z10, map t-SNE, perplexity 30, seed 0, a dot is mu"),
    ],
)
def test_the_table_says_what_it_holds(query, header, files):
    open_page(PAGE, **{"model": "mnist-z10", "scatter_map": "PCA", **query})
    assert clicked(files["This map as CSV"]).decode().split("\n")[0] == header


def test_costs_below_zero_have_a_minus_sign_and_are_said_to_be_of_one_sample():
    at = open_page(PAGE, model="mnist-z10-gauss")
    assert "Reconstruction −" in said(at)
    assert "nats, by one sample of z" in said(at)


def test_neighbours_are_those_of_latent_and_of_pixel_space():
    codes = codes_of("mnist-z10")
    at = open_page(PAGE, model="mnist-z10", digit="42")
    html = "".join(element.proto.body for element in at.get("html"))
    x = cache.gallery("mnist").x.reshape(5000, -1)
    for space, among in (("latent", codes.mu), ("pixel", x)):
        found = NearestNeighbors(n_neighbors=9).fit(among).kneighbors(among[[42]], return_distance=False)[0, 1:]
        listed = ", ".join(f"{codes.y[i]} (number {i})" for i in found)
        assert f"Nearest in {space} space: {listed}" in html


@pytest.fixture
def own_digit():
    return OwnDigit(cache.gallery("mnist").x[3].copy(), int(cache.gallery("mnist").y[3]), "mnist")


@pytest.mark.parametrize(("model", "map_"), [("mnist-z2", "Plane"), ("mnist-z10", "PCA"), ("mnist-z4-cond", "t-SNE")])
def test_the_reader_s_own_digit_is_a_star_where_its_code_is_and_has_its_details(own_digit, model, map_):
    at = open_page(PAGE, model=model, scatter_map=map_)
    at.session_state["own_digits"] = [own_digit]
    at.run()
    at.number_input(key="digit").set_value(5000).run()
    assert not at.exception
    data = component(at)
    (star,) = data["marks"]
    assert (star["index"], star["text"], star["name"]) == (5000, "1", "your digit 1")
    if map_ != "t-SNE":  # the same picture as number 3: the same code, the same place
        assert star["at"] == pytest.approx(places(data)[3].tolist(), abs=1e-2)
    else:
        assert np.abs(places(data) - star["at"]).sum(axis=1).min() < 1e-2
    spec = SHIPPED[model]
    label = np.array([own_digit.label]) if spec.conditional else None
    epsilon = latent.noise(1, spec.latent_dim, 0)
    terms = inference.elbo_terms(load_vae(ARTIFACTS, spec), own_digit.x[None], epsilon, label)
    assert f"Reconstruction {-terms.log_likelihood[0]:.1f} + KL {terms.kl[0]:.1f}" in said(at)


def test_a_box_is_counted_by_class_and_belongs_to_its_map():
    codes = codes_of("mnist-z2")
    at = open_page(PAGE)
    for name, value in zip(parts.CORNERS, (0.5, -1.5, 1.5, -0.5), strict=True):
        at.number_input(key=name).set_value(value)
    before = len(pictures(at))
    at.run()
    count = ((codes.mu >= [0.5, -1.5]) & (codes.mu <= [1.5, -0.5])).all(axis=1).sum()
    assert any(f"**{count:,} pictures**, most of them 1" in text.value for text in at.markdown)
    assert any(f"{count} pictures in the box" in chart.proto.alt for chart in at.get("vega_lite_chart"))
    assert len(pictures(at)) == before + 1
    assert component(at)["box"] == [0.5, -1.5, 1.5, -0.5]
    at.segmented_control(key="scatter_map").set_value("UMAP").run()
    assert component(at)["box"] is None
    assert len(pictures(at)) == before


def test_an_empty_box_says_so():
    at = open_page(PAGE)
    for name, value in zip(parts.CORNERS, (4.8, 4.8, 4.9, 4.9), strict=True):
        at.number_input(key=name).set_value(value)
    at.run()
    assert any("No dot lies in this box" in info.value for info in at.info)


@pytest.mark.parametrize("model", ["mnist-z2", "mnist-z4-cond", "mnist-z2-ae"])
def test_the_table_has_the_reader_s_own_digit_too(model, own_digit, files):
    at = open_page(PAGE, model=model)
    at.session_state["own_digits"] = [own_digit]
    at.run()
    table = pd.read_csv(io.BytesIO(clicked(files["This map as CSV"])), comment="#")
    assert table["index"].tolist() == list(range(5001))
    assert table["label"].iloc[-1] == own_digit.label
    # The same picture as number 3.
    assert table[["x", "y"]].iloc[-1].tolist() == pytest.approx(table[["x", "y"]].iloc[3].tolist(), abs=1e-2)


def test_the_table_has_a_row_a_dot_with_its_figures():
    spec = SHIPPED["mnist-z10"]
    codes, maps = codes_of(spec.id), projection.load_maps(ARTIFACTS, spec)
    choice = Choice(spec, codes, None, tuple("0123456789"))
    view = scatter_maps.View("PCA", "pca", "", {}, linear=maps.pca)
    text = parts.table_of(scatter_maps.Placed(choice, view), 0, "model mnist-z10, map PCA").decode()
    assert text.startswith("# model mnist-z10, map PCA\n")
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert len(table) == 5000
    np.testing.assert_allclose(table[["x", "y"]], maps.xy["pca"], atol=1e-3)
    np.testing.assert_allclose(table["kl_nats"], inference.kl_per_dim(codes.mu, codes.logvar).sum(axis=1), rtol=1e-3)
    np.testing.assert_allclose(table["log_likelihood_nats"], codes.log_likelihood, rtol=1e-3)
    assert table["label"].tolist() == codes.y.tolist()


def test_an_autoencoder_has_no_kl_no_prior_and_no_posterior():
    at = open_page(PAGE, model="mnist-z2-ae")
    data = component(at)
    assert data["prior"] is None
    assert data["posterior"] is None
    (colours,) = [control for control in at.get("button_group") if control.key == "scatter_colour"]
    assert "KL" not in colours.options
    assert "no posterior" in said(at)
    assert "μ" not in said(at)


def test_without_pixels_neighbours_are_decoded_and_nothing_is_compared(without_data):
    at = open_page(PAGE, model="fashion-z10")
    assert not at.exception
    assert "Decoded from their μ" in said(at)
    html = "".join(element.proto.body for element in at.get("html"))
    assert "The original" not in html
    assert "pixel space" not in html
    assert component(at)["atlas"] is None


def test_a_map_with_the_reader_s_own_settings_is_made_on_demand_and_kept(monkeypatch):
    monkeypatch.setattr(scatter_maps, "MOST", 200)
    at = open_page(
        PAGE, model="mnist-z10", scatter_map="t-SNE", scatter_own="true", scatter_own_perplexity="7",
        scatter_own_seed="3", digit="4000",
    )  # fmt: skip
    assert len(places(component(at))) == 5000  # the usual map meanwhile
    at.button(key="scatter_compute").click().run()
    for _ in range(100):
        if "perplexity 7, seed 3" in said(at):
            break
        time.sleep(0.1)
        at.run()
    assert not at.exception
    assert "perplexity 7, seed 3, the gallery's first 200 codes" in said(at)
    xy = places(component(at))
    assert len(xy) == 200
    assert np.abs(xy - component(at)["at"]).sum(axis=1).min() < 1e-2  # number 4000 is placed at a dot
    again = open_page(
        PAGE, model="mnist-z10", scatter_map="t-SNE", scatter_own="true", scatter_own_perplexity="7",
        scatter_own_seed="3",
    )  # fmt: skip
    assert len(places(component(again))) == 200  # for the next reader it is there at once


def test_what_a_map_takes_is_said_before_it_is_computed():
    help_of = {
        name: open_page(PAGE, model="mnist-z10", scatter_map=name, scatter_own="true")
        .button(key="scatter_compute")
        .help
        for name in ("t-SNE", "UMAP")
    }
    assert "half a minute. Until" in help_of["t-SNE"]
    assert "up to two minutes" in help_of["UMAP"]  # numba compiles: 62 s on two busy cores, and 18 s from then on


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("scatter_colour", "red"), ("scatter_dot", "mode"), ("scatter_own_perplexity", "1"), ("scatter_own_seed", "-2")],
)
def test_an_impossible_setting_in_the_link_is_named(parameter, value):
    more = {"scatter_map": "t-SNE", "scatter_own": "true"} if "own" in parameter else {}
    at = open_page(PAGE, **{parameter: value, **more})
    assert parameter in at.warning[0].value
    assert not at.exception
