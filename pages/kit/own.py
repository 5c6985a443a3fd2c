"""The reader's own digits, drawn or uploaded: kept for this visitor alone, and pictures like any other on every page."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

MOST = 12  # a visitor's digits; the oldest leaves when another comes


@dataclass(frozen=True)
class OwnDigit:
    """A prepared picture (28, 28) in [0, 1], and what the reader says it shows: a digit from 0 to 9."""

    x: np.ndarray
    label: int


def own_digits() -> list[OwnDigit]:
    """This visitor's digits, the oldest first."""
    return st.session_state.setdefault("own_digits", [])


def keep_digit(x: np.ndarray, label: int) -> None:
    """Add a digit."""
    st.session_state["own_digits"] = [*own_digits(), OwnDigit(x, label)][-MOST:]


def drop_digits() -> None:
    """Forget all of them."""
    st.session_state["own_digits"] = []
