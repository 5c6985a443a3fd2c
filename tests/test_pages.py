"""Every page, run by Streamlit's own test client for every shipped model, and moved once."""

import dataclasses
import gc
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from apptest import PATHS, component, fresh_page, open_page, pictures
from conftest import ROOT, SHIPPED, write_dataset

from pages.kit import cache
from pages.kit.nav import PAGES
from vae_core import card
from vae_core.build.own_data import OwnData, publish_gallery
from vae_core.build.publish import store, update_model
from vae_core.data import Images
from vae_core.manifest import read_arrays, read_manifest, write_manifest


def test_every_page_file_is_in_the_navigation():
    assert sorted(PATHS) == sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("model", SHIPPED)
@pytest.mark.parametrize("path", PATHS)
def test_every_page_opens_with_every_model(path, model):
    at = open_page(path, model=model)
    assert not at.exception
    assert not at.error
    assert not at.warning
    title = next(title for rows in PAGES.values() for p, title, _ in rows if p == path)
    assert at.main.markdown[0].value.startswith(f"# {title}\n")
    assert at.sidebar.selectbox(key="model").value == model


@pytest.mark.parametrize("path", PATHS)
def test_every_chart_and_picture_has_a_text_equivalent(path):
    at = open_page(path)
    images = re.findall('<img alt="([^"]*)"', "".join(element.proto.body for element in at.get("html")))
    assert len(images) == len(pictures(at))
    charts = [element.proto.alt for element in at.get("vega_lite_chart")]
    assert all(images)
    assert all(charts)


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_model_in_the_link_is_named_and_another_shown(path):
    at = open_page(path, model="nonsense")
    assert "nonsense" in at.warning[0].value
    assert "sidebar" in at.warning[0].value
    assert not at.exception


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        (PATHS[0], "digit", "5000"),
        (PATHS[0], "digit", "seven"),
        (PATHS[2], "epoch", "4"),
        (PATHS[2], "training_seed", "-1"),
        (PATHS[3], "scatter_map", "sne"),
        (PATHS[4], "sampling_part", "x" * 500),
        (PATHS[4], "z", "1,2,3"),
        (PATHS[4], "z", ""),
        (PATHS[4], "z", "nan,0"),
        (PATHS[5], "transition_A", "1e9"),
    ],
)
def test_an_impossible_value_in_the_link_is_named_and_the_page_goes_on(path, parameter, value):
    at = open_page(path, **{parameter: value})
    assert parameter in at.warning[0].value
    assert len(at.warning[0].value) < 300
    assert not at.exception


def test_the_model_stays_when_the_page_changes():
    at = open_page(PATHS[0])
    at.sidebar.selectbox(key="model").set_value("mnist-z10").run()
    at.switch_page(PATHS[4]).run()
    assert at.sidebar.selectbox(key="model").value == "mnist-z10"


def test_the_picture_stays_when_the_page_changes():
    at = open_page(PATHS[0], digit="123")
    at.switch_page(PATHS[3]).run()
    assert component(at)["digit"] == 123


def test_fresh_noise_changes_epsilon_but_not_the_posterior():
    at = open_page(PATHS[0])
    before = component(at)
    at.button(key="overview_fresh").click().run()
    after = component(at)
    assert after["mu"] == before["mu"]
    assert after["logvar"] == before["logvar"]
    assert after["epsilon"] != before["epsilon"]


def test_noise_stays_when_the_digit_changes():
    at = open_page(PATHS[0])
    before = component(at)
    at.button(key="digit_another").click().run()
    after = component(at)
    assert after["epsilon"] == before["epsilon"]
    assert after["mu"] != before["mu"]
    assert after["picture"]["x"] != before["picture"]["x"]


