"""Step 8: what the decoder's output means for a pixel, a mean beside a sample, and why decoded pictures look blurred."""

from copy import copy
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.charts.theory.pixels import normaliser, pixel_curves
from pages.kit.concepts import X_HAT
from pages.kit.controls import chosen_seed, row
from pages.kit.picker import Choice, chosen_digit
from pages.kit.show import chart, look_for, picture, predict, sheet, source
from pages.kit.turns import fragment
from vae_core import inference, neighbours, objective, pixels
from vae_core.manifest import ArtifactError
from vae_core.model import VAE

BERNOULLI, GAUSSIAN = "mnist-z10", "mnist-z10-gauss"
KINDS = {"bernoulli": "Bernoulli", "continuous_bernoulli": "continuous Bernoulli", "gaussian": "Gaussian"}


def lesson(choice: Choice) -> None:
    st.markdown("## What is a pixel?")
    st.markdown(
        "The decoder gives one number a pixel. What log p(x|z) makes of it is a choice: a coin (**Bernoulli**), a density over"
        " grey values (**continuous Bernoulli**), or a **Gaussian** around the mean. The choice sets the scale of the"
        " reconstruction term, and with it what the KL weighs."
    )
    guessed = predict(
        "The decoder of a Bernoulli model draws smooth grey strokes. What does a sample of its pixels look like?",
        ["the same smooth strokes", "black and white, with ragged edges", "grey snow everywhere"],
        "black and white, with ragged edges",
        "Each pixel is a coin of its own, and grey means: undecided. What papers and this app show is the mean, not a sample.",
        key="pixels_predict",
        then="a sample appears beside each mean",
    )
    with row():
        digit = chosen_digit(choice)
        seed = chosen_seed("Seed of the pixels", key="pixels_seed")
    _means_and_samples(choice, digit, seed, sampled=guessed)

    st.markdown("### One pixel")
    _one_pixel()
    look_for(
        "The Bernoulli curve is no density: over all grey values it integrates to less than 1, and it never rises above 0. The"
        " continuous Bernoulli lifts it by log C to a density. The Gaussian counts only the distance to the mean, and grows"
        " tall where σ is small: that is why nats of different likelihoods cannot be compared."
    )
    source(objective.log_likelihood_per_pixel, objective.log_normalizer, objective.pixel_mean, pixels.sample)

    st.markdown("## Why decoded pictures look blurred")
    _blur(choice, digit)


def _means_and_samples(choice: Choice, digit: int, seed: int, sampled: bool) -> None:
    """The chosen picture's mean and, if `sampled`, a sample with the same noise under each likelihood: `_readings`."""
    x, uniform = choice.x(digit), np.random.default_rng(seed).random((1, 28, 28))
    readings = _readings(choice, digit, x)
    columns = st.columns([2] + [3] * len(readings))
    with columns[0]:
        if x is not None:
            st.markdown("**The picture**")
            picture(x, scale=4, alt=f"The original: {choice.name(digit)}", caption="x, the original")
    for column, (id_, model, z, labels) in zip(columns[1:], readings, strict=True):
        mean, drawn = inference.decode(model, z, labels)[0], inference.sample_pixels(model, z, uniform, labels)[0]
        likelihood = model.architecture.likelihood
        kind = KINDS[likelihood]
        with column:
            st.markdown(f"**{kind[0].upper()}{kind[1:]}**")
            sheet(
                np.stack([mean, drawn.clip(0, 1)] if sampled else [mean]),
                columns=1 + sampled,
                scale=4,
                alt=f"Mean of p(x|z){' and a sample of its pixels' * sampled} under {id_}, {kind} pixels"
                + f", seed {seed}" * sampled,
                caption=f"{id_}: the mean{', and a sample of every pixel' * sampled}, z = μ",
            )
            if likelihood != cache.manifest().models[id_].likelihood:
                st.caption(
                    f"{id_} was not trained for it: these are its logits, read as a continuous Bernoulli's, whose mean is"
                    " nearer to grey than sigmoid(logit)."
                )
            if sampled and likelihood == "gaussian":
                outside = float(((drawn < 0) | (drawn > 1)).mean())
                st.caption(
                    f"σ of a pixel is {float(model.pixel_sigma):.3f}, learned. {outside:.0%} of this sample lies outside of"
                    " black and white and is cut for the screen."
                )


def _readings(choice: Choice, digit: int, x: np.ndarray | None) -> list[tuple]:
    """Model id, model, code and labels of the picture for each likelihood.

    The logits of a Bernoulli model, the chosen one if it is, are read as Bernoulli's and as continuous Bernoulli's.
    """
    chosen = (choice.spec.id, choice.model, choice.posterior(digit)[0][None], choice.labels(digit))
    found = {choice.spec.likelihood: chosen}
    manifest = cache.manifest().models
    for likelihood, id_ in (("bernoulli", BERNOULLI), ("gaussian", GAUSSIAN)):
        if likelihood not in found and choice.spec.dataset == "mnist" and id_ in manifest and x is not None:
            try:
                model = cache.model(manifest[id_])
            except ArtifactError as error:
                st.caption(str(error))
            else:
                found[likelihood] = (id_, model, inference.encode(model, x[None])[0], None)
    if "bernoulli" in found and "continuous_bernoulli" not in found:
        id_, model, z, labels = found["bernoulli"]
        found["continuous_bernoulli"] = (id_, _read_as(model, "continuous_bernoulli"), z, labels)
    return [found[likelihood] for likelihood in KINDS if likelihood in found]


