"""Charts that the player's clock moves: numbers to shares of their axes, which `player.js` draws; and their table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pages.kit import concepts
from vae_core.family import exchange_rates
from vae_core.manifest import ModelSpec

SMALL, LARGE = [340, 160], [400, 330]  # in units of which a letter has 10: as high at least, and of this shape if wider
COLOURS = {
    "reconstruction": concepts.RECONSTRUCTION.colour,
    "KL": concepts.KL.colour,
    "negative ELBO": concepts.ELBO.colour,
}
EPOCH_TICKS = (0, 1, 3, 10, 30, 100, 300)


def phases(recipe: dict) -> list[tuple[float, float, str]]:
    """What a recipe does in which epochs, as (after, until, words); where β is 0, the KL has no weight at all."""
    epochs, rise = recipe["epochs"], recipe["kl_warmup"] * recipe["epochs"]
    late = recipe["warp_until"] * epochs if recipe["warp"] else epochs
    if not recipe["beta"]:
        steps = [(0, late, "reconstruction alone")]
    elif recipe["kl_schedule"] == "cyclical":
        steps = [(0, late, "KL weight in cycles")]
    elif recipe["kl_schedule"] == "linear" and rise:
        steps = [(0, rise, "KL weight rises"), (rise, late, "full KL weight")]
    else:
        steps = [(0, late, "full KL weight")]
    if late < epochs:  # until then, some pictures were drawn a little rotated and sheared
        steps.append((late, epochs, "no picture deformed"))
    return steps


def phases_in_words(recipe: dict) -> str:
    """The phases in their order and with their numbers, and where each begins."""
    return ", ".join(
        f"**{i}** {words}" + (f" (after epoch {after:.0f})" if after else "")
        for i, (after, _, words) in enumerate(phases(recipe), 1)
    )


def phase_at(recipe: dict, epoch: int) -> str:
    """The phase that an epoch belongs to, in words."""
    if epoch == 0:
        return "before training"
    return next((words for after, until, words in phases(recipe) if after < epoch <= until), "after training")


def terms_by_epoch(spec: ModelSpec, split: str) -> dict[str, np.ndarray]:
    """Reconstruction, KL and their sum by epoch, in nats, of the "train" or the "validation" pictures.

    Of a plain autoencoder the reconstruction alone.
    """
    reconstruction = -np.array(spec.history[f"{split}_log_likelihood_nats"])
    if not spec.variational:
        return {"reconstruction": reconstruction}
    kl = np.array(spec.history[f"{split}_kl_nats"])
    return {"reconstruction": reconstruction, "KL": kl, "negative ELBO": reconstruction + kl}


def training_charts(spec: ModelSpec, together: Sequence[ModelSpec]) -> list[dict]:
    """The terms of one model by epoch, see `terms_by_epoch`; those of `together` get the same axes."""
    last = max(other.history["epoch"][-1] for other in together)

    def across(epoch) -> np.ndarray:
        """The early epochs matter most, so the axis of epochs is logarithmic: epoch 0 lies at the left end."""
        return np.log1p(epoch) / np.log1p(last)

    steps = [(across(after), across(until), words) for after, until, words in phases(spec.recipe)]
    charts = []
    terms = {split: terms_by_epoch(spec, split) for split in ("validation", "train")}
    for name in terms["train"]:
        # The axis leaves out the untrained model, whose 550 nats would flatten all the rest.
        later = [
            one[name][1:]
            for other in together
            for split in ("train", "validation")
            if name in (one := terms_by_epoch(other, split))
        ]
        low, high = min(v.min() for v in later), max(v.max() for v in later)
        low = 0.0 if name == "KL" else low
        pad = 0.06 * (high - low) or 1.0
        held_out, trained = terms["validation"][name], terms["train"][name]
        epochs = np.array(spec.history["epoch"])
        box = (low - pad, high + pad)
        charts.append(
            _chart(
                name,
                COLOURS[name],
                x_title="epoch (logarithmic)",
                x_ticks=[(across(e), str(e)) for e in EPOCH_TICKS if e <= last],
                y_ticks=_ticks(*box, low, high),
                unit=", nats an image",
                alt=f"{name} of {spec.id} on held-out pictures, from {held_out[0]:.1f} before training to"
                f" {held_out[-1]:.1f} at the end, in nats",
                phases=steps,
                beyond=f"{held_out[0]:.0f}" if held_out[0] > box[1] else None,
                lines=[
                    {"kind": "train", "xy": _xy(across(epochs), _share(trained, *box))},
                    {"kind": "held_out", "xy": _xy(across(epochs), _share(held_out, *box))},
                ],
                now=_xy(across(np.array(spec.epochs)), _share(held_out[np.searchsorted(epochs, spec.epochs)], *box)),
                cursor=True,
            )
        )
    return charts


def dimension_bars(
    kls: Sequence[np.ndarray], names: Sequence[str], top: float, title: str, pictures: str, alt: str
) -> dict:
    """KL of each latent dimension as bars, one row of bars (latent,) in nats for each frame, up to `top` nats.

    `pictures` says of which ones it is the mean.
    """
    high = 1.06 * top or 1.0
    skip = 1 if len(names) <= 12 else 2  # so that the numbers do not touch
    return _chart(
        "KL of each dimension",
        concepts.KL.colour,
        unit=f", nats, mean of {pictures}",
        x_title=title,
        x_ticks=[((i + 0.5) / len(names), name) for i, name in enumerate(names) if i % skip == 0],
        y_ticks=_ticks(0, high, 0, top),
        alt=alt,
        bars=[[round(float(v), 4) for v in _share(kl, 0, high)] for kl in kls],
        said=[[f"{name}: {v:.3f} nats" for name, v in zip(names, kl, strict=True)] for kl in kls],
    )


def rate_distortion(family: Sequence[ModelSpec], curve: bool = True) -> dict:
    """The measured curve of a family: KL across, reconstruction upwards, and lines on which their sum is constant.

    Without its `curve` only the place of the model that is shown.
    """
    rate = np.array([spec.metrics["kl_nats"] for spec in family])
    distortion = np.array([spec.metrics["reconstruction_nats"] for spec in family])
    right = float(np.ceil(1.15 * rate.max() / 5) * 5)
    spread = np.ptp(distortion)
    low = float(np.floor((distortion.min() - 0.1 * spread) / 10) * 10)
    high = float(np.ceil((distortion.max() + 0.05 * spread) / 10) * 10)
    sums = [v for v, _ in _round_values(low + 0.5 * right, high) if v - right >= low]
    guides = []
    for total in sums:
        ends = np.array([max(0.0, total - high), right])
        xy = _xy(ends / right, _share(total - ends, low, high))
        guides.append({"kind": "guide", "xy": xy, "text": f"nELBO {total:g}", "colour": concepts.ELBO.colour})
    places = _xy(rate / right, _share(distortion, low, high))
    stops = [
        {"x": x, "y": y, "text": f"β = {spec.beta:g}", "said": f"{spec.id}: rate {r:.1f}, distortion {d:.1f} nats"}
        for (x, y), spec, r, d in zip(places, family, rate, distortion, strict=True)
    ]
    in_words = "; ".join(
        f"beta {spec.beta:g}: rate {r:.1f}, distortion {d:.1f}"
        for spec, r, d in zip(family, rate, distortion, strict=True)
    )
    return _chart(
        "Rate and distortion",
        "currentColor",  # the page's text: it is two concepts at once
        size=LARGE,
        unit=", measured on the test set",
        x_title="rate: KL(q(z|x) ‖ p(z)), nats an image",
        y_title="distortion: −E log p(x|z), nats an image",
        x_ticks=[(value / right, text) for value, text in _round_values(0, right)],
        y_ticks=_ticks(low, high, low, high),
        alt=in_words if curve else "The place of the chosen beta, without the others",
        lines=[*guides, {"kind": "held_out", "xy": places}] if curve else guides,
        stops=stops if curve else [],
        now=places,
    )


def family_table(family: Sequence[ModelSpec], sigmas: Sequence[float], gaps: Sequence[float]) -> pd.DataFrame:
    """The figures of a family of beta, a row each: of the test set, and of the gallery's codes under each model.

    `sigmas` are the means of their posteriors' widths, `gaps` are from a sample of the prior to the nearest posterior, in
    its sigmas.
    """
    rate, distortion = (
        np.array([spec.metrics[f"{name}_nats"] for spec in family]) for name in ("kl", "reconstruction")
    )
    return pd.DataFrame(
        {
            "β": [f"{spec.beta:g}" for spec in family],
            "rate, nats": [f"{value:.1f}" for value in rate],
            "distortion, nats": [f"{value:.1f}" for value in distortion],
            "nELBO, nats": [f"{spec.metrics['nelbo_nats']:.1f}" for spec in family],
            "a nat buys": [*(f"{value:.2f}" for value in exchange_rates(rate, distortion)), ""],
            "active": [str(spec.metrics["active_units"]) for spec in family],
            "mean σ": [f"{sigma:.2f}" for sigma in sigmas],
            "gap, σ": [f"{gap:.1f}" for gap in gaps],
            "model": [spec.id for spec in family],
        }
    )


def _chart(name: str, colour: str, *, unit: str, x_title: str, x_ticks, y_ticks, alt: str, **more) -> dict:
    return {
        "name": name,
        "unit": unit,
        "colour": colour,
        "size": SMALL,
        "alt": alt,
        "x": {"title": x_title, "ticks": [(round(float(share), 4), text) for share, text in x_ticks]},
        "y": {"title": more.pop("y_title", None), "ticks": y_ticks},
        "phases": [],
        "lines": [],
        "stops": [],
        "now": [],
        "beyond": None,
        "cursor": False,
        **more,
    }


def _share(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Places on an axis from low (0) to high (1); what lies beyond it is drawn on its rim."""
    return np.clip((values - low) / (high - low), 0, 1)


def _xy(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    return np.column_stack([x, y]).round(4).tolist()


def _round_values(low: float, high: float) -> list[tuple[float, str]]:
    """Some six round numbers within an axis, and their texts."""
    rough = (high - low) / 6
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    values = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
    return [(float(v), f"{v + 0.0:g}") for v in values]  # + 0.0: no "-0"


def _ticks(low: float, high: float, first: float, last: float) -> list[tuple[float, str]]:
    """Round numbers from first to last on an axis from low to high, as (share, text)."""
    return [(round(float(_share(v, low, high)), 4), text) for v, text in _round_values(first, last)]