def test_another_digit_is_of_the_chosen_class():
    at = open_page(PATHS[0])
    at.selectbox(key="digit_class").set_value(3).run()
    at.button(key="digit_another").click().run()
    index = at.number_input(key="digit").value
    assert cache.codes(SHIPPED["mnist-z2"]).y[index] == 3
    assert component(at)["picture"]["name"] == "digit 3"


def test_the_class_follows_the_number_in_the_gallery():
    at = open_page(PATHS[0])
    at.number_input(key="digit").set_value(0).run()
    assert at.selectbox(key="digit_class").value == cache.codes(SHIPPED["mnist-z2"]).y[0]


def test_moving_mu_changes_the_kl_by_its_closed_form():
    at = open_page(PATHS[1], step="KL")
    at.slider(key="loss_mu").set_value(2.0)
    at.slider(key="loss_logvar").set_value(0.0).run()
    assert at.metric[0].value == "2.000"  # mu^2 / 2 at sigma = 1


def test_the_elbo_of_the_digit_is_the_sum_of_its_terms():
    at = open_page(PATHS[1], model="mnist-z10", step="Terms")
    total = float(next(m.value for m in at.metric if m.label.startswith("Negative ELBO")))
    alts = [chart.proto.alt for chart in at.get("vega_lite_chart")]
    words = next(alt for alt in alts if "is the negative ELBO" in alt).split()
    assert float(words[1]) + float(words[5]) == pytest.approx(total, abs=0.11)


def test_the_player_gets_one_frame_for_each_shipped_epoch():
    at = open_page(PATHS[2], model="mnist-z10", epoch="3")
    data = component(at)
    frames = data["tracks"][0]["frames"]
    assert data["clock"]["values"] == SHIPPED["mnist-z10"].epochs
    assert len(frames) == len(data["clock"]["values"])
    assert len({frame["samples"] for frame in frames}) == len(frames)
    assert data["start"] == 3


def test_another_seed_gives_the_player_other_samples_of_the_same_pictures():
    at = open_page(PATHS[2])
    before = component(at)["tracks"][0]["frames"][-1]
    at.number_input(key="training_seed").set_value(1).run()
    after = component(at)["tracks"][0]["frames"][-1]
    assert after["samples"] != before["samples"]
    assert after["reconstruction"] == before["reconstruction"]


def test_other_pictures_leave_the_samples_alone():
    at = open_page(PATHS[2])
    before = component(at)["tracks"][0]["frames"][-1]
    at.button(key="training_others").click().run()
    after = component(at)["tracks"][0]["frames"][-1]
    assert after["reconstruction"] != before["reconstruction"]
    assert after["samples"] == before["samples"]


def test_fresh_samples_move_the_estimate_and_not_the_closed_form():
    at = open_page(PATHS[1], step="KL")
    before = [metric.value for metric in at.metric[:2]]
    at.button(key="loss_fresh").click().run()
    exact, estimate = (metric.value for metric in at.metric[:2])
    assert exact == before[0]
    assert estimate != before[1]


def test_choosing_another_map_moves_the_dots_and_keeps_the_digit():
    at = open_page(PATHS[3], model="mnist-z10", digit="5")
    before = component(at)
    at.segmented_control(key="scatter_map").set_value("UMAP").run()
    after = component(at)
    assert after["dots"] != before["dots"]
    assert after["digit"] == before["digit"] == 5


def test_a_chosen_dot_changes_the_picture():
    at = open_page(PATHS[3])
    before = pictures(at)
    at.number_input(key="digit").set_value(17).run()
    assert pictures(at) != before
    assert component(at)["digit"] == 17


def test_the_ends_of_a_transition_are_the_chosen_codes():
    at = open_page(PATHS[5], model="mnist-z10", transition_A="10", transition_B="20")
    ends, way = pictures(at), component(at)["path"]
    at.segmented_control(key="transition_path").set_value("spherical").run()
    assert pictures(at) == ends
    assert component(at)["path"] != way
    assert at.number_input(key="transition_A").value == 10
    assert {b.proto.label.rsplit(" ")[-1] for b in at.get("download_button")} == {"PNG", "GIF"}


