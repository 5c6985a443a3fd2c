"""Step 7: the unit laboratory. Sums and means decide which beta a recipe trains with."""

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.charts.theory.units import beta_ruler
from pages.kit.controls import refuse_unknown
from pages.kit.picker import Choice
from pages.kit.show import chart, look_for, predict, sheet, source
from pages.kit.turns import fragment
from vae_core import inference, latent, units
from vae_core.manifest import ArtifactError, ModelSpec
from vae_core.units import DIVERGENCE, RECONSTRUCTION, Recipe

ERRORS = ("cross-entropy", "squared error")
ALL, AN_IMAGE = RECONSTRUCTION[3], DIVERGENCE[1]
PRESETS = {
    "sum of cross-entropy + sum of KL": Recipe(ERRORS[0], RECONSTRUCTION[0], DIVERGENCE[0]),
    "mean cross-entropy + KL of an image": Recipe(ERRORS[0], ALL, AN_IMAGE),
    "mean cross-entropy + sum of KL over the batch": Recipe(ERRORS[0], ALL, DIVERGENCE[0]),
    "mean cross-entropy + mean of KL": Recipe(ERRORS[0], ALL, DIVERGENCE[2]),
    "mean cross-entropy + KL / (pixels x batch)": Recipe(ERRORS[0], ALL, DIVERGENCE[3]),
    "sum of squared error + sum of KL": Recipe(ERRORS[1], RECONSTRUCTION[0], DIVERGENCE[0]),
    "mean squared error of colour faces 64 x 64 + 0.00025 KL": Recipe(
        ERRORS[1], ALL, AN_IMAGE, 0.00025, pixels=64 * 64 * 3, latent_dim=128, batch=64
    ),
    "mean squared error of digits + 0.00001 KL": Recipe(ERRORS[1], ALL, AN_IMAGE, 0.00001, latent_dim=2, batch=64),
}
OURS = Recipe()


def lesson(choice: Choice) -> None:
    st.markdown("## The unit laboratory")
    st.markdown(
        "Two recipes with the same words, *cross-entropy plus KL*, can train very different models. What counts is where each"
        " takes a **sum** and where a **mean**. Counted in nats an image, every recipe is our objective,"
        " reconstruction + β·KL, with some β. Which one?"
    )
    predict(
        "A loss takes the mean of the cross-entropy over all 784 pixels, and adds the KL of an image, summed over its"
        " dimensions. Which β is that?",
        ["β = 1", "β = 784", "β = 1/784"],
        "β = 784",
        "The mean divides the reconstruction by 784 and leaves the KL as it is: the KL weighs 784 times too much, and the"
        " codes collapse. Such a model draws the same grey blot for every digit.",
        key="units_predict",
    )
    _laboratory()
    look_for(
        "Neither term is wrong by itself: a mean is a sum on another scale. Wrong is a β that nobody chose. **Try:** each known"
        " recipe; then change the batch size in one that sums over the batch in one term only. Double the pixels in one that"
        " takes their mean: the picture is finer, and β doubles with it."
    )
    source(units.factors, units.effective_beta, units.loss_scale)


