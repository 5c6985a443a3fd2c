"""What stands beside every page: the presentation switch, the model, the link."""

import streamlit as st

from pages.kit import cache
from pages.kit.present import presentation_switch
from pages.kit.share import copy_link
from pages.kit.show import printed
from vae_core import card
from vae_core.manifest import ArtifactError, ModelSpec

DEFAULT_MODEL = "mnist-z2"
ASKED = "_model_asked"  # what the link asked for, before Streamlit strikes out what it does not know


def sidebar() -> None:
    """The choices that hold on every page.

    The entrypoint draws them, not the pages: only so does Streamlit take them for the same on each page, and the browser's
    Back finds them as they were.
    """
    with st.sidebar:
        presentation_switch()
        try:
            models = cache.manifest().models
        except ArtifactError:
            return  # the page says so, where it is read
        if not models:
            return
        st.session_state[ASKED] = st.query_params.get("model")
        id_ = st.selectbox(
            "Model",
            list(models),
            index=list(models).index(default_of(models)),
            key="model",
            bind="query-params",
            help="Every page shows the model chosen here. The page Models compares all of them.",
        )
        st.caption(describe(models[id_]))
        copy_link()


def default_of(models: dict[str, ModelSpec]) -> str:
    """The model that a visitor sees first."""
    return DEFAULT_MODEL if DEFAULT_MODEL in models else next(iter(models))


def describe(spec: ModelSpec) -> str:
    """A few words on a model: what it is, how good it is, and how good that is."""
    text = f"{card.title(spec, cache.manifest().images[spec.dataset])}."
    if "nelbo_nats" in spec.metrics:
        text += f" Test nELBO **{printed(spec.metrics['nelbo_nats'])}** nats an image (lower is better)."
    if spec.likelihood != "bernoulli":
        pixels = spec.likelihood.replace("_", " ")
        text += f" Its pixels are {pixels} densities: nats may be negative, and compare with no Bernoulli model's."
    return text
