"""How long the files of a transition take: `python tests/bench/exports.py`. Goal: each within a second.

In this process, for every shipped model, in one thread: a walk of 51 steps decoded anew, as a GIF of 100 frames (there and
back) and as a PNG strip. In Chromium: from the click to the finished download.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from browser import quantile
from chromium import FLAGS, ROOT, executable, running_app, settled

STEPS = 51  # 51 there and 49 back: 100 frames


def in_process(times: int) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(ROOT))
    from pages.kit.picker import Choice
    from pages.kit.transitions.ends import Ends, Walk
    from vae_core.manifest import read_manifest
    from vae_core.projection import load_codes

    artifacts = ROOT / "artifacts"
    manifest = read_manifest(artifacts)
    for spec in manifest.models.values():
        classes = manifest.images[spec.dataset].classes
        choice = Choice(spec, load_codes(artifacts, spec), None, classes)
        waits = {"GIF": [], "PNG": []}
        for i in range(times):
            for kind, make in (
                ("GIF", lambda walk: walk.animation()),
                ("PNG", lambda walk: walk.strip(4)),
            ):
                walk = Walk(Ends(choice, (i, i + 1), None), "linear", STEPS, "both")
                began = time.perf_counter()
                content = make(walk)
                waits[kind].append(time.perf_counter() - began)
                size = len(content)
            assert size
        text = ", ".join(
            f"{kind} median {1000 * quantile(v, 0.5):.0f} ms, max {1000 * max(v):.0f}" for kind, v in waits.items()
        )
        print(f"{spec.id}: {text}, n = {times}")


def in_browser(times: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, running_app() as (address, _), tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/digit_transitions?transition_steps={STEPS}")
        settled(page)
        for name in ("Animation as GIF", "Strip as PNG"):
            button = page.get_by_role("button", name=name)
            button.wait_for()
            waits = []
            for _ in range(times):
                began = time.perf_counter()
                with page.expect_download() as download:
                    button.click()
                download.value.save_as(Path(folder) / "file")
                waits.append(time.perf_counter() - began)
            print(f"click to file, {name}: median {quantile(waits, 0.5):.2f} s, max {max(waits):.2f} s, n = {times}")
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    in_process(options.times)
    in_browser(options.times)
