"""Digit transitions: from one picture to another through latent space."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Digit transitions",
    "Walk from the code of one picture to the code of another and decode every step. *Reading time: 6 minutes.*",
)

from functools import partial

import numpy as np

from pages.kit.charts.transitions import norms_along, shares_along
from pages.kit.components.path_map import path_map, plane_of
from pages.kit.components.step_player import step_player
from pages.kit.controls import one_of, refuse_unknown, row
from pages.kit.picker import chosen_digit, chosen_model
from pages.kit.show import chart, download, image, look_for, predict, sheet, source
from pages.kit.transitions.ends import PATHS, Ends, Walk, chosen_noise, chosen_pair
from vae_core import inference, latent, transitions
from vae_core.manifest import ArtifactError

NEIGHBOURS = 25
STRENGTHS = [i / 4 for i in range(-8, 9)]
PLACES = 101  # along a path, on the map and in the charts, whatever the number of steps

choice = chosen_model()
spec, codes, classes = choice.spec, choice.codes, choice.classes


def shares_near(z: np.ndarray) -> np.ndarray:
    """Class shares among the gallery's codes nearest to each z."""
    return transitions.class_shares(z, codes.mu, codes.y, len(classes), NEIGHBOURS)


@st.fragment
def walk():
    pair = chosen_pair(choice)
    drawing, settings = st.columns([3, 2], gap="large")
    with settings:
        ends = Ends(choice, pair, chosen_noise(choice))
        kind = one_of(
            "Path",
            list(PATHS),
            "transition_path",
            help="Linear: the straight line between the codes. Spherical: the great circle, on which equal norms stay equal;"
            " between unequal ones the arc may swing out beyond both.",
        )
        both = ends.originals is not None
        sheet(
            np.stack([ends.originals, ends.decoded], axis=1).reshape(4, 28, 28) if both else ends.decoded,
            columns=2,
            scale=5,
            alt=f"End A, {ends.names[0]}, and end B, {ends.names[1]}" + ", each beside what its code decodes to" * both,
            caption="Above A, below B; left the original, right its code decoded."
            if both
            else "A and B, decoded. The originals are not on this machine.",
        )
    way = PATHS[kind](*ends.z, PLACES)
    with drawing:
        try:
            plane = plane_of(choice)
            path_map(
                plane,
                way,
                choice,
                alt=f"{len(codes.y)} codes of {spec.id}, and the {kind} path from A, {ends.names[0]}, to B, {ends.names[1]}",
                key="transition_map",
                on_choose=lambda end, index: st.session_state.update({f"transition_{end}": index}),
            )
            st.caption(plane.note)
        except ArtifactError as error:
            st.info(str(error))
    st.header("Step by step")
    predict(
        "Halfway, a cross-fade of the pixels shows both pictures at half their brightness. And the decoder, halfway"
        " between their codes?",
        ["the same", "one picture of its own", "noise"],
        "one picture of its own",
        "The decoder learnt to make pictures out of codes, and the code halfway is a code like others. Compare the rows"
        " below: the cross-fade lays two pictures over each other, the decoder draws one. Where the path crosses a region"
        " in which few codes lie, that one may be blurred.",
        "transition_predict",
    )
    step_by_step(ends, kind)
    st.header("What the path passes")
    along(ends, kind, way)
    st.header("Four corners")
    corners(ends)


