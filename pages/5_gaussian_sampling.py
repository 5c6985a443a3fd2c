"""Gaussian sampling: from the prior N(0, I) to pictures."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Gaussian sampling",
    "The decoder needs no input picture: draw a code from the prior N(0, I) and decode it. *Reading time: 4 minutes.*",
)

import numpy as np

from pages.kit.picker import chosen_model, refuse_unknown
from pages.kit.show import download, look_for, picture, sheet, source
from vae_core import inference, latent

choice = chosen_model()
latent_dim = choice.spec.latent_dim
order = np.argsort(-choice.codes.mu.var(axis=0))  # the dimensions that the encoder uses most come first


label = None
if choice.spec.conditional:
    name = st.pills(
        "Label y, given to the decoder", choice.classes, default=choice.classes[0], required=True, key="label"
    )
    label = choice.classes.index(name)
if not choice.spec.variational:
    st.caption(
        f"{choice.spec.id} is a plain autoencoder: nothing in its training asked for codes like N(0, I), so samples of"
        " it fall where no picture's code may lie."
    )


def decode(z: np.ndarray) -> np.ndarray:
    """Decode codes; a conditional model draws the chosen class."""
    return inference.decode(choice.model, z, None if label is None else np.full(len(z), label))


st.header("One code by hand")


@st.fragment(key="sampling_decoded")
def decoded():
    z = np.array([st.session_state.get(f"sampling_z{i + 1}", 0.0) for i in range(latent_dim)], np.float32)
    alt = f"Decoded picture at z = ({', '.join(f'{value:.2f}' for value in z)})"
    picture(decode(z[None])[0], scale=8, alt=alt, caption="x̂, decoded from z")
    st.caption(
        f"Distance from the prior's mean: {np.linalg.norm(z):.2f}. Root mean square of the prior's own samples:"
        f" √{latent_dim} = {np.sqrt(latent_dim):.2f}."
    )


@st.fragment  # one a slider: a move runs that slider and the picture, however many dimensions there are
def slider(i: int):
    key = f"sampling_z{i + 1}"
    st.slider(
        f"z{i + 1}", -3.0, 3.0, 0.0, 0.05, key=key, bind="query-params", on_change=st.rerun, args=("sampling_decoded",)
    )


result, sliders = st.columns([1, 2], gap="large")
columns = sliders.columns(1 if latent_dim <= 4 else 2 if latent_dim <= 10 else 4)
for i in range(latent_dim):
    with columns[i * len(columns) // latent_dim]:
        slider(i)
with result:
    decoded()
look_for(
    "Every point of latent space is some picture. **Try:** move one slider from end to end with the others at 0. Some"
    " dimensions change much, an unused one nothing. In each dimension the prior has 99.7 % of its mass between −3 and 3."
)

st.header("Random samples")


@st.fragment
def random_samples():
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        refuse_unknown("sampling_seed", range(1_000_000), "Seeds are whole numbers from 0 to 999999.")
        seed = st.number_input(
            "Seed", 0, 999_999, 0, key="sampling_seed", bind="query-params", help="The same seed, the same samples."
        )
        temperature = st.slider(
            "Temperature",
            0.0,
            2.0,
            1.0,
            0.05,
            key="sampling_temperature",
            bind="query-params",
            help="The standard deviation of the noise: 1 is the prior itself.",
        )
        side = st.slider("Pictures in a row", 4, 16, 8, key="sampling_side", bind="query-params")
    x = decode(latent.sample_prior(side * side, latent_dim, seed, temperature))
    with result:
        data = sheet(
            x,
            columns=side,
            scale=max(1, 16 // side),
            alt=f"{side * side} pictures decoded from N(0, I) with seed {seed} at temperature {temperature}",
        )
    with controls:
        name = f"{choice.spec.id}-samples-seed{seed}-t{temperature:.2f}.png"
        download("Samples as PNG", data, name, "image/png", "sampling_png")


random_samples()
look_for(
    "At temperature 1 these are honest samples of the model, some of them between two classes. **Try:** 0 (only the"
    " mean is left), 0.7 (safer, less varied), 2 (outside of what training saw)."
)

st.header("The manifold")
if latent_dim == 2:
    st.markdown(
        "The whole plane at once. Each cell holds the same probability under the prior: the coordinates are the inverse of"
        " the Gaussian cumulative distribution, as in figure 4 of Kingma and Welling (2014)."
    )
else:
    st.markdown(
        "A plane through latent space: two dimensions on the axes, the others at 0. Each cell holds the same probability"
        " under the prior (inverse Gaussian cumulative distribution)."
    )


@st.fragment
def manifold():
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        side = st.slider("Cells in a row", 4, 20, 15, key="sampling_cells", bind="query-params")
        if latent_dim == 2:
            right, up = 0, 1
        else:
            names = [int(i) + 1 for i in order]
            right = st.selectbox("To the right", names, 0, format_func=lambda i: f"z{i}", key="sampling_right") - 1
            rest = [i for i in names if i - 1 != right]
            up = st.selectbox("Upwards", rest, 0, format_func=lambda i: f"z{i}", key="sampling_up") - 1
            st.caption("Most used dimensions first.")
    axis = latent.grid_axis(side)
    x = decode(latent.grid(axis, latent_dim, (right, up)))
    with result:
        data = sheet(
            x,
            columns=side,
            scale=max(1, 24 // side),
            gap=0,
            alt=f"{side} by {side} decoded pictures over the plane of z{right + 1} and z{up + 1}",
        )
        st.caption(
            f"z{right + 1} grows to the right and z{up + 1} upwards, each from {axis[0]:.2f} to {axis[-1]:.2f},"
            " on the axes of the latent scatter."
        )
    with controls:
        name = f"{choice.spec.id}-manifold-z{right + 1}-z{up + 1}-{side}.png"
        download("Manifold as PNG", data, name, "image/png", "sampling_manifold_png")


manifold()
look_for(
    "Classes that look alike are neighbours: walk along a row and see where one becomes the other. The spacing is wider at"
    " the rim, where the prior is thin."
)
source(latent.sample_prior, latent.grid_axis, latent.grid, inference.decode)
