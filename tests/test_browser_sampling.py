"""The live decoder in a real browser: its legend, its loading, a finger, and what it keeps between the page's parts."""

import json

import numpy as np
import pytest
from chromium import canvas_content, changed, choose, settled
from test_browser import decoded, live

pytestmark = pytest.mark.browser


def show_part(page, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    page.wait_for_url(
        f"**sampling_part={name.replace(' ', '+')}**" if name != "By hand" else lambda url: "part" not in url
    )
    settled(page)


def test_the_legend_names_the_classes_and_hides_their_codes(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z10")
    live(page)
    names = page.locator(".live .legend button")
    assert names.all_inner_texts() == [str(digit) for digit in range(10)]
    before = canvas_content(page, ".live canvas.dots")
    names.nth(1).click()
    changed(page, before, lambda: canvas_content(page, ".live canvas.dots"))
    assert names.nth(1).get_attribute("aria-pressed") == "false"


def test_the_point_leaves_no_trace_on_the_pad(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2")
    live(page)
    before = canvas_content(page, ".live canvas.dots")
    pad = page.locator(".live canvas.dots")
    side = pad.bounding_box()["width"]
    for place in (0.3, 0.5, 0.72):
        pad.hover(position={"x": place * side, "y": 0.4 * side})
    changed(page, before, lambda: canvas_content(page, ".live canvas.dots"))
    page.mouse.move(5, 5)
    live(page)
    assert canvas_content(page, ".live canvas.dots") == before


def test_the_code_stays_while_another_part_is_shown(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2")
    live(page)
    page.locator(".live canvas.dots").press("Shift+ArrowRight")
    page.wait_for_url("**z=0.5**")
    for _ in range(3):
        page.get_by_role("radio", name="Random").click()
        page.locator("img[alt*='decoded from N(0, I)']").wait_for()
        show_part(page, "By hand")  # the other part may still be running
        there = live(page)
        assert there["z"] == [0.5, 0]
    assert np.abs(decoded("mnist-z2", there["z"]) - there["picture"]).max() <= 1


def test_the_plane_and_the_scale_come_back_by_the_link(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z10")
    live(page)
    page.get_by_label("To the right").select_option("z5")
    page.wait_for_url("**axes=z5**")
    page.get_by_label("as probability under the prior").check()
    page.wait_for_url("**scale=probability**")
    page.locator("input[aria-label='z5']").fill("0.9")
    page.wait_for_url(lambda url: "z=0,0,0,0,1.28" in url.replace("%2C", ","))
    again = visit(page.url)
    np.testing.assert_allclose(live(again)["z"], live(page)["z"], atol=0.01)
    assert again.get_by_label("as probability under the prior").is_checked()
    for name in ("To the right", "Upwards"):
        assert again.get_by_label(name).input_value() == page.get_by_label(name).input_value()
    assert again.locator(".live canvas.dots").get_attribute("aria-label").startswith("The plane of z5 and z")


def test_a_finger_moves_the_point_and_not_the_page(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2", width=390, has_touch=True, is_mobile=True)
    live(page)
    pad = page.locator(".live canvas.dots")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    scrolled = "() => document.querySelector('[data-testid=stMain]').scrollTop"
    before = page.evaluate(scrolled)
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, share: float) -> None:
        points = (
            [{"x": box["x"] + 0.6 * box["width"], "y": box["y"] + share * box["height"]}] if kind != "touchEnd" else []
        )
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", 0.7)
    for step in range(8):
        finger("touchMove", 0.7 - 0.05 * step)
    finger("touchEnd", 0.35)
    moved = live(page)["z"]
    assert moved[1] > 0.5  # it followed the finger upwards
    assert page.evaluate(scrolled) == before
    page.wait_for_url("**z=*")


def test_a_decoder_that_does_not_arrive_says_what_to_do_and_comes_when_asked_again(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z2")
    live(page)
    page.route("**/*.bin", lambda route: route.fulfill(status=200, content_type="text/html", body="not this"))
    choose(page, "Model", "mnist-z4")
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    assert "reload the page" in page.locator(".live .said").inner_text()
    page.unroute("**/*.bin")
    again.click()
    page.wait_for_function(
        """() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.live')
          && JSON.parse(e.shadowRoot.querySelector('.live').dataset.z).length === 4)"""
    )
    assert again.is_hidden()
    assert len(json.loads(page.locator(".live").get_attribute("data-z"))) == 4


def test_a_folded_dimension_keeps_its_value_and_comes_back_by_link(app, visit):
    page = visit(f"{app}/gaussian_sampling?sampling_part=Grid&model=mnist-z20")
    settled(page)
    grid, sliders = page.locator("img[alt*='decoded pictures over']"), page.get_by_role("slider")
    assert sliders.count() == 4  # cells in a row, and three dimensions
    page.get_by_text("15 more").click()
    sliders.nth(18).wait_for()
    before = grid.get_attribute("src")
    sliders.nth(5).press("PageUp")
    page.wait_for_url("**sampling_z*")
    changed(page, before, lambda: grid.get_attribute("src"))
    moved = grid.get_attribute("src")
    page.get_by_text("15 more").click()
    settled(page)
    assert grid.get_attribute("src") == moved
    again = visit(page.url)
    again.wait_for_selector("img[alt*='decoded pictures over']")
    settled(again)
    assert again.locator("img[alt*='decoded pictures over']").get_attribute("src") == moved


def test_the_labels_have_a_visible_name_and_quick_keys_raise_no_complaint(app, visit):
    page = visit(f"{app}/gaussian_sampling?model=mnist-z4-cond")
    live(page)
    assert page.get_by_text("Label y, for the decoder:").is_visible()
    assert page.get_by_role("radiogroup", name="Label y, for the decoder:").get_by_role("radio").count() == 10
    for _ in range(6):
        page.locator(".live canvas.dots").press("Shift+ArrowLeft")
    page.wait_for_url("**z=*-3*")
    settled(page)  # `visit` looks at the console
    plain = visit(f"{app}/gaussian_sampling?model=mnist-z2-ae")
    live(plain)
    assert not plain.get_by_text("Label y").is_visible()
    assert not plain.get_by_text("as probability under the prior").is_visible()
