"""Compare: PCA, an autoencoder and a VAE under one cursor; latent sizes side by side; the axes turned."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Compare",
    "PCA, a plain autoencoder and a variational one under one cursor; then latent sizes side by side, and why no axis has a"
    " meaning of its own. *Reading time: 8 minutes.*",
)

import numpy as np
import pandas as pd

from pages.kit import cache, computed
from pages.kit.charts.compare import turn_cost
from pages.kit.components.compare import Plane, linked_cursor, planes, standardised
from pages.kit.controls import chosen_seed, one_of, row
from pages.kit.family import family
from pages.kit.picker import chosen_digit, chosen_model, needs_posterior
from pages.kit.show import chart, download, look_for, predict, sheet, source
from vae_core import inference, latent, linear, rotation
from vae_core.images import png, tile
from vae_core.wire import pack_linear

choice = chosen_model()
dataset, y = choice.spec.dataset, choice.codes.y
title = cache.manifest().images[dataset].title

st.header("Three planes, one cursor")
flat, broken = family(dataset, lambda s: s.latent_dim == 2 and s.beta in (0, 1) and s.likelihood == "bernoulli")
kinds = {member.spec.variational: member for member in reversed(flat)}
trio: dict[str, tuple[Plane, object, float | None]] = {}  # plane, decode(z), mean squared error on the gallery
AXES = ("z1, standard deviations", "z2, standard deviations")
if choice.images is not None:
    pca = computed.pca(dataset)
    network = pack_linear(pca.components.T, pca.mean)
    codes = linear.encode(pca, choice.images.x)
    plane = standardised(
        "PCA", cache.manifest().images[dataset].pixels_sha256, network, codes, y, AXES, "Codes of the gallery under PCA"
    )
    trio["PCA"] = (plane, lambda z: linear.decode(pca, z).clip(0, 1), pca.dropped / choice.images.x[0].size)
for variational, name in ((False, "Autoencoder"), (True, "VAE")):
    if member := kinds.get(variational):
        spec = member.spec
        plane = standardised(
            f"{name}, {spec.id}",
            spec.weights.sha256,
            cache.network(spec, "decoder"),
            member.codes.mu,
            y,
            AXES,
            f"Codes of the gallery under {spec.id}",
        )
        error = None if choice.images is None else computed.gallery_error(spec)
        trio[name] = (plane, lambda z, model=member.model: inference.decode(model, z), error)
missing = [name for name in ("PCA", "Autoencoder", "VAE") if name not in trio]
if missing:
    st.caption(
        f"Not here for {title}: {', '.join(missing)}. PCA is fitted to the gallery's pictures, so it needs them on this"
        " machine; of the others no model of two dimensions is shipped. For all three, choose a model of MNIST in the sidebar."
    )
if broken:
    st.caption(f"Unavailable, see its page: {', '.join(broken)}.")
st.markdown(
    "All three squeeze a picture into two numbers. Each plane is centred on its own codes and measured in **their standard"
    " deviations**, so that one cursor is at the same relative place on all of them. Dots are codes of the gallery (means"
    " **μ**); dashed is N(0, I) at 1 and 2, in the plane's own units."
)


@st.fragment
def three_planes():
    start = linked_cursor("compare_at")
    planes(
        [plane for plane, _, _ in trio.values()],
        limit=3.5,
        cursor=start,
        classes=choice.classes,
        key="compare_planes",
        on_move=lambda at: st.query_params.update(compare_at=f"{at[0]:.3g},{at[1]:.3g}"),
    )


if trio:
    three_planes()
    errors = {name: error for name, (_, _, error) in trio.items() if error is not None}
    if errors:
        for place, (name, error) in zip(st.columns(3), errors.items(), strict=False):
            place.metric(
                f"{name}: mean squared error", f"{error:.4f}", help="Of the gallery, squared grey values a pixel."
            )
    look_for(
        "PCA's decoder is linear: mean + z1 · one picture + z2 · another, so in between lie double exposures, and beyond them"
        " negatives (shown as black). The other two bend. In the autoencoder's plane N(0, I) is a spot in the middle: nothing"
        " asked its codes to be there. **Try:** one slow circle around the centre."
        + (
            " PCA has an advantage here that the others lack: it is fitted to these very pictures of the gallery, which no"
            " model trained on, and its error is still the largest."
            if len(errors) == 3 and max(errors, key=errors.get) == "PCA"
            else ""
        )
    )
    source(linear.fit, linear.encode, linear.decode)

    st.header("Samples from N(0, I)")
    st.markdown("The same noise goes to every decoder, as if each were the decoder of a VAE.")
if not missing:
    predict(
        "Whose samples vary least?",
        ["PCA", "autoencoder", "VAE"],
        "PCA",
        f"One unit is only 1/{trio['PCA'][0].scale[0]:.1f} of the spread of its codes, so its samples stay near the mean picture."
        f" The autoencoder's codes spread even more ({trio['Autoencoder'][0].scale[0]:.1f}), but its decoder bends, so even the"
        " small region that N(0, I) reaches has several digits. Only the VAE was trained to put its codes there.",
        key="compare_predict",
    )


@st.fragment
def samples():
    with row():
        noise = one_of(
            "N(0, I)",
            ["as it is", "scaled"],
            key="compare_noise",
            help="Scaled: to the mean and the standard deviations of each plane's own codes.",
        )
        seed = chosen_seed("Seed", key="compare_seed")
    epsilon = latent.sample_prior(25, 2, seed)
    for place, (name, (plane, decode, _)) in zip(st.columns(3), trio.items(), strict=False):
        z = epsilon if noise == "as it is" else plane.centre + epsilon * np.float32(plane.scale)
        about = {"model": plane.title, "seed": seed, "noise": noise}
        with place:
            st.markdown(f"**{plane.title}**")
            alt = f"25 pictures decoded by {name} from N(0, I), {noise}, seed {seed}"
            x = decode(np.float32(z))
            data = sheet(x, columns=5, scale=2, alt=alt, about=about)
            st.caption(
                f"Standard deviations of its codes: {plane.scale[0]:.2f} and {plane.scale[1]:.2f}. A pixel of these samples"
                f" varies by {np.sqrt(x.var(axis=0).mean()):.2f}."
            )
            file_name = f"{dataset}-{name.lower()}-{noise.replace(' ', '-')}-seed{seed}.png"
            download("PNG", data, file_name, "image/png", f"compare_{name}_png")


if trio:
    samples()
    look_for(
        "**Try:** *scaled*: PCA and the autoencoder now cover their planes, but a Gaussian is not the shape of their codes:"
        " some samples fall between or outside them. The page Holes fits a better density."
    )

st.header("Latent sizes")
sizes, broken = family(dataset, lambda s: s.variational and s.beta == 1 and s.likelihood == "bernoulli")


@st.fragment
def latent_sizes():
    with row():
        shown = one_of("Rows", ["reconstructions", "samples"], key="compare_rows")
        seed = chosen_seed("Seed of the samples", key="compare_sizes_seed", width=180)
    ten = np.array([np.flatnonzero(y == label)[0] for label in np.unique(y)][:10])
    strips = {}
    if shown == "reconstructions" and choice.images is not None:
        strips["originals"] = choice.images.x[ten]
    for spec, model, codes in ((m.spec, m.model, m.codes) for m in sizes):
        z = codes.mu[ten] if shown == "reconstructions" else latent.sample_prior(10, spec.latent_dim, seed)
        strips[spec.id] = inference.decode(model, z)
    for name, x in strips.items():
        left, right = st.columns([1, 4], vertical_alignment="center")
        left.markdown(f"**{name}**" if name == "originals" else name)
        with right:
            what = "Ten originals" if name == "originals" else f"Ten {shown} of {name}"
            sheet(x, columns=len(x), scale=2, alt=what)
    whole = png(tile(np.concatenate(list(strips.values())), len(ten), 2, 2), {"rows": ", ".join(strips), "seed": seed})
    download("All rows as PNG", whole, f"{dataset}-{shown}-seed{seed}.png", "image/png", "compare_rows_png")


if sizes:
    st.markdown("Models trained in one way with β = 1: the same ten pictures, and samples of N(0, I) with one seed.")
    latent_sizes()
    figures = {
        "nelbo_nats": "nELBO, nats",
        "reconstruction_nats": "reconstruction, nats",
        "kl_nats": "KL, nats",
        "mse_per_pixel": "squared error a pixel",
        "active_units": "active units",
    }
    table = [
        {
            "model": m.spec.id,
            "latent size": m.spec.latent_dim,
            "network": {"mlp": "dense", "conv": "convolutional"}[m.spec.architecture.family],
            **{name: m.spec.metrics.get(key) for key, name in figures.items()},
        }
        for m in sizes
    ]
    st.dataframe(pd.DataFrame(table).round(4), hide_index=True)
    look_for(
        "More dimensions: sharper reconstructions, a lower nELBO, and samples that first get better, then stranger, because"
        " more room is left between the codes. A model may leave dimensions unused: compare *active units* with the latent"
        " size. Measured on the official test set."
    )

st.header("Which axis means what?")
needs_posterior(choice)
predict(
    "Turn the latent axes of a trained VAE by 45 degrees: turn every posterior, and let the decoder turn back. What happens to the ELBO?",
    ["it falls", "it stays", "it rises"],
    "it stays",
    "N(0, I) looks the same from every side, so the KL stays, and the decoder undoes the turn, so the reconstruction stays.",
    key="compare_turn_predict",
)
DEGREES = tuple(range(0, 91, 15))


@st.fragment
def turned_axes():
    spec, order = choice.spec, np.argsort(-choice.codes.mu.var(axis=0))
    with row():
        digit = chosen_digit(choice)
        dims = (0, 1)
        if spec.latent_dim > 2:
            names = [int(i) + 1 for i in order]
            first = st.selectbox("First axis", names, format_func=lambda i: f"z{i}", key="compare_first", width=120)
            rest = [i for i in names if i != first]
            second = st.selectbox("Second axis", rest, format_func=lambda i: f"z{i}", key="compare_second", width=120)
            dims = (first - 1, second - 1)
    angle = st.select_slider(
        "Axes turned by, degrees", DEGREES, 45, key="compare_angle", bind="query-params", width=440
    )
    turn = rotation.rotation(spec.latent_dim, dims, angle)
    mu, _ = choice.posterior(digit)
    labels = choice.labels(digit)
    for dim in dims:
        z = latent.traverse(turn @ mu, dim, np.linspace(-3, 3, 11)) @ turn  # the decoder turns back
        x = inference.decode(choice.model, z, None if labels is None else labels.repeat(11))
        sheet(x, columns=11, scale=2, alt=f"Turned z{dim + 1} from -3 to 3, the axes turned by {angle} degrees")
        st.caption(f"z{dim + 1} of the turned model from −3 to 3, all else as for {choice.name(digit)}.")
    kl, gap, elbos = computed.turned_elbos(spec, dims, DEGREES)
    at = DEGREES.index(angle)
    x_hat = inference.decode(choice.model, mu[None], labels)
    again = inference.decode(choice.model, (turn @ mu)[None] @ turn, labels)
    lines = [
        ("mean KL of the gallery, nats", f"{kl[0]:.4f}", f"{kl[at]:.4f}"),
        ("largest change of a pixel of x̂", "0", f"{np.abs(again - x_hat).max():.1g}"),
    ]
    if elbos is not None:
        nelbo = -elbos.mean(axis=2)
        lines[1:1] = [
            ("nELBO of 200 pictures, nats", f"{nelbo[0, 0]:.3f}", f"{nelbo[0, at]:.3f}"),
            ("the same, without correlations", f"{nelbo[1, 0]:.3f}", f"{nelbo[1, at]:.3f}"),
        ]
    numbers, curve = st.columns(2, gap="large")
    numbers.markdown(
        f"| | as trained | turned by {angle}° |\n|---|---|---|\n"
        + "\n".join(f"| {' | '.join(line)} |" for line in lines)
    )
    if elbos is None:
        numbers.caption("The reconstruction term needs the gallery's pictures, which are not on this machine.")
    with curve:
        chart(
            turn_cost(DEGREES, gap, None if elbos is None else elbos[0] - elbos[1], angle),
            alt=f"Cost of an encoder without correlations: {gap[at]:.3f} nats at {angle} degrees, 0 at 0 and 90",
        )


turned_axes()
look_for(
    "Turned by 45 degrees the axes draw other changes, and the ELBO is the same to the last digit. **So the ELBO alone cannot"
    " say which axis means what**, and a slider that seems to mean *slant* is an accident of this training (Locatello et al."
    " 2019). One thing does prefer some axes: our encoder gives σ for each axis and no correlations. Were it kept so, the"
    " turned model would have to use rounder clouds, which costs the nats of the chart: that is why VAEs line up with"
    " directions like those of PCA (Rolinek et al. 2019). Where two σ are alike, it costs nothing, and the axes are free."
)
source(rotation.rotation, rotation.rotate_posterior, rotation.kl, rotation.best_diagonal, rotation.elbo)