@pytest.mark.parametrize("path", PATHS[:2])
def test_a_page_about_posteriors_says_why_an_autoencoder_has_none_and_offers_a_vae(path):
    at = open_page(path, model="mnist-z2-ae")
    assert "plain autoencoder" in at.info[0].value
    at.button(key="posterior_model").click().run()
    assert at.sidebar.selectbox(key="model").value == "mnist-z2"
    assert at.get("vega_lite_chart")


def test_map_settings_and_seed_choose_the_map():
    at = open_page(PATHS[3], model="mnist-z10", scatter_map="t-SNE", scatter_perplexity="5")
    one = component(at)["dots"]
    assert any("perplexity 5, seed 0" in caption.value for caption in at.caption)
    at.button_group(key="scatter_seed").set_value(2).run()
    assert any("perplexity 5, seed 2" in caption.value for caption in at.caption)
    assert component(at)["dots"] != one


@pytest.mark.parametrize("model", SHIPPED)
def test_the_card_shows_the_figures_of_the_manifest(model):
    at = open_page("pages/13_models.py", model=model)
    shown = at.table[0].value
    assert list(shown["value"]) == [value for _, value, _ in card.metrics(SHIPPED[model])]
    assert set(at.dataframe[0].value["model"]) >= set(SHIPPED)


def test_one_s_own_model_appears_without_editing_code(copied_artifacts):
    """A model of three classes under another name: every page shows it with its own class names."""
    root = copied_artifacts
    manifest = read_manifest(root)
    gallery, spec = manifest.images["mnist"], manifest.models["mnist-z2"]
    x, y = read_arrays(root, gallery.file, "x", "y")
    some = np.flatnonzero(y < 3)[:300]
    own = OwnData("shapes", "My shapes", ("round", "tall", "bent"), None, Images(x[some] / 255.0, y[some]), None, ())
    publish_gallery(root, own)
    buffer = io.BytesIO()
    mu, logvar, log_likelihood = read_arrays(root, spec.codes, "mu", "logvar", "log_likelihood")
    rows = {"mu": mu[some], "logvar": logvar[some], "y": y[some], "log_likelihood": log_likelihood[some]}
    np.savez(buffer, **rows)
    codes = store(root, "codes", "shapes-z2", ".npz", buffer.getvalue())
    mine = dataclasses.replace(
        spec,
        id="shapes-z2",
        dataset="shapes",
        codes=codes,
        maps_file=None,
        maps=(),
        snapshots={},
        replay=None,
        metrics={},
    )
    update_model(root, mine)
    for path in PATHS:
        at = open_page(path, model="shapes-z2")
        assert not at.exception
        assert "My shapes" in at.sidebar.caption[0].value
    assert component(open_page(PATHS[3], model="shapes-z2"))["classes"] == ["round", "tall", "bent"]


@pytest.mark.parametrize("path", PATHS)
def test_a_missing_model_file_is_named_and_the_other_models_go_on(path, copied_artifacts):
    (copied_artifacts / SHIPPED["mnist-z10"].weights.file).unlink()
    at = open_page(path, model="mnist-z10")
    assert "mnist-z10 is unavailable" in at.error[0].value
    assert "git checkout" in at.error[0].value
    assert not at.exception
    at.sidebar.selectbox(key="model").set_value("mnist-z2").run()
    assert not at.error
    assert not at.exception


@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_a_damaged_snapshot_stops_only_the_page_that_needs_it(damage, copied_artifacts):
    artifact = copied_artifacts / SHIPPED["mnist-z2"].snapshots[1].file
    content = artifact.read_bytes()
    artifact.write_bytes(
        content[:1000] if damage == "truncated" else content[:-1] + b"\x00\x01"[content[-1] == 0 :][:1]
    )
    at = open_page(PATHS[2], model="mnist-z2")
    assert "cannot be shown" in at.error[0].value
    assert artifact.name in at.error[0].value
    assert not at.switch_page(PATHS[4]).run().error


