"""A place in latent space, by hand or found by a button: how dense codes and prior are there, and who lies near."""

import numpy as np
import streamlit as st

from pages.kit import cache, computed
from pages.kit.charts.holes import FLOOR
from pages.kit.components.compare import Plane, planes
from pages.kit.controls import row
from pages.kit.holes.window import Window
from pages.kit.picker import Choice
from pages.kit.place import Place
from pages.kit.show import printed, sheet
from pages.kit.turns import fragment
from vae_core import density, latent, neighbours
from vae_core.manifest import ModelSpec

CANDIDATES = 2000  # samples of the prior in one search
NONE_FOUND = "holes_none"


@fragment
def search(choice: Choice, window: Window, place: Place) -> None:
    """The chosen place on the plane, decoded, with the numbers that tell whether it is a hole."""
    with row():
        _buttons(choice, place)
        label = _chosen_label(choice)
    _said_if_none(choice)
    plane, verdict = st.columns(2, gap="large")
    with plane:
        _plane(choice, window, place, label)
    with verdict:
        _densities_there(choice, place)
        _nearest(choice, place, label)
        seed = st.session_state.get("holes_searches")
        st.caption(
            "Beside or below the plane, the place decoded: would you read it with confidence?"
            + ("" if seed is None else f" Seed of the last search: {seed}.")
        )


def _buttons(choice: Choice, place: Place) -> None:
    st.button(
        "Show me a hole",
        icon=":material/search:",
        on_click=_find,
        args=("hole", choice, place),
        key="holes_search",
        help="Of 2,000 samples of the prior, the half that it finds most probable; of those of them that the numbers below"
        " call holes, the one where log q(z) is lowest beside log p(z). Each press is another seed.",
    )
    st.button(
        "Show me a border",
        icon=":material/join:",
        on_click=_find,
        args=("border", choice, place),
        key="holes_border",
        help="Of the same half of the samples, the one whose ten nearest codes agree least on a class.",
    )
    st.button(
        "Back to 0",
        icon=":material/center_focus_strong:",
        on_click=_back,
        args=(choice, place),
        key="holes_centre",
    )


def _back(choice: Choice, place: Place) -> None:
    st.session_state.pop(NONE_FOUND, None)
    place.jump(np.zeros(choice.spec.latent_dim))


def _find(what: str, choice: Choice, place: Place) -> None:
    """Each press searches among other samples of the prior: the number of the press is their seed."""
    seed = st.session_state["holes_searches"] = st.session_state.get("holes_searches", -1) + 1
    st.session_state.pop(NONE_FOUND, None)
    mu, logvar, _ = computed.cloud(choice.spec)
    candidates = latent.sample_prior(CANDIDATES, choice.spec.latent_dim, seed)
    if what == "border":
        place.jump(density.find_border(mu, choice.codes.y, candidates))
        return
    _, at_codes, _ = computed.cloud_samples(choice.spec)
    hole = density.find_hole(mu, logvar, candidates, at_codes)
    if hole is None:
        st.session_state[NONE_FOUND] = choice.spec.id
    else:
        place.jump(hole)


def _said_if_none(choice: Choice) -> None:
    """No hole among the samples is a finding, too: the place stays where it was."""
    if st.session_state.get(NONE_FOUND) != choice.spec.id:
        return
    st.info(
        f"No hole this time: of the {CANDIDATES // 2:,} samples that the prior finds most probable, none lies where codes are"
        f" rarer than at 95 % of real codes. The middle of the prior is well filled in {choice.spec.id}. Press again for"
        " other samples, or choose mnist-z2, where most searches succeed.",
        icon=":material/sentiment_satisfied:",
    )


def _chosen_label(choice: Choice) -> int | None:
    """The class that a conditional model is to draw; None for the others."""
    if not choice.spec.conditional:
        return None
    return st.selectbox(
        "Label",
        range(len(choice.classes)),
        format_func=lambda label: choice.classes[label],
        key="holes_label",
        width=140,
    )


