"""Latent scatter in a real browser: boxes, stars, hovering, colours, and a map made on demand with its stop."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from chromium import canvas_content, changed, picture, settled
from PIL import Image

from pages.kit import cache
from vae_core.projection import load_codes

pytestmark = pytest.mark.browser
CANVAS = ".plot canvas.dots"


def plot(page) -> dict:
    box = page.locator(CANVAS).bounding_box()
    return {"left": box["x"], "top": box["y"], "side": box["width"]}


def drag(page, start, end) -> None:
    """Drag over the map, from and to shares of its width and height."""
    at = plot(page)
    page.mouse.move(at["left"] + at["side"] * start[0], at["top"] + at["side"] * start[1])
    page.mouse.down()
    page.mouse.move(at["left"] + at["side"] * end[0], at["top"] + at["side"] * end[1], steps=3)
    page.mouse.up()


def test_a_dragged_box_is_counted_shown_and_cleared(app, visit):
    page = visit(f"{app}/latent_scatter")
    page.get_by_role("button", name="Select a box").click()
    number = page.locator(".status").inner_text()
    drag(page, (0.5, 0.4), (0.7, 0.6))
    counted = page.get_by_text("pictures, most of them")
    counted.wait_for()
    assert page.locator(".status").inner_text() == number  # a drag chooses no dot
    page.get_by_text("The box in numbers").click()
    left, bottom, right, top = (
        float(page.get_by_role("spinbutton", name=name, exact=True).input_value())
        for name in ("Left", "Bottom", "Right", "Top")
    )
    mu = load_codes(cache.ARTIFACTS, cache.manifest().models["mnist-z2"]).mu
    inside = ((mu >= [left, bottom]) & (mu <= [right, top])).all(axis=1).sum()
    assert int(counted.inner_text().split()[0].replace(",", "")) == pytest.approx(inside, abs=20)  # two decimals shown
    side = 2 * 5 * page.locator(".box").bounding_box()["width"] / (plot(page)["side"] - 40)
    assert right - left == pytest.approx(side, rel=0.03)  # the box on the map is the box in numbers
    page.get_by_role("button", name="Clear the box").click()
    counted.wait_for(state="detached")
    assert not page.locator(".box").is_visible()


def test_shift_drags_a_box_without_the_button(app, visit):
    page = visit(f"{app}/latent_scatter?model=mnist-z10")
    page.keyboard.down("Shift")
    drag(page, (0.4, 0.4), (0.6, 0.6))
    page.keyboard.up("Shift")
    page.get_by_text("pictures, most of them").wait_for()


def test_the_map_is_saved_with_its_settings_inside(app, visit, tmp_path):
    page = visit(f"{app}/latent_scatter?model=mnist-z10&scatter_map=t-SNE&digit=42&scatter_colour=KL")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == "mnist-z10-tsne-perplexity30-seed0-KL.png"
    download.value.save_as(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as file:
        file.verify()  # the checksum of every chunk
    file = Image.open(tmp_path / "map.png")
    said = {name: file.text[name] for name in ("model", "map", "perplexity", "seed", "a dot is")}
    assert said == {"model": "mnist-z10", "map": "t-SNE", "perplexity": "30", "seed": "0", "a dot is": "mu"}
    assert "number 42" in file.text["description"]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(canvas_content(page, CANVAS).split(",")[1]))))
    saved = np.asarray(file)[: len(shown)]
    opaque = shown[..., 3] == 255
    assert opaque.sum() > 500
    np.testing.assert_array_equal(saved[opaque][:, :3], shown[opaque][:, :3])
    assert (saved[..., 3] == 255).all()
    assert len(np.unique(np.asarray(file)[len(shown) :].reshape(-1, 4), axis=0)) > 8  # the bar of its colours below


def test_a_dot_can_be_chosen_again_after_another_way_of_choosing(app, visit):
    page = visit(f"{app}/latent_scatter")
    field = page.get_by_role("spinbutton", name="Gallery number")
    here = {"x": plot(page)["side"] * 0.6, "y": plot(page)["side"] * 0.35}
    former = field.input_value()
    page.locator(CANVAS).click(position=here)
    changed(page, former, field.input_value)
    chosen = field.input_value()
    page.get_by_role("button", name="Another digit").click()
    changed(page, chosen, field.input_value)
    other = field.input_value()
    settled(page)
    page.locator(CANVAS).click(position=here)
    changed(page, other, field.input_value)
    assert field.input_value() == chosen


def test_hovering_shows_the_digit_under_the_pointer(app, visit):
    page = visit(f"{app}/latent_scatter?model=mnist-z10")
    page.wait_for_selector(f"{CANVAS}[data-atlas=ready]")
    page.locator(CANVAS).hover(position={"x": plot(page)["side"] * 0.5, "y": plot(page)["side"] * 0.5})
    page.locator("canvas.peek").wait_for(state="visible")
    number = int(page.locator(".status").inner_text().split()[2])
    drawn = page.locator("canvas.peek").evaluate(
        "c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"
    )
    np.testing.assert_array_equal(drawn, np.rint(cache.gallery("mnist").x[number] * 255).ravel())
    page.mouse.move(5, 5)
    page.locator("canvas.peek").wait_for(state="hidden")


def test_a_continuous_colour_brings_its_bar_and_takes_the_hues_from_the_legend(app, visit):
    page = visit(f"{app}/latent_scatter")
    before = canvas_content(page, CANVAS)
    assert not page.locator(".bar").is_visible()
    page.get_by_test_id("stButtonGroup").get_by_text("KL", exact=True).click()
    page.locator(".bar").wait_for()
    changed(page, before, lambda: canvas_content(page, CANVAS))
    assert "nats" in page.locator(".bar").inner_text()
    assert "gradient" in page.locator(".bar i").evaluate("e => getComputedStyle(e).backgroundImage")
    assert not page.locator(".legend i").first.is_visible()
    page.wait_for_url("**scatter_colour=KL**")


def test_no_class_name_covers_another(app, visit):
    page = visit(f"{app}/latent_scatter?model=fashion-z2")
    code = (Path(__file__).parents[1] / "pages/kit/components/dots.js").read_text()
    heap = [{"name": str(i), "x": 100 + 3 * i, "y": 80 + i % 3, "half": 20} for i in range(10)]
    alone = {"name": "alone", "x": 300, "y": 90, "half": 20}
    placed = page.evaluate(f"names => {{ {code}; return apart(names, 13); }}", [*heap, alone])
    assert alone in placed  # what covers nothing stays
    assert len(placed) == 11
    for i, a in enumerate(placed):
        for b in placed[:i]:
            assert abs(a["x"] - b["x"]) >= a["half"] + b["half"] or abs(a["y"] - b["y"]) >= 13


def test_a_posterior_too_small_to_see_is_under_a_lens_and_a_large_one_is_not(app, visit):
    codes = load_codes(cache.ARTIFACTS, cache.manifest().models["mnist-z2"])
    widest = codes.logvar.max(axis=1)
    page = visit(f"{app}/latent_scatter?model=mnist-z2&digit={widest.argmin()}")
    assert int(page.locator(CANVAS).get_attribute("data-lens")) > 1
    page = visit(f"{app}/latent_scatter?model=mnist-z10&scatter_map=PCA&digit=15")
    page.wait_for_selector(f"{CANVAS}[data-lens='']", state="attached")


def test_digits_take_the_place_of_dots(app, visit):
    page = visit(f"{app}/latent_scatter?model=mnist-z10")
    page.wait_for_selector(f"{CANVAS}[data-atlas=ready]")
    before = canvas_content(page, CANVAS)
    page.get_by_text("Digits as dots").click()
    changed(page, before, lambda: canvas_content(page, CANVAS))
    page.wait_for_url("**scatter_sprites=true**")


def test_a_map_on_demand_shows_its_progress_and_stops(app, visit):
    page = visit(f"{app}/latent_scatter?model=mnist-z10&scatter_map=t-SNE&scatter_own=true&scatter_own_perplexity=40")
    page.get_by_role("button", name="Compute this map").click()
    page.get_by_test_id("stProgress").get_by_text("Computing t-SNE").wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Compute this map").wait_for()
    settled(page)
    assert page.get_by_test_id("stProgress").count() == 0
    before = picture(page, "The original")
    page.locator(CANVAS).press("ArrowLeft")  # the page goes on
    changed(page, before, lambda: picture(page, "The original"))
