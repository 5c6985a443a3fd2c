"""Models: the card of the chosen model, and all of them side by side with what others have published."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Models",
    "What the chosen model is, how it was made, how good it is, and what it is not for; then all models side by side."
    " *Reading time: 4 minutes.*",
)

import numpy as np
import pandas as pd

from pages.kit import cache
from pages.kit.charts.shared import training_curves
from pages.kit.picker import chosen_model
from pages.kit.show import chart, download, look_for, sheet, source
from vae_core import card, inference, latent
from vae_core.published import PUBLISHED

choice = chosen_model()
spec, image_set = choice.spec, cache.manifest().images[choice.spec.dataset]

st.markdown(f"## About this model: {spec.id}")
st.markdown(f"**{card.title(spec, image_set)}.** {card.data(spec, image_set)}")
made_of, measured = st.columns(2, gap="large")
with made_of:
    z = latent.sample_prior(40, spec.latent_dim, card.SEED)
    labels = np.arange(len(z)) % len(choice.classes) if spec.conditional else None
    sheet(
        inference.decode(choice.model, z, labels),
        columns=10,
        scale=2,
        alt=f"40 pictures that {spec.id} decodes from N(0, I) with seed {card.SEED}",
        caption=f"Decoded from 40 samples of N(0, I), seed {card.SEED}: the first ones, not the best.",
    )
    chart(
        training_curves,
        spec.history,
        spec.variational,
        alt=f"Learning curves of {spec.id} on held-out and training pictures",
    )
with measured:
    if spec.metrics:
        st.markdown(f"**Measured on {spec.metrics['images']:,} test images that picked nothing**")
        st.table(
            pd.DataFrame(card.metrics(spec), columns=["figure", "value", "unit"]).set_index("figure"),
            border="horizontal",
        )
    else:
        st.info(f"Not measured yet: `python -m vae_core.build.evaluate {spec.id}`.")
    st.markdown(f"**What it is for, and what not.** {card.USES}")
    st.markdown(f"**What it cannot know.** {card.limits(spec)}")
    st.markdown(f"**How it was made.** {card.made(spec)}")
with st.expander("The whole recipe", icon=":material/list:"):
    st.table(
        pd.DataFrame(card.recipe(spec).items(), columns=["setting", "value"]).set_index("setting"), border="horizontal"
    )
    st.caption("Named as in the model's TOML file; `vae_core/build/config.py` and `manifest.py` explain each setting.")

st.markdown("## All models")
datasets = {name: images.title for name, images in cache.manifest().images.items()}
rows = [
    {"model": other.id, "here": True, "data": datasets[other.dataset], "z": other.latent_dim, "beta": other.beta}
    | {"pixels": other.likelihood.replace("_", " "), **other.metrics}
    for other in cache.manifest().models.values()
] + [
    {"model": other.name, "here": False, "data": datasets[other.dataset], "z": other.latent_dim, "beta": 1.0}
    | {"pixels": "bernoulli", **vars(other)}
    for other in PUBLISHED
]
columns = {
    "model": st.column_config.TextColumn("model", pinned=True),
    "here": st.column_config.CheckboxColumn(
        "here", help="Ours; the others are published models, measured the same way."
    ),
    "data": "data",
    "z": st.column_config.NumberColumn("z", help="Latent dimensions"),
    "beta": st.column_config.NumberColumn("β", help="Weight of the KL in training"),
    "pixels": "pixels",
    "nelbo_nats": st.column_config.NumberColumn("nELBO, nats", format="%.1f", help="Lower is better; always at β = 1"),
    "reconstruction_nats": st.column_config.NumberColumn("reconstruction, nats", format="%.1f"),
    "kl_nats": st.column_config.NumberColumn("KL, nats", format="%.1f"),
    "mse_per_pixel": st.column_config.NumberColumn("MSE a pixel", format="%.4f"),
    "active_units": st.column_config.NumberColumn("active units", format="%d"),
    "knn_accuracy": st.column_config.NumberColumn(
        "10-NN", format="%.3f", help="Share of codes whose neighbours have their label"
    ),
}
table = pd.DataFrame(rows)[list(columns)].sort_values(["data", "z", "nelbo_nats"], ascending=[False, True, True])
st.dataframe(table, column_config=columns, hide_index=True, height="content")
st.caption(
    "Official test sets, 10,000 images, grey values, sums over pixels and dimensions, one posterior sample an image. The"
    " published models trained on all 60,000 training images, ours on 55,000; one training seed each. Gaussian pixels are"
    " densities and compare with no other row."
)
download(
    "Table as CSV", lambda: table.to_csv(index=False).encode(), "vae-classroom-models.csv", "text/csv", "models_csv"
)
look_for(
    "More latent dimensions lower the nELBO until no new one is used: compare z with the active units. A larger β lowers"
    " the KL and raises the reconstruction. **Try:** find two models with nearly the same nELBO and different KL."
)
source(inference.elbo_terms, latent.active_units)
