"""Digit transitions: from one picture to another through latent space."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Digit transitions",
    "Walk from the code of one picture to the code of another and decode every step. *Reading time: 6 minutes.*",
)

from pages.kit.controls import one_of
from pages.kit.picker import chosen_model
from pages.kit.show import look_for, predict, source
from pages.kit.transitions.arithmetic import arithmetic
from pages.kit.transitions.corners import corners
from pages.kit.transitions.ends import PATHS, Ends, chosen_noise, chosen_pair
from pages.kit.transitions.passed import along, norms_of
from pages.kit.transitions.steps import step_by_step
from pages.kit.transitions.way import both_ends, on_the_map
from vae_core import latent, transitions

choice = chosen_model()


@st.fragment
def walk():
    """All that follows from the two ends."""
    pair = chosen_pair(choice)
    drawing, settings = st.columns([3, 2], gap="large")
    with settings:
        ends = Ends(choice, pair, chosen_noise(choice))
        kind = one_of(
            "Path",
            list(PATHS),
            "transition_path",
            help="Linear: the straight line between the codes. Spherical: the great circle, on which equal norms stay equal;"
            " between unequal ones the arc may swing out beyond both.",
        )
        both_ends(ends)
    with drawing:
        on_the_map(ends, kind)

    st.header("Step by step")
    predict(
        "Halfway, a cross-fade of the pixels shows both pictures at half their brightness. And the decoder, halfway"
        " between their codes?",
        ["the same", "one picture of its own", "noise"],
        "one picture of its own",
        "The decoder learnt to make pictures out of codes, and the code halfway is a code like others. Compare the rows"
        " below: the cross-fade lays two pictures over each other, the decoder draws one. Where the path crosses a region"
        " in which few codes lie, that one may be blurred.",
        "transition_predict",
    )
    step_by_step(ends, kind)

    st.header("What the path passes")
    norms = norms_of(ends)
    predict(
        "Halfway on the straight line: is z longer or shorter than its two ends are on average?",
        ["longer", "as long", "shorter"],
        "shorter",
        "The triangle inequality: ‖(a + b) / 2‖ ≤ (‖a‖ + ‖b‖) / 2, and equal only where both point the same way. Here"
        f" {norms['linear'][len(norms['linear']) // 2]:.2f} against {norms['linear'][[0, -1]].mean():.2f}.",
        "transition_predict_norm",
    )
    along(ends, kind, norms)
    look_for(
        "Shapes bend, open and close, where the cross-fade shows two pictures at once. **Try:** two"
        " pictures of one class, then of two far classes: where does it stop being one and begin to be the other? In 2"
        " dimensions the straight line may cross a third class. In 20, compare linear and spherical."
    )

    st.header("Four corners")
    st.markdown("A and B from above, and two more. Between them every row and every column is a straight line.")
    corners(ends)


walk()

st.header("Latent arithmetic")
st.markdown(
    "The mean code of the pictures that have most of something, minus the mean code of those that have least, is a"
    " direction in latent space. Add it to any code."
)
arithmetic(choice)
look_for(
    "Nobody told the model what much ink or a slant is, and yet, given enough dimensions, one direction does it, for pictures"
    " that were not in the groups, too. In 2 dimensions there is little room for style beside the class: the step may lead"
    " into another class, and even take ink away, as the measured numbers tell. **Try:** a model of 10 dimensions; then the"
    " direction learnt from all pictures: "
    + (
        "this decoder is told the class, so the picture keeps it."
        if choice.spec.conditional
        else "it also carries what the classes differ in, and moves one class towards another."
    )
)
source(
    latent.lerp, latent.slerp, transitions.cross_fade, transitions.class_shares, transitions.blend, transitions.contrast
)