def _plane(choice: Choice, window: Window, place: Place, label: int | None) -> None:
    """The place as a dot that the reader moves over the density of the codes, decoded in the browser."""
    spec, names, dims, limit = choice.spec, window.names, window.dims, window.limit
    shade = np.clip((window.log_q - FLOOR) / (window.log_q.max() - FLOOR), 0, 1)
    drawn = Plane(
        "",
        spec.weights.sha256,
        cache.network(spec, "decoder"),
        choice.codes.mu,
        choice.codes.y,
        names,
        f"The plane of {names[0]} and {names[1]}, darker where codes are dense; the dot is the chosen place",
        dims=dims,
        origin=place.z,
        density=0.85 * shade,
    )
    planes(
        [drawn],
        limit=limit,
        cursor=tuple(place.z[list(dims)].clip(-limit, limit).tolist()),
        turn=place.turn,
        classes=() if spec.conditional else choice.classes,  # labels have no places of their own there
        label=label or 0,
        key="holes_plane",
        on_move=lambda cursor: place.drag(dims, cursor),
    )


def _densities_there(choice: Choice, place: Place) -> None:
    """How dense the codes and the prior are at the place, and what follows."""
    mu, logvar, _ = computed.cloud(choice.spec)
    _, at_codes, _ = computed.cloud_samples(choice.spec)
    z = place.z[None]
    here, prior = float(density.log_aggregate(z, mu, logvar)[0]), float(density.log_prior(z)[0])
    percentile = float((at_codes < here).mean())
    left, middle, right = st.columns(3)
    left.metric("log q(z), nats", printed(here), help="Log-density of the codes at this place.")
    middle.metric("log p(z), nats", printed(prior), help="The prior's log-density at this place.")
    right.metric(
        "Denser than", f"{percentile:.1%}", help="of the gallery's codes, each judged by the codes of the others."
    )
    st.markdown(_verdict(choice, here, prior))


def _verdict(choice: Choice, here: float, prior: float) -> str:
    """What the two log-densities at a place say, in words; and where they can say little, why."""
    codes, at_codes, _ = computed.cloud_samples(choice.spec)
    empty, surplus = bool(density.is_hole(here, prior, at_codes)), prior - here
    if not tells_holes(choice.spec):
        return (
            ("**Perhaps a hole**: 95 % of real codes lie at denser places. " if empty else "")
            + "This score can hardly tell a hole from a code in this model. Its clouds are so small that they leave all between"
            " them empty: even a typical code of a real picture, judged by the other pictures, lies at log q(z) ="
            f" {printed(np.median(at_codes))}, where log p(z) = {printed(np.median(density.log_prior(codes)))}. Trust the decoded"
            " picture more."
        )
    if empty:
        return "**A hole**: at least 95 % of real codes lie at denser places, and the prior sends samples here."
    if (at_codes < here).mean() < 0.05:
        return "Few codes are here, and the prior expects even fewer."
    return "No hole: codes of real pictures lie at places like this." + (
        f" Still, the prior is denser here, by {surplus:.1f} nats: more of its samples than of the codes come here."
        if surplus > 1
        else ""
    )


def tells_holes(spec: ModelSpec) -> bool:
    """Whether the density of a model's codes can tell a hole from a code: see `vae_core.density.tells_holes`."""
    codes, at_codes, _ = computed.cloud_samples(spec)
    return density.tells_holes(at_codes, density.log_prior(codes))


def _nearest(choice: Choice, place: Place, label: int | None) -> None:
    """The pictures of the ten nearest codes; decoded, with the chosen label, where their pixels are not on this machine."""
    codes = choice.codes
    rows = neighbours.nearest(place.z[None], codes.mu, 10)[0]
    votes = int(density.agreement(codes.y[None, rows])[0])
    if choice.images is not None:
        x, alt = choice.images.x[rows], "The ten gallery pictures whose codes are nearest, the nearest first"
        caption = f"The ten nearest codes are of these pictures; {votes} of them are of one class."
    else:
        x = choice.decode(codes.mu[rows], label)
        alt = "The ten nearest codes, decoded, the nearest first"
        caption = f"The ten nearest codes, decoded (the originals are not here); {votes} are of one class."
    sheet(x, columns=5, scale=2, alt=alt, caption=caption)
