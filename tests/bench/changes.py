"""How long every page takes after a change: `python tests/bench/changes.py`.

Opens each page in headless Chromium, its questions answered, goes through its steps or parts, moves every slider there,
presses every choice and button once, and takes other models: milliseconds from the act until the server has run and the
browser has drawn everything anew. A part and a model are new to the server the first time: the slowest change that any
visitor meets.
"""

import argparse
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))
from answered import answered
from chromium import FLAGS, executable, opened, running_app, settled

PAGES = [
    "",
    "loss_theory",
    "training_progress",
    "latent_scatter",
    "gaussian_sampling?model=mnist-z4-cond",  # for its part that only a conditional model has
    "digit_transitions",
    "own_digit",
    "trade_off",
    "collapse",
    "holes",
    "compare",
    "bounds",
    "models",
]
MODELS = ("mnist-z10", "fashion-z4")

# Resolves with the milliseconds from now until the page was last busy, once it has rested for 400 ms.
RESTED = """() => new Promise(resolve => {
  const began = performance.now(), app = document.querySelector('[data-testid=stApp]');
  let busy = began;
  const look = () => {
    const now = performance.now();
    if (app.dataset.testScriptState !== 'notRunning' || document.querySelector('[data-stale=true], [data-testid=stSkeleton]'))
      busy = now;
    if (now - busy > 400) resolve(busy - began); else setTimeout(look, 4);
  };
  look();
})"""

PARTS = "[role=radiogroup]:is([aria-label=Step], [aria-label=Part]) [role=radio]"
CONTROLS = {
    "slider": "[role=slider]",
    "choice": "[role=radiogroup]:not([aria-label=Step], [aria-label=Part]) [role=radio]",
    "number": "[data-testid=stNumberInputStepUp]",
    "switch": "label:has(input[type=checkbox])",
    "button": "[data-testid=stButton] button",
}


def took(page, act) -> float:
    """Milliseconds that the page is busy after `act`."""
    page.evaluate(f"void (window.rested = ({RESTED})())")
    act()
    return page.evaluate("window.rested")


def changes(page):
    """Each step or part of the page with each of its controls used once: (what was done, milliseconds)."""
    main = page.get_by_test_id("stMain")
    parts = main.locator(PARTS)
    for part in parts.all_inner_texts() or [""]:
        if part:
            yield part, took(page, parts.filter(has_text=part).first.click)
            page.wait_for_timeout(500)  # what the browser fetches for it
        for kind, selector in CONTROLS.items():
            usable = main.locator(f"{selector}:visible:enabled")
            for i in range(usable.count()):
                if i >= usable.count():
                    break  # what was pressed before has taken it away
                control = usable.nth(i)
                name = control.evaluate("e => e.ariaLabel || e.innerText || e.closest('[data-testid]').innerText")
                press = (lambda c=control: c.press("ArrowRight")) if kind == "slider" else control.click
                yield f"{part} {kind} {name}".strip(), took(page, press)
        for model in MODELS:
            yield f"{part} model {model}".strip(), took(page, opened(page, "Model", model).click)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=1000, help="milliseconds that are worth a line")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    options = parser.parse_args()
    with sync_playwright() as playwright, running_app() as (address, _):
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        for path in (path for path in PAGES if options.only in path):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/{path}{'&' if '?' in path else '?'}{answered()}")
            settled(page)
            page.wait_for_timeout(1000)
            seen = list(changes(page))
            slow = sorted((item for item in seen if item[1] > options.limit), key=lambda item: -item[1])
            print(
                f"{path or 'overview'}: {len(seen)} changes, median {median(ms for _, ms in seen):.0f} ms, {len(slow)} above"
            )
            for what, ms in slow:
                print(f"    {what}: {ms:.0f} ms", flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
