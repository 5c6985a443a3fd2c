"""What only a browser shows: cold deep links, components, the console, the width of a phone."""

import base64
import json
from statistics import NormalDist

import numpy as np
import pytest
from answered import answered
from chromium import canvas_content, changed, choose, go_to, picture
from conftest import ARTIFACTS, ROOT, SHIPPED

from pages.kit.nav import PAGES
from vae_core import inference, latent
from vae_core.model import load_vae
from vae_core.weights import read_weights
from vae_core.wire import pack

pytestmark = pytest.mark.browser

TITLES = {path.split("_", 1)[1].removesuffix(".py"): title for rows in PAGES.values() for path, title, _ in rows}
ADDRESSES = ["" if slug == "overview" else slug for slug in TITLES]


NETWORK_JS = (ROOT / "pages/kit/components/network.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("slug", ADDRESSES)
def test_a_cold_deep_link_opens_its_page_with_the_whole_navigation_and_fits_a_phone(slug, cold_app, visit):
    page = visit(f"{cold_app}/{slug}?model=mnist-z20&{answered()}", color_scheme="dark")
    assert page.locator("h1").inner_text() == TITLES[slug or "overview"]
    for section, rows in PAGES.items():
        page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
        links = page.get_by_role("menuitem").all_inner_texts()
        assert [text.split("\n")[-1] for text in links] == [title for _, title, _ in rows]  # after the icon's name
        page.keyboard.press("Escape")
        page.get_by_role("menuitem").first.wait_for(state="detached")
    assert page.locator("[data-testid=stDialog]").count() == 0
    assert "model=mnist-z20" in page.url
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_function(
        """() => { const main = document.querySelector('[data-testid=stMain]');
        return document.documentElement.scrollWidth <= 390 && main.scrollWidth <= main.clientWidth; }"""
    )


def test_a_cold_deep_link_to_an_unknown_model_says_so(cold_app, visit):
    page = visit(f"{cold_app}/gaussian_sampling?model=nonsense")
    assert "nonsense" in page.locator("[data-testid=stAlert]").first.inner_text()


def test_loss_theory_follows_the_slider_of_mu(app, visit):
    page = visit(f"{app}/loss_theory?step=KL")
    metric = page.get_by_test_id("stMetric").filter(has_text="Closed form").get_by_test_id("stMetricValue")
    before = metric.inner_text()
    page.get_by_role("slider", name="μ, the mean").press("ArrowRight")
    changed(page, before, metric.inner_text)
    assert float(metric.inner_text()) > float(before)
    assert "loss_mu=1.05" in page.url
    # Chromium asks for the icon anew with each address: this one has nowhere to ask.
    assert page.locator("link[rel~=icon]").get_attribute("href").startswith("data:image/png")


def test_training_progress_steps_back_in_pictures_dots_and_curves(app, visit):
    page = visit(f"{app}/training_progress?model=mnist-z10&{answered('training_predict')}")
    player = {
        "pictures": lambda: page.locator("img.reconstruction").get_attribute("src"),
        "samples": lambda: page.locator("img.samples").get_attribute("src"),
        "dots": lambda: canvas_content(page, ".player canvas"),
        "marker": lambda: page.locator("svg .now").first.get_attribute("x1"),
        "numbers": lambda: page.locator(".player output").inner_text(),
    }
    before = {name: now() for name, now in player.items()}
    page.get_by_role("button", name="One step back").click()
    for name, now in player.items():
        changed(page, before[name], now)
    page.wait_for_url("**epoch=100**")


def test_training_progress_plays_without_asking_the_server(app, visit):
    page = visit(f"{app}/training_progress?epoch=12")
    output, play = page.locator(".player output"), page.locator(".player .play")
    assert output.inner_text().startswith("Epoch 12.")
    page.evaluate(
        """() => {
            window.asked = 0;
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (...message) { window.asked++; return send.apply(this, message); };
        }"""
    )
    play.click()
    assert play.inner_text().endswith("Pause")
    page.get_by_text("Epoch 100.").wait_for()
    assert page.evaluate("window.asked") == 0
    page.wait_for_url(f"**epoch={SHIPPED['mnist-z2'].epoch}**")
    assert play.inner_text().endswith("Play")


def test_latent_scatter_shows_the_picture_of_a_clicked_dot(app, visit):
    page = visit(f"{app}/latent_scatter")
    before = picture(page, "The original")
    former = page.get_by_role("spinbutton", name="Gallery number").input_value()
    canvas = page.locator("canvas.dots")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.6, "y": box["height"] * 0.35})
    changed(page, before, lambda: picture(page, "The original"))
    number = page.locator(".status").inner_text().split()[2]  # "7, number 15 in the gallery"
    page.wait_for_url(f"**digit={number}")
    field = page.get_by_role("spinbutton", name="Gallery number")
    changed(page, former, field.input_value)
    assert field.input_value() == number


