"""Planes under one cursor: what the browser decodes is what the core decodes, and Holes follows the hand."""

import json

import numpy as np
import pytest
from answered import answered
from chromium import canvas_content, changed
from conftest import ARTIFACTS, SHIPPED

from vae_core import inference, linear
from vae_core.data import load_gallery
from vae_core.manifest import read_manifest
from vae_core.model import load_vae

pytestmark = pytest.mark.browser

PIXELS = (
    """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"""
)


def planes(page):
    """Each plane's z and the grey values drawn for it."""
    for article in page.locator("article").all():
        z = json.loads(article.get_attribute("data-z"))
        yield np.float32([z]), np.array(article.locator("canvas.out").evaluate(PIXELS)).reshape(28, 28) / 255


def at_cursor(page, plane: int, right: float, up: float) -> tuple[float, float]:
    """Where shares of a plane's canvas lie on the page."""
    box = page.locator("canvas.dots").nth(plane).bounding_box()
    return box["x"] + right * box["width"], box["y"] + (1 - up) * box["height"]


def test_one_cursor_moves_three_planes_and_each_draws_what_its_model_decodes(app, visit):
    page = visit(f"{app}/compare")
    root = page.locator(".planes")
    before = [canvas_content(page, f"article:nth-child({i}) canvas.out") for i in (1, 2, 3)]
    page.locator("canvas.dots").first.scroll_into_view_if_needed()
    page.mouse.move(*at_cursor(page, 1, 0.7, 0.7))
    page.mouse.down()
    page.mouse.move(*at_cursor(page, 1, 0.45, 0.8))
    page.mouse.up()
    for i, old in enumerate(before, 1):
        changed(page, old, lambda i=i: canvas_content(page, f"article:nth-child({i}) canvas.out"))
    page.wait_for_url("**compare_at=**")

    x = load_gallery(ARTIFACTS, "mnist", read_manifest(ARTIFACTS).images["mnist"]).x
    pca = linear.fit(x, 2)
    shown = list(planes(page))
    models = [load_vae(ARTIFACTS, SHIPPED[id_]) for id_ in ("mnist-z2-ae", "mnist-z2")]
    decoded = [linear.decode(pca, shown[0][0]).clip(0, 1)]
    decoded += [inference.decode(model, z) for model, (z, _) in zip(models, shown[1:], strict=True)]
    for (_, grey), expected in zip(shown, decoded, strict=True):
        assert np.abs(grey - expected[0]).max() < 1 / 255 + 1e-3

    cursor = json.loads(root.get_attribute("data-cursor"))
    mu = linear.encode(pca, x)
    np.testing.assert_allclose(shown[0][0][0], mu.mean(axis=0) + mu.std(axis=0) * cursor, atol=1e-3)


def test_hovering_asks_no_server_and_leaving_goes_back(app, visit):
    page = visit(f"{app}/compare")
    root = page.locator(".planes")
    start = root.get_attribute("data-cursor")
    page.locator("canvas.dots").first.scroll_into_view_if_needed()
    page.evaluate(
        """() => {
            window.asked = 0;
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (...message) { window.asked++; return send.apply(this, message); };
        }"""
    )
    page.mouse.move(*at_cursor(page, 2, 0.3, 0.3))
    changed(page, start, lambda: root.get_attribute("data-cursor"))
    here = root.get_attribute("data-cursor")
    page.mouse.move(5, 5)
    changed(page, here, lambda: root.get_attribute("data-cursor"))
    assert root.get_attribute("data-cursor") == start
    assert page.evaluate("window.asked") == 0


def test_the_arrow_keys_move_the_cursor(app, visit):
    page = visit(f"{app}/compare")
    root = page.locator(".planes")
    start = json.loads(root.get_attribute("data-cursor"))
    page.locator("canvas.dots").first.press("ArrowUp")
    changed(page, json.dumps(start), lambda: json.dumps(json.loads(root.get_attribute("data-cursor"))))
    right, up = json.loads(root.get_attribute("data-cursor"))
    assert right == start[0]
    assert up == pytest.approx(start[1] + 3.5 / 50)


def test_holes_scores_the_place_one_clicks_and_the_search_moves_the_cursor(app, visit):
    page = visit(f"{app}/holes?{answered('holes_predict')}")
    root, density = page.locator(".planes"), page.locator("[data-testid=stMetricValue]").first
    before = density.inner_text()
    page.locator("canvas.dots").scroll_into_view_if_needed()
    page.mouse.click(*at_cursor(page, 0, 0.9, 0.9))
    changed(page, before, density.inner_text)
    assert float(density.inner_text().replace("−", "-")) < -5
    page.wait_for_url("**holes_z=**")
    clicked = root.get_attribute("data-cursor")
    page.get_by_role("button", name="Show me a hole").click()
    changed(page, clicked, lambda: root.get_attribute("data-cursor"))
    assert np.linalg.norm(json.loads(root.get_attribute("data-cursor"))) < 1.25