@st.fragment
def step_by_step(ends: Ends, kind: str):
    refuse_unknown("transition_steps", range(5, 101), "Choose 5 to 100 steps.")
    with row():
        steps = st.slider(
            "Steps, both ends included", 5, 100, 14, key="transition_steps", bind="query-params", width=400
        )
        told = "both"
        if spec.conditional and ends.labels[0] != ends.labels[1]:
            told = one_of(
                "Label of",
                ["both", "A", "B"],
                "transition_label",
                help="This decoder is told which class to draw. One label holds for a whole row, so nothing switches on the"
                " way: A's row has A's class at both ends, B's row has B's.",
            )
    path = Walk(ends, kind, steps, told)
    # At most 14 in a row, and as few places as possible left over in the last.
    columns = steps if steps <= 14 else min(range(8, 15), key=lambda columns: (-steps % columns, -columns))
    *rows, fade = path.shown
    image(
        path.strip(columns, max(1, 840 // (29 * columns))),
        "image/png",
        alt=f"{steps} decoded steps from {ends.names[0]} to {ends.names[1]}; below them, the {fade}",
    )
    st.caption(
        f"Rows, from above: {'; '.join([*rows, fade])}. The ends' codes are {ends.how}."
        + " Read on in the rows below, as in a text." * (steps > columns)
    )
    norms, shares = np.linalg.norm(path.z, axis=1), shares_near(path.z)
    words = [
        f"t = {i / (steps - 1):.2f}, ‖z‖ = {norms[i]:.2f}. Of the {NEIGHBOURS} nearest codes, {in_words(shares[i])}."
        for i in range(steps)
    ]
    step_player(path.shown, words, key="transition_player")
    with st.container(horizontal=True):  # the files are made on the click
        strip = partial(path.strip, columns=steps, scale=4)
        download("Strip as PNG", strip, f"{path.file_name}.png", "image/png", "transition_png")
        download("Animation as GIF", path.animation, f"{path.file_name}.gif", "image/gif", "transition_gif")


def in_words(shares: np.ndarray) -> str:
    """The largest of class shares (classes,)."""
    largest = [label for label in np.argsort(-shares, kind="stable")[:3] if shares[label] > 0]
    return ", ".join(f"{shares[label]:.0%} {classes[label]}" for label in largest)


def along(ends: Ends, kind: str, way: np.ndarray):
    """What is near the path, and how long z is on it."""
    shares = shares_near(way)
    norms = {name: np.linalg.norm(path(*ends.z, PLACES), axis=1) for name, path in PATHS.items()}
    predict(
        "Halfway on the straight line: is z longer or shorter than its two ends are on average?",
        ["longer", "as long", "shorter"],
        "shorter",
        "The triangle inequality: ‖(a + b) / 2‖ ≤ (‖a‖ + ‖b‖) / 2, and equal only where both point the same way. Here"
        f" {norms['linear'][PLACES // 2]:.2f} against {norms['linear'][[0, -1]].mean():.2f}.",
        "transition_predict_norm",
    )
    left, right = st.columns(2, gap="large")
    with left:
        passed = [classes[label] for label in range(len(classes)) if shares[:, label].max() > 0.5]
        chart(
            shares_along(shares, classes),
            alt=f"Share of each class near the path; in the majority somewhere: {', '.join(passed)}",
        )
        st.caption(
            f"Classes among the {NEIGHBOURS} codes (means μ) nearest to z, in all {spec.latent_dim} dimensions."
            + " This model is told the label, so its codes need not hold it, and all classes lie everywhere."
            * spec.conditional
        )
    with right:
        chart(
            norms_along(norms, kind, spec.latent_dim if spec.variational else None),
            alt=f"The norm of z on both paths; on the {kind} one from {norms[kind][0]:.2f} to {norms[kind][-1]:.2f},"
            f" at its lowest {norms[kind].min():.2f}",
        )
        if spec.variational:
            st.caption(
                f"The prior's samples have a root mean square norm of √{spec.latent_dim} = {np.sqrt(spec.latent_dim):.2f}."
                " In many dimensions nearly all of them are about that long, and the middle of a straight line is not: the"
                " reason given for spherical paths (White 2016, arXiv 1609.04468)."
            )
    look_for(
        "Shapes bend, open and close, where the cross-fade shows two pictures at once. **Try:** two"
        " pictures of one class, then of two far classes: where does it stop being one and begin to be the other? In 2"
        " dimensions the straight line may cross a third class. In 20, compare linear and spherical."
    )


@st.fragment
def corners(ends: Ends):
    st.markdown("A and B from above, and two more. Between them every row and every column is a straight line.")
    with row():
        c = chosen_digit(choice, "transition_C", "C", first_of_class=0)
    with row():
        d = chosen_digit(choice, "transition_D", "D", first_of_class=3)
    result, settings = st.columns([3, 2], gap="large")
    with settings:
        refuse_unknown("transition_cells", range(5, 13), "Choose 5 to 12 cells.")
        side = st.slider("Cells in a row", 5, 12, 9, key="transition_cells", bind="query-params")
        four = Ends(choice, (*ends.indices, c, d), ends.seed)
        told = one_of("Decoded with the label of", list("ABCD"), "transition_cells_label") if spec.conditional else "A"
    about = four.about(cells=side, **({"label of": told} if spec.conditional else {}))
    label = four.labels["ABCD".index(told)]
    x = four.decode_as(transitions.blend(four.z, side), label)
    with result:
        data = sheet(
            x,
            columns=side,
            scale=max(1, 560 // (29 * side)),
            alt=f"{side} by {side} pictures between {', '.join(four.names)}",
            caption=f"Top: {four.names[0]} to {four.names[1]}. Bottom: {four.names[2]} to {four.names[3]}."
            + f" All decoded as {classes[label]}, the label of {told}." * spec.conditional,
            about=about,
        )
    with settings:
        name = four.file_name("corners", side, *(["label", told] if spec.conditional else []))
        download("Corners as PNG", data, f"{name}.png", "image/png", "transition_corners_png")


@st.fragment
def arithmetic():
    st.markdown(
        "The mean code of the pictures that have most of something, minus the mean code of those that have least, is a"
        " direction in latent space. Add it to any code."
    )
    with row():
        base = chosen_digit(choice, "arithmetic_digit", "to change", first_of_class=7)
    result, settings = st.columns([3, 2], gap="large")
    with settings:
        what = one_of(
            "Most and least", ["ink", "slant"], "arithmetic_what", help="Mean brightness, or leaning to the right."
        )
        learnt = one_of(
            "Among", ["class", "all"], "arithmetic_from", help="The pictures of its class, or all of the gallery."
        )
        refuse_unknown("arithmetic_strength", [str(v) for v in STRENGTHS], "Strengths go from -2 to 2.")
        strength = st.select_slider(
            "Strength", STRENGTHS, 1.0, key="arithmetic_strength", bind="query-params", help="How often it is added."
        )
    label, measure = choice.label(base), {"ink": transitions.ink, "slant": transitions.slant}[what]
    members = np.flatnonzero(codes.y == label) if learnt == "class" else np.arange(len(codes.y))
    if choice.images is not None:
        seen = choice.images.x[members]
    else:
        seen = inference.decode(choice.model, codes.mu[members], codes.y[members] if spec.conditional else None)
    direction = transitions.contrast(codes.mu[members], measure(seen))
    mu, _ = choice.posterior(base)
    ends = Ends(choice, (base,), None)
    x = ends.decode_as(mu + np.outer([*STRENGTHS[::2], 0, strength], direction), label)
    with result:
        sheet(
            x[:-2],
            columns=len(x) - 2,
            scale=2,
            alt=f"{choice.name(base)} with the direction of {what} added {STRENGTHS[0]:g} to {STRENGTHS[-1]:g} times",
            caption=f"{choice.name(base)}, decoded, with {STRENGTHS[0]:g} to {STRENGTHS[-1]:g} times the direction added to μ.",
        )
        sheet(
            x[-2:],
            columns=2,
            scale=5,
            alt=f"{choice.name(base)}, decoded, and the same with {strength:g} times the direction",
        )
        before, after = measure(x[-2:])
        st.caption(
            f"Decoded from μ, and from μ {strength:+g} d. Measured on the pictures, {what} goes from {before:.3f} to"
            f" {after:.3f}. d comes from the {max(1, len(members) // 10)} pictures with most {what} and as many with least,"
            f" {'originals' if choice.images is not None else 'decoded'}."
        )


walk()
st.header("Latent arithmetic")
arithmetic()
look_for(
    "Nobody told the model what much ink or a slant is, and yet one direction does it, for pictures that were not in the"
    " groups, too. **Try:** the direction learnt from all pictures: it also carries what the classes differ in, and moves"
    " one class towards another. In 2 dimensions there is little room for style beside the class."
)
source(
    latent.lerp, latent.slerp, transitions.cross_fade, transitions.class_shares, transitions.blend, transitions.contrast
)
