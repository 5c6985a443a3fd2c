"""The steps of a path: as a strip, under the reader's hand, and as files."""

from functools import partial

import numpy as np
import streamlit as st

from pages.kit.components.step_player import sprite_of, step_player
from pages.kit.controls import one_of, refuse_unknown
from pages.kit.show import download
from pages.kit.transitions.ends import Ends, Walk
from pages.kit.transitions.passed import NEIGHBOURS, shares_near
from pages.kit.turns import fragment


@fragment
def step_by_step(ends: Ends, kind: str) -> None:
    """The number of steps, and all that depends on it."""
    refuse_unknown("transition_steps", range(5, 101), "Choose 5 to 100 steps.")
    steps = st.slider("Steps, both ends included", 5, 100, 14, key="transition_steps", bind="query-params", width=400)
    told = "both"
    if ends.conditional and ends.labels[0] != ends.labels[1]:
        told = one_of(
            "Label of",
            ["both", "A", "B"],
            "transition_label",
            help="This decoder is told which class to draw. One label holds for a whole row, so nothing switches on the"
            " way: A's row has A's class at both ends, B's row has B's.",
        )
    path = Walk(ends, kind, steps, told)
    spec = ends.choice.spec
    rows, sprite, words = _frames(spec.weights.sha256, spec.codes and spec.codes.sha256, path.content, path)
    *drawn, fade = rows
    step_player(
        sprite,
        rows,
        words,
        alt=f"{steps} decoded steps from {ends.names[0]} to {ends.names[1]}; below them, the {fade}",
        says=f"Rows, from above: {'; '.join([*drawn, fade])}. The ends' codes are {ends.how}. A click on the strip goes there.",
        key="transition_player",
    )
    with st.container(horizontal=True):
        # The files are made on the click: until then nobody keeps their pictures.
        download("Strip as PNG", partial(path.strip, 4), f"{path.file_name}.png", "image/png", "transition_png")
        download("Animation as GIF", path.animation, f"{path.file_name}.gif", "image/gif", "transition_gif")


@st.cache_resource(max_entries=128, show_spinner=False)
def _frames(weights: str, codes: str | None, content: str, _path: Walk) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The names of a path's rows, all of its pictures, and each step in words: a class begins at the same two digits."""
    shown = Walk(_path.ends, _path.path, _path.steps, _path.told)  # the one above waits for a click, without pictures
    return tuple(shown.shown), sprite_of(shown.shown), _words(shown)


def _words(path: Walk) -> tuple[str, ...]:
    """Each step in words: where it is, how long z is, and the three classes of which most is near."""
    norms, shares = np.linalg.norm(path.z, axis=1).tolist(), shares_near(path.ends.choice, path.z)
    largest = np.argsort(-shares, axis=1, kind="stable")[:, :3]
    near = zip(largest.tolist(), np.take_along_axis(shares, largest, axis=1).tolist(), strict=True)
    classes = path.ends.choice.classes
    said = [
        ", ".join(f"{share:.0%} {classes[label]}" for label, share in zip(labels, parts, strict=True) if share > 0)
        for labels, parts in near
    ]
    return tuple(
        f"t = {i / (path.steps - 1):.2f}, ‖z‖ = {norms[i]:.2f}. Of the {NEIGHBOURS} nearest codes, {said[i]}."
        for i in range(path.steps)
    )
