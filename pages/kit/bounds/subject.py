"""The picture that the page is about, and what every section measures on it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.controls import row, times_pressed
from pages.kit.picker import Choice, chosen_digit
from vae_core import bounds

SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


@dataclass(frozen=True)
class Subject:
    """A picture x (28, 28) by its index under the chosen model, and the seed of the samples of its q(z|x)."""

    choice: Choice
    digit: int
    x: np.ndarray
    seed: int

    @property
    def label(self) -> int | None:
        """The picture's class for a conditional model, None for the others."""
        return self.choice.label(self.digit) if self.choice.spec.conditional else None

    @property
    def name(self) -> str:
        """What the picture shows, in words."""
        return self.choice.name(self.digit)

    @property
    def log_p_x(self) -> str:
        """How the page writes what the bounds are bounds of."""
        return "log p(x | y)" if self.choice.spec.conditional else "log p(x)"

    @property
    def samples(self) -> int:
        """How many samples of q the bounds are estimated from."""
        return (
            5_000 if self.choice.spec.architecture.family == "conv" else 10_000
        )  # convolutions take eight times as long

    @cached_property
    def table(self) -> dict[str, np.ndarray]:
        """`bounds.bounds_by_k` for each K of SIZES; nats."""
        weights = computed.log_weights(self.choice.spec, self.x, self.label, self.samples, self.seed)
        return bounds.bounds_by_k(weights, SIZES)

    @cached_property
    def gap(self) -> bounds.InferenceGap | None:
        """log p(x) itself and what the ELBO lacks of it, where the latent space is a plane; None elsewhere."""
        if self.choice.spec.latent_dim != 2:
            return None
        return computed.inference_gap(self.choice.spec, self.x, self.label)


PICTURES = 20  # of the gallery, for a mean


def gallery_beside(subject: Subject) -> dict[str, np.ndarray] | None:
    """`bounds.bounds_by_k` averaged over the gallery's first pictures, if the reader wants to compare; in nats.

    A spread is missing where so few samples make a single draw.
    """
    choice = subject.choice
    if choice.images is None or not st.toggle(
        f"Compare with {PICTURES} pictures",
        key="bounds_gallery",
        help=f"The mean of the first {PICTURES} pictures of the gallery, 1,000 samples each, beside this one's numbers;"
        " convolutional models take seconds.",
    ):
        return None
    log_weights = computed.gallery_log_weights(choice.spec, PICTURES, 1000)
    tables = [bounds.bounds_by_k(one, SIZES) for one in log_weights]
    return {column: np.mean([table[column] for table in tables], axis=0) for column in tables[0]}


def chosen_subject(choice: Choice) -> Subject:
    """The picture picker and fresh samples; stops the page where the picture's pixels are not on this machine."""
    with row():
        digit = chosen_digit(choice, first_of_class=2)  # its gap is wide enough to see in the model that opens first
        explained = "New noise for the samples of q; until then it is held, whatever else you change."
        seed = times_pressed("Fresh samples", "bounds_fresh", help=explained)
    x = choice.x(digit)
    if x is None:
        st.info(
            "Every number of this page is about the pixels of a picture, and they are not on this machine: download them in"
            " the sidebar, choose an MNIST model, or draw a picture of your own on Overview."
        )
        st.stop()
    return Subject(choice, digit, x, seed)
