"""Whose fault is the gap: the encoder's part and the Gaussian's, for one picture of a model with two dimensions."""

import math

import streamlit as st

from pages.kit import cache
from pages.kit.bounds.subject import Subject
from pages.kit.components.climb import climb
from pages.kit.concepts import ELBO, GAP, X, tex
from pages.kit.controls import one_of
from pages.kit.show import predict
from pages.kit.turns import fragment
from vae_core import bounds


def gap_in_symbols(subject: Subject) -> None:
    """The two gaps, and whose they are."""
    st.markdown(
        f"The ELBO misses {subject.log_p_x} by exactly the distance from q to the true posterior. Part of that is the"
        " encoder's: one network answers for all pictures. Part is the Gaussian's: the true posterior need not be one,"
        f" least of all one with its axes along {'z1 and z2' if subject.gap else 'the dimensions'}."
    )
    gap = tex(GAP, r"\mathrm{KL}(q(z \mid x)\,\|\,p(z \mid x))")
    amortisation = tex(GAP, r"\mathcal{L}[q^*] - \mathcal{L}[q]")
    approximation = tex(GAP, r"\log p(x) - \mathcal{L}[q^*]")
    st.latex(
        rf"\begin{{aligned}} &\log p({tex(X)}) - {tex(ELBO)} \\ &= {gap}"
        rf" \\ &= \underbrace{{{amortisation}}}_{{\text{{amortisation gap}}}}"
        rf" \\ &+ \underbrace{{{approximation}}}_{{\text{{approximation gap}}}} \end{{aligned}}"
    )
    st.caption(
        "𝓛[q] is the ELBO with any q in the encoder's place, q* the Gaussian with diagonal covariance that makes it largest"
        " for this picture."
        + (" Here every ELBO is an integral by quadrature, above it is a mean of samples." if subject.gap else "")
        + " Source: Cremer, Li and Duvenaud (2018), arXiv 1801.03558."
    )


@fragment
def whose_fault(subject: Subject) -> None:
    """The ascent from the encoder's q to the best one, and what it closes of the gap."""
    gap, choice = subject.gap, subject.choice
    amortisation = round(gap.amortisation, 2)
    approximation = round(gap.log_evidence - gap.elbo, 2) - amortisation  # what is shown adds up
    encoder, gaussian = "the encoder's", "the Gaussian's"
    guessed = predict(
        f"Whose is the larger part of the gap of {subject.name}, number {subject.digit}?",
        [encoder, gaussian],
        encoder if gap.amortisation > gap.approximation else gaussian,
        f"Of the {amortisation + approximation:.2f} nats, {amortisation:.2f} go once q is made for this picture alone:"
        f" the amortisation gap. {approximation:.2f} stay, because the true posterior is no Gaussian with axes along z1 and z2:"
        " the approximation gap.",
        key="bounds_predict",
        then="the two parts appear below the ascent",
    )
    ascents = {"encoder": gap.from_encoder, "peak": gap.from_peak}
    start = one_of(
        "Start of the ascent",
        ascents,
        key="bounds_start",
        help="At the encoder's q, or with the encoder's σ at the peak of the true posterior.",
    )
    ascent = ascents[start]
    climb(choice, subject.x, subject.label, gap, ascent, key="bounds_climb")
    behind = gap.best_elbo - ascent.elbo.max()
    if behind > 0.05:
        st.info(
            f"This ascent ends in a local maximum, {behind:.2f} nats below what starting at the other place reaches. The"
            " numbers below count the better one.",
            icon=":material/landscape:",
        )
    if not guessed:
        return
    numbers = st.columns(3)
    numbers[0].metric("Amortisation gap, nats", f"{amortisation:.2f}", border=True)
    numbers[1].metric("Approximation gap, nats", f"{approximation:.2f}", border=True)
    numbers[2].metric("Together: log p(x) − ELBO, nats", f"{amortisation + approximation:.2f}", border=True)


def in_words(points: int) -> str:
    """A large number of points, readable."""
    if points < 1e9:
        return f"{points / 1e6:.0f} million"
    return f"some 10 to the power of {math.floor(math.log10(points))}"


def only_in_a_plane(subject: Subject) -> None:
    """Why a model with more dimensions keeps its log p(x) to itself, and one that does not."""
    spec = subject.choice.spec
    points = bounds.CELLS**spec.latent_dim
    st.info(
        f"In a plane the true posterior is summed on a grid of {bounds.CELLS} × {bounds.CELLS} cells. A grid as fine over the"
        f" {spec.latent_dim} dimensions of {spec.id} has {bounds.CELLS} to the power of {spec.latent_dim}, {in_words(points)}:"
        + (" more than this page can decode for one picture" if points < 1e9 else " more than anyone can decode")
        + f", so it leaves {subject.log_p_x} unknown here."
    )
    plane = f"{spec.dataset}-z2"
    if plane in cache.manifest().models:
        st.button(
            f"Show {plane} instead",
            icon=":material/swap_horiz:",
            on_click=lambda: st.session_state.update(model=plane),
            key="bounds_plane",
        )
