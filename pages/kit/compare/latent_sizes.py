"""VAEs of several latent sizes side by side: the same pictures, samples with one seed, and their figures."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.kit import computed
from pages.kit.controls import chosen_seed, one_of, row
from pages.kit.family import Member
from pages.kit.picker import Choice
from pages.kit.recipes import what_differs
from pages.kit.show import download, ready_sheet
from pages.kit.turns import fragment
from vae_core import latent
from vae_core.images import png, tile, unpacked
from vae_core.published import PUBLISHED

FIGURES = {  # name and digits
    "nelbo_nats": ("nELBO, nats", ".1f"),
    "reconstruction_nats": ("reconstruction, nats", ".1f"),
    "kl_nats": ("KL, nats", ".1f"),
    "mse_per_pixel": ("squared error a pixel", ".4f"),
    "active_units": ("active units", "d"),
}


@fragment
def rows_of_pictures(choice: Choice, sizes: list[Member]) -> None:
    """A row for each model: one picture of each class reconstructed, or as many samples of the prior."""
    with row():
        shown = one_of("Rows", ["reconstructions", "samples"], key="compare_rows")
        seed = chosen_seed("Seed of the samples", key="compare_sizes_seed", width=180)
    _, first = np.unique(choice.codes.y, return_index=True)
    ten = first[:10]
    strips = {}
    if shown == "reconstructions" and choice.images is not None:
        strips["originals"] = png(tile(choice.images.x[ten], len(ten), gap=1))
    for member in sizes:
        if shown == "reconstructions":
            z = member.codes.mu[ten]
        else:
            z = latent.sample_prior(len(ten), member.spec.latent_dim, seed)
        strips[member.spec.id] = computed.decoded_sheet(member.spec, z, None, len(ten), gap=1)
    for name, strip in strips.items():
        left, right = st.columns([1, 4], vertical_alignment="center")
        left.markdown(f"**{name}**" if name == "originals" else name)
        with right:
            what = name if name == "originals" else f"{shown} of {name}"
            ready_sheet(strip, alt=f"{len(ten)} {what}")

    def whole() -> bytes:
        rows = np.stack([unpacked(strip) for strip in strips.values()]) / 255
        return png(tile(rows, 1, scale=2, gap=2), {"rows": ", ".join(strips), "seed": seed})

    file_name = f"{choice.spec.dataset}-{shown}-seed{seed}.png"
    download("All rows as PNG", whole, file_name, "image/png", "compare_rows_png")


def figures(sizes: list[Member]) -> None:
    """What was measured of each model on the official test set."""
    table = [
        {
            "model": m.spec.id,
            "latent size": str(m.spec.latent_dim),
            "network": {"mlp": "dense", "conv": "convolutional"}[m.spec.architecture.family],
            **{name: f"{m.spec.metrics[key]:{form}}" for key, (name, form) in FIGURES.items() if key in m.spec.metrics},
        }
        for m in sizes
    ]
    rows = pd.DataFrame(table).fillna("").set_index("model")
    st.table(rows, border="horizontal")  # its letters grow in Presentation
    if differs := what_differs([m.spec for m in sizes]):
        widths = {(m.spec.architecture.width, m.spec.architecture.hidden) for m in sizes}
        st.caption(
            f"Not all else is equal: {differs}."
            + (" The networks' inner widths differ, too." if len(widths) > 1 else "")
        )
    published: dict[int, float] = {}  # the lowest nELBO by latent size
    for other in PUBLISHED:
        if other.dataset == sizes[0].spec.dataset:
            lowest = published.get(other.latent_dim, other.nelbo_nats)
            published[other.latent_dim] = min(lowest, other.nelbo_nats)
    if published:
        reached = ", ".join(f"{nelbo:.1f} with {dims}" for dims, nelbo in sorted(published.items()))
        st.caption(
            f"Usual: published models, measured the same way, reach at best an nELBO of {reached} dimensions; page *Models*."
        )
