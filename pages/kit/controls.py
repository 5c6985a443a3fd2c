"""The small controls that many pages have: a row of widgets, a choice of few, a seed; each kept in the link."""

from collections.abc import Collection, Iterable

import streamlit as st

SEEDS = range(1_000_000)


def row():
    """A place for widgets side by side, wrapped on a phone."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="small")


def one_of(label: str, options: Iterable[str | int], key: str, default: str | int | None = None, **settings):
    """A choice of few, kept in the link as `key`; without a `default` the first is it."""
    options = list(options)
    default = options[0] if default is None else default
    names = [str(option) for option in options]
    forget_unknown(key, names, default)
    refuse_unknown(key, names, f"Showing {default}; there are {', '.join(names)}.")
    return st.segmented_control(
        label, options, default=default, required=True, wrap=True, key=key, bind="query-params", **settings
    )


def chosen_seed(label: str, key: str, width: int | str = 160, **settings) -> int:
    """The seed of something drawn at random, kept in the link as `key`."""
    refuse_unknown(key, SEEDS, f"Seeds are whole numbers from 0 to {SEEDS[-1]}.")
    return st.number_input(label, 0, SEEDS[-1], 0, key=key, bind="query-params", width=width, **settings)


def held_noise(key: str, fresh: str) -> int:
    """The seed of epsilon, kept in the link as `key`, and a button `fresh` for another: until then the noise is held."""
    seed = chosen_seed("Seed of ε", key=key, width=140, help="It alone draws ε.")
    st.button(
        "Fresh noise",
        icon=":material/casino:",
        on_click=lambda: st.session_state.update({key: (seed + 1) % len(SEEDS)}),
        key=fresh,
        help="Draw another ε. Until you ask, the noise stays the same: nothing else moves it.",
    )
    return seed


def times_pressed(label: str, key: str, icon: str = "casino", **settings) -> int:
    """A button that asks for others of their kind: how often it has been pressed, kept in the link as `key`."""
    count = f"{key}_pressed"
    if count not in st.session_state:
        refuse_unknown(key, SEEDS, f"“{label}” is pressed 0 to {SEEDS[-1]} times.")
        asked = st.query_params.get(key, "")
        st.session_state[count] = int(asked) if asked.isdecimal() and int(asked) in SEEDS else 0
    pressed = st.session_state[count]
    if pressed and st.query_params.get(key) != str(pressed):
        st.query_params[key] = str(pressed)
    st.button(
        label,
        icon=f":material/{icon}:",
        on_click=lambda: st.session_state.update({count: (pressed + 1) % len(SEEDS)}),
        key=key,
        **settings,
    )
    return pressed


def refuse_unknown(parameter: str, allowed: Collection, remedy: str, asked: str | None = None) -> None:
    """Say so when the link asks for something that does not exist; Streamlit itself then falls back silently.

    `asked` is what it asks for, where the widget has been drawn before. What the reader has chosen here, under another model,
    is no link's fault, see `forget_unknown`.
    """
    if asked is None and parameter not in st.session_state:
        asked = st.query_params.get(parameter)
    if asked is None:
        return
    known = asked.isdecimal() and int(asked) in allowed if isinstance(allowed, range) else asked in allowed
    if not known:
        st.warning(f"The link asks for {parameter} “{asked[:40]}”, which does not exist. {remedy}")


def forget_unknown(key: str, allowed: Collection[str], default: str | int) -> None:
    """Take the `default` for what the reader chose under another model and this one has not.

    Streamlit would show it by itself, and leave in the link what is not shown.
    """
    if key in st.session_state and str(st.session_state[key]) not in allowed:
        st.session_state[key] = default
