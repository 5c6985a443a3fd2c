"""Drawing a digit with the mouse, and finding it again on other pages."""

import pytest
from chromium import changed, go_to, picture
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def draw(page, *points: tuple[float, float]) -> None:
    """One stroke through points, in shares of the square."""
    canvas = page.locator(".draw-pad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


SEVEN = [(0.35, 0.25), (0.62, 0.25), (0.5, 0.5), (0.45, 0.75)]


def test_a_drawn_seven_is_a_seven_and_a_digit_on_the_other_pages(app, visit):
    page = visit(f"{app}/own_digit?model=mnist-z10")
    draw(page, *SEVEN)
    page.wait_for_selector("img[alt='Your picture']")
    nearest = page.locator("img[alt*='ten nearest']").get_attribute("alt").split(": ")[1].split(", ")
    assert nearest[0] == "7"
    assert nearest.count("7") >= 8
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_selector("img[alt='Your 1 digits']")
    go_to(page, "Explore", "Latent scatter")
    expect(page.get_by_role("spinbutton", name="Gallery number")).to_have_value("5000")


def test_the_square_is_empty_after_keeping_and_after_clear(app, visit):
    page = visit(f"{app}/own_digit?model=mnist-z2")
    draw(page, *SEVEN)
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("Draw on the black square").wait_for()
    draw(page, *SEVEN)
    page.wait_for_selector("img[alt='Your picture']")
    before = picture(page, "Your drawing")
    draw(page, (0.3, 0.5), (0.7, 0.5))
    changed(page, before, lambda: picture(page, "Your drawing"))
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("src => document.querySelector('img[alt=\"Your drawing\"]').src === src", arg=before)
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw on the black square").wait_for()
