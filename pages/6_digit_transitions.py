"""Digit transitions: from one picture to another through latent space."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Digit transitions",
    "Walk from the code of one picture to the code of another and decode every step. *Reading time: 6 minutes, for the four"
    " parts together.*",
)

from pages.kit.controls import one_of
from pages.kit.picker import chosen_model
from pages.kit.show import look_for, source
from pages.kit.transitions.arithmetic import arithmetic
from pages.kit.transitions.corners import corners
from pages.kit.transitions.ends import PATHS, Ends, chosen_noise, chosen_pair
from pages.kit.transitions.passed import what_it_passes
from pages.kit.transitions.steps import step_by_step
from pages.kit.transitions.way import both_ends, on_the_map
from pages.kit.turns import fragment
from vae_core import latent, transitions

PARTS = ["Step by step", "What the path passes", "Four corners", "Latent arithmetic"]

choice = chosen_model()
part = one_of("Part", PARTS, "transition_part")


@fragment
def walk():
    """The two ends, the path between them on the map, and the part that is shown."""
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

    st.markdown(f"## {part}")
    if part == "Step by step":
        step_by_step(ends, kind)
        look_for(
            "Shapes bend, open and close, where the cross-fade of the pixels shows two pictures at once, each at half its"
            " brightness. Where the path crosses a region in which few codes lie, the picture may be blurred. **Try:** two"
            " pictures of one class, then of two far classes: where does it stop being one and begin to be the other?"
        )
    elif part == "What the path passes":
        what_it_passes(ends, kind)
        look_for(
            "**Try:** a straight line in 2 dimensions that crosses a third class. In 20 dimensions, compare linear and"
            " spherical: which of the two stays as long as the prior's samples are?"
        )
    else:
        st.markdown("A and B from above, and two more. Between them every row and every column is a straight line.")
        corners(ends)
    source(latent.lerp, latent.slerp, transitions.cross_fade, transitions.class_shares, transitions.blend)


def add_a_direction():
    """A difference of mean codes, added to one code."""
    st.markdown(f"## {part}")
    st.markdown(
        "The mean code of the pictures that have most of something, minus the mean code of those that have least, is a"
        " direction in latent space. Add it to any code."
    )
    arithmetic(choice)
    look_for(
        "Nobody told the model what much ink or a slant is, and yet, given enough dimensions, one direction does it, for"
        " pictures that were not in the groups, too. In 2 dimensions there is little room for style beside the class: the"
        " step may lead into another class, and even take ink away, as the measured numbers tell. **Try:** a model of 10"
        " dimensions; then the direction learnt from all pictures: "
        + (
            "this decoder is told the class, so the picture keeps it."
            if choice.spec.conditional
            else "it also carries what the classes differ in, and moves one class towards another."
        )
    )
    source(transitions.contrast, transitions.ink, transitions.slant)


if part == "Latent arithmetic":
    add_a_direction()
else:
    walk()
