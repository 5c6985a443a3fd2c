"""Overview: one picture flows through the model, with its real numbers, while the reader draws it."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Overview",
    "A variational autoencoder turns a picture into a small **cloud of codes**, draws one code from it, and turns that"
    " code back into a picture. Here is one picture on its way: choose it, or **draw it**. *Reading time: 4 minutes.*",
)

import numpy as np

from pages.kit import cache
from pages.kit.components.flow import Left, flow
from pages.kit.controls import held_noise, row
from pages.kit.overview.files import files
from pages.kit.own import keep_digit
from pages.kit.picker import chosen_digit, chosen_model, needs_posterior
from pages.kit.show import chart, look_for, source
from pages.kit.turns import fragment
from vae_core import latent

choice = chosen_model()
needs_posterior(choice)
spec = choice.spec

with row():
    digit = chosen_digit(choice)
    seed = held_noise("overview_seed", fresh="overview_fresh")
epsilon = latent.noise(1, spec.latent_dim, seed)
LEFT = "overview_left"  # what the reader has drawn, for when he comes back from another page


@fragment
def one_picture(kept: dict | None):
    """The flow, which runs in the browser, and what follows when the pen is lifted. It begins with what was `kept`."""
    mu, logvar = choice.posterior(digit)
    left = flow(
        version=spec.weights.sha256,
        encoder=cache.network(spec, "encoder"),
        decoder=cache.network(spec, "decoder"),
        dataset=spec.dataset,
        noun="digit" if spec.dataset == "mnist" else "item",
        classes=choice.classes,
        conditional=spec.conditional,
        codes=choice.codes.mu,
        y=choice.codes.y,
        x=choice.x(digit),
        name=choice.name(digit),
        label=choice.label(digit),
        mu=mu,
        logvar=logvar,
        epsilon=epsilon[0],
        kept=kept,
        key="overview_flow",
    )
    st.session_state[LEFT] = left.sent
    x = choice.x(digit) if left.drawing is None else left.drawing
    if x is None:
        st.caption("What this picture costs is not shown: its pixels are not on this machine.")
    elif not x.any():
        st.caption("What it costs is shown once something is drawn.")
    else:
        if left.drawing is not None:
            keep_offer(left)
        cost(x, np.array([left.label]) if spec.conditional else None)
        files(choice, x, digit if left.drawing is None else None, left.label, seed)


def keep_offer(left: Left):
    """Make the drawing a picture of the picker, on every page."""
    with row():
        label = st.selectbox(
            "Your drawing shows",
            range(len(choice.classes)),
            index=left.label if spec.conditional else None,
            format_func=lambda label: choice.classes[label],
            placeholder="say what",
            key="overview_said",
            width=180,
        )
        kept = st.button(
            "Keep as my digit",
            icon=":material/bookmark_add:",
            on_click=keep,
            args=(left.drawing, label),
            disabled=label is None,
            key="overview_keep",
            help="It joins the picker as the class “yours”, on every page, for this visit.",
        )
    if kept:
        st.rerun()  # the picker stands outside of this fragment


def keep(x: np.ndarray, label: int):
    st.session_state["digit"] = len(choice.codes.y) + keep_digit(x, label, spec.dataset) - 1


def cost(x: np.ndarray, label: np.ndarray | None):
    """Both terms of the negative ELBO, of what the encoder sees and with the noise of the picture above."""
    from pages.kit.charts.shared import elbo_split  # altair and torch take seconds to import: after the first picture
    from vae_core import inference

    terms = inference.elbo_terms(choice.model, x[None], epsilon, label)
    reconstruction, kl = -float(terms.log_likelihood[0]), float(terms.kl[0])
    split, total = st.columns([3, 1], gap="large", vertical_alignment="center")
    with split:
        st.markdown("**What this picture costs**")
        chart(
            elbo_split,
            reconstruction,
            kl,
            alt=f"Reconstruction {reconstruction:.1f} nats plus KL {kl:.1f} nats is the negative ELBO",
        )
    with total:
        st.metric("Negative ELBO, nats", f"{reconstruction + kl:.1f}", border=True)
        if average := spec.metrics:
            st.caption(
                f"Average test picture: {average['reconstruction_nats']:.1f} + {average['kl_nats']:.1f}"
                f" = {average['nelbo_nats']:.1f}"
            )


one_picture(st.session_state.get(LEFT))
look_for(
    "The encoder gives **μ** and **σ**, not one point. The noise **ε** picks **z = μ + σ·ε** inside that cloud, and the"
    " decoder draws **x̂** from z alone. **Try:** press *Fresh noise* a few times: μ and σ stay, z moves, and x̂"
    " changes a little. Move the pointer over latent space: now only z and x̂ move. Then draw: turn a 1 into a 7, a 3 into"
    " an 8, and watch where the cloud goes. What does the model make of a letter?"
)

from vae_core import inference  # only now: it imports torch, which takes seconds

source(inference.encode, latent.reparameterize, inference.decode, inference.elbo_terms)
