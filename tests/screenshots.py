"""Pictures of every page: `python tests/screenshots.py FOLDER`, to be looked at.

Each page, its questions answered, at the width of a laptop and of a phone, in the light and the dark theme. `--readme`
takes only the pictures of the README, as a first visitor sees them, light, 1280 pixels wide.
"""

import argparse
import re
from pathlib import Path

from answered import answered
from chromium import FLAGS, executable, running_app, settled

PAGES = {
    "overview": "?model=mnist-z2",
    "loss_theory": "loss_theory?model=mnist-z10&step=Bound",
    "training_progress": "training_progress?model=mnist-z2",
    "latent_scatter": "latent_scatter?model=mnist-z2",
    "gaussian_sampling": "gaussian_sampling?model=mnist-z10",
    "digit_transitions": "digit_transitions?model=mnist-z10",
    "own_digit": "own_digit?model=mnist-z10",
    "trade_off": "trade_off?model=mnist-z10",
    "collapse": "collapse?model=mnist-z10",
    "holes": "holes?model=mnist-z2",
    "compare": "compare?model=mnist-z2",
    "bounds": "bounds?model=mnist-z2",
    "models": "models?model=mnist-z10",
}
PARTS = {  # the parts of long pages that another click shows
    **{
        f"loss_theory-{step.lower()}": f"loss_theory?model=mnist-z10&step={step}"
        for step in ("Evidence", "Terms", "Noise", "Log-variance", "KL", "Units", "Pixels", "Recap")
    },
    **{
        f"gaussian_sampling-{part.split()[0].lower()}": f"gaussian_sampling?model=mnist-z4-cond&sampling_part={part}"
        for part in ("Random", "Grid", "Traversals", "One class", "Conditional")
    },
    **{
        f"digit_transitions-{part.split()[-1].lower()}": f"digit_transitions?model=mnist-z10&transition_part={part}"
        for part in ("What the path passes", "Four corners", "Latent arithmetic")
    },
}


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", help="show this model on every page")
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--presentation", action="store_true", help="with the presentation switch on")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    looks = [(1280, "light")] if options.readme else [(w, s) for w in (1280, 390) for s in ("light", "dark")]
    with running_app() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        for name, link in (PAGES if options.readme else PAGES | PARTS).items():
            if options.model:
                link = re.sub("model=[^&]+", f"model={options.model}", link)
            if options.presentation:
                link += "&presentation=true"
            for width, scheme in looks:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page.goto(f"{address}/{link}" if options.readme else f"{address}/{link}&{answered()}")
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
