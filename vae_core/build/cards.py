"""Write the model cards and the comparison table into artifacts/README.md: `python -m vae_core.build.cards`.

Everything between the two markers of that file is made anew from the manifest; the rest of it is written by hand.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from vae_core import card, inference, latent
from vae_core.build.publish import ARTIFACTS, BuildError, explained
from vae_core.data import DATASETS
from vae_core.images import png, tile
from vae_core.manifest import ArtifactError, Manifest, ModelSpec, read_manifest, write_atomically
from vae_core.model import load_vae
from vae_core.published import PUBLISHED

BEGIN, END = "<!-- cards: begin -->", "<!-- cards: end -->"
CHART_WIDTH, CHART_HEIGHT, MARGIN = 420, 180, 40


def comparison(manifest: Manifest) -> str:
    """All models and the published ones as a Markdown table, by data set and latent size."""
    header = "| model | data | z | nELBO | ± s.e. | reconstruction | KL | MSE/pixel | active units | 10-NN |"
    titles = {name: official.title for name, official in DATASETS.items()}
    titles |= {name: images.title for name, images in manifest.images.items()}
    rows = []
    for spec in manifest.models.values():
        if spec.metrics:
            rows.append((spec.dataset, spec.latent_dim, f"**{spec.id}**", spec.metrics, spec.likelihood != "bernoulli"))
    rows += [(other.dataset, other.latent_dim, other.name, vars(other), False) for other in PUBLISHED]
    rows.sort(key=lambda row: (row[0] != "mnist", row[0], row[1], row[3].get("nelbo_nats") or 0))
    lines = [header, "|---" * 10 + "|"]
    for dataset, latent_dim, name, figures, densities in rows:

        def figure(key: str, form: str, figures=figures) -> str:
            value = figures.get(key)
            return "" if value is None else format(value, form)

        nelbo = figure("nelbo_nats", ".1f") + (" (densities)" if densities else "")
        lines.append(
            f"| {name} | {titles[dataset]} | {latent_dim} | {nelbo} |"
            f" {figure('nelbo_standard_error_nats', '.1f')} | {figure('reconstruction_nats', '.1f')} |"
            f" {figure('kl_nats', '.1f')} | {figure('mse_per_pixel', '.4f')} | {figure('active_units', 'd')} |"
            f" {figure('knn_accuracy', '.3f')} |"
        )
    return "\n".join(lines)


def model_card(root: Path, manifest: Manifest, spec: ModelSpec) -> str:
    """One model's card in Markdown; its samples and curves become files in `cards/` below `root`."""
    images = manifest.images[spec.dataset]
    z = latent.sample_prior(40, spec.latent_dim, card.SEED)
    labels = np.arange(len(z)) % len(images.classes) if spec.conditional else None
    samples = inference.decode(load_vae(root, spec), z, labels)
    write_atomically(root / f"cards/{spec.id}.png", png(tile(samples, columns=10, scale=2, gap=2)))
    write_atomically(root / f"cards/{spec.id}.svg", curves(spec).encode())
    # A bar inside a cell, as in p(x|z), would end it.
    rows = [[cell.replace("|", "\\|") for cell in row] for row in card.metrics(spec)]
    figures = "\n".join(f"| {name} | {value} | {unit} |" for name, value, unit in rows)
    recipe = ", ".join(f"{name} {value}" for name, value in card.recipe(spec).items() if value)
    return f"""<details><summary><b>{spec.id}</b>: {card.title(spec, images)}</summary>

{card.data(spec, images)} {card.limits(spec)}

| figure on the test images | value | unit |
|---|---|---|
{figures}

![Samples of {spec.id}](cards/{spec.id}.png) ![Learning curves of {spec.id}](cards/{spec.id}.svg)

Decoded from N(0, I) with seed {card.SEED}: the first ones, not the best. {card.made(spec)}

Recipe: {recipe}.

</details>"""


def curves(spec: ModelSpec) -> str:
    """nELBO by epoch (reconstruction for a plain autoencoder) as an SVG: solid held-out, dashed training pictures."""
    columns = {
        split: np.subtract(spec.history[f"{split}_kl_nats"], spec.history[f"{split}_log_likelihood_nats"])
        if spec.variational
        else np.negative(spec.history[f"{split}_log_likelihood_nats"])
        for split in ("validation", "train")
    }
    # The first epochs fall so far that the rest would be flat: the axis covers what follows the first tenth.
    shown = np.concatenate([values[1 + len(values) // 10 :] for values in columns.values()])
    low, high = float(shown.min()), float(shown.max())
    epochs = spec.history["epoch"]
    # As on the pages: each concept has its colour.
    what, colour = ("nELBO, nats", "#71851a") if spec.variational else ("reconstruction, nats", "#0f8fa8")
    lines = []
    for values, dash in zip(columns.values(), ("", ' stroke-dasharray="5 4"'), strict=True):
        across = MARGIN + np.array(epochs) / max(epochs[-1], 1) * (CHART_WIDTH - MARGIN)
        up = (
            CHART_HEIGHT
            - MARGIN / 2
            - (np.minimum(values, high) - low) / max(high - low, 1e-9) * (CHART_HEIGHT - MARGIN)
        )
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, up, strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
    text = 'font-family="sans-serif" font-size="11" fill="#7f8890"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{CHART_WIDTH}" height="{CHART_HEIGHT}" role="img">'
        f"<title>{what} of {spec.id} by epoch, solid on held-out and dashed on training pictures</title>{''.join(lines)}"
        f'<text x="0" y="{MARGIN / 2 + 4}" {text}>{high:.0f}</text>'
        f'<text x="0" y="{CHART_HEIGHT - MARGIN / 2}" {text}>{low:.0f}</text>'
        f'<text x="{MARGIN}" y="12" {text}>{what} (solid: held-out, dashed: training)</text>'
        f'<text x="{CHART_WIDTH}" y="{CHART_HEIGHT - 2}" text-anchor="end" {text}>epoch {epochs[-1]}</text></svg>\n'
    )


def build(root: Path) -> None:
    """Replace what stands between the markers of the README below `root`.

    Raises
    ------
    BuildError
        If the README has no markers.
    """
    manifest, path = read_manifest(root), root / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else f"{BEGIN}\n{END}\n"
    if BEGIN not in text or END not in text:
        raise BuildError(f"{path} has no lines {BEGIN} and {END}: put them where the cards belong.")
    cards = [model_card(root, manifest, spec) for spec in manifest.models.values()]
    made = "\n\n".join([BEGIN, comparison(manifest), "### Model cards", card.USES, *cards, END])
    with explained(str(path)):
        write_atomically(path, (text[: text.index(BEGIN)] + made + text[text.index(END) + len(END) :]).encode())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m vae_core.build.cards", description=__doc__.split("\n")[0])
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        build(options.artifacts)
    except (BuildError, ArtifactError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
