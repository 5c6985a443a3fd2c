"""The KL of the ELBO split in two: what a code says of its picture, and how far all codes are from the prior."""

import streamlit as st

from pages.kit.charts.holes import surgery_bars, surgery_table
from pages.kit.concepts import KL, tex
from pages.kit.show import chart
from vae_core.density import Surgery


def surgery(parts: Surgery) -> None:
    """The identity, and its numbers for one model."""
    information, marginal = parts.mutual_information.nats, parts.marginal_kl.nats
    st.markdown(
        "The KL of the ELBO, averaged over the pictures, is two things at once: how much a code says of its picture, and"
        " how far all codes together are from the prior. Only the second makes holes."
    )
    mean_kl = tex(KL, r"\mathrm{KL}(q(z \mid x_n)\,\|\,p(z))")
    st.latex(
        rf"\begin{{aligned}} &\tfrac1N \textstyle\sum_n {mean_kl} \\"
        r" &= I(x; z) + \mathrm{KL}(q(z)\,\|\,p(z)) \end{aligned}"
    )
    bars, numbers = st.columns([3, 2], gap="large")
    with bars:
        chart(
            surgery_bars,
            information,
            marginal,
            parts.kl,
            parts.ceiling,
            alt=f"Mean KL {parts.kl:.2f} nats; I(x; z) {information:.2f} plus KL(q(z) || p(z)) {marginal:.2f} nats",
        )
    with numbers:
        st.markdown(surgery_table(parts))
        st.caption("The parts by sampling: one code of each picture's cloud, seed 0. Dashed: log N.")
