"""Step 5: why the encoder gives log sigma^2 and not sigma."""

import numpy as np
import streamlit as st

from pages.kit.charts.theory.log_variance import kl_slopes, sigma_of_logvar
from pages.kit.picker import Choice
from pages.kit.show import chart, look_for, predict, printed, source
from pages.kit.turns import fragment
from vae_core import gradients, objective


def lesson(choice: Choice) -> None:
    st.markdown("## Log-variance, and why")
    st.markdown(
        "The last layer of a network gives any number, below zero as well. A width must be positive. So the encoder's number"
        " is read as **log σ²**, and σ = exp(½ log σ²) is positive whatever comes out."
    )
    guessed = predict(
        "The encoder gives −4.6 for log σ². What is σ?",
        ["−2.3", "0.01", "0.1"],
        "0.1",
        "exp(½ · (−4.6)) = exp(−2.3) = 0.1. Equal steps of the output are equal factors of σ.",
        key="logvar_predict",
    )
    left, right = st.columns(2, gap="large")
    with left:
        _as_logvar(choice, for_scale=guessed)
    with right:
        _as_sigma()
    look_for(
        "Where the output is log σ², the slope of the KL never exceeds ½ on the narrow side, however sure the encoder becomes."
        " Where it is σ, the slope is about −1/σ: at σ = 0.01 one step is pushed two hundred times harder, and may land below zero."
        " **Try:** walk σ towards 0 on the right and read both slopes."
    )
    source(gradients.kl_slopes, objective.kl_per_dim)


@fragment
def _as_logvar(choice: Choice, for_scale: bool) -> None:
    st.markdown("### The output is log σ²")
    logvar = st.slider("The network's output, log σ²", -10.0, 4.0, -2.0, 0.1, key="logvar_output", bind="query-params")
    sigma = float(np.exp(0.5 * logvar))
    st.metric("σ", f"{sigma:.3f}", f"σ² = {sigma**2:.4g}", delta_color="off", delta_arrow="off", border=True)
    chart(sigma_of_logvar, logvar, alt="σ over log σ², and where the output is")
    if for_scale and choice.spec.variational:
        low, high = np.quantile(choice.codes.logvar, [0.01, 0.99])
        st.caption(
            f"For scale: over the {len(choice.codes.y):,} pictures of the gallery the encoder of {choice.spec.id} gives log σ²"
            f" from {printed(low)} to {printed(high)} (98 % of them), so σ from {np.exp(low / 2):.3f} to {np.exp(high / 2):.2f}."
        )
    st.caption("Source: Kingma and Welling (2014), appendix C.2.")


@fragment
def _as_sigma() -> None:
    st.markdown("### If the output were σ itself")
    sigma = st.slider("The network's output, σ", -1.0, 2.0, 0.1, 0.01, key="sigma_output", bind="query-params")
    if sigma <= 0:
        st.metric("Is it a width?", "no", f"σ = {printed(sigma, 2)}", delta_color="off", delta_arrow="off", border=True)
        st.error(
            f"There is no Gaussian of width {printed(sigma, 2)}: log σ² does not exist, and the KL is not a number. A network would have"
            " to be kept from saying so. Move the slider to the right of 0."
        )
        return
    by_logvar, by_sigma = (float(slope[0]) for slope in gradients.kl_slopes(np.array([sigma])))
    st.metric(
        "Slope of the KL over the output",
        printed(by_sigma, 2),
        f"with log σ² instead: {printed(by_logvar, 3)}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    grid = np.geomspace(0.005, 2, 120)
    chart(
        kl_slopes,
        grid,
        *gradients.kl_slopes(grid),
        sigma,
        alt="The size of the KL's slope over σ, and over log σ², against σ",
    )
    st.caption("KL(N(0, σ²) || N(0, 1)), by autograd: σ − 1/σ over σ, and ½ (σ² − 1) over log σ². Both are 0 at σ = 1.")
