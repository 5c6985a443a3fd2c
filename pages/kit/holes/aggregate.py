"""The aggregate posterior: its definition, and a map of its density beside the prior's."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts.holes import density_map
from pages.kit.concepts import Z, tex
from pages.kit.controls import one_of
from pages.kit.holes.window import SIDE, Window
from pages.kit.picker import Choice
from pages.kit.show import chart, look_for, printed
from pages.kit.turns import fragment


def definition(choice: Choice) -> None:
    """The mixture of all posteriors, or what stands for it where the codes are points."""
    spec, count = choice.spec, len(choice.codes.y)
    st.latex(
        rf"q({tex(Z)}) \;=\; \frac1N \sum_{{n=1}}^{{N}} q({tex(Z)} \mid x_n), \qquad N = {count:,}".replace(",", "{,}")
    )
    if spec.variational:
        st.markdown(
            f"Every picture has its cloud q(z|x); the {count:,} clouds of the gallery together are the **aggregate"
            " posterior**. Training pulls each cloud towards the prior N(0, I), but nothing makes the sum of them fill it."
        )
        return
    _, logvar, share = computed.cloud(spec)
    st.markdown(
        f"{spec.id} is a plain autoencoder: its codes are points, and points have no density. A **kernel density estimate**"
        f" puts a small Gaussian on each. Its standard deviation, the bandwidth, is **{np.exp(0.5 * logvar[0, 0]):.2f}**,"
        f" {share:.0%} of the codes' own spread: of 1, 2, 4, 8 and 16 % the one under which the other codes make each code"
        " most likely."
    )


@fragment
def densities(choice: Choice, window: Window) -> None:
    """The map of q(z), of p(z), or of how much denser one is than the other."""
    spec, names, limit = choice.spec, window.names, window.limit
    log_q, log_p = window.log_q, window.log_p
    drawing, words = st.columns([3, 2], gap="large")
    with words:
        views = {
            "aggregate": ("log q(z)", log_q),
            "prior": ("log p(z)", log_p),
            "difference": ("log q(z) − log p(z)", log_q - log_p),
        }
        view = one_of("Shown", views, key="holes_view")
        inside = np.square(window.centres).sum(axis=-1) <= 4
        st.caption(
            f"Dashed: the prior at 1, 2 and 3 standard deviations. In each of the {SIDE} × {SIDE} cells, q(z) is its mean"
            f" over the cell, p(z) its value at the centre. Inside the circle of 2, log q(z) goes from"
            f" {printed(log_q[inside].min())} to {printed(log_q[inside].max())} nats, log p(z) from {printed(log_p[inside].min())} to"
            f" {printed(log_p[inside].max())}."
        )
        if spec.latent_dim > 2:
            st.caption(
                f"The exact marginal of two of the {spec.latent_dim} dimensions: the others are integrated out. A hole in all"
                f" {spec.latent_dim} dimensions may be covered here by codes that lie before or behind it."
            )
        look_for(
            "The sum of the clouds follows the prior at large and not at all in detail: seams run between the classes, also"
            " through the middle. **Try:** *difference*: red is where the prior sends samples and no picture has its code,"
            " blue where codes crowd."
            if spec.variational
            else "No term of its training told the codes to be near N(0, I), and they are not: the dashed circles are a"
            " spot in the middle. **Try:** the other models of two dimensions."
        )
    with drawing:
        name, values = views[view]
        chart(
            density_map,
            window.axis,
            values,
            name,
            names,
            view == "difference",
            alt=f"{name} of {spec.id} over {names[0]} and {names[1]} from {-limit:.0f} to {limit:.0f}, with circles of the"
            " prior",
        )
