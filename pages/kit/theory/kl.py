"""Step 6: the KL of one dimension by hand, in closed form and by sampling."""

import numpy as np
import streamlit as st

from pages.kit.charts.theory.densities import peaks_above
from pages.kit.charts.theory.kl import estimate_with_error, two_gaussians
from pages.kit.concepts import KL, MU, SIGMA, tex
from pages.kit.controls import times_pressed
from pages.kit.picker import Choice
from pages.kit.show import chart, look_for, predict, source
from pages.kit.turns import fragment
from vae_core import inference, latent, objective


def lesson(choice: Choice) -> None:
    st.markdown("## The KL by hand")
    st.markdown("Move one posterior N(μ, σ²) over the prior N(0, 1).")
    st.latex(
        rf"\begin{{aligned}} {tex(KL)} &= \tfrac12 \left({tex(MU)}^2 + {tex(SIGMA)}^2 - \log {tex(SIGMA)}^2 - 1\right) \\"
        rf" &= \mathbb{{E}}_q[\log q(z) - \log p(z)] \end{{aligned}}"
    )
    st.caption(
        "Source: Kingma and Welling (2014), appendix B; the mean over samples of the right side is an estimate of it."
    )
    guessed = predict(
        "Which costs more?",
        ["μ = 1 with σ = 1", "μ = 0 with σ = 0.25"],
        "μ = 0 with σ = 0.25",
        f"{_nats(0, 0.25):.2f} nats against {_nats(1, 1):.2f}. A narrow cloud is a precise code, and precision is paid in nats.",
        key="kl_predict",
    )
    _by_hand(in_parts=guessed)
    look_for(
        "The KL is zero only where the two curves are one. Halving σ costs about 0.7 nats once σ is small, wherever μ is."
        " **Try:** 10 samples and *Fresh samples*: the estimate jumps, even below zero, but the line stays. That is why"
        " training uses the closed form."
    )
    source(objective.kl_per_dim, objective.kl_monte_carlo)


def _nats(mu: float, sigma: float) -> float:
    return float(inference.kl_per_dim(np.array([[float(mu)]]), np.array([[2 * np.log(sigma)]]))[0, 0])


@fragment
def _by_hand(in_parts: bool) -> None:
    sliders, curves = st.columns([2, 3], gap="large")
    with sliders:
        mu = st.slider("μ, the mean", -3.0, 3.0, 1.0, 0.05, key="loss_mu", bind="query-params")
        logvar = st.slider(
            "log σ², the log-variance",
            -5.0,
            3.0,
            -2.0,
            0.1,
            key="loss_logvar",
            bind="query-params",
            help="Networks give log σ² because it may be any number, while σ must be positive.",
        )
        sigma = float(np.exp(0.5 * logvar))
        samples = st.select_slider(
            "Monte Carlo samples", [10, 30, 100, 300, 1000, 3000, 10000], 100, key="loss_samples", bind="query-params"
        )
        noise_seed = times_pressed("Fresh samples", "loss_fresh")
    exact, estimate, standard_error = inference.kl_both_ways(mu, logvar, latent.noise(samples, 1, noise_seed)[:, 0])
    with curves:
        chart(two_gaussians, mu, sigma, alt="The density of the posterior N(μ, σ²) over the prior N(0, 1)")
    with sliders:
        left, right = st.columns(2)
        left.metric("Closed form, nats", f"{exact:.3f}")
        right.metric(
            "By sampling, nats", f"{estimate:.3f}", f"± {standard_error:.3f}", delta_color="off", delta_arrow="off"
        )
    with curves:
        chart(
            estimate_with_error,
            exact,
            estimate,
            standard_error,
            alt="The closed form as a line, and the estimate with bars of two standard errors to each side",
        )
        st.caption(
            f"σ = {sigma:.2f}. The line is the closed form; the diamond is the mean of log q(z) − log p(z) over the"
            " samples, with two standard errors to each side."
            + peaks_above({"the posterior": latent.normal_density(mu, mu, sigma)})
        )
    if in_parts:
        mean_part, width_part = 0.5 * mu**2, _nats(0, sigma)
        st.caption(
            f"Of the {exact:.3f} nats, **{mean_part:.3f}** come from the mean (½ μ²) and **{width_part:.3f}** from the width"
            " (½ (σ² − log σ² − 1)). A narrow cloud is a precise code, and precision is paid in nats."
        )
