"""Bounds: how far the ELBO lies below log p(x), whose fault that is, and what more samples buy."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Bounds",
    "The ELBO is a lower bound on log p(x). How much lower? More samples lift it, a q made for this one picture lifts it,"
    " and in a plane log p(x) itself can be computed. *Reading time: 8 minutes.*",
)

import numpy as np
import pandas as pd

from pages.kit import cache, computed
from pages.kit.charts.bounds import bound_by_k, ess_by_k, ladder
from pages.kit.components.climb import climb
from pages.kit.concepts import KL, SIGMA, X, Z, tex
from pages.kit.controls import one_of, refuse_unknown, row
from pages.kit.picker import chosen_digit, chosen_model, needs_posterior
from pages.kit.show import chart, download, look_for, picture, predict, source
from vae_core import bounds, inference, objective

SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
PICTURES = 20  # of the gallery, for a mean
TRY = {
    "mnist-z2": "number 5, a 2 whose codes lie across the plane from where the encoder puts them, and number 85, with half"
    " of its probability at other peaks, which one Gaussian cannot reach as well",
    "fashion-z2": "number 4, where the ascent is caught before it reaches the peak, and number 12, whose two peaks one"
    " Gaussian cannot both cover",
}

choice = chosen_model()
needs_posterior(choice)
spec = choice.spec
seed = st.session_state.setdefault("bounds_noise", 0)
with row():
    digit = chosen_digit(choice)
    st.button(
        "Fresh samples",
        icon=":material/casino:",
        on_click=lambda: st.session_state.update(bounds_noise=seed + 1),
        key="bounds_fresh",
        help="New noise for the samples of q; until then it is held, whatever else you change.",
    )
x, label = choice.x(digit), choice.labels(digit)
if x is None:
    st.info(
        "Every number of this page is about the pixels of a picture, and they are not on this machine: download them in the"
        " sidebar, choose an MNIST model, or draw a picture of your own on Overview."
    )
    st.stop()
class_ = None if label is None else int(label[0])
log_p_x = "log p(x | y)" if spec.conditional else "log p(x)"
in_plane = spec.latent_dim == 2
gap = computed.inference_gap(spec, x, class_) if in_plane else None

st.header("More samples, a higher bound")
left, right = st.columns([1, 4], gap="large")
with left:
    picture(x, alt=f"The chosen picture: {choice.name(digit)}", scale=4, caption=choice.name(digit))
with right:
    weight = rf"\frac{{p({tex(X)} \mid {tex(Z)}_k)\,p({tex(Z)}_k)}}{{q({tex(Z)}_k \mid {tex(X)})}}"
    st.latex(
        rf"\begin{{aligned}} \mathcal{{L}}_K = \mathbb{{E}}\Big[&\log \tfrac1K \sum_{{k=1}}^{{K}} {weight}\Big]"
        rf" \\ &{tex(Z)}_k \sim q({tex(Z)} \mid {tex(X)}) \end{{aligned}}"
    )
    st.latex(rf"\mathrm{{ELBO}} = \mathcal{{L}}_1 \le \mathcal{{L}}_2 \le \dots \le \log p({tex(X)})")
    st.caption(
        "Each fraction is an importance weight w. The more of them are averaged before the logarithm, the less it loses."
        " Source: Burda, Grosse and Salakhutdinov (2016), equation 8 and theorem 1."
        + (" For this conditional model, every p and q is given the label, too." if spec.conditional else "")
    )


samples = 5_000 if spec.architecture.family == "conv" else 10_000  # convolutions take eight times as long
table = pd.DataFrame(bounds.bounds_by_k(computed.log_weights(spec, x, class_, samples, seed), SIZES))


@st.fragment
def more_samples():
    refuse_unknown("bounds_k", [str(k) for k in SIZES], f"K is one of {', '.join(map(str, SIZES))}.")
    k = st.select_slider("K, samples in one bound", SIZES, 10, key="bounds_k", bind="query-params", width=420)
    now, elbo = table[table["K"] == k].iloc[0], table.iloc[0]
    cards = [
        (f"Bound at K = {k}, nats", f"{now.bound:.2f}", f"{now.bound - elbo.bound:+.2f} on the ELBO"),
        ("Spread of one draw, nats", f"{now.sd:.2f}", f"over {now.draws:,.0f} draws"),
        (f"Effective samples of {k:,}", f"{now.ess:.1f}", f"{now.ess / k:.0%}"),
    ]
    for place, (name, value, note) in zip(st.columns(3), cards, strict=True):
        place.metric(name, value, note, delta_arrow="off", delta_color="off", border=True)
    bound_side, ess_side = st.columns(2, gap="large")
    with bound_side:
        st.markdown("**The bound** climbs and narrows")
        chart(
            bound_by_k(table, k, gap and gap.log_evidence),
            alt=f"The bound rises from {elbo.bound:.2f} nats at K = 1 to {table.bound.iloc[-1]:.2f} at K = 1000;"
            f" its standard deviation falls from {elbo.sd:.2f} to {table.sd.iloc[-1]:.2f}",
        )
        st.caption("Dots are means over independent draws, the band is one standard deviation of a draw to each side.")
    with ess_side:
        st.markdown("**Effective samples**: how many of the K weights count")
        chart(
            ess_by_k(table, k),
            alt=f"Effective sample size against K: {table.ess.iloc[-1]:.0f} of 1000 at the right end",
        )
        st.caption(
            "(Σw)² / Σw²: K if all weights are equal, 1 if one outweighs all others. Source: Kong (1992); Liu (2001)."
        )
    name = f"{spec.id}-bounds-picture{digit}-seed{seed}.csv"
    download("Bounds as CSV", table.to_csv(index=False).encode(), name, "text/csv", "bounds_csv")


more_samples()
good_value = (
    f"A good value: over {spec.metrics['images']:,} test pictures, this model's ELBO is {-spec.metrics['nelbo_nats']:.1f}"
    " nats on average. "
    if "nelbo_nats" in spec.metrics
    else ""
)
look_for(
    f"{good_value}If q were the true posterior, all weights would equal p(x): the curve would be flat, and K = 1 enough. **Try:**"
    " *Fresh samples* at K = 1 and at K = 1000"
    + (
        "; and the same picture under mnist-z10 and mnist-z10-b0.1 (sidebar), the second one trained to care little for"
        " the KL."
        if spec.dataset == "mnist"
        else "; and a picture that is unlike its class."
    )
)
source(
    inference.log_weights,
    objective.log_importance_weights,
    bounds.importance_weighted_bounds,
    objective.importance_weighted_bound,
    bounds.effective_sample_sizes,
)

st.header("Whose fault is the gap?")
st.markdown(
    f"The ELBO misses {log_p_x} by exactly the distance from q to the true posterior. Part of that is the encoder's: one"
    " network answers for all pictures. Part is the Gaussian's: the true posterior need not be one, least of all one with its"
    " axes along z1 and z2."
)
q, true_posterior = rf"q({tex(Z)} \mid {tex(X)})", rf"p({tex(Z)} \mid {tex(X)})"
amortisation_tex = tex(SIGMA, r"\mathcal{L}[q^*] - \mathcal{L}[q]")
approximation_tex = tex(Z, rf"\log p({'x'}) - \mathcal{{L}}[q^*]")
st.latex(
    rf"\begin{{aligned}} &\log p({tex(X)}) - \mathrm{{ELBO}} \\ &= {tex(KL)}({q}\,\|\,{true_posterior})"
    rf" \\ &= \underbrace{{{amortisation_tex}}}_{{\text{{amortisation gap}}}}"
    rf" \\ &+ \underbrace{{{approximation_tex}}}_{{\text{{approximation gap}}}} \end{{aligned}}"
)
st.caption(
    "𝓛[q] is the ELBO with any q in the encoder's place, q* the Gaussian with diagonal covariance that makes it largest for"
    " this picture. Here every ELBO is an integral by quadrature, above it is a mean of samples. Source: Cremer, Li and Duvenaud (2018), arXiv 1801.03558."
)


@st.fragment
def whose_fault():
    amortisation = round(gap.amortisation, 2)
    approximation = round(gap.log_evidence - gap.elbo, 2) - amortisation  # what is shown adds up
    encoder, gaussian = "the encoder's", "the Gaussian's"
    predict(
        f"Whose is the larger part of the gap of {choice.name(digit)}, number {digit}?",
        [encoder, gaussian],
        encoder if gap.amortisation > gap.approximation else gaussian,
        f"Of the {amortisation + approximation:.2f} nats, {amortisation:.2f} go once q is made for this picture alone:"
        f" the amortisation gap. {approximation:.2f} stay, because the true posterior is no Gaussian with axes along z1 and z2:"
        " the approximation gap.",
        key=f"bounds_predict_{spec.id}_{digit}",
    )
    ascents = {"encoder": gap.from_encoder, "peak": gap.from_peak}
    start = one_of(
        "Start of the ascent",
        ascents,
        key="bounds_start",
        help="At the encoder's q, or with the encoder's σ at the peak of the true posterior.",
    )
    ascent = ascents[start]
    climb(choice, x, label, gap, ascent, key="bounds_climb")
    behind = gap.best_elbo - ascent.elbo.max()
    if behind > 0.05:
        st.info(
            f"This ascent ends in a local maximum, {behind:.2f} nats below what starting at the other place reaches. The"
            " numbers below count the better one.",
            icon=":material/landscape:",
        )
    numbers = st.columns(3)
    numbers[0].metric("Amortisation gap, nats", f"{amortisation:.2f}", border=True)
    numbers[1].metric("Approximation gap, nats", f"{approximation:.2f}", border=True)
    numbers[2].metric("Together: log p(x) − ELBO, nats", f"{amortisation + approximation:.2f}", border=True)


if in_plane:
    whose_fault()
    look_for(
        "Green is where this picture's codes really are: Bayes' rule on a grid, whose sum is log p(x). It may be a tilted"
        " ridge, have two peaks, or lie elsewhere: the encoder only guesses. *Optimise* climbs the ELBO by this picture's own"
        f" μ and σ while the decoder stays as it is. **Try:** {TRY.get(spec.id, 'several pictures')}."
    )
    source(bounds.plane_posterior, bounds.optimise_posterior, bounds.quadrature_noise, bounds.inference_gap)
else:
    plane = f"{spec.dataset}-z2"
    st.info(
        f"A grid over the {spec.latent_dim} dimensions of {spec.id} would need more points than anyone can decode, so its"
        f" {log_p_x} stays unknown. With two dimensions the true posterior can be drawn and summed."
    )
    if plane in cache.manifest().models:
        st.button(
            f"Show {plane} instead",
            icon=":material/swap_horiz:",
            on_click=lambda: st.session_state.update(model=plane),
            key="bounds_plane",
        )

st.header("Recap: one order for every picture")
st.latex(rf"\mathrm{{ELBO}} \;\le\; \mathcal{{L}}_K \;\le\; \log p({tex(X)})")


@st.fragment
def recap():
    chain = {1: "ELBO, K = 1", 10: "K = 10", 100: "K = 100", 1000: "K = 1000"}
    bound = table.set_index("K")["bound"]
    values = {name: float(bound[k]) for k, name in chain.items()}
    if gap:
        values[log_p_x] = gap.log_evidence
    columns = {choice.name(digit): [f"{value:.2f}" for value in values.values()]}
    left, right = st.columns([3, 2], gap="large")
    with left:
        said = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
        chart(ladder(values, exact=in_plane), alt=f"In nats, each at least the one before: {said}")
    with right:
        if choice.images is not None and st.toggle(
            f"Beside it the mean of {PICTURES} gallery pictures",
            key="bounds_gallery",
            help=f"The first {PICTURES} pictures of the gallery, 1,000 samples each; convolutional models take seconds.",
        ):
            log_weights = computed.gallery_log_weights(spec, PICTURES, 1000)
            means = np.mean([bounds.bounds_by_k(one, list(chain))["bound"] for one in log_weights], axis=0)
            columns[f"mean of {PICTURES}"] = [f"{mean:.2f}" for mean in means] + [""] * (len(values) - len(chain))
        st.table(pd.DataFrame(columns, index=list(values)))
        st.caption(
            "Nats. For log p(x), higher is better; papers often report K = 5,000 as their log-likelihood."
            + ("" if gap else f" {log_p_x} lies above the last row; nobody knows how far.")
        )


recap()
if gap and gap.log_evidence - table["bound"].iloc[-1] > 0.5:
    st.info(
        f"Even at K = 1000 the bound is {gap.log_evidence - table['bound'].iloc[-1]:.2f} nats below log p(x): samples of"
        " this q hardly ever reach the place where the picture's codes are. Few effective samples are a warning; many are no"
        " proof, because only the weights that were drawn are compared.",
        icon=":material/warning:",
    )