def test_a_newer_manifest_asks_for_an_update(copied_artifacts):
    manifest = copied_artifacts / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema": 2', '"schema": 3', 1))
    at = open_page(PATHS[0])
    assert "git pull" in at.error[0].value
    assert not at.exception


def test_a_model_without_codes_says_what_to_run(copied_artifacts):
    manifest = read_manifest(copied_artifacts)
    bare = dataclasses.replace(manifest.models["mnist-z2"], codes=None)
    write_manifest(copied_artifacts, dataclasses.replace(manifest, models={**manifest.models, "mnist-z2": bare}))
    at = open_page(PATHS[0], model="mnist-z2")
    assert "python -m vae_core.build.project mnist-z2" in at.error[0].value


@pytest.mark.parametrize("path", PATHS)
def test_fashion_works_without_its_pictures_and_offers_the_download(path, without_data):
    at = open_page(path, model="fashion-z2")
    assert not at.exception
    assert not at.error
    assert "Download Fashion-MNIST" in at.sidebar.info[0].value
    assert at.button(key="download")


def test_a_download_without_network_says_what_to_do(without_data, monkeypatch):
    from torchvision.datasets import FashionMNIST

    def no_network(self):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(FashionMNIST, "download", no_network)
    at = open_page(PATHS[0], model="fashion-z2")
    at.button(key="download").click().run()
    assert "VAE_DATA_DIR" in at.sidebar.error[0].value
    assert not at.exception


def test_pictures_of_another_data_set_are_refused(tmp_path, monkeypatch):
    write_dataset(tmp_path, "FashionMNIST", train=10, test=5000)
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    at = open_page(PATHS[0], model="fashion-z2")
    assert "not those that the shipped codes were computed from" in at.sidebar.info[0].value
    assert not at.exception


def test_the_class_of_a_linked_picture_is_shown_in_every_data_set():
    at = open_page(PATHS[0], digit="123")
    assert at.selectbox(key="digit_class").value == cache.codes(SHIPPED["mnist-z2"]).y[123]
    at.sidebar.selectbox(key="model").set_value("fashion-z2").run()
    assert at.selectbox(key="digit_class").value == cache.codes(SHIPPED["fashion-z2"]).y[123]


def test_opening_every_page_never_imports_what_only_training_needs():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from streamlit.testing.v1 import AppTest
import pages.kit.nav
assert "torch" not in sys.modules, "the title needs no torch"
at = AppTest.from_file({str(ROOT / "streamlit_app.py")!r}, default_timeout=60).run()
for path in {[path for path in PATHS if "holes" not in path]!r}:  # Holes fits a mixture with scikit-learn, on demand
    at.switch_page(path).run()
    assert not at.exception
print([name for name in ("umap", "openTSNE", "torchvision", "sklearn.manifold", "numba") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("pages/2_loss_theory.py", "step", ""),
        ("pages/11_compare.py", "compare_noise", ""),
        ("pages/12_bounds.py", "digit", "inf"),
        ("pages/12_bounds.py", "digit", "9" * 5000),
        ("pages/8_trade_off.py", "tradeoff_others", "9" * 5000),
        ("pages/8_trade_off.py", "present", "nan"),
    ],
)
def test_what_cannot_be_read_in_a_link_is_named_and_struck_out(path, name, value):
    at = fresh_page(path, model="mnist-z10", **{name: value})
    assert not at.exception
    assert name in at.warning[0].value
    assert dict(at.query_params) == {"model": "mnist-z10"}
    assert not at.run().warning


def test_what_is_imported_is_never_looked_through_for_garbage_again():
    open_page("pages/5_gaussian_sampling.py")
    assert gc.get_freeze_count() > 100_000
    assert gc.get_threshold()[0] >= 5_000
