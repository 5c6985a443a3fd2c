"""The live flow of Overview in a browser: drawing, pointing, noise, touch and keys."""

import json

import numpy as np
import pytest
from chromium import canvas_content, changed, choose, go_to, settled
from conftest import ARTIFACTS, ROOT, SHIPPED

from pages.kit import cache
from vae_core import inference
from vae_core.images import to_pixels
from vae_core.model import load_vae

pytestmark = pytest.mark.browser

THREE = [
    (0.3, 0.2),
    (0.5, 0.12),
    (0.68, 0.22),
    (0.62, 0.4),
    (0.45, 0.47),
    (0.66, 0.55),
    (0.7, 0.72),
    (0.5, 0.86),
    (0.3, 0.78),
]


def open_flow(visit, address: str, **settings):
    page = visit(address, **settings)
    page.wait_for_selector(".flow[data-frames]")
    return page


def pixels(page, selector: str) -> np.ndarray:
    """The grey bytes of a canvas of 28 x 28."""
    grey = "c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"
    return np.reshape(page.locator(selector).evaluate(grey), (28, 28)).astype(np.uint8)


def flow(page) -> dict:
    """What the flow shows at this moment."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    root = page.locator(".flow")
    return {
        "x": pixels(page, ".x canvas"),
        "mu": json.loads(root.get_attribute("data-mu")),
        "z": json.loads(root.get_attribute("data-z")),
        "x_hat": pixels(page, ".x-hat canvas"),
        "posterior": page.locator(".moves [data-part=sigma]").evaluate_all(
            "marks => marks.flatMap(m => ['cx', 'cy', 'rx', 'ry', 'y1', 'y2'].map(name => m.getAttribute(name)))"
        ),
    }


def moved(before: dict, after: dict) -> set[str]:
    return {name for name in before if not np.array_equal(before[name], after[name])}


def strokes(page, points: list[tuple[float, float]], lift: bool = True) -> None:
    """Draw a line through points, given as shares of the square."""
    box = page.locator(".x canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    if lift:
        page.mouse.up()


def clear(page) -> None:
    """An empty square, and the server knows."""
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("What it costs is shown once something is drawn").wait_for()
    settled(page)


def count_messages(page) -> None:
    page.evaluate(
        """() => {
            window.asked = 0;
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (...message) { window.asked++; return send.apply(this, message); };
        }"""
    )


def torch_says(model_id: str, x: np.ndarray, z: list[float], label: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """mu of these bytes, and the bytes decoded from this z."""
    model = load_vae(ARTIFACTS, SHIPPED[model_id])
    labels = None if label is None else np.array([label])
    mu, _ = inference.encode(model, x[None].astype(np.float32) / 255, labels)
    return mu[0], to_pixels(inference.decode(model, np.array([z], np.float32), labels)[0])


@pytest.mark.parametrize("model", ["mnist-z2", "mnist-z10-conv", "mnist-z4-cond"])
def test_drawing_moves_the_whole_picture_without_asking_the_server(model, app, visit):
    page = open_flow(visit, f"{app}/?model={model}")
    clear(page)
    count_messages(page)
    strokes(page, THREE[:5], lift=False)
    first = flow(page)
    box = page.locator(".x canvas").bounding_box()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=4)
    second = flow(page)
    assert moved(first, second) == {"x", "mu", "z", "x_hat", "posterior"}
    assert page.evaluate("window.asked") == 0
    page.mouse.up()
    page.locator("[data-testid=stMetricValue]").wait_for()  # the cost follows when the pen is lifted
    assert page.evaluate("window.asked") == 1
    after = flow(page)
    label = 7 if SHIPPED[model].conditional else None
    mu, x_hat = torch_says(model, pixels(page, ".seen canvas"), after["z"], label)
    np.testing.assert_allclose(after["mu"], mu, atol=2e-3, rtol=1e-3)
    assert np.abs(x_hat.astype(int) - after["x_hat"]).max() <= 1


def test_the_cost_of_a_drawing_is_torch_s_of_what_the_encoder_sees(app, visit):
    page = open_flow(visit, f"{app}/?model=mnist-z10")
    clear(page)
    strokes(page, THREE)
    metric = page.locator("[data-testid=stMetricValue]")
    x = pixels(page, ".seen canvas")[None].astype(np.float32) / 255
    epsilon = np.random.default_rng(0).standard_normal((1, 10), dtype=np.float32)
    terms = inference.elbo_terms(load_vae(ARTIFACTS, SHIPPED["mnist-z10"]), x, epsilon)
    assert float(metric.inner_text()) == pytest.approx(-terms.elbo[0], abs=0.06)


def test_a_stroke_changes_the_chosen_digit_and_undo_brings_it_back(app, visit):
    page = open_flow(visit, app)
    before = flow(page)
    strokes(page, [(0.2, 0.2), (0.8, 0.8)])
    assert moved(before, flow(page)) == {"x", "mu", "z", "x_hat", "posterior"}
    page.get_by_role("button", name="Undo").click()
    assert not moved(before, flow(page))
    assert page.get_by_role("button", name="Back to the digit").is_disabled()


def test_an_empty_drawing_says_so_and_shows_no_picture(app, visit):
    page = open_flow(visit, app)
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Nothing drawn yet").wait_for()
    assert not page.locator(".x-hat canvas").is_visible()
    assert not page.locator(".dot-z").first.is_visible()
    assert "Nothing drawn yet" in page.locator(".flow").get_attribute("aria-label")
    page.get_by_text("What it costs is shown once something is drawn").wait_for()
    page.get_by_role("button", name="Back to the digit").click()
    assert page.locator(".x-hat canvas").is_visible()
    page.locator("[data-testid=stMetricValue]").wait_for()


@pytest.mark.parametrize("model", ["mnist-z2", "mnist-z20"])
def test_hovering_moves_only_z_and_its_picture_and_leaving_restores_them(model, app, visit):
    page = open_flow(visit, f"{app}/?model={model}")
    count_messages(page)
    before = flow(page)
    box = page.locator(".plot").bounding_box()
    page.locator(".plot").hover(position={"x": 0.7 * box["width"], "y": 0.2 * box["height"]})
    hovering = flow(page)
    assert moved(before, hovering) == {"z", "x_hat"}
    assert (np.array(hovering["z"]) != before["z"]).sum() == (2 if model == "mnist-z2" else 1)
    _, x_hat = torch_says(model, before["x"], hovering["z"])
    assert np.abs(x_hat.astype(int) - hovering["x_hat"]).max() <= 1
    page.mouse.move(5, 5)
    assert not moved(before, flow(page))
    assert page.evaluate("window.asked") == 0


def test_fresh_noise_keeps_the_posterior_and_even_a_drawing(app, visit):
    page = open_flow(visit, app)
    strokes(page, [(0.2, 0.5), (0.8, 0.5)])
    settled(page)
    before = flow(page)
    decoded = canvas_content(page, ".x-hat canvas")
    page.get_by_role("button", name="Fresh noise").click()
    page.wait_for_url("**overview_seed=1**")
    changed(page, decoded, lambda: canvas_content(page, ".x-hat canvas"))
    after = flow(page)
    assert moved(before, after) == {"z", "x_hat"}
    again = flow(open_flow(visit, f"{app}/?overview_seed=1"))
    once = flow(open_flow(visit, app))
    assert moved(once, again) == {"z", "x_hat"}


def test_a_finger_draws_and_the_page_does_not_scroll(app, visit):
    page = open_flow(visit, app, width=390, has_touch=True, is_mobile=True)
    page.locator(".x canvas").scroll_into_view_if_needed()
    before = flow(page)
    box = page.locator(".x canvas").bounding_box()
    top = page.locator("[data-testid=stMain]").evaluate("main => main.scrollTop")
    touch = page.context.new_cdp_session(page)

    def at(share: float) -> list[dict]:
        return [{"x": box["x"] + 0.5 * box["width"], "y": box["y"] + share * box["height"]}]

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at(0.9)})
    for share in (0.8, 0.6, 0.4, 0.2):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at(share)})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert moved(before, flow(page)) == {"x", "mu", "z", "x_hat", "posterior"}
    assert page.locator("[data-testid=stMain]").evaluate("main => main.scrollTop") == top
    assert page.locator(".x-hat canvas").bounding_box()["y"] + box["height"] <= 900  # in sight while drawing


def test_a_small_drawing_in_a_corner_is_prepared_or_the_page_warns(app, visit):
    page = open_flow(visit, app)
    page.get_by_role("button", name="Clear").click()
    strokes(page, [(0.1, 0.1), (0.3, 0.1), (0.2, 0.35)])
    seen = pixels(page, ".seen canvas")
    rows, columns = np.nonzero(seen.any(axis=1))[0], np.nonzero(seen.any(axis=0))[0]
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    mass = seen.sum()
    for axis in (0, 1):
        assert abs((seen.sum(axis=1 - axis) * np.arange(28)).sum() / mass - 14) <= 0.5
    page.locator(".prepare input").uncheck()
    page.get_by_text("smaller or lies elsewhere than MNIST's digits").wait_for()
    drawn = flow(page)
    mu, _ = torch_says("mnist-z2", drawn["x"], drawn["z"])
    np.testing.assert_allclose(drawn["mu"], mu, atol=2e-3, rtol=1e-3)


def test_preparation_leaves_a_picture_of_mnist_as_it_is_and_moves_it_back(chromium):
    page = chromium.new_page()
    page.set_content("<canvas></canvas>")
    page.add_script_tag(content=(ROOT / "pages/kit/components/draw.js").read_text(encoding="utf-8"))
    x = np.rint(cache.gallery("mnist").x[:80] * 255).astype(np.uint8)
    x = x[~(x[:, :3].any(axis=(1, 2)) | x[:, :, -2:].any(axis=(1, 2)))]  # none leaves the frame when it is shifted
    shifted = np.roll(x, (-3, 2), axis=(1, 2))
    for pictures in (x, shifted):
        prepared = page.evaluate(
            """pictures => pictures.map(picture => {
              const pad = drawPad(document.querySelector("canvas"));
              pad.load(picture);
              return Array.from(pad.prepared());
            })""",
            pictures.reshape(len(x), -1).tolist(),
        )
        np.testing.assert_array_equal(np.reshape(prepared, x.shape), x)
    page.close()


def test_the_focused_part_lights_its_line_of_code_and_its_numbers(app, visit):
    page = open_flow(visit, app)
    parts = {
        "encoder": ("outputs = self.head", []),
        "μ": ("mu, logvar = outputs.chunk(2, dim=1)", [1]),
        "σ": ("mu, logvar = outputs.chunk(2, dim=1)", [2, 3]),
        "ε": ("standard_normal", [4, 5]),
        "z": ("return mu +", [6]),
        "decoder": ("return self.picture", []),
        "x̂": ("torch.sigmoid", []),
    }
    for part, (line, columns) in parts.items():
        page.locator(".flow").get_by_role("button", name=part, exact=True).focus()
        assert line in page.locator(".code li.lit").first.inner_text()
        cells = page.locator("tbody tr").first.locator("td, th")
        lit = cells.evaluate_all("cells => cells.flatMap((c, i) => (c.classList.contains('lit') ? [i] : []))")
        assert lit == columns
    x = page.locator("figure.x").element_handle()
    page.wait_for_function("x => getComputedStyle(x).opacity < 0.3", arg=x)
    page.get_by_role("button", name="Clear").focus()
    assert page.locator(".lit").count() == 0
    page.wait_for_function("x => getComputedStyle(x).opacity == 1", arg=x)


def test_tab_reaches_every_part_and_the_arrow_keys_move_z(app, visit):
    page = open_flow(visit, app)
    before = flow(page)
    page.locator(".flow").get_by_role("button", name="x", exact=True).focus()
    reached = []
    for _ in range(14):
        reached.append(
            page.evaluate(
                "() => { let e = document.activeElement; while (e.shadowRoot) e = e.shadowRoot.activeElement; return e.closest('[data-light]')?.dataset.light ?? '' }"
            )
        )
        page.keyboard.press("Tab")
    assert {"x", "encoder", "point", "decoder", "x-hat", "z", "mu", "sigma", "epsilon"} <= set(reached)
    page.locator(".plot").press("ArrowRight")
    page.locator(".plot").press("Shift+ArrowUp")
    after = flow(page)
    np.testing.assert_allclose(np.subtract(after["z"], before["z"]), [0.1, 0.5], atol=1e-5)
    assert moved(before, after) == {"z", "x_hat"}
    page.keyboard.press("Escape")
    assert not moved(before, flow(page))


def test_the_arithmetic_unfolds_in_place_and_adds_up(app, visit):
    page = open_flow(visit, f"{app}/?model=mnist-z20")
    page.get_by_role("button", name="Show the arithmetic").click()
    rows = page.locator("tbody tr").all_inner_texts()
    assert len(rows) == 20
    for row in rows:
        _, mu, logvar, sigma, epsilon, product, z = (float(cell.replace("−", "-")) for cell in row.split())
        assert sigma == pytest.approx(np.exp(logvar / 2), abs=2e-3)
        assert product == pytest.approx(sigma * epsilon, abs=2e-3)
        assert z == pytest.approx(mu + product, abs=2e-3)
    page.get_by_role("button", name="Hide the arithmetic").click()
    assert page.locator("tbody tr:visible").count() == 2


def test_another_label_goes_to_encoder_decoder_and_cost(app, visit):
    page = open_flow(visit, f"{app}/?model=mnist-z4-cond")
    before = flow(page)
    cost = page.locator("[data-testid=stMetricValue]")
    former = cost.inner_text()
    page.get_by_role("radio", name="3", exact=True).click()
    after = flow(page)
    assert moved(before, after) == {"mu", "z", "x_hat", "posterior"}
    mu, x_hat = torch_says("mnist-z4-cond", after["x"], after["z"], 3)
    np.testing.assert_allclose(after["mu"], mu, atol=2e-3, rtol=1e-3)
    assert np.abs(x_hat.astype(int) - after["x_hat"]).max() <= 1
    changed(page, former, cost.inner_text)
    assert float(cost.inner_text()) > float(former)


def test_a_kept_drawing_joins_the_picker_and_other_pages(app, visit):
    page = open_flow(visit, app)
    clear(page)
    strokes(page, THREE)
    page.get_by_role("combobox", name="Your drawing shows").wait_for()  # there is one for a drawing only
    settled(page)
    seen = pixels(page, ".seen canvas")
    choose(page, "Your drawing shows", "3")
    page.get_by_role("button", name="Keep as my digit").click()  # once it is enabled
    page.wait_for_url("**digit=5000**")
    page.locator(".x figcaption", has_text="your digit 1").wait_for()
    settled(page)
    np.testing.assert_array_equal(flow(page)["x"], seen)
    go_to(page, "Learn", "Loss theory")
    assert page.get_by_role("spinbutton", name="Gallery number").input_value() == "5000"


def test_a_drawing_is_there_again_after_another_page_stroke_for_stroke(app, visit):
    page = open_flow(visit, app)
    clear(page)
    for points in (THREE[:5], THREE[4:]):
        strokes(page, points)
        settled(page)
    before, cost = flow(page), page.locator("[data-testid=stMetricValue]").inner_text()
    go_to(page, "Explore", "Latent scatter")
    go_to(page, "Learn", "Overview")
    page.wait_for_selector(".flow[data-frames]")
    assert not moved(before, flow(page))
    assert page.locator("[data-testid=stMetricValue]").inner_text() == cost
    page.get_by_role("button", name="Undo").click()
    assert moved(before, flow(page)) == {"x", "mu", "z", "x_hat", "posterior"}
    assert pixels(page, ".x canvas").any()  # the first stroke is still there


def test_a_drawing_lasts_under_another_model_and_leaves_with_another_digit(app, visit):
    page = open_flow(visit, app)
    strokes(page, [(0.2, 0.2), (0.8, 0.8)])
    settled(page)
    drawing = flow(page)["x"]
    choose(page, "Model", "mnist-z4")
    page.wait_for_url("**model=mnist-z4**")
    settled(page)
    page.locator(".bar").first.wait_for(state="attached")
    np.testing.assert_array_equal(flow(page)["x"], drawing)
    page.get_by_role("button", name="Another digit").click()
    page.locator(".x figcaption", has_text="digit 7").wait_for()
    assert np.abs(flow(page)["x"] - drawing).max() > 0
