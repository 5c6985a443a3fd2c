"""Four pictures as the corners of a sheet, and what lies between them."""

import streamlit as st

from pages.kit import computed
from pages.kit.controls import one_of, refuse_unknown, row
from pages.kit.picker import chosen_digit
from pages.kit.show import download, ready_sheet
from pages.kit.transitions.ends import Ends
from pages.kit.turns import fragment
from vae_core import transitions


@fragment
def corners(ends: Ends) -> None:
    """A and B of the walk above, C and D chosen here."""
    with row():
        c = chosen_digit(ends.choice, "transition_C", "C", first_of_class=0)
    with row():
        d = chosen_digit(ends.choice, "transition_D", "D", first_of_class=3)
    _between(Ends(ends.choice, (*ends.indices, c, d), ends.seed))


@fragment
def _between(four: Ends) -> None:
    """The sheet, as fine as the reader wants it."""
    choice, conditional = four.choice, four.conditional
    result, settings = st.columns([3, 2], gap="large")
    with settings:
        refuse_unknown("transition_cells", range(5, 13), "Choose 5 to 12 cells.")
        side = st.slider("Cells in a row", 5, 12, 9, key="transition_cells", bind="query-params")
        told = one_of("Decoded with the label of", list("ABCD"), "transition_cells_label") if conditional else "A"
    label = four.labels["ABCD".index(told)]
    with result:
        data = ready_sheet(
            computed.decoded_sheet(choice.spec, transitions.blend(four.z, side), label, columns=side, gap=1),
            scale=max(1, 560 // (29 * side)),
            alt=f"{side} by {side} pictures between {', '.join(four.names)}",
            caption=f"Top: {four.names[0]} to {four.names[1]}. Bottom: {four.names[2]} to {four.names[3]}."
            + f" All decoded as {choice.classes[label]}, the label of {told}." * conditional,
            about=four.about(cells=side, **({"label of": told} if conditional else {})),
        )
    with settings:
        name = four.file_name("corners", side, *(["label", told] if conditional else []))
        download("Corners as PNG", data, f"{name}.png", "image/png", "transition_corners_png")