def test_latent_scatter_walks_with_the_arrow_keys(app, visit):
    page = visit(f"{app}/latent_scatter")
    before = picture(page, "The original")
    page.locator("canvas.dots").press("ArrowLeft")
    changed(page, before, lambda: picture(page, "The original"))


def test_a_class_of_the_scatter_can_be_hidden(app, visit):
    page = visit(f"{app}/latent_scatter")
    before = canvas_content(page, "canvas.dots")
    page.locator(".legend button").first.click()
    changed(page, before, lambda: canvas_content(page, "canvas.dots"))
    assert page.locator(".legend button").first.get_attribute("aria-pressed") == "false"


def live(page) -> dict:
    """The live decoder's point and the picture that stands for it."""
    page.wait_for_selector(".live[data-frames]")
    page.wait_for_timeout(100)  # a frame or two
    return {
        "z": json.loads(page.locator(".live").get_attribute("data-z")),
        "picture": page.locator("canvas.out").evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"
        ),
    }


def decoded(model_id: str, z: list[float], label: int | None = None) -> np.ndarray:
    """What torch decodes, as bytes."""
    spec = SHIPPED[model_id]
    labels = None if label is None else np.array([label])
    x = inference.decode(load_vae(ARTIFACTS, spec), np.array([z], np.float32), labels)
    return np.rint(255 * x[0]).ravel()


def in_text(content: bytes) -> str:
    """As Playwright carries it fastest: a hundred thousand numbers of their own take it ten seconds."""
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("id_", SHIPPED)
def test_the_browser_computes_what_torch_computes(id_, chromium):
    """No pixel and no code differs by more than rounding, over 200 random z and what they decode to."""
    spec = SHIPPED[id_]
    model, z = load_vae(ARTIFACTS, spec), latent.sample_prior(200, spec.latent_dim, seed=1, temperature=1.5)
    y = np.arange(len(z)) % 10 if spec.conditional else None
    x = inference.decode(model, z, y)
    mu, logvar = inference.encode(model, x, y)
    networks = [pack(model.architecture, read_weights(ARTIFACTS, spec), part) for part in ("decoder", "encoder")]
    page = chromium.new_page()
    page.add_script_tag(content=NETWORK_JS)
    answers = page.evaluate(
        """([decoder, encoder, zs, xs, y]) => {
          const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
          const text = (rows) => btoa(rows.map((row) => String.fromCharCode(...new Uint8Array(row.buffer))).join(""));
          const [d, e] = [readNetwork(bytes(decoder)), readNetwork(bytes(encoder))];
          const run = (network, all) => {
            const values = new Float32Array(bytes(all));
            const length = values.length / y.length;
            return y.map((label, i) => {
              const row = values.slice(i * length, (i + 1) * length);
              return Float32Array.from(runNetwork(network, row, label ?? undefined));
            });
          };
          return [text(run(d, zs).map((l) => Float32Array.from(pixelMeans(l, d.likelihood)))), text(run(e, xs))];
        }""",
        [*map(in_text, [*networks, z.tobytes(), x.tobytes()]), [None] * len(z) if y is None else y.tolist()],
    )
    pictures, codes = (np.frombuffer(base64.b64decode(answer), np.float32).reshape(len(z), -1) for answer in answers)
    page.close()
    assert np.abs(np.reshape(pictures, x.shape) - x).max() < 1e-3
    expected = np.hstack([mu, logvar]) if spec.variational else mu
    np.testing.assert_allclose(codes, expected, atol=2e-3, rtol=1e-3)


