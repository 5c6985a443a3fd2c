"""Part "By hand": one code, decoded in the browser while it moves."""

from functools import partial

import numpy as np
import streamlit as st

from pages.kit import cache, computed
from pages.kit.components.live_decoder import live_decoder, reach_of
from pages.kit.controls import refuse_unknown
from pages.kit.picker import Choice
from pages.kit.place import linked_code
from pages.kit.sampling.controls import about
from pages.kit.show import download, look_for, source
from pages.kit.turns import fragment
from vae_core import inference
from vae_core.images import png, to_pixels

LEFT = "sampling_left"  # the model, code and label that the reader last let go of, and how they were shown
PROBABILITY = "probability"


def forget_another_model(choice: Choice) -> None:
    """Drop what was let go of under another model: its code means nothing to this one, in the link neither."""
    left = st.session_state.get(LEFT)
    if left is not None and left["model"] != choice.spec.id:
        del st.session_state[LEFT]
        for parameter in ("z", "y", "axes"):
            st.query_params.pop(parameter, None)


def by_hand(choice: Choice):
    """One code, moved by hand."""
    pad(choice, start_of(choice))
    text = (
        "Every point of latent space is some picture, decoded here in your browser while you move. **Try:** hover over the"
        " plane, or drag; move one slider from end to end with the others at 0. Some dimensions change much, a faint one"
        " hardly anything."
    )
    if choice.spec.variational:
        text += (
            " As probability, a slider gives each stretch of the prior the same length: the inverse of the Gaussian cumulative"
            " distribution. Dots are codes (means **μ**) of real pictures, coloured by class; dashed circles are the prior at"
            " 1 and 2."
        )
    else:
        text += (
            " Dots are codes of real pictures, coloured by class. No prior told them where to lie, so they reach far."
        )
    look_for(text)
    source(inference.decode)


def start_of(choice: Choice) -> dict:
    """Where the browser starts: what the reader last let go of, or what the link asks for, or the prior's mean."""
    left = st.session_state.get(LEFT)
    if left is None:
        reach = reach_of(choice.codes.mu, choice.spec.variational)
        z, label = linked_code("z", choice.spec.latent_dim, reach), linked_label(choice)
        shown = {"label": label, "dims": linked_axes(choice), "probability": linked_scale(choice)}
        left = st.session_state[LEFT] = {"model": choice.spec.id, "z": z, **shown}
    elif any(left["z"]) or left["label"] or left["probability"] or left["dims"] != usual_axes(choice):
        # Another page's link had no place for it.
        keep(choice, left["z"], left["label"], left["dims"], left["probability"])
    return left


@fragment
def pad(choice: Choice, start: dict):
    """Pad, sliders and picture: what runs when the reader lets go of a code, and nothing else.

    `start` is that of the last run of the whole page: the browser has it then, and moves on from there by itself.
    """
    spec, codes = choice.spec, choice.codes
    live_decoder(
        version=spec.weights.sha256,
        weights=cache.network(spec, "decoder"),
        mu=codes.mu,
        y=codes.y,
        active=computed.usage(spec).active,
        order=choice.most_used_first(),
        start=start["z"],
        classes=choice.classes,
        conditional=spec.conditional,
        prior=spec.variational,
        label=start["label"],
        dims=start["dims"],
        probability=start["probability"],
        key="sampling_live",
        on_release=partial(keep, choice),
    )
    left = st.session_state[LEFT]
    z = np.array([left["z"]], np.float32)
    name = f"{spec.id}-z{'_'.join(f'{value:.2f}' for value in left['z'])}"[:120]

    def file() -> bytes:
        return png(to_pixels(choice.decode(z, left["label"])[0], 10), about(choice, left["label"], z=left["z"]))

    download("This picture as PNG", file, f"{name}.png", "image/png", "sampling_live_png")


def keep(choice: Choice, z: list[float], label: int, dims: list[int], probability: bool) -> None:
    """What the reader let go of: for the link, and for the next visit to this part."""
    in_link = {
        "z": ",".join(f"{value:.3g}" for value in z),
        "y": str(label) if choice.spec.conditional else None,
        "axes": ",".join(f"z{dim + 1}" for dim in dims) if dims != usual_axes(choice) else None,
        "scale": PROBABILITY if probability else None,
    }
    for parameter, value in in_link.items():
        if value is None:
            st.query_params.pop(parameter, None)
        elif st.query_params.get(parameter) != value:
            st.query_params[parameter] = value
    shown = {"label": label, "dims": dims, "probability": probability}
    st.session_state[LEFT] = {"model": choice.spec.id, "z": z, **shown}


def usual_axes(choice: Choice) -> list[int]:
    """The plane's dimensions until the reader chooses others: the most used ones, or both."""
    return [0, 1] if choice.spec.latent_dim == 2 else choice.most_used_first()[:2].tolist()


def linked_axes(choice: Choice) -> list[int]:
    """The plane's dimensions that the link asks for, or the usual ones."""
    if choice.spec.latent_dim == 2:
        return usual_axes(choice)
    every = range(choice.spec.latent_dim)
    pairs = {f"z{a + 1},z{b + 1}": [a, b] for a in every for b in every if a != b}
    refuse_unknown("axes", pairs, f"Name two of z1 to z{len(every)}.")
    return pairs.get(st.query_params.get("axes"), usual_axes(choice))


def linked_scale(choice: Choice) -> bool:
    """Whether the link asks for sliders of probabilities; a model without a prior has none."""
    refuse_unknown("scale", [PROBABILITY], f"The sliders' scale is {PROBABILITY}, or else values of z.")
    return choice.spec.variational and st.query_params.get("scale") == PROBABILITY


def linked_label(choice: Choice) -> int:
    """The label that the link asks for, or the first."""
    asked = st.query_params.get("y")
    if not choice.spec.conditional or asked is None:
        return 0
    labels = [str(label) for label in range(len(choice.classes))]
    refuse_unknown("y", labels, f"Labels are 0 to {labels[-1]}.")
    return labels.index(asked) if asked in labels else 0
