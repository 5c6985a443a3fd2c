"""Compare: PCA, an autoencoder and a VAE under one cursor; latent sizes side by side; the axes turned."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Compare",
    "PCA, a plain autoencoder and a variational one under one cursor; then latent sizes side by side, and why no axis has a"
    " meaning of its own. *Reading time: 8 minutes.*",
)

from pages.kit.compare.latent_sizes import figures, rows_of_pictures
from pages.kit.compare.planes import NAMES, error_figures, flat_decoders, linked_planes
from pages.kit.compare.samples import samples
from pages.kit.compare.turned_axes import turned_axes
from pages.kit.family import family, name_broken
from pages.kit.picker import chosen_model, needs_posterior
from pages.kit.show import look_for, predict, source
from vae_core import linear, rotation

choice = chosen_model()
dataset = choice.spec.dataset

st.markdown("## Three planes, one cursor")
trio = flat_decoders(choice)
st.markdown(
    "All three squeeze a picture into two numbers. Each plane is centred on its own codes and measured in **their standard"
    " deviations**, so that one cursor is at the same relative place on all of them. Dots are codes of the gallery (means"
    " **μ**); dashed is N(0, I) at 1 and 2, in the plane's own units."
)

if trio:
    linked_planes(trio, choice.classes)
    errors = {name: flat.error for name, flat in trio.items() if flat.error is not None}
    error_figures(errors, dataset)
    look_for(
        "PCA's decoder is linear: mean + z1 · one picture + z2 · another, so in between lie double exposures, and beyond them"
        " negatives (shown as black). The other two bend. In the autoencoder's plane N(0, I) is a spot in the middle: nothing"
        " asked its codes to be there. **Try:** one slow circle around the centre."
        + (
            " PCA has an advantage here that the others lack: it is fitted to these very pictures of the gallery, which no"
            " model trained on, and its error is still the largest."
            if len(errors) == 3 and max(errors, key=errors.get) == "PCA"
            else ""
        )
    )
    st.caption(
        "Sources: Hotelling (1933) for PCA; Baldi and Hornik (1989): a linear autoencoder can do no better than the plane of"
        " PCA."
    )
    source(linear.fit, linear.encode, linear.decode)

    st.markdown("## Samples from N(0, I)")
    st.markdown("The same noise goes to every decoder, as if each were the decoder of a VAE.")
    guessed = True
    if len(trio) == len(NAMES):
        guessed = predict(
            "Whose samples vary least?",
            ["PCA", "autoencoder", "VAE"],
            "PCA",
            f"One unit is only 1/{trio['PCA'].plane.scale[0]:.1f} of the spread of its codes, so its samples stay near the mean"
            f" picture. The autoencoder's codes spread even more ({trio['Autoencoder'].plane.scale[0]:.1f}), but its decoder"
            " bends, so even the small region that N(0, I) reaches has several digits. Only the VAE was trained to put its"
            " codes there.",
            key="compare_predict",
            then="the samples appear",
        )
    if guessed:
        samples(trio, dataset)
        look_for(
            "**Try:** *scaled*: PCA and the autoencoder now cover their planes, but a Gaussian is not the shape of their codes:"
            " some samples fall between or outside them. The page Holes fits a better density."
        )

st.markdown("## Latent sizes")
sizes, broken = family(dataset, lambda s: s.variational and s.beta == 1 and s.likelihood == "bernoulli")
name_broken(broken)
if sizes:
    st.markdown("Models trained with β = 1: the same ten pictures, and samples of N(0, I) with one seed.")
    rows_of_pictures(choice, sizes)
    figures(sizes)
    look_for(
        "More dimensions: sharper reconstructions, a lower nELBO, and samples that first get better, then stranger, because"
        " more room is left between the codes. A model may leave dimensions unused: compare *active units* with the latent"
        " size. Measured on the official test set."
    )

st.markdown("## Which axis means what?")
needs_posterior(choice)
guessed = predict(
    "Turn the latent axes of a trained VAE by 45 degrees: turn every posterior, and let the decoder turn back. What happens"
    " to the ELBO?",
    ["it falls", "it stays", "it rises"],
    "it stays",
    "N(0, I) looks the same from every side, so the KL stays, and the decoder undoes the turn, so the reconstruction stays.",
    key="compare_turn_predict",
    then="the ELBO appears below the pictures",
)
turned_axes(choice, with_cost=guessed)
if guessed:
    look_for(
        "Turned by 45 degrees the axes draw other changes, and the ELBO is the same to the last digit. **So the ELBO alone"
        " cannot say which axis means what**, and a slider that seems to mean *slant* is an accident of this training"
        " (Locatello et al. 2019). One thing does prefer some axes: our encoder gives σ for each axis and no correlations."
        " Were it kept so, the turned model would have to use rounder clouds, which costs the nats of the chart: that is why"
        " VAEs line up with directions like those of PCA (Rolinek et al. 2019). Where two σ are alike, it costs nothing, and"
        " the axes are free."
    )
source(rotation.rotation, rotation.rotate_posterior, rotation.kl, rotation.best_diagonal, rotation.elbo)
