"""Latent scatter: the codes of 5,000 pictures as a map; choose a dot to see its picture, a box to see what is in it."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Latent scatter",
    "Where the encoder puts 5,000 pictures that no model trained on. **Click a dot** to see what lies there, or drag a"
    " **box** around many. *Reading time: 6 minutes.*",
)

import numpy as np

from pages.kit.charts.scatter import class_counts
from pages.kit.charts.shared import elbo_split, posterior_by_dim
from pages.kit.components.dots import frame_of, packed, packed_labels
from pages.kit.components.scatter import Mark, scatter
from pages.kit.controls import chosen_seed, one_of, row
from pages.kit.picker import chosen_digit, chosen_model
from pages.kit.scatter import parts
from pages.kit.scatter.maps import Placed, chosen_view
from pages.kit.show import chart, download, look_for, picture, predict, printed, sheet, source
from pages.kit.turns import fragment
from vae_core import embedding, inference, latent, neighbours, projection

choice = chosen_model()
spec, codes = choice.spec, choice.codes
view = chosen_view(choice)
linear = view.linear
count = len(codes.y) if linear else len(view.xy)
own = [len(codes.y) + i for i in range(len(choice.own))]

epsilon, sampled = None, ""
of, a_dot = ("mean μ of", "mu") if spec.variational else ("", "the code")
with row():
    colour, colours = parts.chosen_colours(choice, count)
    if linear and spec.variational:
        dot = one_of(
            "A dot is",
            ["mean", "sample"],
            key="scatter_dot",
            help="The mean μ of a picture's posterior, or one sample z = μ + σ·ε of it.",
        )
        if dot == "sample":
            seed = chosen_seed("Seed of ε", key="scatter_noise", width=120)
            epsilon, sampled = latent.noise(len(codes.y) + len(own), spec.latent_dim, seed), f"-z-seed{seed}"
            of, a_dot = "sampled", f"a sampled z, seed {seed} of its noise"
    sprites = choice.images is not None and st.toggle(
        "Digits as dots", key="scatter_sprites", bind="query-params", help="As many pictures as fit side by side."
    )

placed = Placed(choice, view, epsilon)
prior = tuple(linear.project(np.zeros((1, spec.latent_dim)))[0].tolist()) if linear and spec.variational else None
marks = [Mark(i, placed.at(i), str(k), choice.name(i)) for k, i in enumerate(own, 1)]
extent = [placed.dots, *(np.array([mark.at]) for mark in marks)]
if prior:
    extent += [np.array([prior]) - 2, np.array([prior]) + 2]  # its circle of two sigma
frame = frame_of(np.concatenate(extent), view.axes(of), equal=linear is not None)
dots, labels, atlas = packed(placed.dots, frame), packed_labels(codes.y[:count]), parts.atlas_of(choice)
name = f"{spec.id}-{view.id}{sampled}"

about = {"model": spec.id, "map": view.name, **view.settings, "a dot is": a_dot}

what = "one sample z = μ + σ·ε of its posterior" if sampled else "the mean **μ** of a posterior"
if not spec.variational:
    what = "the code of a picture: a plain autoencoder has no posterior and no prior"
st.caption(
    f"{view.note} A dot is {what}."
    + ("" if linear else " A sampled z, the prior and σ have no place here: only a linear map has a formula for them.")
    + (" Dashed circles: the prior at 1 and 2 σ. Ellipses: the chosen picture's posterior, to scale." if prior else "")
    + (" Stars: your own digits" + ("." if linear else ", placed where their nearest codes are.") if own else "")
)


@fragment
def map_and_details():
    with row():
        digit = chosen_digit(choice)
    drawing, details = st.columns([3, 2], gap="medium")
    mu, logvar = choice.posterior(digit)
    ellipse = parts.ellipse_of(linear, mu, logvar) if prior else None
    with details:  # first of all: what the reader waits for after a click
        pictures(digit, mu)
    with drawing:
        scatter(
            dots=dots,
            labels=labels,
            frame=frame,
            classes=choice.classes,
            colours=colours,
            digit=digit,
            at=placed.at(digit),
            prior=prior,
            posterior=ellipse,
            marks=marks,
            atlas=atlas,
            sprites=sprites,
            box=parts.kept_box(name),
            alt=f"{count} codes of {spec.id} on a {view.name} map, coloured by {colour};"
            f" number {digit}, {choice.name(digit)}, is marked",
            file=f"{name}-{colour}.png",
            about=about,
            key="scatter_chart",
            on_choose=lambda index: st.session_state.update(digit=index),
            on_box=parts.set_box,
        )
    with drawing, st.container(horizontal=True, gap="xsmall"):
        for pixels in [False] if choice.images is None else [False, True]:
            with st.container(width=232):
                parts.neighbour_sheet(choice, digit, pixels=pixels)
    with details:
        costs(digit, mu, logvar)
        if ellipse:
            st.caption(
                f"On this map its ellipse has half axes of {ellipse.major:.2f} and {ellipse.minor:.2f} at one σ, where the"
                " prior's circle has 1; a lens enlarges what is too small to see. In a plane, 39 % of samples fall within one σ,"
                " 86 % within two."
            )
    selection(parts.kept_box(name))


def pictures(digit: int, mu: np.ndarray):
    """The chosen picture, what the model makes of its mean code, and where the two differ."""
    x, x_hat = choice.x(digit), inference.decode(choice.model, mu[None], choice.labels(digit))[0]
    with st.container(horizontal=True, gap="xsmall"):
        if x is not None:
            with st.container(width=140):
                picture(x, alt=f"The original: {choice.name(digit)}", caption="x, the original")
        with st.container(width=140):
            decoded, code = ("posterior mean", "μ") if spec.variational else ("code", "its code")
            picture(x_hat, alt=f"The decoded {decoded}", caption=f"x̂, decoded from {code}")
        if x is not None:
            parts.difference(x_hat, x, alt=f"x-hat minus x of {choice.name(digit)}")


def costs(digit: int, mu: np.ndarray, logvar: np.ndarray):
    """The chosen picture's bound and posterior."""
    reconstruction = -parts.log_likelihood_of(choice, digit)
    if not spec.variational:
        st.caption(f"Reconstruction −log p(x|z): {printed(reconstruction)} nats. No posterior: no KL and no ELBO.")
        return
    kl = float(inference.kl_per_dim(mu[None], logvar[None]).sum())
    st.caption(
        f"Reconstruction {printed(reconstruction)} + KL {printed(kl)} = negative ELBO **{printed(reconstruction + kl)}** nats,"
        " by one sample of z"
        + (f"; the test set's mean is {printed(spec.metrics['nelbo_nats'])}." if "nelbo_nats" in spec.metrics else ".")
    )
    alt = f"Reconstruction {printed(reconstruction)} nats and KL {printed(kl)} nats as a bar"
    chart(elbo_split, reconstruction, kl, alt=alt)
    st.markdown("**Its posterior**: μ ± σ of each dimension; the prior is 0 ± 1")
    chart(posterior_by_dim, mu, np.exp(0.5 * logvar), alt="Mean and width of the posterior in each latent dimension")


