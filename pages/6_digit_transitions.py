"""Digit transitions: from one picture to another through latent space."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Digit transitions",
    "Walk from the code of one picture to the code of another and decode every step. *Reading time: 2 minutes.*",
)

import numpy as np

from pages.kit.picker import chosen_digit, chosen_model
from pages.kit.show import download, image, look_for, picture, sheet, source
from vae_core import inference, latent
from vae_core.images import gif, png, tile, to_pixels

choice = chosen_model()
y = choice.codes.y
first, second, options = st.columns([1, 1, 2], gap="large")
with first:
    a = chosen_digit(choice, "transition_A", "A", first_of_class=4)
with second:
    b = chosen_digit(choice, "transition_B", "B", first_of_class=9)
with options:
    steps = st.slider("Steps, both ends included", 5, 30, 10, key="transition_steps", bind="query-params")
    path_kind = st.segmented_control(
        "Path",
        ["linear", "spherical"],
        default="linear",
        required=True,
        key="transition_path",
        bind="query-params",
        help="Linear: the straight line between the codes. Spherical: the great"
        " circle, along which equal norms stay equal.",
    )

path = {"linear": latent.lerp, "spherical": latent.slerp}[path_kind]
z = path(choice.codes.mu[a], choice.codes.mu[b], steps)
labels = np.repeat(y[a], steps) if choice.spec.conditional else None
x = inference.decode(choice.model, z, labels)

st.subheader(f"From {choice.name(a)} to {choice.name(b)} in {steps} steps")
rows_of_strip = -(-steps // 14)
columns = -(-steps // rows_of_strip)
sheet(
    x,
    columns=columns,
    scale=max(1, 820 // (29 * columns)),
    gap=1,
    alt=f"{steps} decoded steps from {choice.name(a)} to {choice.name(b)}, left to right",
)
norms = np.linalg.norm(z, axis=1)
st.caption(
    f"Each picture decodes one code. The norm of z runs from {norms[0]:.2f} to {norms[-1]:.2f};"
    f" its lowest on the way is {norms.min():.2f}. Root mean square of the prior's own samples:"
    f" √{choice.spec.latent_dim} = {np.sqrt(choice.spec.latent_dim):.2f}."
)

originals, moving = st.columns([2, 1], gap="large")
with originals:
    if choice.images is not None:
        left, right = st.columns(2)
        with left:
            picture(choice.x(a), alt=f"The original of end A: {choice.name(a)}", caption="A, the original")
        with right:
            picture(choice.x(b), alt=f"The original of end B: {choice.name(b)}", caption="B, the original")
with moving:
    frames = to_pixels(np.concatenate([x, x[-2:0:-1]]), 5)
    animation = gif(frames, milliseconds=80)
    image(animation, "image/gif", alt="The transition as an animation")
    st.caption("There and back")

name = f"{choice.spec.id}-{a}-{b}-{path_kind}-{steps}"
with st.container(horizontal=True):
    strip = png(tile(x, columns=steps, scale=4))
    download("Strip as PNG", strip, f"{name}.png", "image/png", "transition_png")
    download("Animation as GIF", animation, f"{name}.gif", "image/gif", "transition_gif")

look_for(
    "The steps between are not blends of pixels: shapes bend, open and close. **Try:** two pictures of one class, then of"
    " two far classes: where does it stop being one and begin to be the other? In 2 dimensions the straight line may cross"
    " a third class. In 20, compare linear and spherical, and the lowest norm on the way."
)
source(latent.lerp, latent.slerp, inference.decode)
