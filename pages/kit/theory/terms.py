"""Step 3: both terms of the bound, measured on a real picture and dimension by dimension."""

import numpy as np
import streamlit as st

from pages.kit import cache
from pages.kit.charts.shared import elbo_split, kl_by_dim, posterior_by_dim
from pages.kit.controls import row
from pages.kit.picker import Choice, chosen_digit, needs_posterior
from pages.kit.show import chart, look_for, picture, predict, source
from vae_core import inference, latent
from vae_core.manifest import ModelSpec

SAMPLES = 100  # of z, over which the reconstruction is averaged
# What grey pixels cost a picture however well they are drawn, Bernoulli, in nats: the mean over each gallery.
GREY_NATS = {"mnist": 46, "fashion": 190}


def lesson(choice: Choice) -> None:
    st.markdown("## Both terms on a real picture")
    needs_posterior(choice)
    st.markdown(
        "One picture under the chosen model: what it costs to describe its pixels once the code is known, and what the code"
        " itself costs."
    )
    with row():
        digit = chosen_digit(choice)
    x, labels = choice.x(digit), choice.labels(digit)
    mu, logvar = choice.posterior(digit)
    kl_of_dims = inference.kl_per_dim(mu[None], logvar[None])[0]
    z = latent.reparameterize(mu, logvar, latent.noise(SAMPLES, choice.spec.latent_dim, seed=0))
    if x is not None:
        costs = -inference.log_likelihood_of_codes(choice.model, x, z, labels)
        reconstruction, standard_error = float(costs.mean()), float(costs.std(ddof=1)) / SAMPLES**0.5
        kl = float(kl_of_dims.sum())
    if x is None:
        guessed = True  # there is nothing to ask
        st.caption("The reconstruction term needs the original picture, which is not on this machine; the KL does not.")
        st.metric("KL, nats", f"{kl_of_dims.sum():.1f}", border=True)
    elif guessed := predict(
        "Which term is the larger one?",
        ["reconstruction", "KL"],
        "reconstruction" if reconstruction > kl else "KL",
        "784 pixels have more to say than a handful of codes."
        if choice.spec.likelihood == "bernoulli"
        else "The pixels of this model have densities, and the logarithm of a density has no floor at 0: sharp pixels count"
        " below zero.",
        key="terms_predict",
        then="both appear",
    ):
        split, total = st.columns([3, 1], gap="large", vertical_alignment="center")
        with split:
            chart(
                elbo_split,
                reconstruction,
                kl,
                alt=f"Reconstruction {reconstruction:.1f} nats plus KL {kl:.1f} nats is the negative ELBO",
            )
        total.metric(
            "Negative ELBO, nats",
            f"{reconstruction + kl:.1f}",
            f"± {standard_error:.1f}",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
        st.caption(
            f"Reconstruction is the mean over {SAMPLES} samples of z, ± its standard error; the KL is exact. One sample alone"
            f" strays by {costs.std(ddof=1):.1f} nats."
        )
    if guessed and "nelbo_nats" in choice.spec.metrics:
        average = choice.spec.metrics
        st.caption(
            f"Average test picture: {average['reconstruction_nats']:.1f} + {average['kl_nats']:.1f}"
            f" = {average['nelbo_nats']:.1f} nats."
        )
    pictures, dims = st.columns([1, 2], gap="large")
    with pictures:
        if x is not None:
            picture(x, alt=f"The original: {choice.name(digit)}", caption="x, the original")
        x_hat = inference.decode(choice.model, z[:1], labels)[0]
        picture(x_hat, alt="What the decoder draws from the sampled code", caption="x̂, decoded from one sample of z")
    with dims:
        st.markdown("**KL of each dimension**: how much this picture says with it")
        chart(kl_by_dim, kl_of_dims, alt="KL of each latent dimension of the chosen picture, in nats")
        st.markdown("**Its posterior**: μ ± σ of each dimension; the prior is 0 ± 1")
        chart(
            posterior_by_dim, mu, np.exp(0.5 * logvar), alt="Mean and width of the posterior in each latent dimension"
        )
    if guessed:
        look_for(
            f"{_about_the_sum(choice.spec)} **Try:** {_to_try(choice.spec)} A dimension with KL near 0 says nothing about this"
            " picture."
        )
    source(inference.log_likelihood_of_codes, inference.kl_per_dim)


def _about_the_sum(spec: ModelSpec) -> str:
    if spec.likelihood != "bernoulli":
        return "Only differences count here, not the sign of the cost."
    grey, title = GREY_NATS.get(spec.dataset), cache.manifest().images[spec.dataset].title
    cost = f"about {grey} nats a picture of {title}" if grey else "their entropy"
    return f"Most of the cost is reconstruction: grey pixels alone cost {cost}, even when drawn perfectly."


def _to_try(spec: ModelSpec) -> str:
    """Another model whose nats compare with this one's, and what becomes of each term over the test pictures."""
    other = _compared(spec)
    if other is None:
        return "other pictures. No other model here has nats that compare with these."

    def goes(term: str) -> str:
        return "falls" if other.metrics[term] < spec.metrics[term] else "rises"

    return (
        f"the same picture under {other.id} (sidebar). On average over the test pictures reconstruction"
        f" {goes('reconstruction_nats')}, KL {goes('kl_nats')}, and the sum {goes('nelbo_nats')}."
    )


def _compared(spec: ModelSpec) -> ModelSpec | None:
    """The same model with β = 1, or if that it is, of the next size; smaller if none is larger; None if there is none."""
    alike = [
        other
        for other in cache.manifest().models.values()
        if (other.dataset, other.likelihood, other.conditional) == (spec.dataset, spec.likelihood, spec.conditional)
        and other.architecture.family == spec.architecture.family
        and other.beta == 1
        and other.id != spec.id
        and "nelbo_nats" in other.metrics
    ]
    if "nelbo_nats" not in spec.metrics or not alike:
        return None
    if spec.beta != 1 and (same := [other for other in alike if other.latent_dim == spec.latent_dim]):
        return same[0]
    larger = [other for other in alike if other.latent_dim > spec.latent_dim]
    if larger:
        return min(larger, key=lambda other: other.latent_dim)
    return max(alike, key=lambda other: other.latent_dim)
