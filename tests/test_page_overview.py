"""Overview as Streamlit's own test client runs it: what the flow is given, and what it may send."""

import base64
import io
import json
import re

import numpy as np
import pytest
from apptest import clicked
from conftest import ROOT, SHIPPED
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.kit import cache
from pages.kit.components.draw import drawn_picture
from pages.kit.components.flow import CODE, code_lines
from vae_core import inference, latent
from vae_core.images import to_pixels

PAGE = "pages/1_overview.py"


def open_overview(**query: str) -> AppTest:
    at = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.switch_page(PAGE).run()


def given(at: AppTest) -> dict:
    flow = next(e.proto for e in at.get("bidi_component") if e.proto.component_name == "vae_classroom.flow")
    return json.loads(flow.json)


def send(at: AppTest, **left) -> AppTest:
    """As if the browser had sent this; by default about the picture that is shown."""
    at.session_state["overview_flow"] = {
        "left": {"picture": given(at)["picture"]["id"], "label": 7, "pixels": None, **left}
    }
    return at.run()


def cost(at: AppTest) -> float:
    return float(at.metric[0].value)


A_SQUARE = np.zeros((28, 28), np.uint8)
A_SQUARE[8:20, 8:20] = 200


def text_of(pixels: np.ndarray) -> str:
    return base64.b64encode(pixels.tobytes()).decode()


def test_the_seed_in_the_link_gives_the_noise():
    at = open_overview(model="mnist-z10", overview_seed="41")
    np.testing.assert_allclose(given(at)["epsilon"], latent.noise(1, 10, 41)[0])
    at.button(key="overview_fresh").click().run()
    np.testing.assert_allclose(given(at)["epsilon"], latent.noise(1, 10, 42)[0])
    assert "overview_seed" in open_overview(overview_seed="-3").warning[0].value


@pytest.mark.parametrize("model", ["mnist-z10", "mnist-z4-cond"])
def test_the_cost_follows_a_drawing(model):
    at = open_overview(model=model)
    before = cost(at)
    send(at, pixels=text_of(A_SQUARE), label=3)
    spec = SHIPPED[model]
    x, epsilon = A_SQUARE[None].astype(np.float32) / 255, latent.noise(1, spec.latent_dim, 0)
    terms = inference.elbo_terms(cache.model(spec), x, epsilon, np.array([3]) if spec.conditional else None)
    assert cost(at) == pytest.approx(-terms.elbo[0], abs=0.06)
    assert cost(at) != before


def test_a_drawing_is_there_again_after_another_page_for_its_reader_alone():
    strokes = {"cleared": True, "strokes": [[[3.0, 4.0], [20.5, 9.25]]]}
    at = send(open_overview(), pixels=text_of(A_SQUARE), prepare=False, drawing=strokes)
    drawn = cost(at)
    sent = at.session_state["overview_flow"]["left"]
    assert given(at)["left"] is None  # the browser has it: nothing is sent back while the reader draws
    at.switch_page("pages/4_latent_scatter.py").run()
    at.switch_page(PAGE).run()
    assert given(at)["left"] == sent
    assert cost(at) == drawn
    assert given(open_overview())["left"] is None


def test_an_empty_drawing_costs_nothing_and_says_why():
    at = send(open_overview(), pixels=text_of(np.zeros((28, 28), np.uint8)))
    assert not at.metric
    assert any("once something is drawn" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    "left",
    [
        {"pixels": "AAAA"},
        {"pixels": "!" * 1048},
        {"pixels": [255] * 784},
        {"pixels": {"x": 1}},
        {"pixels": "A" * 10_000_000},
        {"label": 12},
        {"label": "3"},
        {"label": None},
        {"picture": "another", "pixels": text_of(A_SQUARE)},
    ],
)
def test_what_is_no_drawing_is_ignored(left):
    at = open_overview(model="mnist-z4-cond")
    before = cost(at)
    send(at, **left)
    assert not at.exception
    assert cost(at) == before


def test_a_drawing_is_kept_with_the_label_that_the_reader_gives():
    at = send(open_overview(), pixels=text_of(A_SQUARE))
    assert at.button(key="overview_keep").disabled
    at.selectbox(key="overview_said").set_value(4).run()
    at.button(key="overview_keep").click().run()
    assert at.number_input(key="digit").value == 5000
    (kept,) = at.session_state["own_digits"]
    assert kept.label == 4
    np.testing.assert_array_equal(np.rint(kept.x * 255), A_SQUARE)
    assert given(at)["picture"]["name"] == "your digit 1"
    assert not [b for b in at.button if b.key == "overview_keep"]  # the drawing is a digit now