@fragment
def _laboratory() -> None:
    known = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**The reconstruction term**")
        refuse_unknown("units_error", ERRORS, "Showing the cross-entropy.")
        error = st.selectbox("Error of a pixel", ERRORS, key="units_error", bind="query-params")
        refuse_unknown("units_reconstruction", RECONSTRUCTION, "Showing our own.")
        reconstruction = st.selectbox(
            "Reduction of the error", RECONSTRUCTION, 1, key="units_reconstruction", bind="query-params"
        )
        pixel_sigma = OURS.pixel_sigma
        if error == "squared error":
            pixel_sigma = st.number_input(
                "σ of a pixel, assumed",
                0.01,
                2.0,
                OURS.pixel_sigma,
                0.01,
                "%.4f",
                key="units_sigma",
                help="A squared error is a Gaussian's −log p times 2σ². It takes some σ for granted: √½ if it stands alone.",
                bind="query-params",
            )
    with right:
        st.markdown("**The KL term**")
        refuse_unknown("units_kl", DIVERGENCE, "Showing our own.")
        weight = st.number_input(
            "Its weight in the code", 0.0, 1000.0, 1.0, format="%.6g", key="units_weight", bind="query-params"
        )
        divergence = st.selectbox("Reduction of the KL", DIVERGENCE, 1, key="units_kl", bind="query-params")
    counts = st.columns(3, gap="large")
    pixels = counts[0].number_input(
        "Pixels (times colours)", 1, 1_000_000, OURS.pixels, key="units_pixels", bind="query-params"
    )
    latent_dim = counts[1].number_input(
        "Latent dimensions", 1, 10_000, OURS.latent_dim, key="units_latent", bind="query-params"
    )
    batch = counts[2].number_input("Batch size", 1, 100_000, OURS.batch, key="units_batch", bind="query-params")
    recipe = Recipe(error, reconstruction, divergence, weight, pixels, latent_dim, batch, pixel_sigma)
    with known:
        # Its name follows the fields, which alone are in the link.
        st.session_state["units_preset"] = next((name for name, one in PRESETS.items() if one == recipe), None)
        st.selectbox(
            "Load a known recipe",
            list(PRESETS),
            index=None,
            placeholder="as it stands in code",
            key="units_preset",
            on_change=_load,
        )
    (a, b), beta = units.factors(recipe), units.effective_beta(recipe)
    st.latex(
        rf"\beta \;=\; \frac{{\text{{factor of the KL}}}}{{\text{{factor of }} -\log p(x \mid z)}}"
        rf" \;=\; \frac{{{_fraction(b)}}}{{{_fraction(a)}}}"
    )
    facts, ruler = st.columns([1, 2], gap="large", vertical_alignment="center")
    facts.metric("Effective β", f"{beta:.4g}", border=True)
    family = _family()
    with ruler:
        if beta > 0:
            chart(
                beta_ruler,
                beta,
                {spec.id: spec.beta for spec in family},
                alt=f"Effective beta {beta:.4g} on a logarithmic line with the betas of {len(family)} shipped models",
            )
        else:
            st.caption("β = 0 has no place on the logarithmic line: nothing keeps the codes near the prior.")
    assumed = (
        f" The squared error is read as a Gaussian with σ = {pixel_sigma:.4g}: 2σ² = {2 * pixel_sigma**2:.3g} times −log p, but"
        " for a constant."
        if error == "squared error"
        else ""
    )
    st.caption(
        f"The whole loss is {units.loss_scale(recipe):.4g} times our objective: a learning rate to plain gradient descent, next"
        f" to nothing to Adam.{assumed} For β: Higgins et al. (2017), equation 4."
    )
    if family:
        _nearest(family, beta)


def _nearest(family: list[ModelSpec], beta: float) -> None:
    """What a really trained model with about this beta does."""
    spec = min(family, key=lambda spec: abs(np.log(spec.beta) - np.log(max(beta, 1e-9))))
    far = max(beta / spec.beta, spec.beta / max(beta, 1e-9)) > 2
    st.markdown(
        f"**What such a β does**: {spec.id}, trained with β = {spec.beta:g}, is the nearest shipped model"
        + (", though the recipe lies well outside of the family." if far else ".")
    )
    try:
        model, images = cache.model(spec), cache.gallery(spec.dataset)
    except ArtifactError as error:
        st.caption(str(error))
        return
    some = [int(np.flatnonzero(images.y == label)[0]) for label in range(10)]
    rows = [
        images.x[some],
        inference.reconstruct(model, images.x[some]),
        inference.decode(model, latent.sample_prior(10, spec.latent_dim, seed=0)),
    ]
    pictures, numbers = st.columns([3, 2], gap="large")
    with pictures:
        sheet(
            np.concatenate(rows),
            columns=10,
            alt=f"Ten digits, their reconstructions by {spec.id}, and ten samples of its prior",
            caption="Top: ten digits. Middle: their reconstructions. Bottom: samples of the prior, seed 0.",
        )
    with numbers:
        figures = spec.metrics
        st.markdown(
            f"Test pictures: reconstruction **{figures['reconstruction_nats']:.1f}**, KL **{figures['kl_nats']:.1f}**, nELBO"
            f" **{figures['nelbo_nats']:.1f}** nats; **{figures['active_units']}** of {spec.latent_dim} units active."
        )


def _family() -> list[ModelSpec]:
    """The shipped models that differ from mnist-z10 in beta alone, by beta."""
    models = cache.manifest().models
    if "mnist-z10" not in models:
        return []
    one = models["mnist-z10"]
    alike = [s for s in models.values() if s.architecture == one.architecture and s.dataset == one.dataset]
    return sorted((s for s in alike if s.beta > 0 and "kl_nats" in s.metrics), key=lambda spec: spec.beta)


def _tex(number: float) -> str:
    """Four digits, with a power of ten where it is far from 1."""
    mantissa, _, exponent = f"{number:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _fraction(factor: float) -> str:
    """A factor as one over its divisor, where that is a whole number."""
    whole = factor and abs(1 / factor - round(1 / factor)) < 1e-6 / factor
    return f"1 / {round(1 / factor)}" if whole and factor < 1 else _tex(factor)


def _load() -> None:
    """A known recipe into all the fields."""
    if recipe := PRESETS.get(st.session_state["units_preset"]):
        st.session_state.update(
            units_error=recipe.error,
            units_reconstruction=recipe.reconstruction,
            units_kl=recipe.divergence,
            units_weight=float(recipe.kl_weight),
            units_pixels=recipe.pixels,
            units_latent=recipe.latent_dim,
            units_batch=recipe.batch,
            units_sigma=recipe.pixel_sigma,
        )
