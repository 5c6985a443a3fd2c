"""Digit transitions in a browser: ends by a click, steps by hand and by themselves, files on request."""

import io

import numpy as np
import pytest
from chromium import canvas_content, changed, picture, settled
from PIL import Image

pytestmark = pytest.mark.browser


def frames_now(page) -> list[str]:
    return [canvas_content(page, f".frames figure:nth-child({i}) canvas") for i in (1, 2)]


def strip(page) -> str:
    return canvas_content(page, "canvas.strip")


def count_messages(page) -> None:
    """From now on `window.asked` counts what the page sends to the server."""
    page.evaluate(
        """() => {
            window.asked = 0;
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (...message) { window.asked++; return send.apply(this, message); };
        }"""
    )


def test_a_clicked_dot_becomes_the_end_that_is_chosen(app, visit):
    page = visit(f"{app}/digit_transitions")
    before, path = strip(page), canvas_content(page, "canvas.path")
    canvas = page.locator(".map canvas.dots")
    side = canvas.bounding_box()["width"]
    canvas.click(position={"x": side * 0.6, "y": side * 0.35})
    changed(page, before, lambda: strip(page))
    changed(page, path, lambda: canvas_content(page, "canvas.path"))
    page.wait_for_url("**transition_A=*")
    assert "transition_B" not in page.url

    settled(page)
    page.get_by_role("button", name="end B").click()
    there = {"x": side * 0.4, "y": side * 0.6}
    canvas.hover(position=there)
    number = page.locator(".status").inner_text().split()[2]  # "7, number 15 in the gallery: ..."
    canvas.click(position=there)
    page.wait_for_url(f"**transition_B={number}*")


def test_arrow_keys_walk_with_an_end(app, visit):
    page = visit(f"{app}/digit_transitions?model=mnist-z10")
    before = strip(page)
    page.locator(".map canvas.dots").press("ArrowLeft")
    changed(page, before, lambda: strip(page))
    page.wait_for_url("**transition_A=*")


def test_steps_are_scrubbed_without_asking_the_server(app, visit):
    page = visit(f"{app}/digit_transitions?transition_steps=9")
    page.wait_for_selector("canvas.path", state="attached")
    output, place = page.locator(".walk output"), page.get_by_role("slider", name="Place on the path")
    count_messages(page)
    before, marked = frames_now(page), canvas_content(page, "canvas.path")
    place.press("ArrowRight")
    page.get_by_role("button", name="Forward").click()
    assert output.inner_text().startswith("Step 3 of 9: t = 0.25, ‖z‖ = ")
    assert all(now != then for now, then in zip(frames_now(page), before, strict=True))
    assert canvas_content(page, "canvas.path") != marked  # the marker on the map moves, too
    page.get_by_role("button", name="Back", exact=True).click()
    place.press("Home")
    assert output.inner_text().startswith("Step 1 of 9: t = 0.00")
    assert frames_now(page) == before
    assert page.evaluate("window.asked") == 0


def test_steps_play_there_and_back_until_stopped(app, visit):
    page = visit(f"{app}/digit_transitions?transition_steps=5")
    count_messages(page)
    page.locator(".walk").evaluate(
        """walk => {
            window.steps = [];
            const note = () => window.steps.push(Number(walk.dataset.step));
            new MutationObserver(note).observe(walk, { attributes: true, attributeFilter: ["data-step"] });
        }"""
    )
    play = page.locator(".walk .play")
    play.click()
    page.wait_for_function("steps.includes(5) && steps.lastIndexOf(1) > steps.indexOf(5)")
    there_and_back = page.evaluate("steps.slice(0, steps.lastIndexOf(1) + 1)")
    assert there_and_back[: there_and_back.index(5)] == [2, 3, 4]
    page.get_by_role("slider", name="Place on the path").press(" ")
    assert play.inner_text().endswith("Play")
    assert page.evaluate("window.asked") == 0


def test_more_steps_keep_the_place_on_the_path(app, visit):
    page = visit(f"{app}/digit_transitions?transition_steps=11")
    page.get_by_role("slider", name="Place on the path").press("End")
    page.get_by_role("slider", name="Steps").press("ArrowRight")
    page.wait_for_selector(".walk[data-step='12']")
    assert page.locator(".walk output").inner_text().startswith("Step 12 of 12: t = 1.00")


def test_files_come_on_the_click_with_their_settings_inside(app, visit, tmp_path):
    page = visit(f"{app}/digit_transitions?transition_steps=51&transition_codes=sample&transition_seed=5")
    for button, kind in (("Strip as PNG", "png"), ("Animation as GIF", "gif")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename == f"mnist-z2-2-4-linear-51-z5.{kind}"
        download.value.save_as(tmp_path / kind)
    file = Image.open(io.BytesIO((tmp_path / "png").read_bytes()))
    assert file.text["model"] == "mnist-z2"
    assert np.asarray(file).shape == (2 * 113 - 1, 51 * 113 - 1)
    with Image.open(tmp_path / "gif") as animation:
        assert animation.n_frames == 100
        assert "seed 5" in animation.info["comment"].decode()


CORNERS = "transition_part=Four+corners&transition_C=13&transition_D=14&transition_cells=6&transition_cells_label=D"
ENDS = "model=mnist-z4-cond&transition_A=11&transition_B=12&transition_path=spherical&transition_codes=sample&transition_seed=9"


def test_the_strip_shows_every_step_and_a_click_goes_there(app, visit):
    page = visit(f"{app}/digit_transitions?transition_steps=20")
    shown = page.locator("canvas.strip")
    assert shown.get_attribute("aria-label").startswith("20 decoded steps")
    lines = shown.evaluate("canvas => [canvas.width, canvas.height]")
    assert lines == [10 * 29 + 1, 2 * (2 * 29 + 1) + 5]  # two lines of ten, each of two rows
    count_messages(page)
    before, (width, height) = frames_now(page), (shown.bounding_box()[side] for side in ("width", "height"))
    shown.click(position={"x": 0.35 * width, "y": 0.8 * height})
    assert page.locator(".walk").get_attribute("data-step") == "14"
    assert all(now != then for now, then in zip(frames_now(page), before, strict=True))
    large = page.locator(".frames canvas").first.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    small = shown.evaluate("c => [...c.getContext('2d').getImageData(3 * 29 + 1, 59 + 5 + 1, 28, 28).data]")
    assert small == large
    assert page.evaluate("window.asked") == 0


def test_the_strip_fits_a_phone_with_whole_pixels(app, visit):
    page = visit(f"{app}/digit_transitions?transition_steps=14", width=390)
    shown = page.locator("canvas.strip")
    width = shown.evaluate(
        "canvas => [canvas.width, canvas.getBoundingClientRect().width, canvas.parentElement.clientWidth]"
    )
    assert width[0] == width[1] <= width[2]


@pytest.mark.parametrize("query", ["transition_steps=6&transition_label=A", CORNERS])
def test_a_link_restores_everything(app, visit, query):
    page = visit(f"{app}/digit_transitions?{ENDS}&{query}")
    assert page.locator("[data-testid=stAlert]").filter(has_text="The link asks").count() == 0

    def seen(page) -> str:
        return picture(page, "6 by 6 pictures") if query == CORNERS else strip(page)

    before = seen(page)
    assert seen(visit(page.url)) == before
    for part in f"{ENDS}&{query}".split("&"):
        assert part in page.url
