"""Part "Conditional": what a decoder draws that is told the label."""

import numpy as np
import streamlit as st

from pages.kit import cache, computed
from pages.kit.controls import row
from pages.kit.picker import Choice, chosen_digit
from pages.kit.sampling.controls import about, chosen_temperature, sampling_seed
from pages.kit.show import download, look_for, named_sheet, picture, source
from pages.kit.turns import fragment
from vae_core import inference, latent


def conditional(choice: Choice):
    """All labels for one z, drawn or taken from a picture."""
    spec = choice.spec
    if not spec.conditional:
        other = next((id_ for id_, model in cache.manifest().models.items() if model.conditional), None)
        st.info(
            f"{spec.id} was trained without labels, so there is none to give to its decoder."
            + (f" {other} was trained with them: choose it to draw any class from one z." if other else "")
        )
        if other:
            st.button(
                f"Show {other}",
                icon=":material/swap_horiz:",
                on_click=lambda: st.session_state.update(model=other),
                key="sampling_other_model",
            )
        return
    st.markdown("### One z, every label")
    one_code(choice)
    st.markdown("### The style of one picture, as every label")
    one_style(choice)
    look_for(
        "Told the label, the code needs not say which class it is: what is left in z is how it is drawn, the slant, the width,"
        " the stroke. So one z gives all classes in one hand. **Try:** a slanted picture, or one you drew yourself; and the"
        " part *Grid*, which shows one label over the plane of two dimensions. Source: Kingma and others (2014),"
        " “Semi-supervised learning with deep generative models”, model M2; Sohn, Lee and Yan (2015)."
    )
    source(inference.encode, inference.decode)


@fragment
def one_code(choice: Choice) -> None:
    """Codes of the prior, each with all labels."""
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        seed, temperature = sampling_seed(), chosen_temperature()
        count = st.slider("Codes", 1, 10, 6, key="sampling_codes", bind="query-params")
    with result:
        all_labels(
            choice,
            latent.sample_prior(count, choice.spec.latent_dim, seed, temperature),
            [f"z #{i + 1}" for i in range(count)],
            {"labels": "all", "seed": seed, "temperature": f"{temperature:.2f}"},
            f"{count} codes of N(0, I), each decoded with all {len(choice.classes)} labels, seed {seed}",
            "sampling_labels_png",
        )


@fragment
def one_style(choice: Choice) -> None:
    """The code of a picture with all labels."""
    classes = choice.classes
    controls, result = st.columns([1, 2], gap="large")
    with controls, row():
        digit = chosen_digit(choice)
    mu, _ = choice.posterior(digit)
    with controls:
        x = choice.x(digit)
        if x is not None:
            caption = f"x, {choice.name(digit)}, encoded with its label {classes[choice.label(digit)]}"
            picture(x, scale=4, alt=f"The original: {choice.name(digit)}", caption=caption)
    with result:
        all_labels(
            choice,
            mu[None],
            ["its code"],
            {"labels": "all", "digit": digit},
            f"The code of {choice.name(digit)}, decoded with all {len(classes)} labels",
            "sampling_style_png",
        )


def all_labels(choice: Choice, z: np.ndarray, names: list[str], settings: dict, alt: str, key: str) -> None:
    """A row for each code (n, latent) and its name, a column for each label."""
    every = np.arange(len(choice.classes))
    sheet = computed.decoded_sheet(
        choice.spec, np.repeat(z, len(every), axis=0), np.tile(every, len(z)), columns=len(every)
    )
    data = named_sheet(sheet, rows=names, columns=choice.classes, alt=alt, about=about(choice, **settings))
    name = "-".join([choice.spec.id, *(f"{name}{value}" for name, value in settings.items())])
    download("As PNG", data, f"{name}.png", "image/png", key)
