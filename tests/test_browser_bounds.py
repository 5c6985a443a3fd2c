"""The climb of q over the true posterior, played in the browser."""

import pytest
from chromium import canvas_content, changed

pytestmark = pytest.mark.browser


def ready(page) -> None:
    page.wait_for_selector(".climb canvas.zoom[aria-label]", state="attached")


def closed(page) -> float:
    """The width of the part of the gap that is closed, in per cent."""
    return float(page.locator(".bar .closed").evaluate("bar => bar.style.width").rstrip("%"))


def test_optimising_plays_to_the_last_step_without_asking_the_server(app, visit):
    page = visit(f"{app}/bounds?digit=5")
    ready(page)
    assert closed(page) == 0
    before = canvas_content(page, "canvas.zoom")
    page.evaluate(
        """() => {
            window.asked = 0;
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (...message) { window.asked++; return send.apply(this, message); };
        }"""
    )
    play = page.locator(".climb .play")
    play.click()
    assert play.inner_text().endswith("Pause")
    page.get_by_text("Step 50 of 50.").wait_for()
    assert page.evaluate("window.asked") == 0
    assert play.inner_text().endswith("Optimise")
    assert canvas_content(page, "canvas.zoom") != before
    assert closed(page) > 90


def test_steps_move_the_ellipse_by_keyboard_and_another_picture_starts_anew(app, visit):
    page = visit(f"{app}/bounds", width=390)
    ready(page)
    now = page.locator(".climb output").inner_text
    first = now()
    page.get_by_role("slider", name="Step of the ascent").press("ArrowRight")
    changed(page, first, now)
    assert now().startswith("Step 1 of 50.")
    page.get_by_role("button", name="One step back").click()
    assert now() == first
    page.get_by_role("slider", name="Step of the ascent").press("End")
    assert now().startswith("Step 50 of 50.")
    page.get_by_role("button", name="Another digit").click()
    page.get_by_text("Step 0 of 50.").wait_for()
    assert now() != first
