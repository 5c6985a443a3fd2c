"""Holes: where the codes of real pictures are, where the prior puts its samples, and what lies between."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Holes",
    "The decoder has learned to draw where real pictures have their codes. The prior sends samples elsewhere, too: find"
    " such a place, then sample from something better. *Reading time: 7 minutes.*",
)

from pages.kit import computed
from pages.kit.holes.aggregate import definition, densities
from pages.kit.holes.mixture import SAMPLES, SHOWN, mixture
from pages.kit.holes.search import search, tells_holes
from pages.kit.holes.surgery import surgery
from pages.kit.holes.window import chosen_window
from pages.kit.picker import chosen_model
from pages.kit.place import Place
from pages.kit.show import look_for, predict, source
from vae_core import density

choice = chosen_model()
spec = choice.spec

st.markdown("## The aggregate posterior")
definition(choice)
window = chosen_window(choice)
densities(choice, window)
st.caption("Source: Hoffman and Johnson (2016), “ELBO surgery”, who name q(z) and look where it is not the prior.")
source(density.log_aggregate)

if spec.variational:
    st.markdown("## Surgery on the KL")
    parts = computed.surgery(spec)
    surgery(parts)
    full = parts.mutual_information.nats > 0.97 * parts.ceiling
    look_for(
        f"I(x; z) is measured for these {len(choice.codes.y):,} pictures, each as likely: knowing which of them it is takes"
        f" log N = {parts.ceiling:.2f} nats, and no code can say more. "
        + (
            "**This model has reached that ceiling**: its codes tell all these pictures apart. What is left over, the"
            f" KL(q(z) ‖ p(z)), then counts the space between {len(choice.codes.y):,} small clouds, too, and would shrink"
            " with more pictures."
            if full
            else "This model stays below it: some pictures share their place."
        )
        + " **Try:** a larger β in the sidebar: both parts fall. Source: Hoffman and Johnson (2016), “ELBO surgery”."
    )
    source(density.surgery)

st.markdown("## Find a hole")
guessed = predict(
    "The prior's density is highest at z = 0. Does the decoder draw a good picture near it?",
    ["always", "not always"],
    "not always",
    "The decoder was only trained where the encoder put codes, and nothing makes it put some everywhere near 0. Click the"
    " buttons below and see how near to 0 a hole can be.",
    key="holes_predict",
    then="the place is decoded, and others can be searched",
)
if guessed:
    search(choice, window, Place("holes_z", spec))
    _, _, misses = computed.cloud_samples(spec)
    look_for(
        (
            f"**{misses:.1%}** of 2,000 samples of the prior (seed 0) land where the density of codes is lower than at 95 % of"
            " real codes; if q(z) were the prior, 5 % would. "
            if tells_holes(spec)
            else "How many samples of the prior land in holes cannot be counted here: even real codes lie where the score sees"
            " none of the others. "
        )
        + (
            "**Try:** both buttons, several times. A hole need not look bad: across a narrow seam the decoder simply goes on,"
            " and only where there is room, as in more dimensions, it invents things that are no digit. At a border it draws"
            " both classes at once, for lack of any code that told it what is there."
            if spec.variational
            else "N(0, I) covers only the crowded middle of this plane: its samples fall into few holes, and miss most codes."
        )
    )
source(density.find_hole, density.is_hole, density.tells_holes, density.find_border, density.log_aggregate)

st.markdown("## Sample from the codes' own density")
st.markdown(
    "If the prior is not where the codes are, fit a density to the codes after training and sample from that: **ex-post"
    " density estimation** (Ghosh et al. 2020). Here it is a mixture of K Gaussians with full covariances, fitted by"
    " expectation maximisation to the codes of half of the gallery and judged at those of the other half."
)
mixture(choice)
st.caption(
    f"{SAMPLES} samples each (real codes: at most as many), the distance over the {SHOWN} shown. The same noise makes the first two; codes of"
    " real pictures, one sample of each cloud, are judged by the other pictures."
    " What the scores can say: whether samples lie where codes are, and whether their neighbourhood has one class. What they"
    " cannot: whether a person reads the picture as a digit. The project ships no classifier, a mixture with one component a"
    " picture would win every column by copying, and a high mean log q(z) can be had by drawing the same digit again and"
    " again, so look at the third column, too."
    + (
        " This model's codes hardly know the class (the label tells it), so the second column is low for real codes, too."
        if spec.conditional
        else ""
    )
)
look_for(
    "Compare the sheets: fewer smudges between two classes, and no more variety lost than the third column shows. For the"
    " plain autoencoder (mnist-z2-ae) the change is the largest: N(0, I) knows nothing of where its codes lie, a mixture does."
)
source(density.fit_mixture, density.sample_mixture, density.score_samples, density.picture_distance)
