"""Gaussian sampling: from the prior N(0, I) to pictures."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Gaussian sampling",
    "The decoder needs no input picture: draw a code from the prior N(0, I) and decode it. *Reading time: 6 minutes, one"
    " for each part.*",
)

import numpy as np

from pages.kit import cache, sampling_charts
from pages.kit.live_decoder import live_decoder
from pages.kit.picker import chosen_digit, chosen_model, refuse_unknown, row
from pages.kit.show import chart, download, image, look_for, predict, sheet, source
from vae_core import inference, latent
from vae_core.images import labelled, png, tile, to_pixels

choice = chosen_model()
spec, codes, classes, latent_dim = choice.spec, choice.codes, choice.classes, choice.spec.latent_dim
active = latent.active_units(codes.mu)
order = np.argsort(-codes.mu.var(axis=0))  # the dimensions that the encoder uses most come first
hand = st.session_state.get("sampling_left")  # the code and label that the reader let go of, and of which model
if hand is not None and hand["model"] != spec.id:
    hand = None
    for parameter in ("z", "y"):
        st.query_params.pop(parameter, None)  # they were another model's


def decode(z: np.ndarray, label: int | None) -> np.ndarray:
    """Decode codes, as one class if the model is conditional."""
    return inference.decode(choice.model, z, np.full(len(z), label) if spec.conditional else None)


def chosen_label() -> int | None:
    """The class that a conditional model is to draw."""
    if not spec.conditional:
        return None
    refuse_unknown("sampling_label", range(len(classes)), f"Labels are 0 to {len(classes) - 1}.")
    return st.segmented_control(
        "Label y",
        range(len(classes)),
        default=0,
        required=True,
        format_func=classes.__getitem__,
        key="sampling_label",
        bind="query-params",
        help="A conditional decoder draws the class that it is told.",
    )


def chosen_seed() -> int:
    """The seed of all that is drawn at random on this page."""
    refuse_unknown("sampling_seed", range(1_000_000), "Seeds are whole numbers from 0 to 999999.")
    return st.number_input(
        "Seed", 0, 999_999, 0, key="sampling_seed", bind="query-params", help="The same seed, the same samples."
    )


def chosen_temperature() -> float:
    """How wide the noise is."""
    explained = "The standard deviation of the noise: 1 is the prior itself."
    return st.slider(
        "Temperature", 0.0, 2.0, 1.0, 0.05, key="sampling_temperature", bind="query-params", help=explained
    )


def as_label(label: int | None) -> str:
    return "" if label is None else f", label {classes[label]}"


# ------------------------------------------------------------------------------------------------------------ By hand


def linked_z() -> list[float]:
    """The code that the link asks for, or the prior's mean."""
    asked = st.query_params.get("z")
    if asked is None:
        return [0.0] * latent_dim
    try:
        z = [float(part) for part in asked.split(",")]
    except ValueError:
        z = []
    if len(z) == latent_dim and np.isfinite(z).all():
        return np.clip(z, -6, 6).tolist()
    st.warning(f"The link asks for z “{asked[:40]}”, but this model's codes have {latent_dim} numbers. Starting at 0.")
    return [0.0] * latent_dim


def linked_y() -> int:
    """The label that the link asks for."""
    refuse_unknown("y", range(len(classes)), f"Labels are 0 to {len(classes) - 1}.")
    asked = st.query_params.get("y", "")
    return int(asked) if asked.isdecimal() and int(asked) < len(classes) else 0


def keep(z: list[float], label: int) -> None:
    """What the reader let go of: for the link, and for the next visit to this part."""
    st.query_params["z"] = ",".join(f"{value:.3g}" for value in z)
    if spec.conditional:
        st.query_params["y"] = str(label)
    st.session_state["sampling_left"] = {"model": spec.id, "z": z, "label": label}


