"""Digit transitions: from one picture to another through latent space."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Digit transitions",
    "Walk from the code of one picture to the code of another and decode every step. *Reading time: 6 minutes.*",
)

import numpy as np

from pages.kit.ends import Ends, chosen_ends, one_of
from pages.kit.path_map import path_map, plane_of
from pages.kit.picker import chosen_digit, chosen_model, refuse_unknown, row
from pages.kit.show import chart, download, image, look_for, predict, sheet, source
from pages.kit.step_player import step_player
from pages.kit.transition_charts import norms_along, shares_along
from vae_core import inference, latent, transitions
from vae_core.images import gif, png, strips, to_pixels
from vae_core.manifest import ArtifactError

PATHS = {"linear": latent.lerp, "spherical": latent.slerp}
NEIGHBOURS = 25
PLACES = 101  # along a path, on the map and in the charts, whatever the number of steps

choice = chosen_model()
spec, codes, classes = choice.spec, choice.codes, choice.classes
noun = "digit" if spec.dataset == "mnist" else "item"


def shares_near(z: np.ndarray) -> np.ndarray:
    """Class shares among the gallery's codes nearest to each z."""
    return transitions.class_shares(z, codes.mu, codes.y, len(classes), NEIGHBOURS)


@st.fragment
def walk():
    drawing, settings = st.columns([3, 2], gap="large")
    with settings:
        ends = chosen_ends(choice)
        kind = one_of(
            "Path",
            list(PATHS),
            "transition_path",
            help="Linear: the straight line between the codes. Spherical: the great circle, on which equal norms stay equal.",
        )
        pictures = ends.decoded
        if ends.originals is not None:
            pictures = np.stack([ends.originals, pictures], axis=1).reshape(4, 28, 28)
        sheet(
            pictures,
            columns=len(pictures),
            scale=3,
            alt=f"End A, {ends.names[0]}, and end B, {ends.names[1]}",
            caption="A and its code decoded, then B and its code decoded."
            if ends.originals is not None
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
        "The decoder learnt to make pictures out of codes, and the code halfway is a code like others: its picture has"
        " strokes of full brightness. Compare the two rows below. Where the path crosses a region without codes, strokes"
        " fade there too.",
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
            "Steps, both ends included", 5, 100, 10, key="transition_steps", bind="query-params", width=400
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
    z = PATHS[kind](*ends.z, steps)
    labels = dict(zip("AB", ends.labels, strict=True)) if told == "both" else {told: ends.labels["AB".index(told)]}
    if spec.conditional:
        rows = {f"decoded as {classes[label]}": ends.decode_as(z, label) for label in labels.values()}
    else:
        rows = {"decoded": inference.decode(choice.model, z)}
    faded = "originals" if ends.originals is not None else "decoded ends"
    pair = ends.decoded if ends.originals is None else ends.originals
    shown = {**rows, f"pixel cross-fade of the {faded}": transitions.cross_fade(*pair, steps)}

    columns = -(-steps // -(-steps // 14))
    scale = max(1, 840 // (29 * columns))
    about = ends.about(path=kind, steps=steps, rows="; ".join(shown))
    pixels = strips(list(shown.values()), columns, scale)
    between = f"from {ends.names[0]} to {ends.names[1]}"
    image(png(pixels, about), "image/png", alt=f"{steps} decoded steps {between}; below each row, {list(shown)[-1]}")
    st.caption(f"Rows, from above: {'; '.join(shown)}. Ends are {ends.how}." + " It goes on below." * (steps > columns))

    norms, shares = np.linalg.norm(z, axis=1), shares_near(z)
    words = [
        f"t = {i / (steps - 1):.2f}, ‖z‖ = {norms[i]:.2f}. Of the {NEIGHBOURS} nearest codes, {in_words(shares[i])}."
        for i in range(steps)
    ]
    step_player(shown, words, key="transition_player")

    def animation() -> bytes:
        frames = to_pixels(
            np.concatenate(list(rows.values()), axis=2), 5
        )  # there, and back without showing an end twice
        return gif(np.concatenate([frames, frames[-2:0:-1]]), 80, about)

    name = ends.file_name(kind, steps, *(["label", told] if spec.conditional else []))
    with st.container(horizontal=True):
        download(
            "Strip as PNG",
            lambda: png(strips(list(shown.values()), steps, 4), about),
            f"{name}.png",
            "image/png",
            "transition_png",
        )
        download("Animation as GIF", animation, f"{name}.gif", "image/gif", "transition_gif")


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
        st.caption(f"Classes among the {NEIGHBOURS} codes (means μ) nearest to z, in all {spec.latent_dim} dimensions.")
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
        "Shapes bend, open and close; strokes keep their brightness, and in the cross-fade they do not. **Try:** two"
        " pictures of one class, then of two far classes: where does it stop being one and begin to be the other? In 2"
        " dimensions the straight line may cross a third class. In 20, compare linear and spherical."
    )


@st.fragment
def corners(ends: Ends):
    settings, result = st.columns([2, 3], gap="large")
    with settings:
        st.markdown("A and B from above, and two more. Between them every row and every column is a straight line.")
        with row():
            c = chosen_digit(choice, "transition_C", "C", first_of_class=0)
        with row():
            d = chosen_digit(choice, "transition_D", "D", first_of_class=3)
        refuse_unknown("transition_cells", range(5, 13), "Choose 5 to 12 cells.")
        side = st.slider("Cells in a row", 5, 12, 9, key="transition_cells", bind="query-params")
        four = Ends(choice, (*ends.indices, c, d), ends.seed)
        told = one_of("Decoded with the label of", list("ABCD"), "transition_cells_label") if spec.conditional else "A"
    about = four.about(cells=side, **({"label of": told} if spec.conditional else {}))
    x = four.decode_as(transitions.blend(four.z, side), four.labels["ABCD".index(told)])
    with result:
        data = sheet(
            x,
            columns=side,
            scale=max(1, 560 // (29 * side)),
            gap=1,
            alt=f"{side} by {side} pictures between {', '.join(four.names)}",
            caption=f"Top: {four.names[0]} to {four.names[1]}. Bottom: {four.names[2]} to {four.names[3]}.",
            about=about,
        )
    with settings:
        name = four.file_name("corners", side, *(["label", told] if spec.conditional else []))
        download("Corners as PNG", data, f"{name}.png", "image/png", "transition_corners_png")


walk()
source(latent.lerp, latent.slerp, transitions.cross_fade, transitions.class_shares, transitions.blend, inference.decode)
