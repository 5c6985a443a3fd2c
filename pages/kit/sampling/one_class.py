"""Part "One class": samples of one class, of a model that never saw a label."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.controls import forget_unknown, refuse_unknown
from pages.kit.picker import Choice
from pages.kit.sampling.controls import about, chosen_temperature, sampling_seed
from pages.kit.show import download, look_for, ready_sheet, source
from pages.kit.turns import fragment
from vae_core import latent, neighbours


def one_class(choice: Choice):
    """Samples of one class, from the Gaussian of its codes."""
    samples_of_class(choice)
    if choice.spec.conditional:
        st.info(
            f"{choice.spec.id} needs no Gaussian for a class: it decodes any z of the prior with the label it is given. These"
            " 64 are that.",
            icon=":material/info:",
        )
        return
    variance = ""
    if choice.spec.variational:
        variance = (
            " The variance is the mean of the posteriors' variances **plus** the variance of their means (law of total"
            " variance); without the second, all samples would look alike."
        )
    look_for(
        "This model never saw a label. Its codes have one, though: mean and variance of a class's codes make a Gaussian to"
        f" draw from.{variance} **Try:** temperature 0 (the class's mean), 0.7, and a class that comes in two shapes. Is there"
        " a sample of another class among them?"
    )
    source(latent.class_gaussians, latent.sample_gaussian, neighbours.nearest)


@fragment
def samples_of_class(choice: Choice):
    """What a control moves, and nothing else."""
    spec, codes, classes, latent_dim = choice.spec, choice.codes, choice.classes, choice.spec.latent_dim
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        first = 3 % len(classes)
        forget_unknown("sampling_class", classes, classes[first])
        refuse_unknown("sampling_class", classes, f"Classes are {', '.join(classes)}.")
        name = st.selectbox("Class", classes, first, key="sampling_class", bind="query-params")
        label = classes.index(name)
        seed, temperature = sampling_seed(), chosen_temperature()
    if spec.conditional:  # the label says it all
        mean, variance, of = np.zeros(latent_dim), np.ones(latent_dim), "the prior, and the label"
    else:
        mean, variance = computed.class_gaussians(spec)[label]
        of = "the class's Gaussian"
    z = latent.sample_gaussian(mean, variance, 64, seed, temperature)
    with result:
        data = ready_sheet(
            computed.decoded_sheet(spec, z, label, columns=8, gap=1),
            alt=f"64 pictures decoded from {of}, class {classes[label]}, seed {seed}, temperature {temperature}",
            about=about(choice, label, **{"class": classes[label]}, source=of, seed=seed, temperature=temperature),
        )
    with controls:
        name = f"{spec.id}-class{label}-seed{seed}-t{temperature:.2f}.png"
        download("Samples as PNG", data, name, "image/png", "sampling_class_png")
    if spec.conditional:
        return
    own = (codes.y[neighbours.nearest(z, codes.mu, 1)[:, 0]] == label).mean()
    st.markdown(
        f"The nearest of {len(codes.y):,} codes is **{classes[label]}** for **{own:.0%}** of these samples. One Gaussian with"
        " axes along the dimensions is only an approximation to a class, whose codes may bend, tilt or fall into parts:"
        " where it covers ground of other classes, it draws them."
    )