@st.fragment
def by_hand():
    # Where the browser starts from: where the reader left this model, or the link's code. It may not change from run to run,
    # so it is looked up only where the decoder is shown anew.
    start = st.session_state.get("sampling_start")
    if start is None or start["model"] != spec.id or "sampling_live" not in st.session_state:
        start = hand or {"model": spec.id, "z": linked_z(), "label": linked_y() if spec.conditional else 0}
        st.session_state["sampling_start"] = st.session_state["sampling_left"] = start
    live_decoder(
        version=spec.weights.sha256,
        weights=cache.network(spec, "decoder"),
        mu=codes.mu,
        y=codes.y,
        active=active,
        order=order,
        start=start["z"],
        classes=classes,
        conditional=spec.conditional,
        label=start["label"],
        key="sampling_live",
        on_release=keep,
    )
    left = st.session_state["sampling_left"]
    z = np.array([left["z"]], np.float32)
    settings = {"model": spec.id, "z": z[0].tolist(), **({"y": classes[left["label"]]} if spec.conditional else {})}
    name = f"{spec.id}-z{'_'.join(f'{value:.2f}' for value in z[0])}"[:120]
    x = to_pixels(decode(z, left["label"])[0], 10)
    download("This picture as PNG", png(x, settings), f"{name}.png", "image/png", "sampling_live_png")
    look_for(
        "Every point of latent space is some picture, decoded here in your browser while you move. **Try:** hover over the"
        " plane, or drag; move one slider from end to end with the others at 0. Some dimensions change much, a faint one"
        " hardly anything. As probability, a slider gives each stretch of the prior the same length: the inverse of the"
        " Gaussian cumulative distribution. Dots are codes (means **μ**) of real pictures, coloured by class; dashed"
        " circles are the prior at 1 and 2."
    )
    source(inference.decode)


# ------------------------------------------------------------------------------------------------------------- Random


