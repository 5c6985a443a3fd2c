"""Your own digit: uploads seen by their sender alone, corrections, and the digit on every other page."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from apptest import PATHS, clicked, component, open_page, pictures
from conftest import ARTIFACTS, ROOT, SHIPPED
from PIL import Image
from streamlit.testing.v1 import AppTest
from test_preparation import REFUSED

from pages.kit import cache, computed
from pages.kit.own import MOST, OwnDigit
from vae_core import inference, latent, preparation
from vae_core.images import to_pixels
from vae_core.model import load_vae
from vae_core.preparation import prepare

OWN = "pages/7_own_digit.py"
DIGIT = OwnDigit(np.pad(np.ones((20, 4), np.float32), ((4, 4), (12, 12))), 1, "mnist")  # a thick 1


def photo() -> bytes:
    page = np.full((120, 160), 230, np.uint8)
    page[30:90, 70:80] = 40  # a 1 in dark ink
    out = io.BytesIO()
    Image.fromarray(page).save(out, "JPEG")
    return out.getvalue()


def uploaded(content: bytes, name: str = "digit.jpg", mime: str = "image/jpeg", **query: str) -> AppTest:
    at = open_page(OWN, own_way="Upload", model="mnist-z10", **query)
    at.get("file_uploader")[0].upload(name, content, mime)
    return at.run()


def with_own(path: str, *digits: OwnDigit, **query: str) -> AppTest:
    at = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    at.session_state["own_digits"] = list(digits)
    for name, value in query.items():
        at.query_params[name] = value
    return at.switch_page(path).run()


def test_a_photo_is_prepared_in_four_steps_and_measured():
    at = uploaded(photo())
    assert not at.exception
    assert not at.error
    assert any("4 · x" in caption.value for caption in at.main.caption)
    assert at.metric[0].label == "Negative ELBO, nats"
    assert float(at.metric[0].value) > 0
    assert not at.get("file_uploader")[0].value  # the file is let go


def test_corrections_change_the_prepared_picture():
    at = uploaded(photo())
    before = pictures(at)
    at.toggle(key="own_automatic").set_value(False).run()
    at.slider(key="own_threshold").set_value(0.95).run()
    assert pictures(at) != before
    at.segmented_control(key="own_strokes").set_value("light").run()
    assert not at.exception


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_picture_gets_one_sentence_and_no_former_picture_stands_for_it(kind):
    content, _ = REFUSED[kind]
    at = uploaded(photo())
    at.button(key="own_keep").click().run()
    kept = pictures(at)
    at.get("file_uploader")[0].upload("digit.jpg", photo(), "image/jpeg")
    at.run()
    assert len(pictures(at)) > len(kept) == 1
    at.get("file_uploader")[0].upload("digit.png", content, "image/png")
    at.run()
    assert len(at.error) == 1
    assert not at.exception
    assert pictures(at) == kept  # what was kept stays, what was measured does not
    assert not at.metric


def nearest_codes(at: AppTest) -> str:
    return re.search('The ten nearest pictures: ([^"]*)', "".join(e.proto.body for e in at.get("html")))[1]


def test_a_conditional_model_proposes_the_label_of_the_best_elbo_and_its_neighbours_follow_the_label():
    spec, gallery = SHIPPED["mnist-z4-cond"], cache.gallery("mnist")
    seven = gallery.x[np.flatnonzero(gallery.y == 7)[0]]
    at = open_page(OWN, own_way="Upload", model=spec.id)
    paper = Image.fromarray(np.rint(255 * (1 - seven)).astype(np.uint8)).resize((280, 280))
    at.session_state["own_grey"] = np.asarray(paper, np.float32) / 255
    at.run()
    x = np.repeat(prepare(at.session_state["own_grey"]).x[None], 64, axis=0)
    epsilon = latent.noise(64, spec.latent_dim, seed=0)
    model = load_vae(ARTIFACTS, spec)
    costs = [-inference.elbo_terms(model, x, epsilon, np.full(64, y)).elbo.mean() for y in range(10)]
    (shows,) = [box for box in at.main.selectbox if box.label == "It shows"]
    assert shows.value == int(np.argmin(costs)) == 7
    assert float(at.metric[0].value) == pytest.approx(min(costs), abs=0.06)
    before = nearest_codes(at)
    shows.set_value(0).run()
    assert float(at.metric[0].value) == pytest.approx(costs[0], abs=0.06)
    mu, _ = inference.encode(model, x[:1], np.zeros(1, int))
    codes = cache.codes(spec)
    found = np.linalg.norm(codes.mu - mu, axis=1).argsort()[:10]
    assert nearest_codes(at) == ", ".join(str(y) for y in codes.y[found]) != before


def test_the_words_are_those_of_the_model_s_pictures():
    at = open_page(OWN, model="fashion-z2")
    (said,) = [info.value for info in at.info if "**Try:**" in info.value]
    assert said.startswith("Items of Fashion-MNIST")
    assert any("one item" in info.value for info in at.info)


@pytest.mark.parametrize("model", ["mnist-z10", "mnist-z4-cond", "mnist-z2-ae"])
def test_the_prepared_picture_and_its_code_can_be_saved(model, files):
    at = open_page(OWN, own_way="Upload", model=model)
    at.get("file_uploader")[0].upload("digit.jpg", photo(), "image/jpeg")
    at.run()
    made = prepare(preparation.read_upload(photo()))
    picture = Image.open(io.BytesIO(clicked(files["x as PNG, 28 x 28"])))
    np.testing.assert_array_equal(np.asarray(picture), to_pixels(made.x))
    assert picture.text["strokes"] == "dark"
    assert picture.text["threshold"] == f"{made.threshold:.2f}"
    spec = SHIPPED[model]
    (shows,) = [box for box in at.main.selectbox if box.label == "It shows"]
    labels = np.array([shows.value]) if spec.conditional else None
    mu, logvar = inference.encode(cache.model(spec), made.x[None], labels)
    about, head, *rows = clicked(files["Its code as CSV"]).decode().splitlines()
    assert about.startswith(f"# model {model}, picture own-")
    columns = dict(zip(head.split(","), np.array([row.split(",") for row in rows], float).T, strict=True))
    if spec.variational:
        np.testing.assert_allclose(columns["mu"], mu[0], rtol=1e-5)
        np.testing.assert_allclose(columns["sigma"], np.exp(0.5 * logvar[0]), rtol=1e-5)
    else:
        assert list(columns) == ["dimension", "code"]
        np.testing.assert_allclose(columns["code"], mu[0], rtol=1e-5)


def test_a_cost_below_zero_has_a_minus_sign():
    at = open_page(OWN, own_way="Upload", model="mnist-z10-gauss")
    at.get("file_uploader")[0].upload("digit.jpg", photo(), "image/jpeg")
    at.run()
    assert at.metric[0].value.startswith("−")
    assert not any(re.search(r"-\d", caption.value) for caption in at.main.caption)


def test_an_upload_is_seen_by_its_sender_alone():
    uploaded(photo())
    other = open_page(OWN, own_way="Upload", model="mnist-z10")
    assert not pictures(other)
    assert not other.metric


def test_a_drawing_that_is_not_kept_is_there_again_after_another_page():
    grey = base64.b64encode(np.rint(255 * DIGIT.x).astype(np.uint8).tobytes()).decode()
    strokes = {"cleared": False, "strokes": [[[14.0, 5.0], [14.0, 22.0]]]}
    at = open_page(OWN, model="mnist-z10")
    at.session_state["own_pad"] = {"drawing": {"drawn": grey, "prepared": grey, "strokes": strokes, "turn": 0}}
    cost = at.run().metric[0].value
    at.switch_page(PATHS[1]).run()
    at.switch_page(OWN).run()
    assert component(at) == {"turn": 0, "strokes": strokes}
    assert at.metric[0].value == cost
    at.button(key="own_keep").click().run()
    at.switch_page(PATHS[1]).run()
    at.switch_page(OWN).run()
    assert component(at) == {"turn": 1, "strokes": None}  # what was kept is no drawing any more
    assert not at.metric


def test_a_kept_digit_is_chosen_on_the_other_pages():
    at = uploaded(photo())
    at.button(key="own_keep").click().run()
    assert at.session_state["digit"] == 5000
    at.switch_page(PATHS[1]).run()
    assert at.number_input(key="digit").value == 5000
    assert at.selectbox(key="digit_class").value == -1
    assert not at.exception


def test_the_oldest_digit_leaves_when_there_are_too_many():
    at = with_own(OWN, *[DIGIT] * MOST, own_way="Upload")
    at.get("file_uploader")[0].upload("digit.jpg", photo(), "image/jpeg")
    at.run().button(key="own_keep").click().run()
    assert len(at.session_state["own_digits"]) == MOST
    assert at.session_state["digit"] == 5000 + MOST - 1


@pytest.mark.parametrize("path", [path for path in PATHS if path != OWN])
@pytest.mark.parametrize("model", ["mnist-z2", "mnist-z4-cond", "mnist-z2-ae", "fashion-z2"])
def test_every_page_works_with_the_readers_own_digit(path, model):
    mine = replace(DIGIT, dataset=SHIPPED[model].dataset)
    at = with_own(path, mine, model=model, digit="5000", transition_A="5000")
    assert not at.exception
    assert not at.error
    assert not at.warning


def test_a_label_belongs_to_its_data_set():
    boot = replace(DIGIT, label=9, dataset="fashion")
    at = with_own(PATHS[3], DIGIT, boot, model="fashion-z2", digit="5000")
    assert component(at)["marks"] == [component(at)["marks"][0] | {"index": 5000, "text": "1"}]
    assert "of 8 have its class" in " ".join(caption.value for caption in at.caption)
    at.sidebar.selectbox(key="model").set_value("mnist-z2").run()
    assert [mark["index"] for mark in component(at)["marks"]] == [5000]
    assert component(at)["digit"] == 5000  # the digit, not the boot
    at.sidebar.selectbox(key="model").set_value("fashion-z4").run()
    at.session_state["own_digits"] = [DIGIT]
    at.run()
    assert component(at)["marks"] == []
    assert component(at)["digit"] < 5000


def test_a_digit_that_is_gone_gives_way_to_the_gallery():
    at = with_own(PATHS[3], DIGIT, digit="5000")
    assert component(at)["digit"] == 5000
    at.session_state["own_digits"] = []
    at.run()
    assert component(at)["digit"] < 5000
    assert not at.exception


def test_what_the_gallery_costs_is_computed_once_for_all_visitors():
    costs, codes = computed.gallery_costs(SHIPPED["mnist-z4"]), cache.codes(SHIPPED["mnist-z4"])
    kl = 0.5 * (codes.mu**2 + np.exp(codes.logvar) - codes.logvar - 1).sum(axis=1)
    np.testing.assert_allclose(costs, kl - codes.log_likelihood, rtol=1e-5)
    assert computed.gallery_costs(SHIPPED["mnist-z4"]) is costs
    assert not costs.flags.writeable