def _read_as(model: VAE, likelihood: str) -> VAE:
    """The same network, its weights shared, with its logits read as those of another likelihood."""
    other = copy(model)
    other.architecture = replace(model.architecture, likelihood=likelihood)
    return other


@fragment
def _one_pixel() -> None:
    logit = st.slider(
        "The decoder's output for the pixel, its logit", -6.0, 6.0, 1.5, 0.1, key="pixels_logit", bind="query-params"
    )
    sigma = _learned_sigma()
    x = np.linspace(0, 1, 201)
    curves = {
        "Bernoulli": inference.log_likelihood_per_pixel(x, logit, "bernoulli"),
        "continuous Bernoulli": inference.log_likelihood_per_pixel(x, logit, "continuous_bernoulli"),
        f"Gaussian, σ = {sigma:.2f}": inference.log_likelihood_per_pixel(x, logit, "gaussian", sigma),
    }
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            pixel_curves,
            x,
            curves,
            alt="log p of one pixel over its grey value, under three likelihoods",
        )
    logits = np.linspace(-6, 6, 121)
    constant = inference.normalizer(logits)
    mean = 1 / (1 + np.exp(-logits))
    with right:
        at = 1 / (1 + np.exp(-logit))
        chart(normaliser, mean, constant, at, alt="The normaliser C of the continuous Bernoulli over sigmoid(logit)")
    bernoulli, continuous, _ = (np.trapezoid(np.exp(curve), x) for curve in curves.values())
    cb_mean = np.trapezoid(x * np.exp(curves["continuous Bernoulli"]), x)
    st.caption(
        f"Integrals over the grey values: Bernoulli **{bernoulli:.3f}**, continuous Bernoulli **{continuous:.3f}**. The factor"
        f" between them is C = {inference.normalizer(np.array([logit]))[0]:.3f}: 2 in the middle, larger towards black and white."
        f" Bernoulli and Gaussian draw {X_HAT.symbol} = sigmoid(logit) = {at:.2f}, the continuous Bernoulli its mean,"
        f" {cb_mean:.2f}. Source: Loaiza-Ganem and Cunningham (2019),"
        " *The continuous Bernoulli: fixing a pervasive error in variational autoencoders*."
    )


def _learned_sigma() -> float:
    """The Gaussian model's own pixel sigma; where it is not shipped, a plain tenth."""
    models = cache.manifest().models
    try:
        return float(cache.model(models[GAUSSIAN]).pixel_sigma)
    except (ArtifactError, KeyError):
        return 0.1


def _blur(choice: Choice, digit: int) -> None:
    """An ambiguous code, its ten nearest pictures, and their mean."""
    if choice.images is None:
        st.caption("The nearest pictures are not on this machine: download them in the sidebar.")
        return
    codes, own = choice.codes, choice.posterior(digit)[0]
    others = np.flatnonzero(codes.y != choice.label(digit))
    other = int(others[neighbours.nearest(own[None], codes.mu[others], 1)[0, 0]])
    st.markdown(
        f"Between the code of {choice.name(digit)} and the nearest code of another class, {choice.name(other)}, lies a code"
        " that could mean either. The decoder must give one mean for all the pictures that a code stands for."
    )
    _between(choice, digit, own, other)
    look_for(
        "The mean that makes many pictures most probable is their average: the derivative of the summed log-likelihood is zero"
        f" exactly there, for Bernoulli and for Gaussian pixels. So {X_HAT.symbol} is sharp where the pictures of a code agree,"
        " and grey where they differ. **Try:** the slider at 0 and at ½, with two dimensions first (sidebar); then with ten, where a"
        " code has to stand for fewer pictures."
    )
    source(neighbours.nearest, inference.decode)


@fragment
def _between(choice: Choice, digit: int, own: np.ndarray, other: int) -> None:
    share = st.slider(
        "From the one code (0) to the other (1)", 0.0, 1.0, 0.5, 0.05, key="pixels_between", bind="query-params"
    )
    z = ((1 - share) * own + share * choice.codes.mu[other]).astype(np.float32)
    near = neighbours.nearest(z[None], choice.codes.mu, 10)[0]
    x = choice.images.x[near]
    x_hat = inference.decode(choice.model, z[None], choice.labels(digit))[0]
    pair, ten = st.columns([2, 3], gap="large")
    with pair:
        sheet(
            np.stack([x_hat, x.mean(axis=0)]),
            columns=2,
            scale=4,
            alt="The decoded code beside the pixel mean of the ten nearest pictures",
            caption=f"{X_HAT.symbol}, decoded from z; and the pixel mean of the ten nearest",
        )
    with ten:
        sheet(
            x,
            columns=5,
            scale=2,
            alt=f"The ten pictures whose codes lie nearest: {', '.join(choice.name(i) for i in near)}",
            caption=f"The ten nearest of {len(choice.codes.y):,} codes, by distance of μ from z",
        )
    away = float(np.linalg.norm(choice.codes.mu[near] - z, axis=1).mean())
    text = f"The ten lie {away:.2f} from z on average."
    if choice.spec.variational:
        text += (
            f" The posterior of {choice.name(digit)} reaches {float(np.sqrt(np.exp(choice.posterior(digit)[1]).sum())):.2f} around"
            " its mean. Where the first number is much the larger, in many dimensions, even the ten nearest of 5,000 mean other"
            f" pictures, and their mean is more blurred than {X_HAT.symbol}; in two dimensions the two agree."
        )
    st.caption(text)
