"""One noise for every decoder of two dimensions, as it is or scaled to the spread of each one's own codes."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.compare.planes import Flat
from pages.kit.controls import chosen_seed, one_of, row
from pages.kit.show import download, sheet
from pages.kit.turns import fragment
from vae_core import latent


@fragment
def samples(trio: dict[str, Flat], dataset: str) -> None:
    """25 pictures of each decoder."""
    with row():
        noise = one_of(
            "N(0, I)",
            ["as it is", "scaled"],
            key="compare_noise",
            help="Scaled: to the mean and the standard deviations of each plane's own codes.",
        )
        seed = chosen_seed("Seed", key="compare_seed")
    epsilon = latent.sample_prior(25, 2, seed)
    for place, (name, flat) in zip(st.columns(3), trio.items(), strict=False):
        plane = flat.plane
        z = epsilon if noise == "as it is" else plane.centre + epsilon * plane.scale
        x = flat.decode(np.float32(z))
        with place:
            st.markdown(f"**{plane.title}**")
            data = sheet(
                x,
                columns=5,
                scale=2,
                alt=f"25 pictures decoded by {name} from N(0, I), {noise}, seed {seed}",
                about={"model": plane.title, "seed": seed, "noise": noise},
            )
            st.caption(
                f"Standard deviations of its codes: {plane.scale[0]:.2f} and {plane.scale[1]:.2f}. A pixel of these samples"
                f" varies by {np.sqrt(x.var(axis=0).mean()):.2f}."
            )
            file_name = f"{dataset}-{name.lower()}-{noise.replace(' ', '-')}-seed{seed}.png"
            download("PNG", data, file_name, "image/png", f"compare_{name}_png")
    if "PCA" in trio:  # the gallery's pictures are here
        pca, _ = computed.pca(dataset)
        st.caption(
            f"Usual: a pixel of the gallery's own pictures varies by {np.sqrt(pca.variance / pca.mean.size):.2f}."
        )
