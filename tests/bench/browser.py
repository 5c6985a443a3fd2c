"""What one visitor waits for: `python tests/bench/browser.py`.

Measured in headless Chromium with software rendering on the same machine as the server, so the figures are pessimistic.
Cold start: `streamlit run` to the first text and to the first decoded picture, files in the disk cache. Interaction: key
or button down to the new picture, decoded by the browser. Live decoder: frames while dragging, and each decode. Drawing:
each move of the pen to the frame after mu, sigma, z and x-hat have followed.
"""

import argparse
import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from chromium import FLAGS, executable, running_app, settled

# Runs in the page: resolves with the milliseconds from the next key or pointer event to a new, loaded picture.
WAIT = """alt => new Promise(resolve => {
  const image = () => document.querySelector(`img[alt*='${alt}']`);
  const before = image().src;
  let began = null;
  const start = () => { began ??= performance.now(); };
  addEventListener('keydown', start, {capture: true});
  addEventListener('pointerdown', start, {capture: true});
  new MutationObserver(async (_, observer) => {
    const now = image();
    if (!now || now.src === before) return;
    observer.disconnect();
    await now.decode();
    const painted = () => resolve(performance.now() - began);
    requestAnimationFrame(() => requestAnimationFrame(painted)); // the frame after the one that paints it
  }).observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['src']});
})"""


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cold_start(browser, times: int) -> None:
    text, picture = [], []
    for _ in range(times):
        page = browser.new_context().new_page()
        started = time.perf_counter()
        with running_app() as (address, _):
            page.goto(address)
            page.wait_for_selector("h1")
            text.append(time.perf_counter() - started)
            page.wait_for_function(
                """() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.x-hat canvas')
                  ?.getContext('2d').getImageData(0, 0, 28, 28).data.some((v, i) => i % 4 < 3 && v > 0))"""
            )
            picture.append(time.perf_counter() - started)
        page.context.close()
    for name, values in (("first text", text), ("first decoded picture", picture)):
        print(f"cold start to {name}: median {quantile(values, 0.5):.2f} s, max {max(values):.2f} s, n = {times}")


def measured(page, alt: str, act, times: int) -> list[float]:
    waits = []
    for i in range(times + 3):
        page.evaluate(f'void (window.waiting = ({WAIT})("{alt}"))')  # void: do not wait for it yet
        act(i)
        wait = page.evaluate("window.waiting")
        if i >= 3:  # the first three warm up
            waits.append(wait)
        page.wait_for_timeout(150)
    return waits


def move_slider(page, times: int) -> list[float]:
    """Move the steps of a transition: milliseconds from each key to the frame after the new strip is drawn."""
    settled(page)
    page.locator("canvas.strip[aria-label]").evaluate(
        """strip => { window.moved = () => new Promise(resolve => {
          let began;
          addEventListener('keydown', () => (began = performance.now()), {capture: true, once: true});
          new MutationObserver((_, observer) => {
            observer.disconnect();
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
          }).observe(strip, {attributeFilter: ['aria-label']});
        }); }"""
    )
    slider = page.get_by_role("slider", name="Steps")
    slider.focus()
    waits = []
    for i in range(times + 3):
        page.evaluate("void (window.waiting = window.moved())")
        slider.press(("ArrowRight", "ArrowLeft")[i // 10 % 2])
        waits.append(page.evaluate("window.waiting"))
        page.wait_for_timeout(150)
    return waits[3:]  # the first three warm up


def drag_live(page, seconds: float) -> tuple[float, list[float]]:
    """Drag over the plane of the live decoder: frames a second, and the milliseconds of each decode."""
    settled(page)
    live, pad = page.locator(".live[data-frames]"), page.locator(".live canvas.dots")
    box = pad.bounding_box()
    # Reads after every frame of the browser how long its decode took.
    live.evaluate(
        """root => { window.decodes = []; let last = root.dataset.frames;
        const look = () => { if (root.dataset.frames !== last) {
            last = root.dataset.frames; window.decodes.push(Number(root.dataset.decodeMs)); }
          requestAnimationFrame(look); };
        look(); }"""
    )
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 4
    page.mouse.move(x + reach, y)
    page.mouse.down()
    began, i = time.perf_counter(), 0
    before = int(live.get_attribute("data-frames"))
    while time.perf_counter() - began < seconds:
        i += 1
        page.mouse.move(x + reach * math.cos(i / 20), y + reach * math.sin(i / 20))
    frames = int(live.get_attribute("data-frames")) - before
    elapsed = time.perf_counter() - began
    page.mouse.up()
    return frames / elapsed, page.evaluate("window.decodes")


def draw(page, moves: int) -> list[float]:
    """Draw circles on Overview, a move of the pen at a time: milliseconds from each move to the frame after the redraw."""
    settled(page)
    page.locator(".flow[data-frames]").wait_for()
    page.get_by_role("button", name="Clear").click()
    page.locator(".flow").evaluate(
        """root => { window.moved = () => new Promise(resolve => {
          let began;
          addEventListener('pointermove', event => (began = event.timeStamp), {capture: true, once: true});
          new MutationObserver((_, observer) => {
            observer.disconnect();
            requestAnimationFrame(() => resolve(performance.now() - began));
          }).observe(root, {attributeFilter: ['data-frames']});
        }); }"""
    )
    box = page.locator(".x canvas").bounding_box()
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 3
    page.mouse.move(x + reach, y)
    page.mouse.down()
    waits = []
    for i in range(1, moves + 11):
        turn = i / 25  # a slow spiral: no move is drawn over the last
        page.evaluate("void (window.waiting = window.moved())")
        page.mouse.move(x + reach * math.cos(turn) * (1 - i / 400), y + reach * math.sin(turn) * (1 - i / 400))
        waits.append(page.evaluate("window.waiting"))
    page.mouse.up()
    return waits[10:]  # the first ten warm up


def click_dots(page, times: int) -> list[float]:
    settled(page)
    page.wait_for_selector("img[alt*='The original']")
    canvas = page.locator("canvas.dots")
    side = canvas.bounding_box()["width"]

    def click(i: int) -> None:
        canvas.click(position={"x": side * (0.35 + 0.3 * (i % 7) / 7), "y": side * (0.35 + 0.3 * (i % 5) / 5)})

    return measured(page, "The original", click, times)


def report(name: str, waits: list[float]) -> None:
    print(f"{name}: p50 {quantile(waits, 0.5):.3g} ms, p95 {quantile(waits, 0.95):.3g} ms, n = {len(waits)}")


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        cold_start(browser, options.starts)
        with running_app() as (address, _):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            for model in ("mnist-z2", "mnist-z20"):
                page.goto(f"{address}/digit_transitions?model={model}")
                report(f"slider to strip, {model}", move_slider(page, options.times))
                page.goto(f"{address}/latent_scatter?model={model}")
                report(f"dot to picture, {model}", click_dots(page, options.times))
            for model in ("mnist-z2", "mnist-z20", "mnist-z4-cond", "mnist-z10-conv"):
                page.goto(f"{address}/gaussian_sampling?model={model}")
                rate, decodes = drag_live(page, seconds=4)
                print(f"live decoder, {model}: {rate:.0f} frames a second while dragging", end="; ")
                report("decode", decodes)
            for model in ("mnist-z2", "mnist-z20", "mnist-z10-conv"):
                page.goto(f"{address}/?model={model}")
                report(f"drawing to moved posterior, {model}", draw(page, moves=max(100, options.times)))
        browser.close()


if __name__ == "__main__":
    main()
