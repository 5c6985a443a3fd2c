"""Overview: one picture flows through the model, with its real numbers."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Overview",
    "A variational autoencoder turns a picture into a small **cloud of codes**, draws one code from it, and turns that"
    " code back into a picture. Here is one picture on its way. *Reading time: 3 minutes.*",
)

import numpy as np

from pages.kit.flow import flow
from pages.kit.picker import chosen_digit, chosen_model, needs_posterior, row
from pages.kit.show import chart, look_for, source
from vae_core import inference, latent

choice = chosen_model()
needs_posterior(choice)
seed = st.session_state.setdefault("overview_noise", 0)


with row():
    digit = chosen_digit(choice)
    st.button(
        "Fresh noise",
        icon=":material/casino:",
        on_click=lambda: st.session_state.update(overview_noise=seed + 1),
        key="overview_fresh",
        help="Draw another ε. Until you ask, the noise stays the same: only the picture moves things.",
    )
label = choice.labels(digit)

mu, logvar = choice.codes.mu[digit], choice.codes.logvar[digit]
sigma = np.exp(0.5 * logvar)
epsilon = latent.noise(1, choice.spec.latent_dim, seed)[0]
z = latent.reparameterize(mu, logvar, epsilon)
x_hat = inference.decode(choice.model, z[None], label)[0]

codes = choice.codes
plane = choice.spec.latent_dim == 2
flow(
    x=choice.x(digit),
    name=choice.name(digit),
    mu=mu,
    sigma=sigma,
    epsilon=epsilon,
    z=z,
    x_hat=x_hat,
    cloud=np.column_stack([codes.mu[:1000], codes.y[:1000]]) if plane else np.empty((0, 3)),
    key="overview_flow",
)

from pages.kit.charts import elbo_split  # altair takes a second to import: after the first picture

if choice.images is None:
    st.caption("What this picture costs is not shown: its pixels are not on this machine.")
else:
    terms = inference.elbo_terms(choice.model, choice.x(digit)[None], epsilon[None], label)
    reconstruction, kl = -float(terms.log_likelihood[0]), float(terms.kl[0])
    cost, total = st.columns([3, 1], gap="large", vertical_alignment="center")
    with cost:
        st.markdown("**What this picture costs**")
        chart(
            elbo_split(reconstruction, kl),
            alt=f"Reconstruction {reconstruction:.1f} nats plus KL {kl:.1f} nats is the negative ELBO",
        )
    with total:
        st.metric("Negative ELBO, nats", f"{reconstruction + kl:.1f}", border=True)
        if average := choice.spec.metrics:
            st.caption(
                f"Average test picture: {average['reconstruction_nats']:.1f} + {average['kl_nats']:.1f}"
                f" = {average['nelbo_nats']:.1f}"
            )

look_for(
    "The encoder gives **μ** and **σ**, not one point. The noise **ε** picks **z = μ + σ·ε** inside that cloud, and the"
    " decoder draws **x̂** from z alone. **Try:** press *Fresh noise* a few times. μ and σ stay, z moves, and x̂"
    " changes a little. Then step through pictures of one class: where does the cloud go, and when is it wide?"
)
source(inference.encode, latent.reparameterize, inference.decode, inference.elbo_terms)
