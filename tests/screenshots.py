"""Pictures of every page: `python tests/screenshots.py FOLDER`, to be looked at.

Each page at the width of a laptop and of a phone, in the light and the dark theme. `--readme` takes only the
pictures of the README, light, 1280 pixels wide.
"""

import argparse
from pathlib import Path

from chromium import FLAGS, executable, running_app, settled

PAGES = {
    "overview": "?model=mnist-z2",
    "loss_theory": "loss_theory?step=Bound&model=mnist-z10",
    "training_progress": "training_progress?model=mnist-z2",
    "latent_scatter": "latent_scatter?model=mnist-z2",
    "gaussian_sampling": "gaussian_sampling?model=mnist-z10",
    "digit_transitions": "digit_transitions?model=mnist-z10",
    "own_digit": "own_digit?model=mnist-z10",
    "models": "models?model=mnist-z10",
}


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", help="show this model on every page")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    looks = [(1280, "light")] if options.readme else [(w, s) for w in (1280, 390) for s in ("light", "dark")]
    with running_app() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        for name, link in PAGES.items():
            if options.model:
                link = f"{link.split('?')[0]}?model={options.model}"
            for width, scheme in looks:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page.goto(f"{address}/{link}")
                settled(page)
                page.wait_for_timeout(2500)  # charts fade in
                if not options.readme:  # the whole page, not only what is above the fold
                    main_part = "document.querySelector('[data-testid=stMain]').scrollHeight"
                    page.set_viewport_size({"width": width, "height": page.evaluate(main_part)})
                    page.wait_for_timeout(1500)
                file = f"{name}.png" if options.readme else f"{name}-{width}-{scheme}.png"
                page.screenshot(path=options.folder / file)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