def test_the_live_decoder_draws_where_the_pointer_is_and_goes_back(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2")
    before = live(page)
    assert before["z"] == [0, 0]
    pad = page.locator(".live canvas.dots")
    side = pad.bounding_box()["width"]
    pad.hover(position={"x": 0.7 * side, "y": 0.3 * side})
    hovering = live(page)
    assert hovering["z"][0] > 0.5
    assert hovering["z"][1] > 0.5
    assert np.abs(decoded("mnist-z2", hovering["z"]) - hovering["picture"]).max() <= 1
    page.mouse.move(5, 5)
    assert live(page) == before


def test_the_live_decoder_keeps_what_was_dragged_in_the_link(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2")
    live(page)
    pad = page.locator(".live canvas.dots")
    side = pad.bounding_box()["width"]
    pad.click(position={"x": 0.3 * side, "y": 0.6 * side})
    page.mouse.move(5, 5)
    there = live(page)
    assert there["z"][0] < -0.5
    page.wait_for_url("**z=-*")
    again = visit(page.url)
    np.testing.assert_allclose(live(again)["z"], there["z"], atol=0.01)


def test_the_live_decoder_obeys_keys_and_sliders(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z10")
    live(page)
    pad = page.locator(".live canvas.dots")
    pad.press("ArrowRight")
    pad.press("Shift+ArrowUp")
    moved = live(page)
    assert sorted(np.abs(moved["z"]).round(3))[-2:] == [0.1, 0.5]
    page.locator("input[aria-label='z3']").press("Shift+ArrowLeft")
    moved = live(page)
    assert moved["z"][2] == -0.5
    assert np.abs(decoded("mnist-z10", moved["z"]) - moved["picture"]).max() <= 1
    page.get_by_role("button", name="All to 0").click()
    assert live(page)["z"] == [0] * 10


def test_a_slider_as_probability_goes_through_the_inverse_gaussian(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2")
    live(page)
    page.get_by_label("as probability under the prior").check()
    page.locator("input[aria-label='z1']").fill("0.9")
    assert live(page)["z"][0] == pytest.approx(NormalDist().inv_cdf(0.9), abs=1e-4)


def test_the_live_decoder_draws_the_chosen_label(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z4-cond")
    page.get_by_role("radio", name="7", exact=True).click()
    seven = live(page)
    assert np.abs(decoded("mnist-z4-cond", seven["z"], 7) - seven["picture"]).max() <= 1
    page.wait_for_url("**y=7**")


def test_digit_transitions_redraw_the_strip_for_another_end(app, visit):
    page = visit(f"{app}/digit_transitions")
    before = canvas_content(page, "canvas.strip")
    page.get_by_role("button", name="Another digit A").click()
    changed(page, before, lambda: canvas_content(page, "canvas.strip"))


def test_digit_transitions_offer_the_animation_as_a_file(app, visit, tmp_path):
    from PIL import Image

    page = visit(f"{app}/digit_transitions?transition_steps=6")
    with page.expect_download() as download:
        page.get_by_role("button", name="Animation as GIF").click()
    download.value.save_as(tmp_path / "there_and_back.gif")
    with Image.open(tmp_path / "there_and_back.gif") as animation:
        assert animation.n_frames == 10  # six steps there, four back
        assert animation.size == (140, 140)


def test_a_picture_is_enlarged_by_whole_pixels_and_not_blurred(app, visit):
    page = visit(f"{app}/latent_scatter")
    image = page.locator("img[alt*='The original']")
    assert image.evaluate("i => [i.naturalWidth, i.clientWidth]") == [28, 140]
    assert image.evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"


def test_a_visitor_chooses_the_model_and_keeps_it_on_the_next_page(app, visit):
    page = visit(app)
    choose(page, "Model", "mnist-z20")
    page.wait_for_url("**model=mnist-z20**")
    go_to(page, "Explore", "Gaussian sampling")
    page.locator("input[aria-label='z20']").wait_for(state="attached")
    assert "model=mnist-z20" in page.url
