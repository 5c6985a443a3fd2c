"""Step 2: the evidence lower bound, and what it lacks of log p(x)."""

import numpy as np
import streamlit as st

from pages.kit.charts.theory.bound import bound_and_gap, q_and_posterior
from pages.kit.charts.theory.densities import peaks_above
from pages.kit.concepts import KL, X_HAT, X, tex
from pages.kit.picker import Choice
from pages.kit.present import presenting
from pages.kit.show import chart, look_for, predict, printed, source
from pages.kit.theory.formulas import CLOSED_KL, DIVERGENCE, ELBO, EXPECTED, GAP, LOG_P_X_GIVEN_Z
from pages.kit.turns import fragment
from vae_core import latent, objective
from vae_core.toy import Toy


def lesson(choice: Choice) -> None:
    st.markdown("## The bound and its gap")
    st.markdown(
        "Nobody can compute log p(x) of a model with many latent dimensions. The encoder's guess q = q(z|x) of the codes that explain x makes it a"
        " bound that we can compute, and climb:"
    )
    st.latex(
        rf"\begin{{aligned}} \log p({tex(X)}) \;\ge\;\; &\underbrace{{{EXPECTED}}}_{{\text{{expected log-likelihood}}}}"
        rf" \\ {{}}-{{}} &\underbrace{{{DIVERGENCE}}}_{{\text{{the price of the code}}}} \;=\; {ELBO} \end{{aligned}}"
    )
    # Projected, the formulas are too large for half the width.
    likelihood_side, kl_side = (st.container(), st.container()) if presenting() else st.columns(2)
    with likelihood_side.container(border=True, height="stretch"):
        st.markdown(
            "**Log-likelihood.** Draw a code from the cloud, decode it: how probable are the pixels we really saw?"
        )
        st.latex(
            rf"\begin{{aligned}} {LOG_P_X_GIVEN_Z} = \sum_{{i=1}}^{{784}}\; &{tex(X)}_i \log {tex(X_HAT)}_i"
            rf" \\ {{}}+{{}} &(1 - {tex(X)}_i) \log (1 - {tex(X_HAT)}_i) \end{{aligned}}"
        )
        st.caption(
            "Bernoulli pixels: minus the binary cross-entropy, summed over the 784 pixels. It wants exact codes."
        )
        if choice.spec.likelihood != "bernoulli":
            kind = choice.spec.likelihood.replace("_", " ")
            st.caption(
                f"{choice.spec.id} has {kind} pixels instead: its log p(x | z) is a density's, see the step Pixels."
            )
    with kl_side.container(border=True, height="stretch"):
        st.markdown(
            "**KL.** How far is the picture's cloud from the prior N(0, I), from which new codes will be drawn?"
        )
        st.latex(rf"{tex(KL)} = {CLOSED_KL}")
        st.caption("A sum over the d latent dimensions. It wants every cloud to look like the prior, and so alike.")
    st.caption(
        "Units everywhere: nats an image, summed over pixels and dimensions, averaged over images only. The *reconstruction*"
        " term is a cost, minus the expected log-likelihood. Training minimises the objective, which is reconstruction + β·KL;"
        " at β = 1 that is the negative ELBO. Source: Kingma and Welling (2014), equation 3, appendices B and C.1; Higgins et"
        " al. (2017) for β."
    )
    _derivation()
    source(objective.log_likelihood_per_pixel, objective.kl_per_dim, objective.elbo, objective.objective)

    st.markdown("### What the bound lacks: a toy")
    st.markdown(
        "Here z and x are single numbers, z ~ N(0, 1) and x|z ~ N(f(z), ½²), so that log p(x) can be computed exactly. You are"
        " the encoder: choose q(z|x) = N(μ, σ²)."
    )
    guessed = predict(
        "You move q. Which of the three changes: ELBO, KL(q || p(z|x)), log p(x)?",
        ["only the ELBO", "ELBO and KL, by the same amount", "all three"],
        "ELBO and KL, by the same amount",
        "log p(x) has no q in it. Whatever the bound gains, the gap loses: so climbing the ELBO brings q to the true"
        " posterior without our ever knowing it.",
        key="bound_predict",
    )
    _toy()
    if guessed:  # what the sliders show, in words
        look_for(
            "The ELBO's bar runs from 0 to the left, and the gap's runs back from its end, always to the line of log p(x),"
            " whatever you do. **Try:** *Best q* with a straight decoder (bend 0): the true"
            " posterior is Gaussian, and the gap closes. Then bend 1: two separate codes explain x = 1, a Gaussian covers only"
            " one of them, and a gap stays. This is what is left of the gap when the encoder is perfect."
        )
    source(Toy.log_evidence, Toy.elbo, Toy.gap, Toy.best_q)


