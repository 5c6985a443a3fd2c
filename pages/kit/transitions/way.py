"""The two ends as pictures, and the path between them on a map of the codes."""

import numpy as np
import streamlit as st

from pages.kit.components.path_map import path_map, plane_of
from pages.kit.show import sheet
from pages.kit.transitions.ends import PATHS, Ends
from pages.kit.transitions.passed import PLACES
from vae_core.manifest import ArtifactError


def both_ends(ends: Ends) -> None:
    """A above B, each original beside what its code decodes to; or what they decode to alone."""
    if ends.originals is None:
        x, caption = ends.decoded, "A and B, decoded. The originals are not on this machine."
    else:
        x = np.stack([ends.originals, ends.decoded], axis=1).reshape(4, 28, 28)
        caption = "Above A, below B; left the original, right its code decoded."
    beside = "" if ends.originals is None else ", each beside what its code decodes to"
    alt = f"End A, {ends.names[0]}, and end B, {ends.names[1]}{beside}"
    sheet(x, columns=2, scale=5, alt=alt, caption=caption)


def on_the_map(ends: Ends, kind: str) -> None:
    """The path among the gallery's codes; a click on a dot makes it an end."""
    choice = ends.choice
    try:
        plane = plane_of(choice)
    except ArtifactError as error:
        st.info(str(error))
        return
    path_map(
        plane,
        PATHS[kind](*ends.z, PLACES),
        choice,
        alt=f"{len(choice.codes.y)} codes of {choice.spec.id}, and the {kind} path from A, {ends.names[0]}, to B,"
        f" {ends.names[1]}",
        key="transition_map",
        on_choose=lambda end, index: st.session_state.update({f"transition_{end}": index}),
    )
    st.caption(plane.note)
