"""Loss theory: the evidence lower bound, each term moved by hand and measured on a real picture."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Loss theory",
    "What a variational autoencoder is trained for, one term at a time: in the formula, by hand, and measured on a real"
    " picture. *Reading time: 8 minutes.*",
)

import numpy as np

from pages.kit.charts import elbo_split, estimate_with_error, kl_by_dim, posterior_by_dim, two_gaussians
from pages.kit.concepts import KL, MU, RECONSTRUCTION, SIGMA, X_HAT, X, tex
from pages.kit.picker import chosen_digit, chosen_model, needs_posterior, row
from pages.kit.show import chart, look_for, picture, source
from vae_core import inference, latent, objective

choice = chosen_model()
needs_posterior(choice)

st.header("The bound")
st.markdown(
    "We would like pictures to be likely under the model: large log p(x). That is an integral over every code z, and"
    " nobody can compute it. The encoder's guess q(z|x) makes it a bound that we can:"
)
expected_log_likelihood = tex(RECONSTRUCTION, r"\mathbb{E}_{q(z \mid x)}[\log p(x \mid z)]")
log_p_x_given_z = tex(RECONSTRUCTION, r"\log p(x \mid z)")
divergence = tex(KL, r"\mathrm{KL}(q(z \mid x)\,\|\,p(z))")
st.latex(
    rf"\begin{{aligned}} \log p({tex(X)}) \;\ge\;\; &\underbrace{{{expected_log_likelihood}}}_{{\text{{reconstruction}}}}"
    rf" \\ {{}}-{{}} &\underbrace{{{divergence}}}_{{\text{{the price of the code}}}} \;=\; \mathrm{{ELBO}} \end{{aligned}}"
)
reconstruction_side, kl_side = st.columns(2)
with reconstruction_side.container(border=True, height="stretch"):
    st.markdown("**Reconstruction.** Draw a code from the cloud, decode it: how probable are the pixels we really saw?")
    st.latex(
        rf"\begin{{aligned}} {log_p_x_given_z} = \sum_{{i=1}}^{{784}}\; &{tex(X)}_i \log {tex(X_HAT)}_i"
        rf" \\ {{}}+{{}} &(1 - {tex(X)}_i) \log (1 - {tex(X_HAT)}_i) \end{{aligned}}"
    )
    st.caption("Bernoulli pixels: minus the binary cross-entropy, summed over the 784 pixels. It wants exact codes.")
    if choice.spec.likelihood != "bernoulli":
        pixels = choice.spec.likelihood.replace("_", " ")
        st.caption(
            f"{choice.spec.id} has {pixels} pixels instead: its log p(x | z) is a density's, see the code below."
        )
with kl_side.container(border=True, height="stretch"):
    st.markdown("**KL.** How far is the picture's cloud from the prior N(0, I), from which new codes will be drawn?")
    st.latex(
        rf"{tex(KL)} = \tfrac12 \sum_{{j=1}}^{{d}}"
        rf" {tex(MU)}_j^2 + {tex(SIGMA)}_j^2 - \log {tex(SIGMA)}_j^2 - 1"
    )
    st.caption("A sum over the d latent dimensions. It wants every cloud to look like the prior, and so alike.")
st.caption(
    "Units everywhere: nats an image, summed over pixels and dimensions, averaged over images only. Training minimises"
    " the objective, which is reconstruction + β·KL; at β = 1 that is the negative ELBO. Source: Kingma and Welling"
    " (2014), equation 3, appendices B and C.1; Higgins et al. (2017) for β."
)
source(objective.log_likelihood, objective.kl_per_dim, objective.elbo, objective.objective)

st.header("The KL by hand")
st.markdown(
    "Move one posterior N(μ, σ²) over the prior N(0, 1). **Predict first:** which costs more, μ = 1 with σ = 1,"
    " or μ = 0 with σ = 0.25?"
)


@st.fragment
def kl_by_hand():
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
        noise_seed = st.session_state.setdefault("loss_noise", 0)
        st.button(
            "Fresh samples",
            icon=":material/casino:",
            on_click=lambda: st.session_state.update(loss_noise=noise_seed + 1),
            key="loss_fresh",
        )
    exact, estimate, standard_error = inference.kl_both_ways(mu, logvar, latent.noise(samples, 1, noise_seed)[:, 0])
    with curves:
        chart(two_gaussians(mu, sigma), alt=f"Density of N({mu:.2f}, {sigma:.2f} squared) over the prior N(0, 1)")
    with sliders:
        left, right = st.columns(2)
        left.metric("Closed form, nats", f"{exact:.3f}")
        right.metric(
            "By sampling, nats", f"{estimate:.3f}", f"± {standard_error:.3f}", delta_color="off", delta_arrow="off"
        )
    with curves:
        chart(
            estimate_with_error(exact, estimate, standard_error),
            alt=f"Exact KL {exact:.3f}, estimate {estimate:.3f} plus or minus {standard_error:.3f} nats",
        )
        st.caption(
            f"σ = {sigma:.2f}. The line is the closed form; the diamond is the mean of log q(z) − log p(z) over the"
            " samples, with two standard errors to each side."
        )
    mean_part, width_part = 0.5 * mu**2, exact - 0.5 * mu**2
    st.caption(
        f"Of the {exact:.3f} nats, **{mean_part:.3f}** come from the mean (½ μ²) and **{width_part:.3f}** from the width"
        " (½ (σ² − log σ² − 1)). A narrow cloud is a precise code, and precision is paid in nats."
    )


kl_by_hand()
look_for(
    "The KL is zero only where the two curves are one. Halving σ costs about 0.7 nats once σ is small, wherever μ is."
    " **Try:** 10 samples and *Fresh samples*: the estimate jumps, even below zero, but the line stays. That is why"
    " training uses the closed form."
)
source(objective.kl_per_dim, objective.kl_monte_carlo)

st.header("Both terms on a real picture")
with row():
    digit = chosen_digit(choice)
label = choice.labels(digit)
mu, logvar = choice.codes.mu[digit], choice.codes.logvar[digit]
if choice.images is None:
    st.caption("The reconstruction term needs the original picture, which is not on this machine; the KL does not.")
    chart(
        kl_by_dim(0.5 * (mu**2 + np.exp(logvar) - logvar - 1)), alt="KL of each latent dimension of the chosen picture"
    )
    st.stop()
x = choice.x(digit)
epsilon = latent.noise(1, choice.spec.latent_dim, seed=0)
terms = inference.elbo_terms(choice.model, x[None], epsilon, label)
reconstruction, kl = -float(terms.log_likelihood[0]), float(terms.kl[0])
pictures, split, dims = st.columns([3, 3, 5], gap="large")
with pictures:
    picture(x, alt=f"The original: {choice.name(digit)}", caption="x, the original")
    z = latent.reparameterize(mu, logvar, epsilon[0])
    x_hat = inference.decode(choice.model, z[None], label)[0]
    picture(x_hat, alt="What the decoder draws from the sampled code", caption="x̂, decoded from a sample of z")
with split:
    chart(
        elbo_split(reconstruction, kl),
        alt=f"Reconstruction {reconstruction:.1f} nats plus KL {kl:.1f} nats is the negative ELBO",
    )
    st.metric("Negative ELBO, nats", f"{reconstruction + kl:.1f}", border=True)
with dims:
    st.markdown("**KL of each dimension**: how much this picture says with it")
    chart(kl_by_dim(terms.kl_per_dim[0]), alt="KL of each latent dimension of the chosen picture, in nats")
    st.markdown("**Its posterior**: μ ± σ of each dimension; the prior is 0 ± 1")
    chart(posterior_by_dim(mu, np.exp(0.5 * logvar)), alt="Mean and width of the posterior in each latent dimension")
look_for(
    "Most of the cost is reconstruction: grey pixels alone cost about 45 nats on MNIST, even when drawn perfectly."
    " **Try:** the same picture under a model with more dimensions (sidebar): reconstruction falls, KL rises, and the sum"
    " falls. A dimension with KL near 0 says nothing about this picture."
)
source(inference.elbo_terms)
