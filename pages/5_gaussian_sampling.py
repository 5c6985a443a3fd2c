"""Gaussian sampling: from the prior N(0, I) to pictures, in six ways."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Gaussian sampling",
    "The decoder needs no input picture: draw a code from the prior N(0, I) and decode it. *Reading time: 6 minutes, one"
    " for each part.*",
)

from pages.kit.controls import one_of
from pages.kit.picker import chosen_model
from pages.kit.sampling.by_hand import by_hand, forget_another_model
from pages.kit.sampling.conditional import conditional
from pages.kit.sampling.grid import grid
from pages.kit.sampling.one_class import one_class
from pages.kit.sampling.random_samples import random_samples
from pages.kit.sampling.traversals import traversals

PARTS = {
    "By hand": (by_hand, "One code, decoded in your browser while you move it."),
    "Random": (random_samples, "Codes drawn from N(0, I), and what the decoder makes of them."),
    "Grid": (
        grid,
        "Two dimensions at once: a window on latent space, with the codes of real pictures on the same axes.",
    ),
    "Traversals": (traversals, "Each dimension alone, the most used first: what does it change?"),
    "One class": (one_class, "Samples of one class, drawn at random."),
    "Conditional": (conditional, "The label given to the decoder: one z in ten classes."),
}

choice = chosen_model()
forget_another_model(choice)
name = one_of("Part", PARTS, key="sampling_part")
part, lead = PARTS[name]
st.markdown(lead)
if not choice.spec.variational:
    st.caption(
        f"{choice.spec.id} is a plain autoencoder: nothing in its training asked for codes like N(0, I), so samples of it"
        " fall where no picture's code may lie."
    )
part(choice)  # only the part that is shown is computed
