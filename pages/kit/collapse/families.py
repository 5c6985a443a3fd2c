"""The KL of every dimension across trained models that are meant to differ in one thing: β, or the latent size."""

import streamlit as st

from pages.kit import cache
from pages.kit.charts.collapse import kl_stacks
from pages.kit.recipes import what_differs
from pages.kit.show import chart
from vae_core.family import beta_family, latent_sizes, nearest_family
from vae_core.manifest import ModelSpec


def families(spec: ModelSpec) -> None:
    """Both families side by side, the model's own where it belongs to one."""
    models = cache.manifest().models.values()
    left, right = st.columns(2, gap="large")
    with left:
        betas = nearest_family(models, spec, beta_family)
        _stacks(
            spec,
            betas,
            [f"{one.beta:g}" for one in betas],
            "β",
            "**Across β**: a higher price, fewer dimensions worth it",
        )
    with right:
        sizes = nearest_family(models, spec, latent_sizes)
        _stacks(
            spec,
            sizes,
            [f"{one.latent_dim}" for one in sizes],
            "latent size",
            "**Across latent size**: room that is not used",
        )


def _stacks(spec: ModelSpec, family: list[ModelSpec], labels: list[str], title: str, words: str) -> None:
    if not family:
        return
    st.markdown(words)
    if spec not in family:
        st.caption(
            f"{spec.id} belongs to no such family, so this is the one of"
            f" {cache.manifest().images[family[0].dataset].title}"
            + (f", latent size {family[0].latent_dim}." if title == "β" else f", β = {family[0].beta:g}.")
        )
    used = "; ".join(
        f"{label}: {one.metrics['active_units']} of {one.latent_dim} active"
        for one, label in zip(family, labels, strict=True)
    )
    chart(kl_stacks, family, labels, title, alt=f"KL of every dimension by {title}. {used}")
    differs = what_differs(family)
    st.caption(
        f"Test set; {', '.join(one.id for one in family)}. Above the bars: active units."
        + (f" Not all else is equal: {differs}." if differs else "")
    )
