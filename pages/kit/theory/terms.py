"""Step 3: both terms of the bound, measured on a real picture and dimension by dimension."""

import numpy as np
import streamlit as st

from pages.kit.charts.shared import elbo_split, kl_by_dim, posterior_by_dim
from pages.kit.controls import row
from pages.kit.picker import Choice, chosen_digit, needs_posterior
from pages.kit.show import chart, look_for, picture, predict, source
from vae_core import inference, latent


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
    epsilon = latent.noise(1, choice.spec.latent_dim, seed=0)
    if x is not None:
        terms = inference.elbo_terms(choice.model, x[None], epsilon, labels)
        reconstruction, kl = -float(terms.log_likelihood[0]), float(terms.kl[0])
        predict(
            "Which term is the larger one?",
            ["reconstruction", "KL"],
            "reconstruction" if reconstruction > kl else "KL",
            "784 pixels have more to say than a handful of codes."
            if choice.spec.likelihood == "bernoulli"
            else "The pixels of this model have densities, and the logarithm of a density has no floor at 0: sharp pixels count"
            " below zero.",
            key="terms_predict",
        )
    pictures, split, dims = st.columns([3, 3, 5], gap="large")
    with pictures:
        if x is not None:
            picture(x, alt=f"The original: {choice.name(digit)}", caption="x, the original")
        z = latent.reparameterize(mu, logvar, epsilon[0])
        x_hat = inference.decode(choice.model, z[None], labels)[0]
        picture(x_hat, alt="What the decoder draws from the sampled code", caption="x̂, decoded from a sample of z")
    with split:
        if x is None:
            st.caption(
                "The reconstruction term needs the original picture, which is not on this machine; the KL does not."
            )
            st.metric("KL, nats", f"{kl_of_dims.sum():.1f}", border=True)
        else:
            chart(
                elbo_split,
                reconstruction,
                kl,
                alt=f"Reconstruction {reconstruction:.1f} nats plus KL {kl:.1f} nats is the negative ELBO",
            )
            st.metric("Negative ELBO, nats", f"{reconstruction + kl:.1f}", border=True)
        if "nelbo_nats" in choice.spec.metrics:
            average = choice.spec.metrics
            st.caption(
                f"Average test picture: {average['reconstruction_nats']:.1f} + {average['kl_nats']:.1f}"
                f" = {average['nelbo_nats']:.1f} nats."
            )
    with dims:
        st.markdown("**KL of each dimension**: how much this picture says with it")
        chart(kl_by_dim, kl_of_dims, alt="KL of each latent dimension of the chosen picture, in nats")
        st.markdown("**Its posterior**: μ ± σ of each dimension; the prior is 0 ± 1")
        chart(
            posterior_by_dim, mu, np.exp(0.5 * logvar), alt="Mean and width of the posterior in each latent dimension"
        )
    dominant = (
        "Most of the cost is reconstruction: grey pixels alone cost about 46 nats on MNIST, even when drawn perfectly."
    )
    look_for(
        (
            dominant
            if choice.spec.likelihood == "bernoulli"
            else "Only differences count here, not the sign of the cost."
        )
        + " **Try:** the same picture under a model with more dimensions (sidebar): reconstruction falls, KL rises, and the"
        " sum falls. A dimension with KL near 0 says nothing about this picture."
    )
    source(inference.elbo_terms, inference.kl_per_dim)
