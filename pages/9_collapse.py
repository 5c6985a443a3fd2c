"""Collapse: what each latent dimension says, what is lost without it, and why some say nothing."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Collapse",
    "Some dimensions of a code say nothing: their posterior has become the prior. Find them, switch dimensions off, and see"
    " what is lost. *Reading time: 7 minutes.*",
)

import numpy as np

from pages.kit import cache, computed
from pages.kit.charts.collapse import PICK, by_dimension, kl_stacks, linear_dimensions, remedies
from pages.kit.concepts import KL, RECONSTRUCTION
from pages.kit.controls import one_of, row
from pages.kit.picker import chosen_digit, chosen_model, needs_posterior
from pages.kit.show import chart, look_for, predict, sheet, source
from vae_core import collapse, inference, latent
from vae_core.family import beta_family, latent_sizes, nearest_family

choice = chosen_model()
needs_posterior(choice)
spec, codes, models = choice.spec, choice.codes, cache.manifest().models
names = [f"z{j + 1}" for j in range(spec.latent_dim)]
kl = inference.kl_per_dim(codes.mu, codes.logvar).mean(axis=0)
active = latent.active_units(codes.mu)
dead = [name for name, used in zip(names, active, strict=True) if not used]
most_used_first = np.argsort(-kl)

predict(
    "A dimension has a KL of zero: its posterior is the prior for every picture. You set it to 0 for all of them. What"
    " happens to the reconstructions?",
    ["nothing that can be seen", "all of them blur a little", "some become other digits"],
    "nothing that can be seen",
    "In training that dimension was pure noise, ε and nothing else, so the decoder has learned to ignore it. Try it below"
    + (f": {', '.join(dead)} of this model." if dead else ", with mnist-z20 or mnist-z10-b8 in the sidebar."),
    key="collapse_predict",
)

st.header("Switch dimensions off")
st.markdown(
    "The first chart shows what each dimension **costs**: its KL, the mean over the gallery's"
    f" {len(codes.y):,} pictures. The second shows what it is **worth**: the nats of reconstruction lost when it alone is set"
    " to 0, the prior's mean, for every picture. Click bars, or choose names, and they are set to 0 together."
)
# A choice of dimensions belongs to its model; a link may name some that this one does not have.
key = "collapse_off"
if st.session_state.setdefault("collapse_model", spec.id) != spec.id:
    st.session_state["collapse_model"] = spec.id
    st.session_state[key] = [names[most_used_first[0]]]
elif unknown := [name[:20] for name in st.query_params.get_all(key) if name not in names]:
    st.warning(f"The link asks for collapse_off “{', '.join(unknown)[:40]}”; this model has z1 to {names[-1]}.")


def off_are(chosen: list[str]) -> None:
    """What the buttons do: switch these off and no others."""
    st.session_state[key] = chosen


def bars(values: np.ndarray, title: str, colour: str, alt: str, name: str, **order) -> None:
    """Bars whose click switches a dimension off or on again; each click makes a new chart, with nothing selected."""
    clicks = st.session_state.setdefault("collapse_clicks", 0)
    chart_key = f"collapse_{name}_{clicks}"

    def clicked():
        for point in st.session_state[chart_key].selection.get(PICK, []):
            off = st.session_state[key]
            dim = point["dimension"]
            off_are([one for one in off if one != dim] if dim in off else [*off, dim])
            st.session_state["collapse_clicks"] = clicks + 1

    drawing = by_dimension(values, title=title, colour=colour, **order)
    chart(drawing, alt=alt, key=chart_key, on_select=clicked, selection_mode=PICK)


@st.fragment
def switched_off():
    with row():
        order_by = one_of("Order", ["most used first", "as numbered"], key="collapse_order")
        if dead:
            st.button("Off: all collapsed", on_click=off_are, args=(dead,), key="collapse_dead")
        st.button("Off: all", on_click=off_are, args=(names,), key="collapse_all")
        st.button("All on again", on_click=off_are, args=([],), key="collapse_none")
    order = most_used_first if order_by == "most used first" else np.arange(spec.latent_dim)
    ordered = [names[j] for j in order]
    off = st.pills(
        "Switched off (several at once if you like)",
        ordered,
        selection_mode="multi",
        default=[names[most_used_first[0]]],
        key=key,
        bind="query-params",
    )
    dims = [names.index(name) for name in off]
    costs_side, worth_side = st.columns(2, gap="large")
    shown_as = {"names": ordered, "active": active[order], "off": off}
    with costs_side:
        alt = f"KL of each of {len(names)} latent dimensions; {int(active.sum())} are active"
        bars(kl[order], "KL, nats", KL.colour, alt, "costs", **shown_as)
    with worth_side:
        if choice.images is None:
            st.caption("What a dimension is worth needs the original pictures, which are not on this machine.")
        else:
            alt = "Nats of reconstruction lost without each latent dimension"
            worth = computed.cost_by_dim(spec)[order]
            bars(worth, "lost without it, nats", RECONSTRUCTION.colour, alt, "worth", **shown_as)

    said = ", ".join(off) if off else "no dimension"
    with row():
        digit = chosen_digit(choice)
    of_class = [int(np.flatnonzero(codes.y == label)[0]) for label in range(len(choice.classes))]
    shown = [digit, *of_class]  # the chosen picture, then one of each class
    posteriors = [choice.posterior(i) for i in shown]
    mu, logvar = (np.stack(part) for part in zip(*posteriors, strict=True))
    epsilon = latent.noise(len(shown), spec.latent_dim, seed=0)
    z = latent.reparameterize(mu, logvar, epsilon)
    labels = np.array([choice.label(i) for i in shown]) if spec.conditional else None
    before = inference.decode(choice.model, z, labels)
    after = inference.decode(choice.model, collapse.switch_off(z, dims), labels)
    originals = [] if choice.images is None else [np.stack([choice.x(i) for i in shown])]
    rows_said = "originals, " if originals else ""
    half = -(-len(shown) // 2)
    for place, part in zip(st.columns(2), (slice(0, half), slice(half, None)), strict=True):  # a phone shows each whole
        with place:
            sheet(
                np.concatenate([block[part] for block in (*originals, before, after)]),
                columns=len(shown[part]),
                scale=2,
                alt=f"Rows: {rows_said}decoded with every dimension, decoded with {said} switched off",
            )
    st.caption(
        f"Rows: {rows_said}decoded from a posterior sample, and from the same sample with **{said}** at 0. First column:"
        f" {choice.name(digit)}, your choice; then one picture of each class."
    )
    if choice.images is None:
        return
    x, samples, y = computed.posterior_samples(spec, choice.images)
    whole = -inference.log_likelihood(choice.model, x, samples, y)
    cost = collapse.cost_of_switching_off(choice.model, x, samples, dims, y)
    own_x = choice.x(digit)[None]
    own = float(collapse.cost_of_switching_off(choice.model, own_x, z[:1], dims, choice.labels(digit))[0])
    with row():
        st.metric("Reconstruction lost, nats", f"{cost.mean():.2f}", border=True, width="content")
        st.metric("KL no longer paid, nats", f"{kl[dims].sum():.2f}", border=True, width="content")
        st.metric("Lost by the chosen picture, nats", f"{own:.2f}", border=True, width="content")
    st.caption(
        f"Mean over {len(x)} pictures of the gallery ± {cost.std() / np.sqrt(len(x)):.2f} (standard error): reconstruction"
        f" {whole.mean():.1f} nats with every dimension, {(whole + cost).mean():.1f} without {said}. The decoder was trained"
        " with all of them; one trained without would lose less."
    )


switched_off()
look_for(
    f"This model uses {int(active.sum())} of its {spec.latent_dim} dimensions"
    + (f"; {', '.join(dead)} collapsed." if dead else ".")
    + " A dimension is **active** if its posterior mean moves with the picture: A = Cov(E[z|x]) > 0.01 (Burda et al. 2016,"
    " section 5.2). A much used one is worth more than β times its KL: that is why it is kept. **Try:** the least used active"
    " dimension, then all collapsed ones at once, then all: every picture becomes the same one, decoded from the prior's"
    " mean."
)
source(collapse.switch_off, collapse.cost_of_switching_off, latent.active_units, inference.kl_per_dim)

st.header("When do dimensions collapse?")
betas = nearest_family(models.values(), spec, beta_family)
sizes = nearest_family(models.values(), spec, latent_sizes)
left, right = st.columns(2, gap="large")
for place, family, labels, title, words in (
    (left, betas, [f"{one.beta:g}" for one in betas], "β", "**Across β**: a higher price, fewer dimensions worth it"),
    (
        right,
        sizes,
        [f"{one.latent_dim}" for one in sizes],
        "latent size",
        "**Across latent size**: room that is not used",
    ),
):
    if family:
        with place:
            st.markdown(words)
            used = "; ".join(
                f"{label}: {one.metrics['active_units']} of {one.latent_dim} active"
                for one, label in zip(family, labels, strict=True)
            )
            chart(kl_stacks(family, labels, title), alt=f"KL of every dimension by {title}. {used}")
            st.caption(f"Test set; {', '.join(one.id for one in family)}. Above the bars: active units.")
st.markdown(
    "Collapse is often no accident of training. A dimension costs β times its KL, whatever it says; if the likelihood it"
    " buys is less, the best the objective can do is to close it. Then q(z|x) = p(z), the KL is 0, and the decoder ignores"
    " it. In a **linear VAE** this can be solved exactly (Lucas et al. 2019; Tipping and Bishop 1999): its optimum is"
    " probabilistic PCA, and a dimension survives if and only if the data's variance in its direction exceeds the noise that"
    " the likelihood assumes, times β. The objective adds no bad optimum of its own: blame the noise, not the ELBO."
)


@st.fragment
def linear(variances: np.ndarray):
    controls, drawing = st.columns([1, 2], gap="large")
    with controls:
        noise = st.select_slider(
            "β·σ², the price of precision",
            [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            1.0,
            key="collapse_noise",
            bind="query-params",
            help="The variance that the likelihood gives each pixel, times β. Half a sum of squared errors means σ² = 1.",
        )
        nats = collapse.linear_kl(variances, noise)
        st.metric("Active dimensions, of 40", int((nats > 0).sum()))
        st.metric("KL, nats", f"{nats.sum():.2f}")
        st.caption("A toy: a linear VAE with Gaussian pixels on the gallery's pictures, solved and not trained.")
    with drawing:
        alt = f"Variance by principal direction; {int((nats > 0).sum())} of 40 lie above the noise {noise:g}"
        chart(linear_dimensions(variances, noise, nats), alt=alt)


if choice.images is None:
    st.caption("The linear case is solved on the pictures, which are not on this machine.")
else:
    linear(computed.principal_variances(spec.dataset, 40))
st.markdown(
    "Deep models collapse for two more reasons. **Early in training** the codes are still noise, and the price is paid at"
    " once: the encoder lags behind what the decoder could use, and dimensions close that would have paid later (He et al."
    " 2019). And a **decoder that needs no code**, such as one that predicts each pixel or word from those before, explains"
    " the data alone (Bowman et al. 2016). The decoders here draw all pixels at once from z, so here the first cause, the"
    " price, is the one to be seen."
)
st.markdown("**Remedies**, and what the recipe of the chosen model does:")
st.table(remedies(spec), border="horizontal")
st.caption(
    "A collapsed dimension is not a fault by itself: a model with more room than the data repays should leave some empty."
    " It is a fault where it loses likelihood. Settings are explained in `vae_core/build/config.py`. Sources: Burda et al."
    " (2016), arXiv 1509.00519; Lucas et al. (2019), arXiv 1911.02469; Tipping and Bishop (1999); He et al. (2019), arXiv"
    " 1901.05534; Bowman et al. (2016), arXiv 1511.06349; Kingma et al. (2016), arXiv 1606.04934; Fu et al. (2019), arXiv"
    " 1903.10145."
)
source(collapse.linear_kl, collapse.principal_variances, beta_family, latent_sizes)
