"""Latent scatter: the codes of 5,000 pictures as a map; choose a dot to see its picture."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Latent scatter",
    "Where the encoder puts 5,000 pictures that no model trained on. **Click a dot** to see what lies there."
    " *Reading time: 4 minutes.*",
)

import numpy as np

from pages.kit import cache
from pages.kit.charts import posterior_by_dim
from pages.kit.picker import chosen_digit, chosen_model, refuse_unknown, row
from pages.kit.scatter import frame_of, packed, packed_labels, scatter
from pages.kit.show import chart, look_for, picture, source
from vae_core import inference
from vae_core.manifest import ArtifactError, LatentMap
from vae_core.projection import Maps

METHODS = {"Plane": "plane", "PCA": "pca", "t-SNE": "tsne", "UMAP": "umap"}
NOTES = {
    "plane": "The latent plane itself: what you see is what the decoder gets. A dot is the mean **μ** of a posterior.",
    "pca": "The two directions in which the means **μ** vary most. Exact and linear: distances can only shrink.",
    "tsne": "t-SNE keeps neighbours together. Sizes of clusters, and gaps between them, mean nothing.",
    "umap": "UMAP keeps neighbours together, and a little of the large picture. Distances between clusters mean little.",
}


def chosen_map(variants: list[LatentMap]) -> LatentMap | None:
    """One of a method's maps; where there are several, by its setting and its seed."""
    if len(variants) < 2:
        return variants[0] if variants else None
    setting = next(name for name in variants[0].settings if name != "seed")
    values = sorted({variant.settings[setting] for variant in variants})
    refuse_unknown(f"scatter_{setting}", [str(value) for value in values], "Showing the usual one.")
    value = st.segmented_control(
        setting.capitalize(), values, default=values[1], required=True, key=f"scatter_{setting}", bind="query-params"
    )
    seeds = sorted({variant.settings["seed"] for variant in variants})
    refuse_unknown("scatter_seed", [str(seed) for seed in seeds], "Showing seed 0.")
    seed = st.segmented_control(
        "Seed",
        seeds,
        default=0,
        required=True,
        key="scatter_seed",
        bind="query-params",
        help="Chance of the method. t-SNE starts from the PCA plane with seed 0, from random places with the others.",
    )
    return next(v for v in variants if v.settings == {setting: value, "seed": seed})


choice = chosen_model()
codes, latent_dim = choice.codes, choice.spec.latent_dim
try:
    maps = cache.maps(choice.spec)
except ArtifactError as error:
    st.error(str(error), icon=":material/error:")
    maps = Maps({}, *(np.empty(0) for _ in range(3)))

entries = [entry for entry in choice.spec.maps if entry.key in maps.xy]
drawn = {entry.method for entry in entries} | ({"plane"} if latent_dim == 2 else set())
available = [name for name, method in METHODS.items() if method in drawn]
if not available:
    st.stop()
refuse_unknown("scatter_map", available, f"This model has {', '.join(available)}.")
with row():
    name = st.segmented_control(
        "Map", available, default=available[0], required=True, key="scatter_map", bind="query-params"
    )
    method = METHODS[name]
    entry = chosen_map([entry for entry in entries if entry.method == method])

note = NOTES[method]
if method == "plane":
    xy, titles = codes.mu, ("mean of z1", "mean of z2")
elif method == "pca":
    share = maps.pca_explained
    xy = maps.xy["pca"]
    titles = (f"first component ({share[0]:.0%} of the variance)", f"second component ({share[1]:.0%})")
else:
    xy, titles = maps.xy[entry.key], None
if method != "plane":
    settings = ", ".join(f"{setting} {value}" for setting, value in entry.settings.items())
    note += (
        f" Trustworthiness {entry.trustworthiness:.3f} of 1 at ten neighbours{f' ({settings})' if settings else ''}."
    )
frame = frame_of(xy, titles, equal=method == "plane")
dots, labels = packed(xy, frame), packed_labels(codes.y)

st.caption(note)


@st.fragment
def map_and_picture():
    drawing, details = st.columns([3, 2], gap="large")
    with details, row():
        digit = chosen_digit(choice)
    with drawing:
        scatter(
            dots=dots,
            labels=labels,
            frame=frame,
            classes=choice.classes,
            digit=digit,
            alt=f"{len(codes.y)} codes of {choice.spec.id} on a {name} map, coloured by class;"
            f" number {digit}, {choice.name(digit)}, is marked",
            key="scatter_chart",
            on_choose=lambda index: st.session_state.update(digit=index),
        )
    with details:
        mu, logvar = codes.mu[digit], codes.logvar[digit]
        left, right = st.columns(2)
        with left:
            if choice.images is not None:
                picture(choice.x(digit), alt=f"The original: {choice.name(digit)}", caption="x, the original")
        with right:
            x_hat = inference.decode(choice.model, mu[None], choice.labels(digit))[0]
            picture(x_hat, alt="The decoded posterior mean", caption="x̂, decoded from μ")
        if not choice.spec.variational:
            st.caption("A plain autoencoder gives one code, no posterior: there is no KL and no ELBO.")
            return
        kl = 0.5 * float((mu**2 + np.exp(logvar) - logvar - 1).sum())
        reconstruction = -float(codes.log_likelihood[digit])
        st.caption(f"Reconstruction {reconstruction:.1f} + KL {kl:.1f} = negative ELBO {reconstruction + kl:.1f} nats.")
        st.markdown("**Its posterior**: μ ± σ of each dimension; the prior is 0 ± 1")
        chart(
            posterior_by_dim(mu, np.exp(0.5 * logvar)), alt="Mean and width of the posterior in each latent dimension"
        )


map_and_picture()
look_for(
    "Classes gather without the model ever seeing a label. **Try:** a dot in the middle of a class, then one between two:"
    " what does the picture look like, and its reconstruction? With the keyboard, arrow keys walk from dot to dot."
)
source(inference.encode, inference.reconstruct)
