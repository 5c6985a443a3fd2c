"""Fragments in turn: of visitors who move something at the same moment, one is served after the other.

Python computes one at a time anyway. Taking turns within a move makes all of them as late as the last; one after the other,
half of them have their picture in half that time, and the last no later.
"""

import threading
from functools import wraps

import streamlit as st

PATIENCE = 0.05  # seconds; a fragment that computes for longer holds nobody else up for longer

_turn = threading.RLock()  # entered again by a fragment within a fragment


def fragment(function):
    """`st.fragment` whose reruns take turns."""
    return st.fragment(in_turn(function))


def in_turn(function):
    """The function, run while no other of its kind runs, or beside it once it has waited for `PATIENCE`."""

    @wraps(function)
    def waiting(*arguments, **named):
        mine = _turn.acquire(timeout=PATIENCE)
        try:
            return function(*arguments, **named)
        finally:
            if mine:
                _turn.release()

    return waiting
