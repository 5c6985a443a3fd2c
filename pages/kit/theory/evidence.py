"""Step 1: what log p(x) is, and why nobody computes it by drawing codes from the prior."""

import math

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts.theory.evidence import (
    TOY_X,
    bent_decoder,
    draws_histogram,
    dropped_gaussians,
    running_estimates,
)
from pages.kit.concepts import X, Z, tex
from pages.kit.controls import chosen_seed, row
from pages.kit.picker import Choice, chosen_digit, needs_posterior
from pages.kit.show import chart, look_for, picture, predict, printed, source
from pages.kit.turns import fragment
from vae_core import evidence, inference, latent
from vae_core.toy import Toy

COUNTS = [10, 30, 100, 300, 1000, 3000, 5000]
SEEDS = 4  # lines in the chart of estimates
QUIET = {"delta_color": "off", "delta_arrow": "off", "border": True}  # metrics whose second line is no change


def lesson(choice: Choice) -> None:
    st.markdown("## Why log p(x) is hard")
    st.markdown(
        "The decoder tells a story in two acts: draw a code **z** from the prior N(0, I), then draw a picture **x** from"
        " p(x|z). How probable is one given picture? Any code might have made it, so all of them count:"
    )
    st.latex(
        rf"\begin{{aligned}} p({tex(X)}) &= \int \underbrace{{p({tex(X)} \mid {tex(Z)})}}_{{\text{{decoder}}}}\;"
        rf"\underbrace{{p({tex(Z)})}}_{{\text{{prior}}}}\; d{tex(Z)} \\"
        rf" &\approx \frac1N \sum_{{i=1}}^N p({tex(X)} \mid {tex(Z)}_i), \quad {tex(Z)}_i \sim p({tex(Z)}) \end{{aligned}}"
    )
    st.caption(
        "Source: Kingma and Welling (2014), section 2.1; Prince (2023), *Understanding Deep Learning*, chapter 17."
    )

    st.markdown("### The integral as a sum: a toy")
    st.markdown(
        "In this toy both z and x are single numbers, and the decoder is a bent line. Each stop of z drops one Gaussian"
        " on the x axis, N(f(z), σ²), as high as the prior finds z likely. p(x) is what piles up."
    )
    _pile()
    source(Toy.mixture, Toy.log_evidence)

    st.markdown("### The same sum for a real picture")
    needs_posterior(choice)
    _draws(choice)
    source(evidence.estimates, inference.log_likelihood_of_codes)


