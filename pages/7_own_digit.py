"""Your own digit: drawn or uploaded, prepared step by step, and then a digit like any other on every page."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Your own digit",
    "Draw a digit or upload a photo of one. It is prepared as MNIST's digits were, and then it is a digit like any other on"
    " every page. Nothing leaves this session: only you see it. *Reading time: 3 minutes.*",
)

import hashlib
from functools import partial

import numpy as np

from pages.kit import cache, computed
from pages.kit.charts.own import class_shares, cost_among_the_gallery
from pages.kit.charts.shared import posterior_by_dim
from pages.kit.components.draw_pad import draw_pad
from pages.kit.controls import one_of, row
from pages.kit.own import MOST, all_own_digits, drop_digits, keep_digit
from pages.kit.picker import chosen_model
from pages.kit.show import chart, download, look_for, picture, printed, sheet, source
from pages.kit.tables import code_table
from vae_core import inference, latent, neighbours, preparation
from vae_core.images import png, to_pixels

DRAWS = 64  # posterior samples for the cost of one picture
NEAR = 25  # codes among which its class is looked up

choice = chosen_model()
spec = choice.spec
title = cache.manifest().images[spec.dataset].title
noun = "digit" if spec.dataset == "mnist" else "item"
KNOWN = {
    "mnist": "Digits of MNIST are light on black, fill a box of 20 x 20 pixels and lie centred by mass in 28 x 28; a model"
    " knows nothing else. **Try:** a digit halfway between 4 and 9; a letter; a shoe. The model makes a digit of each, so"
    " look at what it *costs*.",
    "fashion": "Items of Fashion-MNIST are light on black and fill the 28 x 28 pixels; this model knows nothing else. Your"
    " picture is scaled as a digit is, into 20 x 20. **Try:** a filled shirt or a boot; a bag; a digit. The model makes an"
    " item of each, so look at what it *costs*.",
}
OTHERS = (
    f"This model knows the pictures of {title} and nothing else; yours is prepared as a digit of MNIST is. **Try:** one like"
    " them, and a digit. The model makes one of its own of each, so look at what it *costs*."
)
NOT_ENOUGH = (
    "A simple picture, like a 1, costs little even to a model that never saw it, so a low cost alone does not make"
    + (" it a digit." if spec.dataset == "mnist" else f" it one of {title}.")
)


def read_uploaded(key: str) -> None:
    """Read the file at once and let it go: only the small grey picture stays in memory."""
    file = st.session_state[key]
    if file is None:
        return
    grey = refusal = None  # a refused file leaves no former picture that could be taken for its own
    try:
        grey = preparation.read_upload(file.getvalue())
    except preparation.UploadError as error:
        refusal = str(error)
    st.session_state.update(own_grey=grey, own_refusal=refusal)
    st.session_state["own_turn"] += 1  # an uploader of another key is empty again


def keep(x: np.ndarray, label: int) -> None:
    """Keep the picture, choose it on every page, and make room for the next."""
    st.session_state["digit"] = len(choice.codes.y) + keep_digit(x, label, spec.dataset) - 1
    st.session_state["own_kept"] += 1
    st.session_state["own_grey"] = None


def elbo_by_label(x: np.ndarray) -> np.ndarray:
    """The ELBO of a picture (28, 28) with each label, (classes,) in nats: means over the same noise."""
    count = len(choice.classes)
    pictures = np.repeat(x[None], count * DRAWS, axis=0)
    epsilon = np.tile(latent.noise(DRAWS, spec.latent_dim, seed=0), (count, 1))
    terms = inference.elbo_terms(choice.model, pictures, epsilon, np.arange(count).repeat(DRAWS))
    return terms.elbo.reshape(count, DRAWS).mean(axis=1)


def step(shown: np.ndarray, words: str) -> None:
    """One step of the preparation."""
    picture(preparation.thumbnail(shown), alt=f"Preparation: {words}", scale=1, caption=words)


kept = st.session_state.setdefault("own_kept", 0)
turn = st.session_state.setdefault("own_turn", 0)
way = one_of("Where from", ["Draw", "Upload"], key="own_way")
source_side, steps_side = st.columns([1, 2], gap="large")
x = None
with source_side:
    if way == "Draw":
        drawing = draw_pad(turn=kept, key="own_pad")
    else:
        st.file_uploader(
            "A photo or scan: PNG, JPEG or WebP, at most 5 MB and 20 megapixels",
            type=["png", "jpg", "jpeg", "webp"],
            key=f"own_upload_{turn}",
            on_change=read_uploaded,
            args=(f"own_upload_{turn}",),
        )
        refusal = st.session_state.get("own_refusal")
        if refusal:
            st.error(refusal, icon=":material/error:")
        grey = st.session_state.get("own_grey")
with steps_side:
    if way == "Draw" and drawing is None:
        st.info(f"Draw on the black square: one {noun}, as large or small as you like.", icon=":material/draw:")
    elif way == "Draw":
        (drawn, x), made_of = drawing, {"from": "a drawing"}
        first, last = st.columns(2)
        with first:
            picture(drawn, alt="Your drawing", scale=4, caption="1 · as you drew it, 28 x 28")
        with last:
            picture(x, alt="The prepared drawing", scale=4, caption="2 · x: scaled into 20 x 20, centred by mass")
    elif grey is None:
        hint = f"One dark {noun} on light paper does best, or a light one on dark."
        st.info(hint if refusal else f"No picture yet. {hint}", icon=":material/photo:")
    else:
        strokes_side, threshold_side = st.columns(2)
        strokes = strokes_side.segmented_control(
            "Strokes are",
            ["automatic", "dark", "light"],
            default="automatic",
            required=True,
            key="own_strokes",
            help="Dark ink on light paper is inverted, to light on black.",
        )
        automatic = threshold_side.toggle(
            "Threshold by itself", True, key="own_automatic", help="Otsu's method (1979)."
        )
        threshold = None
        if not automatic:
            threshold = threshold_side.slider(
                "Threshold, share of the strongest ink", 0.05, 0.95, 0.4, 0.01, key="own_threshold"
            )
        made = preparation.prepare(grey, {"automatic": None, "dark": True, "light": False}[strokes], threshold)
        thicker = f", strokes {2 * made.thickened:.0f} pixels thicker" if made.thickened else ""
        columns = st.columns(4)
        with columns[0]:
            step(made.grey, "1 · grey")
        with columns[1]:
            step(made.ink, f"2 · ink without the paper: {'dark, so inverted' if made.inverted else 'light on dark'}")
        with columns[2]:
            step(made.cleaned, f"3 · ink or none, parted at {made.threshold:.2f}{thicker}")
        with columns[3]:
            picture(made.x, alt="The prepared picture", scale=4, caption="4 · x: scaled into 20 x 20, centred by mass")
        if made.blank:
            st.warning("No ink is left on this paper. Choose dark or light strokes, or lower the threshold.")
        else:
            x = made.x
            strokes = "dark" if made.inverted else "light"
            made_of = {"from": "an upload", "strokes": strokes, "threshold": f"{made.threshold:.2f}"}

if all_own_digits():
    yours = np.stack([own.x for own in all_own_digits()])
    with row():
        sheet(yours, columns=min(6, len(yours)), scale=2, alt=f"Your {len(yours)} digits")
        st.button("Forget all", icon=":material/delete:", on_click=drop_digits, key="own_forget")
    st.caption(
        f"Kept for this visit, oldest first: {len(yours)} of at most {MOST}. Every page has them as class “yours”, with the models"
        " of the data set under which you kept them: another one has other classes."
    )

look_for(KNOWN.get(spec.dataset, OTHERS))
if x is None:
    st.stop()

st.markdown(f"## What {spec.id} makes of it")
if spec.conditional:
    guess = int(elbo_by_label(x).argmax())
else:
    mu, logvar = inference.encode(choice.model, x[None])
    guess = int(np.bincount(choice.codes.y[neighbours.nearest(mu, choice.codes.mu, NEAR)[0]]).argmax())
with st.container(horizontal=True, vertical_alignment="bottom"):
    label = st.selectbox(
        "It shows", range(len(choice.classes)), guess, format_func=lambda i: choice.classes[i], width=160
    )
    st.button(
        "Keep it",
        icon=":material/add:",
        type="primary",
        on_click=keep,
        args=(x, label),
        key="own_keep",
        help="It joins the pictures of every page as class “yours”, and is the one chosen there, until you leave.",
    )
labels = np.array([label]) if spec.conditional else None
if spec.conditional:
    st.caption(
        "Encoder and decoder are told this label. Proposed is the one with the highest ELBO, a bound on log p(x|y): Bayes'"
        " rule, if every label was as likely beforehand."
    )
mu, logvar = inference.encode(choice.model, x[None], labels)
nearest = neighbours.nearest(mu, choice.codes.mu, NEAR)[0]
most = int(np.bincount(choice.codes.y[nearest]).argmax())

pictures_side, numbers_side = st.columns([2, 3], gap="large")
with pictures_side:
    left, right = st.columns(2)
    with left:
        picture(x, alt="Your picture", caption="x, yours")
    with right:
        code = "μ" if spec.variational else "its code"
        picture(
            inference.decode(choice.model, mu, labels)[0],
            alt="Decoded from its code",
            caption=f"x̂, decoded from {code}",
        )
    if choice.images is not None:
        sheet(
            choice.images.x[nearest[:10]],
            columns=5,
            alt=f"The ten nearest pictures: {', '.join(choice.classes[i] for i in choice.codes.y[nearest[:10]])}",
            caption="The pictures with the ten nearest codes, the nearest first",
        )
    chart(
        class_shares,
        choice.codes.y[nearest],
        choice.classes,
        alt=f"Classes of the {len(nearest)} nearest codes; most are {choice.classes[most]}",
    )
with numbers_side:
    if not spec.variational:
        st.caption(
            "A plain autoencoder gives one code, no posterior and no probability: it cannot say how unlikely this is."
        )
    else:
        epsilon = latent.noise(DRAWS, spec.latent_dim, seed=0)
        many = None if labels is None else np.repeat(labels, DRAWS)
        terms = inference.elbo_terms(choice.model, np.repeat(x[None], DRAWS, axis=0), epsilon, many)
        cost = -float(terms.elbo.mean())
        of_gallery = computed.gallery_costs(spec)
        share = float((of_gallery < cost).mean())
        one, two = st.columns(2)
        one.metric("Negative ELBO, nats", printed(cost), border=True)
        two.metric("Of the gallery, cost less", f"{share:.1%}", border=True)
        chart(
            cost_among_the_gallery,
            of_gallery,
            cost,
            alt=f"The gallery's negative ELBO from {printed(of_gallery.min())} to {printed(of_gallery.max())} nats; yours is"
            f" {printed(cost)}",
        )
        st.caption(
            f"Reconstruction {printed(-terms.log_likelihood.mean())} + KL {printed(terms.kl[0])} nats, the mean of {DRAWS}"
            f" posterior samples. The bound is a lower one: the picture is at least this likely. {NOT_ENOUGH}"
        )
        st.markdown("**Its posterior**: μ ± σ of each dimension; the prior is 0 ± 1")
        chart(
            posterior_by_dim,
            mu[0],
            np.exp(0.5 * logvar[0]),
            alt="Mean and width of the posterior in each latent dimension",
        )

stem = f"own-{hashlib.sha256(x).hexdigest()[:8]}"
about = {"model": spec.id, "picture": stem, **choice.told(label)}
numbers = partial(code_table, about, mu=mu[0], logvar=logvar[0] if spec.variational else None)
y = f"-y{label}" if spec.conditional else ""
with row():
    prepared = partial(png, to_pixels(x), {"prepared": "scaled into 20 x 20, centred by mass", **made_of})
    download("x as PNG, 28 x 28", prepared, f"{stem}.png", "image/png", "own_png")
    download("Its code as CSV", numbers, f"{spec.id}-{stem}{y}.csv", "text/csv", "own_csv")
source(preparation.prepare, preparation.like_mnist, inference.encode, inference.elbo_terms)
