"""Part "Grid": the plane of two dimensions, in cells."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts import sampling as sampling_charts
from pages.kit.controls import one_of
from pages.kit.picker import Choice, chosen_axes
from pages.kit.sampling.controls import about, chosen_label, of_label
from pages.kit.show import download, image, look_for, source
from pages.kit.turns import fragment
from vae_core import inference, latent
from vae_core.images import enlarged, png, unpacked

SHOWN = 2000  # codes over the pictures
SPACINGS = {"equal probability": "probability", "equal steps": "equal"}  # as in the link: as `latent.grid_axis` has it
VIEWS = ["pictures", "codes", "both"]
SLIDERS = 3  # at most, beside the picture; the other dimensions are folded away


def grid(choice: Choice):
    """Pictures over two dimensions, and the codes of the gallery on the same axes."""
    cells(choice)
    if choice.spec.conditional:
        walk = "All cells are of the class that the decoder is told: walk along a row and see how its style changes."
    else:
        walk = "Classes that look alike are neighbours: walk along a row and see where one becomes the other."
    look_for(
        f"{walk} With equal probability each cell holds the same share of N(0, I) (inverse Gaussian cumulative distribution,"
        " figure 4 of Kingma and Welling, 2014): numbers on the axes crowd at the rim, where it is thin. **Try:** *both*. If"
        " the codes together were distributed as N(0, I), they would fill the frame of equal probability evenly. Where are"
        " gaps?"
    )
    source(latent.grid_axis, latent.grid_share, latent.grid, inference.decode)


@fragment
def cells(choice: Choice):
    """What a control moves, and nothing else."""
    spec, classes, latent_dim = choice.spec, choice.classes, choice.spec.latent_dim
    mu, y = choice.codes.mu[:SHOWN], choice.codes.y[:SHOWN]
    palette = st.get_option("theme.chartCategoricalColors")
    colours = [palette[label % len(palette)] for label in range(len(classes))]
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        side = st.slider("Cells in a row", 4, 20, 15, key="sampling_cells", bind="query-params")
        steps = one_of(
            "Spacing",
            SPACINGS,
            key="sampling_spacing",
            help="Equal probability: each cell holds the same share of N(0, I). Equal steps: from −3 to 3.",
        )
        spacing = SPACINGS[steps]
        shown = one_of(
            "Show",
            VIEWS,
            key="sampling_shown",
            help="The codes (means μ) of the gallery lie on the very axes of the pictures.",
        )
        label = chosen_label(choice)
        dims, origin = chosen_plane(choice) if latent_dim > 2 else ((0, 1), np.zeros(2, np.float32))
    right, up = (f"z{dim + 1}" for dim in dims)
    z = latent.grid(latent.grid_axis(side, spacing), latent_dim, dims, origin)
    sheet, scale = computed.decoded_sheet(spec, z, label, side), max(1, 20 // side)
    moved = {f"z{i + 1}": f"{value:.1f}" for i, value in enumerate(origin) if value and i not in dims}
    settings = about(choice, label, right=right, up=up, spacing=steps, **moved)
    places = None if shown == "pictures" else latent.grid_share(mu[:, dims], side, spacing)
    marks = range(-3, 4) if spacing == "equal" else range(-2, 3)
    with result:
        of_codes = "" if places is None else f", with codes of {len(places)} pictures of the gallery"
        drawing = sampling_charts.plane(
            side=28 * side * scale,
            ticks=[(float(latent.grid_share(v, side, spacing)), str(v).replace("-", "−")) for v in marks],
            titles=(right, up),
            pictures=None if shown == "codes" else sheet,
            codes=places,
            labels=y,
            colours=colours,
            cells=side,
        )
        image(
            drawing,
            "image/svg+xml",
            alt=f"{side} by {side} decoded pictures over the plane of {right} and {up}{of_label(choice, label)}{of_codes}",
        )
        if of_codes:
            st.html(sampling_charts.legend(classes, colours))
            inside = ((places > 0) & (places < 1)).all(axis=1).mean()
            st.caption(
                f"{inside:.0%} of {len(places):,} codes lie in this frame; each is drawn by its {right} and {up} alone."
                " A cross marks the middle of each cell, the code that its picture is decoded from."
            )
    with controls:
        of = [f"y{label}"] if spec.conditional else []
        name = "-".join(
            [spec.id, "manifold", *of, right, up, str(side), spacing, *(f"{z}_{v}" for z, v in moved.items())]
        )
        download(
            "Manifold as PNG",
            lambda: png(enlarged(unpacked(sheet), scale), settings),
            f"{name[:120]}.png",
            "image/png",
            "sampling_manifold_png",
        )


def chosen_plane(choice: Choice) -> tuple[tuple[int, int], np.ndarray]:
    """The dimensions to the right and upwards, and the others' values, (latent,): a slider each, the most used first."""
    dims = chosen_axes(choice, "To the right", "Upwards", ("sampling_right", "sampling_up"))
    others = [int(dim) for dim in choice.most_used_first() if dim not in dims]
    st.caption("The other dimensions, the most used first:")
    origin = np.zeros(choice.spec.latent_dim, np.float32)
    for dim in others[:SLIDERS]:
        origin[dim] = _value(dim)
    folded = others[SLIDERS:]
    if folded:
        more = st.expander(f"{len(folded)} more", key="sampling_more", on_change="rerun")
        # Each costs the server a third of a millisecond a move; folded away, those at 0 need not be there.
        if more.open or any(_key(dim) in st.query_params or st.session_state.get(_key(dim)) for dim in folded):
            with more:
                for dim in folded:
                    origin[dim] = _value(dim)
    return dims, origin


def _value(dim: int) -> float:
    return st.slider(f"z{dim + 1}", -3.0, 3.0, 0.0, 0.1, key=_key(dim), bind="query-params")


def _key(dim: int) -> str:
    return f"sampling_z{dim + 1}"