def selection(box: list[float] | None):
    """What is in the box: how many of which class, their mean picture, and the picture of their mean code."""
    st.markdown("### In the box")
    parts.box_in_numbers()
    if box is None:
        st.caption("Press *Select a box* under the map and drag, or hold Shift while dragging, or give its sides here.")
        return
    inside = projection.inside(placed.dots, box)
    if len(inside) == 0:
        st.info("No dot lies in this box. Drag a larger one, or one where dots are.")
        return
    bars, pictures = st.columns([3, 2], gap="large")
    most = np.bincount(codes.y[inside]).argmax()
    with bars:
        chart(class_counts, codes.y[inside], choice.classes, alt=f"{len(inside)} pictures in the box, by class")
    with pictures:
        st.markdown(f"**{len(inside):,} pictures**, most of them {choice.classes[most]}")
        label = np.array([most]) if spec.conditional else None
        mean_code = inference.decode(choice.model, codes.mu[inside].mean(axis=0, keepdims=True), label)
        means = mean_code if choice.images is None else np.stack([choice.images.x[inside].mean(axis=0), mean_code[0]])
        of_box = {"model": spec.id, "map": name, "box": box, "pictures": len(inside)}
        first = "" if choice.images is None else "Left, the mean of the pictures: blurred. Right, "
        data = sheet(
            means,
            columns=2,
            scale=5,
            alt=f"Mean of {len(inside)} pictures, and the picture decoded from the mean of their codes",
            caption=f"{first}x̂ decoded from the mean of their codes"
            + (f", label {choice.classes[most]}." if spec.conditional else "."),
            about=of_box,
        )
        file_name = f"{name}-box{'_'.join(f'{v:.2f}' for v in box)}.png"
        download("Mean pictures as PNG", data, file_name, "image/png", "scatter_means")


map_and_details()
header = ", ".join(f"{what} {value}" for what, value in about.items())
download("This map as CSV", lambda: parts.table_of(placed, len(own), header), f"{name}.csv", "text/csv", "scatter_csv")
look_for(
    "Classes gather without the model ever seeing a label. **Try:** a dot in the middle of a class, then one between two:"
    " what does the picture look like, and its reconstruction? Colour by *agreement*: where it is low, classes mix. Then"
    " compare the neighbours in latent space with those in pixel space. With the keyboard, arrow keys walk from dot to dot."
)
predict(
    "On a t-SNE map the cluster of one class is twice as wide as another's. Are its pictures more varied?",
    ["Yes", "No", "The map cannot tell"],
    "The map cannot tell",
    "t-SNE gives each dot about as many near neighbours, so it widens dense clouds and shrinks thin ones. Compare the same"
    " class on maps with other settings and seeds; the KL, or σ, would tell. Source: Wattenberg, Viégas and Johnson (2016),"
    " *How to Use t-SNE Effectively*.",
    "scatter_predict",
)
source(inference.encode, projection.LinearMap, latent.ellipse, neighbours.agreement, embedding.tsne)
