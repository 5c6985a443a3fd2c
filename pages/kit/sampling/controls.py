"""What several parts ask for, each with one key, so that seed, temperature and label are the same in all of them."""

import streamlit as st

from pages.kit.controls import chosen_seed, one_of
from pages.kit.picker import Choice


def chosen_label(choice: Choice) -> int | None:
    """The class that a conditional model is to draw; None for the others."""
    if not choice.spec.conditional:
        return None
    explained = "A conditional decoder draws the class that it is told."
    name = one_of("Label y", choice.classes, key="sampling_label", help=explained)
    return choice.classes.index(name)


def sampling_seed() -> int:
    """The seed of all that is drawn at random."""
    return chosen_seed("Seed", key="sampling_seed", width="stretch", help="The same seed, the same samples.")


def chosen_temperature() -> float:
    """How wide the noise is."""
    explained = "Times the standard deviation: 1 draws from the distribution itself, less is safer and less varied."
    return st.slider(
        "Temperature", 0.0, 2.0, 1.0, 0.05, key="sampling_temperature", bind="query-params", help=explained
    )


def of_label(choice: Choice, label: int | None) -> str:
    """The label in words, for a text equivalent; nothing for models without labels."""
    return f", label {choice.classes[label]}" if choice.spec.conditional else ""


def about(choice: Choice, label: int | None = None, **settings) -> dict[str, object]:
    """What a saved picture keeps inside its file: the model, the settings, and the label of a conditional model."""
    return {"model": choice.spec.id, **settings, **choice.told(label)}
