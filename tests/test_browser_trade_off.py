"""The player's clock in a browser: beta scrubbed without the server, two trainings on one control; a pill pressed."""

import pytest
from answered import answered
from chromium import canvas_content, changed, choose, picture

pytestmark = pytest.mark.browser

COUNT_MESSAGES = """() => {
    window.asked = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...message) { window.asked++; return send.apply(this, message); };
}"""


def test_beta_moves_dot_pictures_codes_and_bars_without_asking_the_server(app, visit):
    page = visit(f"{app}/trade_off?model=mnist-z10")
    moving = {
        "dot": lambda: page.locator(".lead circle.at").get_attribute("cx"),
        "reconstructions": lambda: page.locator("img.reconstruction").get_attribute("src"),
        "samples": lambda: page.locator("img.samples").get_attribute("src"),
        "codes": lambda: canvas_content(page, ".player canvas"),
        "bars": lambda: page.locator("svg .bar").last.get_attribute("height"),
        "numbers": lambda: page.locator(".player output").inner_text(),
    }
    page.get_by_text("β = 1 (mnist-z10)").wait_for()
    before = {name: now() for name, now in moving.items()}
    page.evaluate(COUNT_MESSAGES)
    slider = page.get_by_role("slider", name="beta")
    slider.evaluate("s => { s.value = 6; s.dispatchEvent(new Event('input')); }")  # dragged, not yet let go
    for name, now in moving.items():
        assert now() != before[name], name
    assert float(moving["dot"]()) < float(before["dot"])  # less rate
    assert page.evaluate("window.asked") == 0
    assert "β = 16" in slider.get_attribute("aria-valuetext")
    slider.press("ArrowLeft")
    page.wait_for_url("**beta=8**")


def test_the_dot_stands_on_the_ring_of_its_beta(app, visit):
    page = visit(f"{app}/trade_off?model=mnist-z10&beta=0.3&{answered('tradeoff_predict')}")
    dot = page.locator(".lead circle.at")
    place = [dot.get_attribute(name) for name in ("cx", "cy")]
    rings = page.locator(".lead circle.stop").evaluate_all(
        "all => all.map((c) => [c.getAttribute('cx'), c.getAttribute('cy')])"
    )
    assert rings.index(place) == 1
    assert "rate 26.2" in page.locator(".lead circle.stop title").nth(1).text_content()


def test_two_trainings_follow_one_control(app, visit):
    page = visit(
        f"{app}/training_progress?model=mnist-z2&training_second=mnist-z10&epoch=1&{answered('training_predict')}"
    )
    tracks = page.locator(".track")
    assert tracks.locator(".name").all_inner_texts() == ["mnist-z2", "mnist-z10"]

    def now() -> list[str]:
        return [
            *tracks.locator("img.samples").evaluate_all("all => all.map((image) => image.src)"),
            *tracks.locator("circle.at").evaluate_all("all => all.map((circle) => circle.getAttribute('cx'))"),
            *tracks.locator(".charts figure:last-child rect.bar:first-child").evaluate_all(
                "all => all.map((r) => r.getAttribute('y'))"
            ),
        ]

    before = now()
    page.get_by_role("button", name="One step on").click()
    after = now()
    assert len(before) == 2 + 6
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert page.locator(".player output").inner_text().startswith("Epoch 2.")
    page.wait_for_url("**epoch=2**")


LETTERS = """all => all.map((text) => {
    const svg = text.ownerSVGElement;
    return parseFloat(getComputedStyle(text).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
})"""


WATCH_CANVAS = """() => {
    window.onCanvas = [];
    const fill = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        window.onCanvas.push([text, parseFloat(this.font.match(/([\\d.]+)px/)[1])]);
        return fill.call(this, text, ...place);
    };
}"""


@pytest.mark.parametrize("link", ["training_progress?model=mnist-z2", "trade_off?model=mnist-z10"])
@pytest.mark.parametrize(("width", "switch", "least"), [(390, "", 11), (1270, "&presentation=true", 16)])
def test_the_charts_letters_are_legible_on_a_phone_and_in_a_lecture_hall(app, visit, link, width, switch, least):
    page = visit(f"{app}/{link}{switch}&{answered('training_predict', 'tradeoff_predict')}")
    page.evaluate(WATCH_CANVAS)
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(500)  # the charts are drawn anew
    letters = page.locator(".player svg text").evaluate_all(LETTERS)
    assert len(letters) > 20
    assert min(letters) >= least
    on_canvas = page.evaluate("window.onCanvas")
    assert {"0", "7"} < {text for text, _ in on_canvas}  # ticks and names
    assert min(size for _, size in on_canvas) >= least
    cells = page.locator("[data-testid=stTable] td").evaluate_all(
        "all => all.map((cell) => parseFloat(getComputedStyle(cell).fontSize))"
    )
    assert ("trade_off" in link) == bool(cells)
    assert not switch or min(cells, default=least) >= least


def test_every_phase_has_a_label_that_fits_between_its_borders(app, visit):
    page = visit(f"{app}/training_progress?model=mnist-z2&{answered('training_predict')}")
    for figure in page.locator(".player figure:has(rect.phase)").all():
        shades = figure.locator("rect.phase").evaluate_all("all => all.map((r) => r.getBoundingClientRect().toJSON())")
        labels = figure.locator("text:has(title)").evaluate_all(
            "all => all.map((t) => t.getBoundingClientRect().toJSON())"
        )
        assert len(labels) == len(shades) == 3
        for shade, label in zip(shades, labels, strict=True):
            assert shade["left"] - 4 < label["left"] < label["right"] < shade["right"] + 4  # its halo may stand out
    assert page.locator("text:has(title)").nth(2).text_content().startswith("3")


def test_a_second_model_is_chosen_and_left_again(app, visit):
    page = visit(f"{app}/training_progress?model=mnist-z2")
    assert page.locator(".track").count() == 1
    choose(page, "Compare with", "mnist-z20")
    page.locator(".track").nth(1).wait_for()
    assert "training_second=mnist-z20" in page.url
    assert canvas_content(page, ".track:nth-child(1) canvas") != canvas_content(page, ".track:nth-child(2) canvas")
    choose(page, "Compare with", "none")
    changed(page, 2, lambda: page.locator(".track").count())


def test_a_dimension_is_switched_off_by_its_pill_and_by_its_bar(app, visit):
    page = visit(f"{app}/collapse?model=mnist-z10")
    decoded, lost = (lambda: picture(page, "switched off")), page.locator("[data-testid=stMetricValue]").first
    before, value = decoded(), lost.inner_text()
    page.get_by_role("button", name="z7", exact=True).click()
    changed(page, before, decoded)
    changed(page, value, lost.inner_text)
    assert "collapse_off=z7" in page.url
    before = decoded()
    bars = page.locator("[data-testid=stVegaLiteChart]").first
    box = bars.bounding_box()
    bars.click(
        position={"x": 0.9 * box["width"], "y": 0.55 * box["height"]}
    )  # far right: a little used one, high above it
    changed(page, before, decoded)
    changed(page, 2, lambda: page.url.count("collapse_off="))
    assert page.url.count("collapse_off=") == 3
