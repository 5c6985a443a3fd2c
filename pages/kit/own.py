"""The reader's own digits, drawn or uploaded: kept for this visitor alone, and pictures like any other on every page."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

MOST = 12  # a visitor's digits; the oldest leaves when another comes


@dataclass(frozen=True)
class OwnDigit:
    """A prepared picture (28, 28) in [0, 1], and which class of a data set the reader says it shows."""

    x: np.ndarray
    label: int
    dataset: str


def all_own_digits() -> list[OwnDigit]:
    """This visitor's digits, the oldest first."""
    return st.session_state.setdefault("own_digits", [])


def own_digits(dataset: str) -> list[OwnDigit]:
    """Those of a data set: another one has other classes, in which their labels mean nothing."""
    return [own for own in all_own_digits() if own.dataset == dataset]


def keep_digit(x: np.ndarray, label: int, dataset: str) -> int:
    """Add a digit; returns how many of its data set there are now."""
    st.session_state["own_digits"] = [*all_own_digits(), OwnDigit(x, label, dataset)][-MOST:]
    return len(own_digits(dataset))


def drop_digits() -> None:
    """Forget all of them."""
    st.session_state["own_digits"] = []
