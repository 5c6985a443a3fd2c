"""Gaussian sampling: from the prior N(0, I) to pictures."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Gaussian sampling",
    "The decoder needs no input picture: draw a code from the prior N(0, I) and decode it. *Reading time: 4 minutes.*",
)

import numpy as np

from pages.kit import cache
from pages.kit.live_decoder import live_decoder
from pages.kit.picker import chosen_model, refuse_unknown
from pages.kit.show import download, look_for, sheet, source
from vae_core import inference, latent
from vae_core.images import png, to_pixels

choice = chosen_model()
spec, latent_dim = choice.spec, choice.spec.latent_dim
order = np.argsort(-choice.codes.mu.var(axis=0))  # the dimensions that the encoder uses most come first
if not spec.variational:
    st.caption(
        f"{spec.id} is a plain autoencoder: nothing in its training asked for codes like N(0, I), so samples of it fall"
        " where no picture's code may lie."
    )

st.header("One code by hand")


def linked_z() -> list[float]:
    """The code that the link asks for, or the prior's mean."""
    asked = st.query_params.get("z")
    if asked is None:
        return [0.0] * latent_dim
    try:
        z = [float(part) for part in asked.split(",")]
    except ValueError:
        z = []
    if len(z) == latent_dim and np.isfinite(z).all():
        return np.clip(z, -6, 6).tolist()
    st.warning(f"The link asks for z “{asked[:40]}”, but this model's codes have {latent_dim} numbers. Starting at 0.")
    return [0.0] * latent_dim


def keep(z: list[float], label: int) -> None:
    """What the reader let go of: for the link, and for the label of every other picture of this page."""
    st.query_params["z"] = ",".join(f"{value:.3g}" for value in z)
    st.session_state["sampling_left"] = {"model": spec.id, "z": z, "label": label}


# Where the browser starts from: where the reader left this model, or the link's code. It may not change from run to run,
# or all the weights would travel again, so it is looked up only where the decoder is shown anew.
left = st.session_state.get("sampling_left")
start = st.session_state.get("sampling_start")
if start is None or start["model"] != spec.id or "sampling_live" not in st.session_state:
    if left is not None and left["model"] != spec.id:
        st.query_params.pop("z", None)  # it was another model's
        left = None
    start = left or {"model": spec.id, "z": linked_z(), "label": 0}
    st.session_state["sampling_start"] = start
    st.session_state["sampling_left"] = left = start
label = left["label"] if spec.conditional else None
of_label = "" if label is None else f", label {choice.classes[label]}"


def decode(z: np.ndarray) -> np.ndarray:
    """Decode codes; a conditional model draws the class chosen beside the pad."""
    return inference.decode(choice.model, z, None if label is None else np.full(len(z), label))


live_decoder(
    version=spec.weights.sha256,
    weights=cache.network(spec, "decoder"),
    mu=choice.codes.mu,
    y=choice.codes.y,
    active=latent.active_units(choice.codes.mu),
    order=order,
    start=start["z"],
    classes=choice.classes if spec.conditional else (),
    label=start["label"],
    key="sampling_live",
    on_release=keep,
)
z = np.array([left["z"]], np.float32)
name = f"{spec.id}-z{'_'.join(f'{value:.2f}' for value in z[0])}"[:120]
download("This picture as PNG", png(to_pixels(decode(z)[0], 10)), f"{name}.png", "image/png", "sampling_live_png")
look_for(
    "Every point of latent space is some picture, decoded here in your browser while you move. **Try:** hover over the"
    " plane, or drag; move one slider from end to end with the others at 0. Some dimensions change much, a faint one hardly"
    " anything. As probability, a slider gives each stretch of the prior the same length: the inverse of the Gaussian"
    " cumulative distribution. Dots are codes (means **μ**) of real pictures; dashed circles are the prior at 1 and 2."
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
            alt=f"{side * side} pictures decoded from N(0, I) with seed {seed} at temperature {temperature}{of_label}",
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
