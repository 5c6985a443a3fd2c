"""Several models of one data set side by side: those that can be loaded, and the names of those that cannot."""

from dataclasses import dataclass

import streamlit as st

from pages.kit import cache
from vae_core.manifest import ArtifactError, ModelSpec
from vae_core.projection import Codes


@dataclass(frozen=True)
class Member:
    """A model with its codes of the gallery."""

    spec: ModelSpec
    model: object
    codes: Codes


def family(dataset: str, belongs) -> tuple[list[Member], list[str]]:
    """The unconditional models of a data set for which `belongs(spec)` holds, by latent size, and the ids of broken ones."""
    members, broken = [], []
    for spec in cache.manifest().models.values():
        if spec.dataset != dataset or spec.conditional or not belongs(spec):
            continue
        try:
            members.append(Member(spec, cache.model(spec), cache.codes(spec)))
        except ArtifactError:
            broken.append(spec.id)
    return sorted(members, key=lambda member: member.spec.latent_dim), broken


def name_broken(ids: list[str]) -> None:
    """Say which models are left out, and where their fault is told."""
    if ids:
        st.caption(f"Unavailable: {', '.join(ids)}. Choose one in the sidebar to see why.")
