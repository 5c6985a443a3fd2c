"""Trade-off: beta scrubbed over really trained models, and a dot that slides on their measured rate-distortion curve."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Trade-off",
    "A code may be short or exact. β sets the price of a nat of KL, and each price has its own model: scrub over a family"
    " of them, each one really trained. *Reading time: 6 minutes.*",
)

import numpy as np

from pages.kit import cache, computed
from pages.kit.charts.player import dimension_bars, family_table, rate_distortion
from pages.kit.components.dots import frame_of
from pages.kit.components.player import player, replay_of, track
from pages.kit.concepts import KL, RECONSTRUCTION, tex
from pages.kit.controls import chosen_seed, refuse_unknown, row, times_pressed
from pages.kit.picker import chosen_model
from pages.kit.recipes import what_differs
from pages.kit.show import download, look_for, predict, source
from pages.kit.turns import fragment
from vae_core import inference, latent
from vae_core.family import aligned_planes, beta_family, exchange_rates, nearest_family
from vae_core.manifest import ArtifactError

DOTS = 2000  # codes in the scatter: the first of the gallery
choice = chosen_model()
models = cache.manifest().models
family = nearest_family(models.values(), choice.spec)
usable, unusable = [], []
for spec in family:
    try:
        usable.append((spec, cache.model(spec), cache.codes(spec)))
    except ArtifactError as error:
        unusable.append(f"{spec.id} is left out: {error}")
if unusable:
    st.warning(" ".join(unusable))
if len(usable) < 3:
    st.info("This page needs three or more measured models that differ in beta only, and finds fewer. Train some more.")
    st.stop()
family = [spec for spec, _, _ in usable]
betas = [spec.beta for spec in family]
title, latent_dim = cache.manifest().images[family[0].dataset].title, family[0].latent_dim
classes = cache.manifest().images[family[0].dataset].classes
if choice.spec not in family:
    st.caption(
        f"No family of models differs from {choice.spec.id} in β alone, so this page shows the one of {title},"
        f" latent size {latent_dim}: {', '.join(spec.id for spec in family)}."
    )

guessed = predict(
    "β grows, and every model is trained anew. Which way does the reconstruction go, and which way the KL?",
    ["sharper, and more KL", "sharper, and less KL", "worse, and less KL", "worse, and more KL"],
    "worse, and less KL",
    f"β is the price of a nat of KL. From β = {betas[0]:g} to {betas[-1]:g} the code shrinks from"
    f" {family[0].metrics['kl_nats']:.1f} to {family[-1].metrics['kl_nats']:.1f} nats, and the decoder, told less, draws"
    f" averages: the reconstruction term grows from {family[0].metrics['reconstruction_nats']:.1f} to"
    f" {family[-1].metrics['reconstruction_nats']:.1f} nats.",
    key="tradeoff_predict",
    then="the measured curve appears, and what follows from it",
)

with row():
    turn = times_pressed("Other pictures", "tradeoff_others", icon="shuffle")
    seed = chosen_seed("Seed of the noise", key="tradeoff_seed", width=180)

y = usable[0][2].y
of_class = [np.flatnonzero(y == label) for label in range(len(classes))]
rows = np.array([own[turn % len(own)] for own in of_class])  # one picture of each class
epsilon = latent.noise(len(rows), latent_dim, seed)
noise = latent.sample_prior(20, latent_dim, seed)
conditional = family[0].conditional
picture_labels = y[rows] if conditional else None
sample_labels = np.arange(len(noise)) % len(classes) if conditional else None
images = choice.images if choice.spec.dataset == family[0].dataset else cache.gallery_or_none(family[0].dataset)
reconstructions, samples = {}, {}
for spec, model, codes in usable:
    z = latent.reparameterize(codes.mu[rows], codes.logvar[rows], epsilon)
    reconstructions[spec.beta] = inference.decode(model, z, picture_labels)
    samples[spec.beta] = inference.decode(model, noise, sample_labels)
planes = aligned_planes([codes.mu[:DOTS] for _, _, codes in usable])
dots = {spec.beta: codes.mu[:DOTS] @ plane.T for (spec, _, codes), plane in zip(usable, planes, strict=True)}
titles = ("PCA plane, turned: to the right", "PCA plane, turned: upwards")
by_use = [np.sort(spec.metrics["kl_per_dim_nats"])[::-1] for spec in family]  # each model's own order
texts = [f"β = {beta:g}" for beta in betas]
replay = replay_of(
    [
        track(
            times=betas,
            texts=texts,
            originals=None if images is None else images.x[rows],
            reconstructions=reconstructions,
            samples=samples,
            dots=dots,
            labels=y[:DOTS],
            frame=frame_of(np.concatenate(list(dots.values())), titles, equal=True),
            scatter_title="Codes (means μ) of each model, and the prior at 1 and 2",
            classes=classes,
            note="Decoded from a sample of the posterior, with the same ε for every β."
            + ("" if images is None else " Each original stands above."),
            lead=[rate_distortion(family, curve=guessed)],
            charts=[
                dimension_bars(
                    by_use,
                    [str(i + 1) for i in range(latent_dim)],
                    top=max(kl.max() for kl in by_use),
                    title="latent dimensions, those with most KL first",
                    pictures=f"{family[0].metrics['images']:,} test pictures",
                    alt="KL of each latent dimension by beta, in nats",
                )
            ],
            prior=True,
        )
    ],
    clock="beta",
    texts=texts,
    said=[
        f"β = {spec.beta:g} ({spec.id}): reconstruction {spec.metrics['reconstruction_nats']:.1f} + KL"
        f" {spec.metrics['kl_nats']:.1f} = nELBO {spec.metrics['nelbo_nats']:.1f} nats;"
        f" {spec.metrics['active_units']} of {latent_dim} dimensions active"
        for spec in family
    ],
)
# The beta in the link belongs to the model that was chosen when it was written.
if st.session_state.setdefault("tradeoff_model", choice.spec.id) != choice.spec.id:
    st.session_state["tradeoff_model"] = choice.spec.id
    st.query_params.pop("beta", None)
refuse_unknown("beta", [f"{beta:g}" for beta in betas], f"Trained are β = {', '.join(f'{b:g}' for b in betas)}.")
asked = {f"{beta:g}": beta for beta in betas}.get(st.query_params.get("beta", ""))
own = choice.spec.beta if choice.spec in family else min(betas, key=lambda beta: abs(beta - 1))
start = own if asked is None else asked


def keep_in_url(beta: float) -> None:
    """The link of the page shows what the reader sees."""
    st.query_params["beta"] = f"{beta:g}"


@fragment
def scrubbed():
    player(replay, start=start, key="tradeoff_player", on_value=keep_in_url)


scrubbed()
if not guessed:
    st.stop()  # all that follows is about the curve
st.caption(
    "The dotted lines join equal sums of rate and distortion, which is the nELBO: a code that costs a nat more and saves a"
    " nat of reconstruction leaves it as it is. Rate, distortion and KL of each dimension are means over the official test"
    f" set. Scatter: {DOTS:,} pictures of the gallery; each model has dimensions of its own, so its plane is turned and"
    " mirrored to lie as its neighbour's does, which changes no distance. Colours: classes."
)
look_for(
    "One control moves all: the dot on the curve, the pictures, the codes. All models on one dotted line have one nELBO, and"
    " do different things with it: the ELBO alone does not say how much a code tells. **Try:** from β = 1 upwards, which"
    " classes lose their place first? And downwards: the reconstructions hardly gain, but watch the samples."
)

st.markdown("## What a nat is worth")
expected = tex(RECONSTRUCTION, r"-\mathbb{E}_{q(z \mid x)}[\log p(x \mid z)]")
divergence = tex(KL, r"\mathrm{KL}(q(z \mid x)\,\|\,p(z))")
st.latex(rf"\begin{{aligned}} \text{{objective}} &= {expected} \\ &\quad {{}}+ \beta\; {divergence} \end{{aligned}}")
st.latex(r"\text{at its minimum:}\quad \frac{d\,\text{distortion}}{d\,\text{rate}} = -\beta")
st.markdown(
    "A model that minimises it buys a nat of rate as long as that saves more than β nats of distortion, so the curve's slope"
    " at each model is −β. The table holds this against the real ones: between two neighbours the measured exchange rate"
    " should lie between their two β, as neither would do better in the other's place."
)
sigmas = [computed.usage(spec).sigma.mean() for spec in family]
table = family_table(family, sigmas, [computed.gap(spec) for spec in family])
st.table(table.set_index("β"), border="horizontal")  # its letters grow in Presentation
name = f"trade-off-{family[0].dataset}-z{latent_dim}.csv"
download("The table as CSV", lambda: table.to_csv(index=False).encode(), name, "text/csv", "tradeoff_csv")
differs = what_differs(family)
st.caption(
    f"Test set, {family[0].metrics['images']:,} pictures, one posterior sample each. *A nat buys*: nats of distortion saved by"
    " each nat of rate, between this β and the next. *Active*: dimensions whose posterior mean varies (page Collapse)."
    f" *Mean σ*: over the gallery's {len(y):,} posteriors. *Gap*: from a sample of N(0, I) to the nearest of these, in its own σ"
    " (root mean square over the dimensions, median of 200 samples); about 1 or less is inside."
    + (f" Not all else is equal, which moves the models a little on the curve, too: {differs}." if differs else "")
)

st.markdown("## Why the samples change")
low, high = st.columns(2, gap="large")
low.markdown(
    f"**Low β: holes.** Codes are cheap, so each picture gets a small cloud of its own (mean σ {table['mean σ'].iloc[0]} at"
    f" β = {betas[0]:g}), and the clouds do not fill the prior: a sample of N(0, I) falls {table['gap, σ'].iloc[0]} σ from the nearest"
    " one. The decoder was never trained there, and draws strokes that belong to no digit. Reconstructions stay sharp,"
    " because they start from real codes."
)
high.markdown(
    f"**High β: blur.** Clouds are wide (mean σ {table['mean σ'].iloc[-1]} at β = {betas[-1]:g}) and overlap: a typical"
    f" sample lies {table['gap, σ'].iloc[-1]} σ from one, which is inside. But one code stands for many pictures, the best single"
    " answer is their mean, and a mean of digits is blurred. Dimensions that are not worth their price are given up: page"
    " *Collapse*."
)
st.markdown(
    "At β = 1 the objective is the bound on log p(x) itself, so of a family of perfectly trained models that one touches the"
    " lowest dotted line. For drawing, comparing or compressing another β may serve better: that is a choice of what the"
    " code is for, not of how well the model is trained."
)
st.caption(
    "Sources: Alemi et al. (2018), “Fixing a Broken ELBO”, section 2 (rate, distortion, their curve); Higgins et al. (2017),"
    " “β-VAE”, equation 4 (the objective); Burgess et al. (2018), “Understanding disentangling in β-VAE” (β as the width of a"
    " channel)."
)
source(beta_family, exchange_rates, aligned_planes, latent.nearest_cloud, inference.decode)
