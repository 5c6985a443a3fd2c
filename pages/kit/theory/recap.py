"""Step 9: everything on one card, to be printed."""

import streamlit as st

from pages.kit import cache
from pages.kit.concepts import EPSILON, MU, SIGMA, X_HAT, X, Z, tex
from pages.kit.picker import Choice
from pages.kit.theory.formulas import CLOSED_KL, DIVERGENCE, ELBO, EXPECTED, GAP, LOG_P_X_GIVEN_Z
from vae_core.manifest import ModelSpec

# On paper: the title and the card, on one page.
PRINT = """
<style>@media print {
  [data-testid=stSidebar], [data-testid=stHeader], [data-testid=stBaseButton-primary], .stButton, .stButtonGroup,
  [data-testid=stAlert] { display: none !important; }
  [data-testid=stMain] { position: static !important; overflow: visible !important; zoom: 0.75; }
}</style>
"""


def lesson(choice: Choice) -> None:
    st.markdown("## Recap")
    st.html(PRINT)
    with st.container(border=True):
        _formulas()
        _numbers(choice)
    st.caption("Your browser's print command (Ctrl+P) puts the card on one sheet of paper, without the controls.")


def _formulas() -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Evidence** = bound + gap")
        st.latex(rf"\log p({tex(X)}) = {ELBO} + {GAP}")
        st.markdown("**Objective**, minimised; q is q(z|x)")
        st.latex(rf"\underbrace{{-{EXPECTED}}}_{{\text{{reconstruction}}}} + \beta\, {DIVERGENCE}")
        st.markdown("**Log-likelihood**, Bernoulli pixels")
        st.latex(
            rf"\begin{{aligned}} {LOG_P_X_GIVEN_Z} = \sum_i\; &{tex(X)}_i \log {tex(X_HAT)}_i"
            rf" \\ {{}}+{{}} &(1 - {tex(X)}_i) \log (1 - {tex(X_HAT)}_i) \end{{aligned}}"
        )
    with right:
        st.markdown("**KL**, closed form")
        st.latex(CLOSED_KL)
        st.markdown("**Reparameterisation**; the encoder gives μ and log σ²")
        st.latex(
            rf"\begin{{aligned}} {tex(Z)} &= {tex(MU)} + {tex(SIGMA)}\,{tex(EPSILON)}, \quad {tex(EPSILON)} \sim N(0, I) \\"
            rf" {tex(SIGMA)} &= \exp(\tfrac12 \log \sigma^2) \end{{aligned}}"
        )
        st.markdown("**Units**: sum over pixels and dimensions, mean over images. Any other recipe is another β:")
        st.latex(r"\beta = \frac{\text{factor of the KL}}{\text{factor of the reconstruction}}")
    st.caption("Kingma and Welling (2014), equations 1 to 3, section 2.4, appendices B and C; Higgins et al. (2017).")


def _numbers(choice: Choice) -> None:
    st.markdown(
        f"**What to expect**: test pictures of {cache.manifest().images[choice.spec.dataset].title}, nats an image"
    )
    rows = [
        f"| {'**' + spec.id + '**' if spec.id == choice.spec.id else spec.id}"
        f" | {figures['reconstruction_nats']:.1f} | {figures['kl_nats']:.1f} | {figures['nelbo_nats']:.1f}"
        f" | {figures['active_units']} of {spec.latent_dim} |"
        for spec in cache.manifest().models.values()
        if "nelbo_nats" in (figures := spec.metrics)
        and (spec.id == choice.spec.id or _plain(spec, choice.spec.dataset))
    ]
    if rows:
        head = "| model | recon. | KL | nELBO | active |\n|---|--:|--:|--:|--:|\n"
        st.markdown(head + "\n".join(rows))
        st.caption(
            "recon. = reconstruction, −E[log p(x|z)] over q; nELBO = recon. + KL, lower is better; Gaussian pixels are densities"
            " and compare with no others."
        )
    st.markdown(
        "- More dimensions: reconstruction falls, KL rises, and their sum falls until units go unused.\n"
        "- Larger β: smaller KL, fewer active units, blurrier pictures.\n"
        "- A gap stays as long as the true posterior is no Gaussian or the encoder not perfect.\n"
        "- Pathwise gradients vary so little that one sample of z a picture is enough."
    )


def _plain(spec: ModelSpec, dataset: str) -> bool:
    """Whether a model differs from the others in its size alone: β = 1, Bernoulli pixels, no labels."""
    return spec.dataset == dataset and spec.beta == 1 and spec.likelihood == "bernoulli" and not spec.conditional
