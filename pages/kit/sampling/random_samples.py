"""Part "Random": samples of the prior."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts import sampling as sampling_charts
from pages.kit.picker import Choice
from pages.kit.sampling.controls import about, chosen_label, chosen_temperature, of_label, sampling_seed
from pages.kit.show import download, image, look_for, predict, ready_sheet, source
from pages.kit.turns import fragment
from vae_core import inference, latent


def random_samples(choice: Choice):
    """A sheet of samples of the prior, and how far from 0 they fall."""
    latent_dim = choice.spec.latent_dim
    shell = "about √d away from 0"
    guessed = predict(
        f"The density of N(0, I) is highest at z = 0. Where do most of its samples in d = {latent_dim} dimensions lie?",
        ["close to 0", shell, "anywhere, evenly"],
        shell,
        f"The squared norm is a sum of d = {latent_dim} squares, each 1 on average. Near 0 the density is highest, but there is"
        " hardly any room; the more dimensions, the thinner the shell in which nearly all samples lie.",
        "sampling_shell",
        then="the samples' distances from 0 appear below them",
    )
    samples(choice, with_norms=guessed)
    if choice.spec.conditional:
        samples_are = "At temperature 1 these are honest samples of the model, all of the class that it is told."
    elif choice.spec.variational:
        samples_are = "At temperature 1 these are honest samples of the model, some of them between two classes."
    else:
        samples_are = (
            "This model has no prior, so N(0, I) is our choice, not its own: many samples lie between its codes."
        )
    look_for(
        f"{samples_are} **Try:** 0 (only the mean is left), 0.7 (safer, less varied: the bars move off the dashed line), 2"
        " (outside of what training saw)."
    )
    source(latent.sample_prior, latent.norm_density, inference.decode)


@fragment
def samples(choice: Choice, with_norms: bool):
    """What a slider moves, and nothing else: sixty visitors move one at the same time."""
    spec, latent_dim = choice.spec, choice.spec.latent_dim
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        seed, temperature = sampling_seed(), chosen_temperature()
        side = st.slider("Pictures in a row", 4, 16, 8, key="sampling_side", bind="query-params")
        label = chosen_label(choice)
    z = latent.sample_prior(side * side, latent_dim, seed, temperature)
    with result:
        data = ready_sheet(
            computed.decoded_sheet(spec, z, label, columns=side, gap=1),
            scale=max(1, 16 // side),
            alt=f"{side * side} pictures decoded from N(0, I) with seed {seed} at temperature {temperature}"
            + of_label(choice, label),
            about=about(choice, label, seed=seed, temperature=temperature),
        )
    with controls:
        y = f"-y{label}" if spec.conditional else ""
        name = f"{spec.id}-{side * side}samples{y}-seed{seed}-t{temperature:.2f}.png"
        download("Samples as PNG", data, name, "image/png", "sampling_png")
    if not with_norms:
        return
    drawn = np.linalg.norm(z, axis=1)
    at = np.linspace(0.01, np.sqrt(latent_dim) + 4, 120)
    with result:
        image(
            sampling_charts.norms(drawn, at, latent.norm_density(at, latent_dim)),
            "image/svg+xml",
            alt=f"Norms of the {len(z)} codes drawn, {drawn.mean():.2f} on average, as a histogram, and the density of N(0,"
            f" I)'s norms, whose mean square is {latent_dim}",
        )
        st.caption(
            f"How far from 0 they fall. Bars: the norms of these {len(z)} codes, root mean square"
            f" {np.sqrt(np.square(drawn).mean()):.2f}. Dashed: those of N(0, I), a chi distribution with root mean square"
            f" √{latent_dim} = {np.sqrt(latent_dim):.2f}."
        )