@fragment
def _toy() -> None:
    controls, curves = st.columns([2, 3], gap="large")
    with controls:
        bend = st.slider(
            "Bend of the decoder, f(z) = z + bend·z²", 0.0, 1.0, 0.5, 0.1, key="toy_bend", bind="query-params"
        )
        x = st.slider("x, what we saw", -1.0, 4.0, 1.0, 0.1, key="toy_x", bind="query-params")
        mu = st.slider("μ of q", -3.0, 3.0, -0.5, 0.01, key="toy_mu", bind="query-params")
        sigma = st.slider("σ of q", 0.05, 2.0, 0.8, 0.01, key="toy_sigma", bind="query-params")
        toy = Toy(bend)
        st.button(
            "Best q",
            icon=":material/target:",
            on_click=_to_best,
            args=(toy, x),
            key="toy_best",
            help="The Gaussian with the highest ELBO, found by optimisation (BFGS from five starts).",
        )
    log_evidence, elbo, gap = toy.log_evidence(x), toy.elbo(x, mu, sigma), toy.gap(x, mu, sigma)
    z = np.linspace(-4, 4, 401)
    posterior = toy.posterior(x, z)
    with curves:
        chart(
            bound_and_gap,
            log_evidence,
            elbo,
            gap,
            alt="The ELBO as a bar from 0 to the left, the gap as a bar back from its end, which stops at the line of log p(x)",
        )
        chart(
            q_and_posterior,
            z,
            latent.normal_density(z, mu, sigma),
            posterior,
            alt="The densities of q, of the true posterior and of the prior",
        )
    st.metric(
        "ELBO + KL(q || p(z|x)) = log p(x), nats",
        f"{printed(elbo, 3)} + {gap:.3f} = {printed(log_evidence, 3)}",
        border=True,
    )
    st.caption(
        "Each of the three is computed by itself: the ELBO in closed form and by Gauss-Hermite quadrature, the gap from its"
        " definition, log p(x) as an integral. Densities of x stay below 0.80 here, the peak of a Gaussian with σ = ½, so"
        " their logarithms are below 0 and the bars run to the left."
        + peaks_above({"q": latent.normal_density(mu, mu, sigma), "p(z|x)": posterior.max()})
    )


def _to_best(toy: Toy, x: float) -> None:
    mu, sigma = toy.best_q(x)
    st.session_state.update(toy_mu=min(max(round(mu, 2), -3.0), 3.0), toy_sigma=min(max(round(sigma, 2), 0.05), 2.0))


def _derivation() -> None:
    with st.expander("The derivation, line by line", icon=":material/function:"):
        st.markdown(
            "**The identity.** log p(x) does not depend on z, so it is its own mean over q = q(z|x). Bayes' rule puts"
            " p(x, z) / p(z|x) for p(x); then multiply and divide by q:"
        )
        st.latex(
            rf"""\begin{{aligned}}
            \log p(x) &= \mathbb{{E}}_q\!\left[\log \frac{{p(x, z)}}{{p(z \mid x)}}\right] \\
            &= \mathbb{{E}}_q\!\left[\log \frac{{p(x, z)}}{{q}}\right] \\
            & \quad + \mathbb{{E}}_q\!\left[\log \frac{{q}}{{p(z \mid x)}}\right] \\
            &= {ELBO} + {GAP}
            \end{{aligned}}"""
        )
        st.markdown("**The gap is never negative**, by Jensen's inequality, because −log is convex:")
        st.latex(
            rf"""\begin{{aligned}}
            &{GAP} \\
            &= \mathbb{{E}}_q\!\left[-\log \frac{{p(z \mid x)}}{{q}}\right] \\
            &\ge -\log \mathbb{{E}}_q\!\left[\frac{{p(z \mid x)}}{{q}}\right] \\
            &= -\log \int p(z \mid x)\, dz = 0
            \end{{aligned}}"""
        )
        st.markdown("**The two terms.** Split p(x, z) = p(x|z) p(z) inside the ELBO:")
        st.latex(
            rf"""\begin{{aligned}}
            {ELBO} &= \mathbb{{E}}_q[\log p(x \mid z)] \\
            & \quad + \mathbb{{E}}_q\!\left[\log \frac{{p(z)}}{{q}}\right] \\
            &= {EXPECTED} \\
            & \quad - {DIVERGENCE}
            \end{{aligned}}"""
        )
        st.caption("Source: Kingma and Welling (2014), equations 1 to 3.")
        st.markdown(
            "**The KL of two Gaussians**, one dimension, q = N(μ, σ²) and p = N(0, 1). Write out both logarithms, then use"
            " E[(z − μ)²] = σ² and E[z²] = μ² + σ²:"
        )
        st.latex(
            rf"""\begin{{aligned}}
            \log q(z) &= -\tfrac12 \log 2\pi - \tfrac12 \log \sigma^2 \\
            & \quad - \tfrac{{(z - \mu)^2}}{{2 \sigma^2}} \\
            \log p(z) &= -\tfrac12 \log 2\pi - \tfrac12 z^2 \\
            {tex(KL)} &= \mathbb{{E}}_q[\log q(z) - \log p(z)] \\
            &= -\tfrac12 \log \sigma^2 - \tfrac12 + \tfrac12 (\mu^2 + \sigma^2) \\
            &= \tfrac12 (\mu^2 + \sigma^2 - \log \sigma^2 - 1)
            \end{{aligned}}"""
        )
        st.caption("Independent dimensions add up. Source: Kingma and Welling (2014), appendix B.")