@st.fragment
def random_samples():
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        seed, temperature = chosen_seed(), chosen_temperature()
        side = st.slider("Pictures in a row", 4, 16, 8, key="sampling_side", bind="query-params")
        label = chosen_label()
    z = latent.sample_prior(side * side, latent_dim, seed, temperature)
    settings = {"model": spec.id, "seed": seed, "temperature": temperature, "prior": "N(0, I)"}
    with result:
        data = sheet(
            decode(z, label),
            columns=side,
            scale=max(1, 16 // side),
            alt=f"{side * side} pictures decoded from N(0, I) with seed {seed} at temperature {temperature}"
            + as_label(label),
            about=settings | ({"y": classes[label]} if spec.conditional else {}),
        )
    drawn = np.linalg.norm(z, axis=1)
    with controls:
        of_label = f"-y{label}" if spec.conditional else ""
        name = f"{spec.id}-samples{of_label}-seed{seed}-t{temperature:.2f}.png"
        download("Samples as PNG", data, name, "image/png", "sampling_png")
        at = np.linspace(0.01, np.sqrt(latent_dim) + 4, 120)
        st.markdown("**How far from 0 they fall**")
        chart(
            sampling_charts.norms(drawn, at, latent.norm_density(at, latent_dim)),
            alt=f"Norms of the {len(z)} codes drawn, {drawn.mean():.2f} on average, as a histogram, and the density of the"
            f" prior's norms, whose mean square is {latent_dim}",
        )
        st.caption(
            f"Bars: the norms of these {len(z)} codes, root mean square {np.sqrt(np.square(drawn).mean()):.2f}. Dashed: the"
            f" prior's own, a chi distribution with root mean square √{latent_dim} = {np.sqrt(latent_dim):.2f}."
        )
    predict(
        f"The density of N(0, I) is highest at z = 0. Where do most of its samples in {latent_dim} dimensions lie?",
        ["close to 0", f"about √{latent_dim} away from 0", "anywhere, evenly"],
        f"about √{latent_dim} away from 0",
        "The squared norm is a sum of that many squares of mean 1. Near 0 the density is highest, but there is hardly any"
        " room; the more dimensions, the thinner the shell in which all samples lie.",
        "sampling_shell",
    )
    look_for(
        "At temperature 1 these are honest samples of the model, some of them between two classes. **Try:** 0 (only the"
        " mean is left), 0.7 (safer, less varied: the bars move off the dashed line), 2 (outside of what training saw)."
    )
    source(latent.sample_prior, latent.norm_density, inference.decode)


# --------------------------------------------------------------------------------------------------------------- Grid


@st.fragment
def plane_of_two():
    names = [f"z{i + 1}" for i in order]
    colours = [c for _, c in zip(classes, st.get_option("theme.chartCategoricalColors") * 2, strict=False)]
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        side = st.slider("Cells in a row", 4, 20, 15, key="sampling_cells", bind="query-params")
        kinds = {"probability": "equal probability", "equal": "equal steps"}
        spacing = st.segmented_control(
            "Spacing",
            list(kinds),
            default="probability",
            required=True,
            format_func=kinds.get,
            key="sampling_spacing",
            bind="query-params",
            help="Equal probability: each cell holds the same share of the prior. Equal steps: from −3 to 3.",
        )
        shown = st.segmented_control(
            "Show",
            ["pictures", "codes", "both"],
            default="pictures",
            required=True,
            key="sampling_shown",
            bind="query-params",
            help="The codes (means μ) of the gallery lie on the very axes of the pictures.",
        )
        label = chosen_label()
        right, up, origin = "z1", "z2", np.zeros(latent_dim, np.float32)
        if latent_dim > 2:
            remedy = f"This model has z1 to z{latent_dim}."
            for key in ("sampling_right", "sampling_up"):
                refuse_unknown(key, names, remedy)
            right = st.selectbox("To the right", names, key="sampling_right", bind="query-params")
            rest = [name for name in names if name != right]
            up = st.selectbox("Upwards", rest, key="sampling_up", bind="query-params")
            others = [name for name in rest if name != up]
            more = st.expander(f"{len(others) - 3} more dimensions") if len(others) > 3 else None
            st.caption("The other dimensions, most used first:")
            for at, name in enumerate(others):
                with st.container() if at < 3 else more:
                    value = st.slider(name, -3.0, 3.0, 0.0, 0.1, key=f"sampling_{name}", bind="query-params")
                origin[int(name[1:]) - 1] = value
    dims = int(right[1:]) - 1, int(up[1:]) - 1
    x = decode(latent.grid(latent.grid_axis(side, spacing), latent_dim, dims, origin), label)
    scale = max(1, 20 // side)
    moved = {f"z{i + 1}": round(float(v), 1) for i, v in enumerate(origin) if v}
    settings = {"model": spec.id, "right": right, "up": up, "spacing": kinds[spacing], **moved}
    settings |= {"y": classes[label]} if spec.conditional else {}
    data = png(tile(x, side, scale), settings)
    places = latent.grid_share(codes.mu[:2000][:, dims], side, spacing)
    ticks = [(float(latent.grid_share(v, side, spacing)), f"{v:d}".replace("-", "−")) for v in range(-3, 4)]
    drawing = sampling_charts.plane(
        side=28 * side * scale,
        ticks=ticks if spacing == "equal" else ticks[1:-1],
        titles=(right, up),
        pictures=None if shown == "codes" else data,
        codes=None if shown == "pictures" else places,
        labels=codes.y[:2000],
        colours=colours,
        cells=side,
    )
    with result:
        of_codes = "" if shown == "pictures" else f", with codes of {len(places)} pictures of the gallery"
        image(
            drawing,
            "image/svg+xml",
            alt=f"{side} by {side} decoded pictures over the plane of {right} and {up}{as_label(label)}{of_codes}",
        )
        if of_codes:
            st.html(sampling_charts.legend(classes, colours))
            inside = ((places > 0) & (places < 1)).all(axis=1).mean()
            st.caption(
                f"{inside:.0%} of {len(places)} codes lie in this frame; each is drawn by its {right} and {up} alone."
                " A cross marks the middle of each cell, the code that its picture was decoded from."
            )
    with controls:
        extra = "".join(f"-{name}_{value}" for name, value in moved.items())
        name = f"{spec.id}-manifold-{right}-{up}-{side}-{spacing}{extra}"[:120]
        download("Manifold as PNG", data, f"{name}.png", "image/png", "sampling_manifold_png")
    look_for(
        "Classes that look alike are neighbours: walk along a row and see where one becomes the other. With equal probability"
        " each cell holds the same share of the prior (inverse Gaussian cumulative distribution, figure 4 of Kingma and"
        " Welling, 2014): numbers on the axes crowd at the rim, where the prior is thin. **Try:** *both*. If the codes"
        " together were distributed as the prior, they would fill the equal-probability frame evenly. Where are gaps?"
    )
    source(latent.grid_axis, latent.grid_share, latent.grid, inference.decode)


# --------------------------------------------------------------------------------------------------------- Traversals


@st.fragment
def all_traversals():
    kl = inference.kl_per_dim(codes.mu, codes.logvar).mean(axis=0)
    rows = np.argsort(-kl) if spec.variational else order
    around = "prior"
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        if spec.variational:
            kinds = {"prior": "the prior's mean", "digit": "a picture's posterior"}
            around = st.segmented_control(
                "Around",
                list(kinds),
                default="prior",
                required=True,
                format_func=kinds.get,
                key="sampling_around",
                bind="query-params",
            )
        steps = st.slider("Pictures in a row", 5, 15, 9, 2, key="sampling_steps", bind="query-params")
        if around == "digit":
            q = st.slider("q, in σ of the picture", 0.5, 10.0, 2.0, 0.5, key="sampling_q", bind="query-params")
            with row():
                digit = chosen_digit(choice)
            (origin, logvar), label = choice.posterior(digit), choice.label(digit)
            spread, reach = np.exp(0.5 * logvar), q
            where, start = f"from μ − {q:g}σ to μ + {q:g}σ of {choice.name(digit)}", f"digit{digit}-q{q:g}"
        else:
            label = chosen_label()
            origin, spread, reach = np.zeros(latent_dim), np.ones(latent_dim), 2.5
            where, start = "from −2.5 to 2.5 with the others at 0", "prior"
    names = [f"z{d + 1}" for d in rows]
    if spec.variational:
        names = [f"{name}  {kl[d]:.2f} nats" for name, d in zip(names, rows, strict=True)]
    names = [name if active[d] else f"{name}, unused" for name, d in zip(names, rows, strict=True)]
    x = decode(latent.traversals(origin, spread, reach, steps, rows), label)
    settings = {"model": spec.id, "around": where, "rows": "; ".join(names)}
    data = png(labelled(tile(x, steps, 2), names), settings)
    with result:
        image(data, "image/png", alt=f"Each of {latent_dim} dimensions alone {where}, most used first{as_label(label)}")
    with controls:
        download(
            "Traversals as PNG",
            data,
            f"{spec.id}-traversals-{start}-{steps}.png",
            "image/png",
            "sampling_traversals_png",
        )
        unused = int((~active).sum())
        st.caption(
            f"Each row moves one dimension {where}."
            + (" Beside it: its KL, on average over the gallery." if spec.variational else "")
            + (f" {unused} of {latent_dim} dimensions are unused: their rows do not change." if unused else "")
        )
    look_for(
        "The more nats a dimension carries, the more its row changes. Names such as slant or width are ours: the model never"
        " promised one meaning a dimension. **Try:** a picture's posterior with q = 2: within ±2σ hardly anything changes,"
        " because σ is just what the decoder cannot tell apart; then q = 10. Unused dimensions have σ near 1 and KL near 0."
        " Unused here: the variance of **μ** over the gallery is at most 0.01 (Burda, Grosse and Salakhutdinov, 2016)."
    )
    source(latent.traversals, inference.kl_per_dim, latent.active_units)


# ---------------------------------------------------------------------------------------------------------- One class


@st.fragment
def one_class():
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        refuse_unknown("sampling_class", range(len(classes)), f"Classes are 0 to {len(classes) - 1}.")
        label = st.selectbox("Class", range(len(classes)), 3, format_func=classes.__getitem__, key="sampling_class")
        seed, temperature = chosen_seed(), chosen_temperature()
    if spec.conditional:  # the label says it all
        mean, variance, of = np.zeros(latent_dim), np.ones(latent_dim), "the prior, and the label"
    else:
        gaussians = latent.class_gaussians(codes.mu, codes.logvar, codes.y)
        mean, variance = gaussians[label]
        of = "the class's Gaussian"
    z = latent.sample_gaussian(mean, variance, 64, seed, temperature)
    settings = {"model": spec.id, "class": classes[label], "seed": seed, "temperature": temperature, "from": of}
    with result:
        data = sheet(
            decode(z, label),
            columns=8,
            alt=f"64 pictures decoded from {of}, class {classes[label]}, seed {seed}, temperature {temperature}",
            about=settings,
        )
    with controls:
        name = f"{spec.id}-class{label}-seed{seed}-t{temperature:.2f}.png"
        download("Samples as PNG", data, name, "image/png", "sampling_class_png")
    if spec.conditional:
        st.info(
            f"{spec.id} needs no Gaussian for a class: it decodes any z of the prior with the label it is given. These 64"
            " are that.",
            icon=":material/info:",
        )
        return
    own = (codes.y[latent.nearest(z, codes.mu)] == label).mean()
    st.markdown(
        f"The nearest of {len(codes.y):,} codes is **{classes[label]}** for **{own:.0%}** of these samples. One Gaussian with"
        " axes along the dimensions is only an approximation to a class, whose codes may bend, tilt or fall into parts:"
        " where it covers ground of other classes, it draws them."
    )
    look_for(
        "This model never saw a label. Its codes have one, though: mean and variance of a class's codes make a Gaussian to"
        " draw from. The variance is the mean of the posteriors' variances **plus** the variance of their means (law of total"
        " variance); without the second, all samples would look alike. **Try:** temperature 0 (the class's mean), 0.7, and a"
        " class with two shapes, such as 1 or 7."
    )
    source(latent.class_gaussians, latent.sample_gaussian, latent.nearest)


# -------------------------------------------------------------------------------------------------------- Conditional


@st.fragment
def conditional():
    if not spec.conditional:
        other = next((id_ for id_, model in cache.manifest().models.items() if model.conditional), None)
        st.info(
            f"{spec.id} was trained without labels, so there is none to give to its decoder."
            + (f" {other} was trained with them: choose it to draw any class from one z." if other else "")
        )
        if other:
            st.button(
                f"Show {other}",
                icon=":material/swap_horiz:",
                on_click=lambda: st.session_state.update(model=other),
                key="sampling_other_model",
            )
        return
    every = np.arange(len(classes))

    def all_labels(z: np.ndarray, names: list[str], settings: dict, alt: str, key: str) -> None:
        """A row for each code, a column for each label."""
        x = inference.decode(choice.model, np.repeat(z, len(every), axis=0), np.tile(every, len(z)))
        data = png(labelled(tile(x, len(every), 2), names, list(classes)), {"model": spec.id, **settings})
        image(data, "image/png", alt=alt)
        name = "-".join([spec.id, *(f"{name}{value}" for name, value in settings.items())])
        download("As PNG", data, f"{name}.png", "image/png", key)

    st.subheader("One z, every label")
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        seed, temperature = chosen_seed(), chosen_temperature()
        count = st.slider("Codes", 1, 10, 6, key="sampling_codes", bind="query-params")
    z = latent.sample_prior(count, latent_dim, seed, temperature)
    with result:
        all_labels(
            z,
            [f"z #{i + 1}" for i in range(count)],
            {"labels": "all", "seed": seed, "temperature": f"{temperature:.2f}"},
            f"{count} codes of N(0, I), each decoded with all {len(classes)} labels, seed {seed}",
            "sampling_labels_png",
        )
    st.subheader("The style of one picture, as every label")
    controls, result = st.columns([1, 2], gap="large")
    with controls, row():
        digit = chosen_digit(choice)
    mu, _ = choice.posterior(digit)
    with controls:
        if choice.images is not None or choice.x(digit) is not None:
            sheet(choice.x(digit)[None], columns=1, scale=4, alt=f"The original: {choice.name(digit)}")
            st.caption(f"x, {choice.name(digit)}, encoded with its label {classes[choice.label(digit)]}")
    with result:
        all_labels(
            mu[None],
            ["its μ"],
            {"labels": "all", "digit": digit},
            f"The code of {choice.name(digit)}, decoded with all {len(classes)} labels",
            "sampling_style_png",
        )
    look_for(
        "Told the label, the code needs not say which class it is: what is left in z is how it is drawn, the slant, the width,"
        " the stroke. So one z gives all classes in one hand. **Try:** a slanted digit, or draw your own on Overview; and the"
        " part *Grid*, which shows one label over the plane of two dimensions. Source: Kingma and others (2014),"
        " “Semi-supervised learning with deep generative models”, model M2; Sohn, Lee and Yan (2015)."
    )
    source(inference.encode, inference.decode)


PARTS = {
    "By hand": by_hand,
    "Random": random_samples,
    "Grid": plane_of_two,
    "Traversals": all_traversals,
    "One class": one_class,
    "Conditional": conditional,
}
refuse_unknown("sampling_part", PARTS, f"The parts are {', '.join(PARTS)}.")
part = st.segmented_control(
    "Part", list(PARTS), default="By hand", required=True, key="sampling_part", bind="query-params"
)
if not spec.variational:
    st.caption(
        f"{spec.id} is a plain autoencoder: nothing in its training asked for codes like N(0, I), so samples of it fall"
        " where no picture's code may lie."
    )
PARTS[part]()  # only the part that is shown is computed
