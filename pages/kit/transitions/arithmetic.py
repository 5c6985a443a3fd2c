"""A direction of latent space, learnt as the difference of two mean codes, added to one code."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.controls import one_of, refuse_unknown, row
from pages.kit.picker import Choice, chosen_digit
from pages.kit.show import download, printed, ready_sheet, sheet
from pages.kit.turns import fragment
from vae_core.transitions import MEASURES

STRENGTHS = [i / 4 for i in range(-8, 9)]


@fragment
def arithmetic(choice: Choice) -> None:
    """Which picture, and what is added to its code."""
    with row():
        base = chosen_digit(choice, "arithmetic_digit")
    _added(choice, base)


@fragment
def _added(choice: Choice, base: int) -> None:
    """Which direction, and how often it is added."""
    result, settings = st.columns([3, 2], gap="large")
    with settings:
        what = one_of(
            "Most and least",
            list(MEASURES),
            "arithmetic_what",
            help="Ink: the mean brightness, 0 to 1. Slant: columns to the right for each row upwards.",
        )
        learnt = one_of(
            "Among", ["class", "all"], "arithmetic_from", help="The pictures of its class, or all of the gallery."
        )
        refuse_unknown(
            "arithmetic_strength", [*map(written, STRENGTHS)], "Strengths go from −2.0 to 2.0, with a minus sign: −."
        )
        strength = st.select_slider(
            "Strength",
            STRENGTHS,
            1.0,
            format_func=written,
            key="arithmetic_strength",
            bind="query-params",
            help="How often it is added.",
        )
    spec = choice.spec
    name, label = choice.name(base), choice.label(base)
    direction, members = computed.contrast(spec, what, label if learnt == "class" else None, choice.images)
    mu, _ = choice.posterior(base)
    along = computed.decoded_sheet(spec, mu + np.outer(STRENGTHS[::2], direction), label, len(STRENGTHS[::2]), gap=1)
    pair = computed.decoded(spec, mu + np.outer([0, strength], direction), label)
    before, after = MEASURES[what](pair)
    code, sign = "μ" if spec.variational else "its code", "−" if strength < 0 else "+"
    about = {
        "model": spec.id,
        "picture": choice.described(base),
        "direction": f"most minus least {what}, among {f'class {choice.classes[label]}' if learnt == 'class' else 'all'}",
        "strengths": ", ".join(map(written, STRENGTHS[::2])),
    }
    with result:
        times = f"{printed(STRENGTHS[0], 0)} to {printed(STRENGTHS[-1], 0)} times"
        strip = ready_sheet(
            along,
            alt=f"{name} with the direction of {what} added {times}",
            caption=f"{name}, decoded, with {times} the direction added to {code}.",
            about=about,
        )
        sheet(
            pair,
            columns=2,
            scale=5,
            alt=f"{name}, decoded, and the same with {printed(strength, 2)} times the direction",
        )
        st.caption(
            f"Decoded from {code}, and from {code} {sign} {abs(strength):g} d. Measured on the pictures, {what} goes from {before:.3f} to"
            f" {after:.3f}. d comes from the {max(1, members // 10)} pictures with most {what} and as many with least,"
            f" {'originals' if choice.images is not None else 'decoded'}."
        )
        file_name = f"{spec.id}-{choice.stem(base)}-{what}-{learnt}.png"
        download("Strip as PNG", strip, file_name, "image/png", "arithmetic_png")


def written(strength: float) -> str:
    """A strength on the slider and in the link."""
    return str(strength).replace("-", "−")
