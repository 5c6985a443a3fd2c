"""Holes: where the codes of real pictures are, where the prior puts its samples, and what lies between."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Holes",
    "The decoder has learned to draw where real pictures have their codes. The prior sends samples elsewhere, too: find"
    " such a place, then sample from something better. *Reading time: 7 minutes.*",
)

import numpy as np
import pandas as pd

from pages.kit import cache, computed
from pages.kit.charts.holes import FLOOR, density_map, mixture_scores, surgery_bars, surgery_table
from pages.kit.components.compare import Plane, planes
from pages.kit.concepts import KL, Z, tex
from pages.kit.controls import chosen_seed, one_of, row
from pages.kit.picker import chosen_model
from pages.kit.place import Place
from pages.kit.show import chart, download, look_for, predict, sheet, source
from vae_core import density, inference, latent, neighbours

choice = chosen_model()
spec, y = choice.spec, choice.codes.y
latent_dim, count = spec.latent_dim, len(y)
mu, logvar, share = computed.cloud(spec)
order = np.argsort(-mu.var(axis=0))  # the dimensions that the encoder uses most come first

st.header("The aggregate posterior")
st.latex(
    rf"q({tex(Z)}) \;=\; \frac1N \sum_{{n=1}}^{{N}} q({tex(Z)} \mid x_n), \qquad N = {count:,}".replace(",", "{,}")
)
if spec.variational:
    st.markdown(
        f"Every picture has its cloud q(z|x); the {count:,} clouds of the gallery together are the **aggregate"
        " posterior**. Training pulls each cloud towards the prior N(0, I), but nothing makes the sum of them fill it."
    )
else:
    width = float(np.exp(0.5 * logvar[0, 0]))
    st.markdown(
        f"{spec.id} is a plain autoencoder: its codes are points, and points have no density. A **kernel density estimate**"
        f" puts a small Gaussian on each. Its standard deviation, the bandwidth, is **{width:.2f}**, {share:.0%} of the"
        " codes' own spread: of 1, 2, 4, 8 and 16 % the one under which the other codes make each code most likely."
    )
dims = (0, 1)
if latent_dim > 2:
    names = [int(i) + 1 for i in order]
    with row():
        right = st.selectbox("To the right", names, format_func=lambda i: f"z{i}", key="holes_right", width=140)
        rest = [i for i in names if i != right]
        up = st.selectbox("Upwards", rest, format_func=lambda i: f"z{i}", key="holes_up", width=140)
    dims = (right - 1, up - 1)
limit = float(np.ceil(max(3.0, np.quantile(np.abs(mu[:, list(dims)]), 0.998))))
axis, log_q = computed.density_grid(spec, dims, limit, 80)
log_p = -0.5 * np.add.outer(axis**2, axis**2) - np.log(2 * np.pi)
axes = (f"z{dims[0] + 1}", f"z{dims[1] + 1}")


@st.fragment
def densities():
    drawing, words = st.columns([3, 2], gap="large")
    with words:
        views = {
            "aggregate": ("log q(z)", log_q),
            "prior": ("log p(z)", log_p),
            "difference": ("log q(z) − log p(z)", log_q - log_p),
        }
        view = one_of("Shown", views, key="holes_view")
        name, values = views[view]
        inside = np.add.outer(axis**2, axis**2) <= 4
        st.caption(
            f"Dashed: the prior at 1, 2 and 3 standard deviations. Each of the {len(axis)} × {len(axis)} cells has the mean"
            f" density over it. Inside the circle of 2, log q(z) goes from {log_q[inside].min():.1f} to"
            f" {log_q[inside].max():.1f} nats, log p(z) from {log_p[inside].min():.1f} to {log_p[inside].max():.1f}."
        )
        if latent_dim > 2:
            st.caption(
                f"The exact marginal of two of the {latent_dim} dimensions: the others are integrated out. A hole in all"
                f" {latent_dim} dimensions may be covered here by codes that lie before or behind it."
            )
        look_for(
            "The sum of the clouds follows the prior at large and not at all in detail: seams run between the classes, also"
            " through the middle. **Try:** *difference*: red is where the prior sends samples and no picture has its code,"
            " blue where codes crowd."
            if spec.variational
            else "No term of its training told the codes to be near N(0, I), and they are not: the dashed circles are a"
            " spot in the middle. **Try:** the other models of two dimensions."
        )
    with drawing:
        chart(
            density_map(axis, values, name, axes, view == "difference"),
            alt=f"{name} of {spec.id} over {axes[0]} and {axes[1]} from {-limit:.0f} to {limit:.0f}, with circles of the prior",
        )


densities()
source(density.log_aggregate)

if spec.variational:
    st.header("Surgery on the KL")
    parts = computed.surgery(spec)
    information, marginal = parts.mutual_information, parts.marginal_kl
    st.markdown(
        "The KL of the ELBO, averaged over the pictures, is two things at once: how much a code says of its picture, and"
        " how far all codes together are from the prior. Only the second makes holes."
    )
    mean_kl = tex(KL, r"\mathrm{KL}(q(z \mid x_n)\,\|\,p(z))")
    st.latex(
        rf"\begin{{aligned}} &\tfrac1N \textstyle\sum_n {mean_kl} \\"
        r" &= I(x; z) + \mathrm{KL}(q(z)\,\|\,p(z)) \end{aligned}"
    )
    bars, numbers = st.columns([3, 2], gap="large")
    with bars:
        chart(
            surgery_bars(information.nats, marginal.nats, parts.kl, parts.ceiling),
            alt=f"Mean KL {parts.kl:.2f} nats; I(x; z) {information.nats:.2f} plus KL(q(z) || p(z)) {marginal.nats:.2f} nats",
        )
    with numbers:
        st.markdown(surgery_table(parts))
        st.caption("The parts by sampling: one code of each picture's cloud, seed 0. Dashed: log N.")
    full = information.nats > 0.97 * parts.ceiling
    look_for(
        f"I(x; z) is measured for these {count:,} pictures, each as likely: knowing which of them it is takes log N ="
        f" {parts.ceiling:.2f} nats, and no code can say more. "
        + (
            "**This model has reached that ceiling**: its codes tell all these pictures apart. What is left over, the"
            " KL(q(z) ‖ p(z)), then counts the space between 5,000 small clouds, too, and would shrink with more pictures."
            if full
            else "This model stays below it: some pictures share their place."
        )
        + " **Try:** a larger β in the sidebar: both parts fall. Source: Hoffman and Johnson (2016), “ELBO surgery”."
    )
    source(density.surgery)

st.header("Find a hole")
predict(
    "A place near z = 0 is the most probable one under the prior. Does the decoder draw a good picture there?",
    ["always", "not always"],
    "not always",
    "The decoder was only trained where the encoder put codes, and nothing makes it put some everywhere near 0. Click the"
    " buttons below and see how near to 0 a hole can be.",
    key="holes_predict",
)
codes_z, at_codes, misses = computed.cloud_samples(spec)
place = Place("holes_z", spec)


def search(what: str) -> None:
    """Each press searches among other samples of the prior: the number of the press is their seed."""
    seed = st.session_state["holes_searches"] = st.session_state.get("holes_searches", -1) + 1
    candidates = latent.sample_prior(2000, latent_dim, seed)
    found = density.find_hole(mu, logvar, candidates) if what == "hole" else density.find_border(mu, y, candidates)
    place.jump(found)


@st.fragment
def game():
    searched = st.session_state.get("holes_searches")
    with row():
        st.button(
            "Show me a hole",
            icon=":material/search:",
            on_click=search,
            args=("hole",),
            key="holes_search",
            help="Of 2,000 samples of the prior, the half that it finds most probable; of these the one where log q(z)"
            " is lowest beside log p(z). Each press is another seed.",
        )
        st.button(
            "Show me a border",
            icon=":material/join:",
            on_click=search,
            args=("border",),
            key="holes_border",
            help="Of the same half of the samples, the one whose ten nearest codes agree least on a class.",
        )
        st.button(
            "Back to 0",
            icon=":material/center_focus_strong:",
            on_click=lambda: place.jump(np.zeros(latent_dim)),
            key="holes_centre",
        )
        label = None
        if spec.conditional:
            label = st.selectbox(
                "Label",
                range(len(choice.classes)),
                format_func=lambda k: choice.classes[k],
                key="holes_label",
                width=140,
            )
    plane_side, score_side = st.columns(2, gap="large")
    with plane_side:
        shade = np.clip((log_q - FLOOR) / (log_q.max() - FLOOR), 0, 1)
        planes(
            [
                Plane(
                    "",
                    spec.weights.sha256,
                    cache.network(spec, "decoder"),
                    mu,
                    y,
                    axes,
                    f"The plane of {axes[0]} and {axes[1]}, darker where codes are dense; the dot is the chosen place",
                    dims=dims,
                    origin=place.z,
                    density=0.85 * shade,
                )
            ],
            limit=limit,
            cursor=tuple(place.z[list(dims)].clip(-limit, limit).tolist()),
            turn=place.turn,
            classes=() if spec.conditional else choice.classes,  # labels have no places of their own there
            label=label or 0,
            key="holes_plane",
            on_move=lambda cursor: place.drag(dims, cursor),
        )
    z = place.z[None]
    here, prior = float(density.log_aggregate(z, mu, logvar)[0]), float(density.log_prior(z)[0])
    percentile = float((at_codes < here).mean())
    rows = neighbours.nearest(z, mu, 10)[0]
    votes = int(density.agreement(y[None, rows])[0])
    with score_side:
        left, middle, end = st.columns(3)
        left.metric("log q(z), nats", f"{here:.1f}", help="Log-density of the codes at this place.")
        middle.metric("log p(z), nats", f"{prior:.1f}", help="The prior's log-density at this place.")
        end.metric(
            "Denser than", f"{percentile:.1%}", help="of the gallery's codes, each judged by the codes of the others."
        )
        if percentile >= 0.05:
            st.markdown("Codes of real pictures lie at places like this.")
        elif prior > here:
            st.markdown(
                "**A hole**: at least 95 % of real codes lie at denser places, and the prior sends samples here."
            )
        else:
            st.markdown("Few codes are here, and the prior expects even fewer.")
        nearest_label = None if label is None else np.full(10, label)
        if choice.images is not None:
            sheet(
                choice.images.x[rows],
                columns=5,
                scale=2,
                alt="The ten gallery pictures whose codes are nearest, the nearest first",
                caption=f"The ten nearest codes are of these pictures; {votes} of them are of one class.",
            )
        else:
            sheet(
                inference.decode(choice.model, mu[rows], nearest_label),
                columns=5,
                scale=2,
                alt="The ten nearest codes, decoded, the nearest first",
                caption=f"The ten nearest codes, decoded (the originals are not here); {votes} are of one class.",
            )
        st.caption(
            "Beside or below the plane, the place decoded: would you read it with confidence?"
            + (f" Seed of the last search: {searched}." if searched is not None else "")
            + (
                f" Seed of the last search: {searched}."
                if (searched := st.session_state.get("holes_searches")) is not None
                else ""
            )
        )


game()
look_for(
    f"**{misses:.1%}** of 2,000 samples of the prior (seed 0) land where the density of codes is lower than at 95 % of real"
    " codes; if q(z) were the prior, 5 % would. "
    + (
        "**Try:** both buttons, several times. A hole need not look bad: across a narrow seam the decoder simply goes on, and"
        " only where there is room, as in more dimensions, it invents things that are no digit. At a border it draws both"
        " classes at once, for lack of any code that told it what is there."
        if spec.variational
        else "N(0, I) covers only the crowded middle of this plane: its samples fall into few holes, and miss most codes."
    )
)
source(density.find_hole, density.find_border, density.log_aggregate)

st.header("Sample from the codes' own density")
st.markdown(
    "If the prior is not where the codes are, fit a density to the codes after training and sample from that: **ex-post"
    " density estimation** (Ghosh et al. 2020). Here it is a mixture of K Gaussians with full covariances, fitted by"
    " expectation maximisation to the codes of half of the gallery and judged at those of the other half."
)
mixes, scores, prior_score = computed.mixtures(spec)


@st.fragment
def sampling():
    controls, curve = st.columns([2, 3], gap="large")
    best = max(scores, key=scores.get)
    with controls:
        components = one_of("Components K", mixes, key="holes_components", default=best)
        seed = chosen_seed("Seed", key="holes_seed", width="stretch")
        gain = scores[components] - prior_score
        st.caption(
            f"At held-out codes the mixture is {abs(gain):.2f} nats a picture {'denser' if gain > 0 else 'thinner'} than"
            f" the prior ({scores[components]:.2f} against {prior_score:.2f}). Best here: K = {best}. Too many components fit"
            " the half they have seen, and not the other."
        )
    with curve:
        chart(
            mixture_scores(scores, prior_score, components),
            alt=f"Held-out log-density by number of components; {scores[components]:.2f} nats at {components}, prior {prior_score:.2f}",
        )
    epsilon = latent.sample_prior(500, latent_dim, seed)
    real = np.random.default_rng(seed).permutation(count)[:500]
    drawn = {
        "N(0, I)": (epsilon, None),
        f"mixture, K = {components}": (density.sample_mixture(mixes[components], epsilon, seed), None),
        "codes of real pictures": (codes_z[real], real),
    }
    rows = []
    for side, (name, (z, own)) in zip(st.columns(3, gap="medium"), drawn.items(), strict=True):
        labels = np.arange(30) % len(choice.classes) if own is None else y[own[:30]]
        x = inference.decode(choice.model, z[:30], labels[: len(z)] if spec.conditional else None)
        with side:
            st.markdown(f"**{name}**")
            sheet(
                x,
                columns=5,
                scale=2,
                alt=f"30 pictures decoded from {name}, seed {seed}",
                about={"model": spec.id, "seed": seed, "density": name},
            )
        scores_here = density.score_samples(z, mu, logvar, y, own)
        line = {
            "samples of": name,
            "mean log q(z), nats": f"{scores_here.log_density:.1f}",
            "8 of 10 nearest codes of one class": f"{scores_here.agreeing:.0%}",
            "different nearest codes": f"{scores_here.distinct:.0%}",
        }
        if choice.images is not None:
            distance = density.picture_distance(x, choice.images.x, None if own is None else own[:30]).mean()
            line["distance to the nearest picture, grey values"] = f"{distance:.3f}"
        rows.append(line)
    table = pd.DataFrame(rows)
    st.dataframe(table, hide_index=True)
    download(
        "Scores as CSV",
        table.to_csv(index=False).encode(),
        f"{spec.id}-holes-K{components}-seed{seed}.csv",
        "text/csv",
        "holes_csv",
    )


sampling()
st.caption(
    "500 samples each (real codes: at most as many), the distance over the 30 shown. The same noise makes the first two; codes of"
    " real pictures, one sample of each cloud, are judged by the other pictures."
    " What the scores can say: whether samples lie where codes are, and whether their neighbourhood has one class. What they"
    " cannot: whether a person reads the picture as a digit. The project ships no classifier, a mixture with one component a"
    " picture would win every column by copying, and a high mean log q(z) can be had by drawing the same digit again and"
    " again, so look at the third column, too."
    + (
        " This model's codes hardly know the class (the label tells it), so the second column is low for real codes, too."
        if spec.conditional
        else ""
    )
)
look_for(
    "Compare the sheets: fewer smudges between two classes, and no more variety lost than the third column shows. For the"
    " plain autoencoder (mnist-z2-ae) the change is the largest: N(0, I) knows nothing of where its codes lie, a mixture does."
)
source(density.fit_mixture, density.sample_mixture, density.score_samples, density.picture_distance)
