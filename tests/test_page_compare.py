"""The page Compare: three planes of one data set, what is missing is said, and the turned ELBO."""

import numpy as np
import pytest
from apptest import component, open_page, pictures
from conftest import SHIPPED

from pages.kit import cache, computed

PATH = "pages/11_compare.py"


def titles(at) -> list[str]:
    return [plane["title"] for plane in component(at)["planes"]]


def test_three_planes_in_units_of_their_own_codes():
    at = open_page(PATH, model="mnist-z10")
    assert titles(at) == ["PCA", "Autoencoder, mnist-z2-ae", "VAE, mnist-z2"]
    for plane, id_ in zip(component(at)["planes"][1:], ("mnist-z2-ae", "mnist-z2"), strict=True):
        mu = cache.codes(SHIPPED[id_]).mu
        assert plane["centre"] == pytest.approx(mu.mean(axis=0).tolist())
        assert plane["scale"] == pytest.approx(mu.std(axis=0).tolist())
    pca, autoencoder, vae = (float(metric.value) for metric in at.metric)
    assert pca > vae > 0.02
    assert pca > autoencoder > 0.02


def test_fashion_says_which_plane_is_missing():
    at = open_page(PATH, model="fashion-z10")
    assert "VAE, fashion-z2" in titles(at)
    assert any("Not here for Fashion-MNIST" in c.value and "Autoencoder" in c.value for c in at.caption)


@pytest.mark.usefixtures("without_data")
def test_without_pixels_the_shipped_codes_are_enough():
    at = open_page(PATH, model="fashion-z2")
    assert titles(at) == ["VAE, fashion-z2"]
    assert any("PCA, Autoencoder" in c.value for c in at.caption)
    assert any("reconstruction term needs" in c.value for c in at.caption)
    assert not at.exception


def test_a_missing_neighbour_is_named_and_the_others_go_on(copied_artifacts):
    (copied_artifacts / SHIPPED["mnist-z2-ae"].weights.file).unlink()
    at = open_page(PATH, model="mnist-z2")
    assert titles(at) == ["PCA", "VAE, mnist-z2"]
    assert any("mnist-z2-ae" in c.value for c in at.caption)
    assert not at.exception


def test_scaled_noise_moves_pca_and_the_autoencoder_more_than_the_vae():
    at = open_page(PATH)
    before = pictures(at)[:3]
    at.segmented_control(key="compare_noise").set_value("scaled").run()
    assert all(a != b for a, b in zip(before, pictures(at)[:3], strict=True))
    spread = [float(c.value.split("varies by ")[1].rstrip(".")) for c in at.caption if "varies by" in c.value]
    assert spread[1] > spread[0]


def test_one_row_a_latent_size_and_its_figures():
    at = open_page(PATH)
    table = at.table[0].value
    expected = ["mnist-z2", "mnist-z4", "mnist-z6-conv", "mnist-z10", "mnist-z10-conv", "mnist-z20"]
    assert list(table.index) == expected
    assert list(table["nELBO, nats"]) == [f"{SHIPPED[m].metrics['nelbo_nats']:.1f}" for m in expected]
    before = pictures(at)
    at.segmented_control(key="compare_rows").set_value("samples").run()
    assert len(pictures(at)) == len(before) - 1  # samples have no originals


@pytest.mark.parametrize("model", ["mnist-z10", "mnist-z4-cond"])
def test_turned_by_any_angle_the_elbo_is_the_same(model):
    at = open_page(PATH, model=model, compare_angle="30")
    table = next(m.value for m in at.markdown if "as trained" in m.value)
    rows = {cells[1].strip(): cells[2:4] for cells in (line.split("|") for line in table.splitlines()[2:])}
    for name in ("mean KL of the gallery, nats", "nELBO of 200 pictures, nats"):
        trained, turned = (float(value) for value in rows[name])
        assert turned == pytest.approx(trained, abs=2e-3)
    assert float(rows["largest change of a pixel of x̂"][1]) < 1e-5
    kl, gap, elbos = computed.turned_elbos(SHIPPED["mnist-z10"], (0, 1), (0, 45, 90))
    assert gap[1] > 0.01 > gap[0] == pytest.approx(gap[2], abs=1e-6)
    np.testing.assert_allclose(kl, kl[0], rtol=1e-6)
    assert elbos.shape == (2, 3, 200)


def test_a_plain_autoencoder_compares_but_has_no_posterior_to_turn():
    at = open_page(PATH, model="mnist-z2-ae")
    assert len(titles(at)) == 3
    assert at.button(key="posterior_model")
    assert not [m for m in at.markdown if "as trained" in m.value]


@pytest.mark.parametrize("asked", ["1", "a,b", "nan,1"])
def test_an_impossible_cursor_in_the_link_is_named(asked):
    at = open_page(PATH, compare_at=asked)
    assert "compare_at" in at.warning[0].value
    assert component(at)["cursor"] == [0, 0]


def test_the_link_restores_the_cursor():
    assert component(open_page(PATH, compare_at="-1.5,0.25"))["cursor"] == [-1.5, 0.25]


def test_an_angle_between_the_steps_is_named():
    assert "compare_angle" in open_page(PATH, compare_angle="40").warning[0].value


def test_a_missing_size_is_named_and_the_others_go_on(copied_artifacts):
    (copied_artifacts / SHIPPED["mnist-z20"].weights.file).unlink()
    at = open_page(PATH, model="mnist-z2")
    assert "mnist-z20" not in list(at.table[0].value.index)
    assert any("Unavailable: mnist-z20" in c.value for c in at.caption)
    assert not at.exception


def test_the_latent_sizes_say_how_their_trainings_differ():
    at = open_page(PATH, model="mnist-z2")
    said = next(caption.value for caption in at.caption if "Not all else is equal" in caption.value)
    for id_ in ("mnist-z2", "mnist-z4", "mnist-z6-conv"):
        assert f"{SHIPPED[id_].recipe['epochs']} (" in said
    assert "learning rate 0.003 (mnist-z6-conv, mnist-z10-conv), 0.004 (the others)" in said
    assert not any("in one way" in text.value for text in at.markdown)
