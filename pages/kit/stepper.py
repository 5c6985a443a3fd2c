"""A page in steps: a row of steps, the chosen one in the URL, and buttons back and next."""

import streamlit as st

from pages.kit.controls import one_of

# Whoever presses Next at the foot of a step should find the head of the next one.
_TOP = st.components.v2.component(
    "vae_classroom.step_top",
    html="<div></div>",
    js="""
    const shown = new WeakMap();
    export default function ({ parentElement, data }) {
      const before = shown.get(parentElement);
      shown.set(parentElement, data);
      if (before !== undefined && before !== data) {
        document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });
      }
    }
    """,
)


def chosen_step(steps: list[str], key: str) -> str:
    """The row of steps; the chosen one is in the URL as `key`, the first is the default."""
    step = one_of("Step", steps, key, label_visibility="collapsed")
    _TOP(key=f"{key}_top", data=step, height=1)
    return step


def back_and_next(steps: list[str], step: str, key: str) -> None:
    """Buttons to the step before and the step after, where there is one."""
    place = steps.index(step)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for name, other, icon in (("Back", place - 1, "arrow_back"), ("Next", place + 1, "arrow_forward")):
            there = 0 <= other < len(steps)
            st.button(
                f"{name}: {steps[other]}" if there else name,
                icon=f":material/{icon}:",
                icon_position="left" if name == "Back" else "right",
                disabled=not there,
                key=f"{key}_{name.lower()}",
                on_click=_go,
                args=(key, steps[other] if there else step),
                type="primary" if name == "Next" and there else "secondary",
            )


def _go(key: str, step: str) -> None:
    st.session_state[key] = step