@pytest.mark.parametrize(("model", "drawn"), [("mnist-z10", False), ("mnist-z4-cond", True)])
def test_the_files_hold_the_pictures_and_the_numbers_of_the_flow(model, drawn, files):
    at = open_overview(model=model, digit="42", overview_seed="5")
    if drawn:
        send(at, pixels=text_of(A_SQUARE), label=3)
    spec, conditional = SHIPPED[model], SHIPPED[model].conditional
    x = A_SQUARE / np.float32(255) if drawn else cache.gallery("mnist").x[42]
    labels = np.array([3]) if conditional else None
    mu, logvar = inference.encode(cache.model(spec), x[None], labels)
    epsilon = latent.noise(1, spec.latent_dim, 5)
    z = mu + np.exp(0.5 * logvar) * epsilon
    about, head, *rows = clicked(files["μ, σ, ε and z as CSV"]).decode().splitlines()
    assert head == "dimension,mu,logvar,sigma,epsilon,z"
    columns = np.array([row.split(",") for row in rows], float).T
    expected = [np.arange(len(z[0])) + 1, mu[0], logvar[0], np.exp(0.5 * logvar[0]), epsilon[0], z[0]]
    np.testing.assert_allclose(columns, expected, rtol=1e-5)
    picture = Image.open(io.BytesIO(clicked(files["x and x̂ as PNG"])))
    pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels[:, :140], to_pixels(x, 5))
    np.testing.assert_array_equal(pixels[:, -140:], to_pixels(inference.decode(cache.model(spec), z, labels)[0], 5))
    what = "a drawing" if drawn else f"digit {cache.gallery('mnist').y[42]}, gallery number 42"
    of = {"model": model, "picture": what, **({"y": "3"} if conditional else {}), "seed of epsilon": "5"}
    assert picture.text == of
    assert about == f"# {', '.join(f'{name} {value}' for name, value in of.items())}"


@pytest.mark.parametrize(
    ("model", "pixels", "name"),
    [
        ("mnist-z10", None, "mnist-z10-42-epsilon0"),
        ("mnist-z4-cond", A_SQUARE, "mnist-z4-cond-drawing[0-9a-f]{8}-y3-epsilon0"),
    ],
)
def test_the_files_are_named_after_model_picture_and_seed(model, pixels, name, monkeypatch):
    at, names = open_overview(model=model, digit="42"), []
    monkeypatch.setattr("streamlit.download_button", lambda _, __, file_name, *___, **____: names.append(file_name))
    send(at, pixels=None if pixels is None else text_of(pixels), label=3)
    assert [re.sub(name, "stem", file) for file in names] == ["stem.png", "stem.csv"]


def test_drawn_picture_is_strict():
    np.testing.assert_array_equal(drawn_picture(text_of(A_SQUARE)) * 255, A_SQUARE)
    for wrong in (None, 7, b"", text_of(A_SQUARE)[:-4], text_of(A_SQUARE) + "AAAA", "é" * 1048, "A" * 1047 + "="):
        assert drawn_picture(wrong) is None


def test_the_code_shown_is_the_code_that_runs():
    lines = code_lines()
    assert len(lines) == len(CODE)
    parts = {part for line in lines for part in line["parts"].split()}
    assert parts >= {"x", "encoder", "mu", "sigma", "epsilon", "z", "decoder", "x-hat"}
    for line in lines:
        file = ROOT / line["where"].partition(",")[0]
        assert line["line"] in file.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"Decoder\.forward has 0 lines"):
        code_lines((("vae_core/model.py, Decoder.forward", "return nothing", "z"),))


@pytest.mark.parametrize("model", ["mnist-z20", "fashion-z2"])
def test_the_flow_gets_the_shipped_posterior_and_no_weights(model):
    at = open_overview(model=model)
    codes = cache.codes(SHIPPED[model])
    data = given(at)
    digit = at.number_input(key="digit").value
    np.testing.assert_array_equal(np.float32(data["mu"]), codes.mu[digit])
    np.testing.assert_array_equal(np.float32(data["logvar"]), codes.logvar[digit])
    assert len(json.dumps(data)) < 30_000


def test_without_its_pixels_a_picture_still_flows(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    at = open_overview(model="fashion-z4")
    assert given(at)["picture"]["x"] is None
    assert not at.metric
    send(at, pixels=text_of(A_SQUARE))
    assert cost(at) > 0