@fragment
def _draws(choice: Choice) -> None:
    """Draws of the prior, and how they explain one picture."""
    with row():
        digit = chosen_digit(choice)
        count = st.select_slider("Draws N", COUNTS, 1000, key="evidence_draws", bind="query-params", width=180)
        seed = chosen_seed("Seed", key="evidence_seed", width=120)
    x, labels = choice.x(digit), choice.labels(digit)
    if x is None:
        st.caption("How well a code explains this picture needs its pixels, which are not on this machine.")
        return
    draws = computed.prior_log_likelihoods(choice.spec, x, labels, count, seed)
    share, weight = evidence.share_near_best(draws), evidence.weight_of_best(draws)
    pictures, question = st.columns([2, 3], gap="large", vertical_alignment="center")
    with pictures, row():
        with st.container(width=125):
            picture(x, scale=4, alt=f"The original: {choice.name(digit)}", caption="x, the picture")
        with st.container(width=125):
            z = latent.sample_prior(count, choice.spec.latent_dim, seed)[[draws.argmax()]]
            x_hat = inference.decode(choice.model, z, labels)[0]
            picture(x_hat, scale=4, alt=f"What the best of {count} draws decodes to", caption="x̂ of the best draw")
    answers = ["more than half of them", "one in a hundred to half of them", "fewer than one in a hundred"]
    with question:
        guessed = predict(
            f"Draw {count:,} codes from the prior. How many explain this picture within 10 nats of the best of them?",
            answers,
            answers[0] if share > 0.5 else answers[1] if share >= 0.01 else answers[2],
            f"It is {round(share * count):,} of {count:,}. 10 nats are a factor of 22,000 in probability.",
            key="evidence_predict",
            then="the draws appear",
        )
    if not guessed:
        return
    estimates = {
        f"seed {s}": evidence.estimates(computed.prior_log_likelihoods(choice.spec, x, labels, count, s))
        for s in range(seed, seed + SEEDS)
    }
    estimate, guided = float(estimates[f"seed {seed}"][-1]), computed.guided_estimate(choice.spec, x, labels)
    with row():
        st.metric("Within 10 nats of the best", f"{share:.1%}", f"{round(share * count):,} of {count:,}", **QUIET)
        st.metric("The best draw's part of the sum", f"{weight:.0%}", "all draws alike: " + f"{1 / count:.2%}", **QUIET)
        st.metric(
            "Estimate of log p(x), nats", printed(estimate), f"with the encoder's help: {printed(guided)}", **QUIET
        )
    spread, walk = st.columns(2, gap="large")
    with spread:
        st.markdown(f"**log p(x | z) of {count:,} draws**")
        chart(
            draws_histogram,
            draws,
            {f"estimate, {printed(estimate)}": estimate, f"with help, {printed(guided)}": guided},
            alt=f"Histogram of log p(x|z) over {count} prior draws, from {draws.min():.0f} to {draws.max():.0f} nats;"
            f" naive estimate {estimate:.1f}, with the encoder's help {guided:.1f}",
        )
    with walk:
        st.markdown("**The estimate, draw after draw, with four seeds**")
        last = [float(line[-1]) for line in estimates.values()]
        chart(
            running_estimates,
            estimates,
            guided,
            alt=f"The running estimate of log p(x) with {SEEDS} seeds ends between {min(last):.1f} and {max(last):.1f} nats",
        )
    st.caption(
        f"With these four seeds the estimate ends between {printed(min(last))} and {printed(max(last))} nats. The dashed line"
        " draws 100 codes from the encoder's q(z|x) instead and weighs them (Burda et al. 2016, equation 8): a bound, and close to it."
    )
    look_for(
        "Almost every code of the prior means some other picture, and gives this one hundreds of nats less than the best. The"
        " sum is a lottery with one winner: the estimate stands still, then jumps when a better code falls."
        " **Try:** other seeds; 10 draws, then 5,000; a model with two dimensions, then one with twenty (sidebar). We need"
        " somebody who knows where to look: that is the encoder, and the next step."
    )


@fragment
def _pile() -> None:
    """The toy's p(x) as a sum over stops of z."""
    toy, at = Toy(), 1.0
    stops = np.arange(-3, 3.01, 0.25)
    x, exact = computed.toy_density(*TOY_X, 181)
    stop = st.slider("z, moving through the codes", -3.0, 3.0, 0.0, 0.25, key="evidence_stop", bind="query-params")
    last = round((stop - stops[0]) / 0.25)
    parts = toy.mixture(x, stops)
    so_far, whole = toy.mixture(np.array([at]), stops)[: last + 1].sum(), math.exp(toy.log_evidence(at))
    left, right = st.columns(2, gap="large")
    with left:
        z = np.linspace(-3, 3, 121)
        chart(bent_decoder, z, toy.mean(z), toy.sigma, stop, at, alt="The toy's bent decoder f(z), and where z is")
    with right:
        chart(
            dropped_gaussians,
            x,
            parts,
            last,
            exact,
            at,
            alt="The Gaussians dropped on x so far, their sum, and the exact density p(x)",
        )
    st.caption(
        f"At x = {at:.0f} (dotted) the {last + 1} stops so far add up to **{so_far:.3f}** of p(x) = **{whole:.3f}**. Move z to"
        " the right end: which stops fill x = 1, and which add nothing to it?"
    )
