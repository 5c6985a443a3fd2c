"""Training progress: one epoch control for reconstructions, samples, codes and curves, of one model or of two."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Training progress",
    "How the model came to be what it is. Play the epochs, or drag the control: the same pictures, the same noise and"
    " the same axes all the way. *Reading time: 5 minutes.*",
)

import numpy as np

from pages.kit import cache, computed
from pages.kit.charts.player import dimension_bars, phase_at, phases_in_words, terms_by_epoch, training_charts
from pages.kit.components.dots import frame_of
from pages.kit.components.player import nearest_before, player, replay_of, times_of, track
from pages.kit.controls import chosen_seed, refuse_unknown, row, times_pressed
from pages.kit.picker import chosen_model
from pages.kit.show import look_for, predict, source
from pages.kit.turns import fragment
from pages.kit.usual import usual_terms
from vae_core import inference, latent, objective
from vae_core.data import DataError
from vae_core.manifest import ArtifactError, ModelSpec

NONE = "none"
choice = chosen_model()
spec, models = choice.spec, cache.manifest().models
replayed = [id_ for id_, other in models.items() if other.snapshots]
if not spec.snapshots:
    st.info(f"The weights of {spec.id} by epoch are not kept. Choose {' or '.join(replayed)} in the sidebar.")
    st.stop()

with row():
    others = [NONE, *(id_ for id_ in replayed if id_ != spec.id)]
    refuse_unknown("training_second", others, f"Choose one of {', '.join(others)}.")
    second = st.selectbox(
        "Compare with",
        others,
        key="training_second",
        bind="query-params",
        width=180,
        help="A second model on the same clock. Models whose weights were kept by epoch can be replayed.",
    )
    turn = times_pressed("Other pictures", "training_others", icon="shuffle")
    seed = chosen_seed("Seed of the noise", key="training_seed", width=180)
shown = [spec] if second == NONE else [spec, models[second]]

guessed = not any(one.variational for one in shown) or predict(  # without a KL, there is nothing to guess
    "Training pushes the KL down: it is a cost in the objective. Which way does it go from the untrained model to the"
    " trained one?",
    ["it falls", "it stays where it was", "it rises"],
    "it rises",
    "An untrained encoder gives every picture nearly the prior, which costs nothing and says nothing: step from epoch 0"
    " to 1 and watch the scatter open. While its weight is small, the KL even overshoots, because codes are cheap. At full"
    " weight it settles where one more nat of KL would buy less than β nats of reconstruction, and late in training it"
    " creeps up again: better decoders make longer codes worth their price. All of it stands in the KL curve below.",
    key="training_predict",
    then="the curves appear",
)


def kl_by_epoch(one: ModelSpec) -> dict | None:
    """Mean KL of each dimension by epoch; None before the guess, for a plain autoencoder, and without the pictures."""
    if not guessed or not one.variational:
        return None
    try:
        return computed.kl_by_epoch(one)
    except DataError:
        return None


def track_of(one: ModelSpec) -> dict:
    """Every frame of one model's training: its pictures, samples, codes and curves by epoch."""
    snapshots, means, kls = cache.snapshots(one), cache.replay(one), kl_by_epoch(one)
    images = cache.gallery_or_none(one.dataset)
    labels = cache.codes(one).y[: len(means[one.epoch])]
    classes = cache.manifest().images[one.dataset].classes
    of_class = [np.flatnonzero(labels == label) for label in range(len(classes))]
    rows = np.array([own[turn % len(own)] for own in of_class])  # one picture of each class
    noise = latent.sample_prior(20, one.latent_dim, seed)
    picture_labels = labels[rows] if one.conditional else None
    sample_labels = np.arange(len(noise)) % len(classes) if one.conditional else None
    if one.latent_dim == 2:
        dots, titles, scatter_title = means, ("mean of z1", "mean of z2"), "Their codes in the plane"
    else:
        plane = cache.maps(one)
        dots = {epoch: plane.project_pca(mu) for epoch, mu in means.items()}
        titles = ("first component", "second component")
        scatter_title = "Their codes on the PCA plane of the trained model"
    inside = np.abs(dots[one.epoch]).max(axis=0)  # the axes of the trained codes, at every epoch
    charts = training_charts(one, shown) if guessed else []
    if kls is not None:
        order = np.argsort(-kls[one.epoch])  # of the trained model, so that no bar changes its place
        charts.append(
            dimension_bars(
                [kls[epoch][order] for epoch in one.epochs],
                [str(dim + 1) for dim in order],
                top=tallest,
                title="latent dimension, in the trained model's order",
                pictures=f"{computed.KL_PICTURES} gallery pictures",
                alt=f"KL of each latent dimension of {one.id} by epoch, in nats",
            )
        )
    return track(
        name=one.id if len(shown) > 1 else "",
        times=one.epochs,
        texts=[f"epoch {epoch}" for epoch in one.epochs],
        originals=None if images is None else images.x[rows],
        reconstructions={e: inference.decode(m, means[e][rows], picture_labels) for e, m in snapshots.items()},
        samples={e: inference.decode(m, noise, sample_labels) for e, m in snapshots.items()},
        dots=dots,
        labels=labels,
        frame=frame_of(np.stack([-inside, inside]), titles, equal=True),
        scatter_title=scatter_title,
        classes=classes,
        note="What the decoder makes of their means at this epoch. The originals are not on this machine."
        if images is None
        else "Each original stands above what the decoder makes of its mean at this epoch.",
        charts=charts,
        nameless=(0,),
    )


def said(one: ModelSpec, epoch: int) -> str:
    """What a model is doing at one of its epochs and, once the reader has guessed, its figures."""
    phase = phase_at(one.recipe, epoch)
    words = f"{phase[0].upper()}{phase[1:]}."
    if not guessed:
        return words
    terms = terms_by_epoch(one, "validation")
    figures = ", ".join(f"{name} {values[one.history['epoch'].index(epoch)]:.1f}" for name, values in terms.items())
    return f"{words} On held-out pictures, nats: {figures}"


try:
    kept = [kl for one in shown for kl in (kl_by_epoch(one) or {}).values()]
    tallest = float(max((kl.max() for kl in kept), default=1.0))
    tracks = [track_of(one) for one in shown]
except ArtifactError as error:
    st.error(
        f"The training of {' and '.join(one.id for one in shown)} cannot be shown: {error}", icon=":material/error:"
    )
    st.stop()
epochs = times_of(tracks)
lines = [f"Epoch {epoch}. " for epoch in epochs]
for one in shown:
    for i, at in enumerate(nearest_before(epochs, one.epochs)):
        own = one.epochs[at]
        stale = "" if own == epochs[i] else f", its latest snapshot, of epoch {own}"
        lines[i] += said(one, own) if len(shown) == 1 else f"\n{one.id}{stale}: {said(one, own)}"

# Other models have other epochs: the one in the link belongs to the models that were shown when it was written.
ids = [one.id for one in shown]
if st.session_state.setdefault("training_shown", ids) != ids:
    st.session_state["training_shown"] = ids
    st.query_params.pop("epoch", None)
refuse_unknown(
    "epoch", [str(epoch) for epoch in epochs], f"Weights of these epochs are kept: {', '.join(map(str, epochs))}."
)
asked = st.query_params.get("epoch", "")
start = int(asked) if asked in map(str, epochs) else epochs[-1]

replay = replay_of(tracks, clock="Epoch", texts=[f"epoch {epoch}" for epoch in epochs], said=lines)


def keep_in_url(epoch: int) -> None:
    """The link of the page shows what the reader sees."""
    st.query_params["epoch"] = str(epoch)


@fragment
def replayed_training():
    player(replay, start=start, key="training_player", on_value=keep_in_url)


for usual in dict.fromkeys(usual_terms(one) for one in shown):  # two models may be of one size
    if usual:
        st.caption(usual)
replayed_training()
for one in shown:
    best = "the best on held-out pictures" if one.recipe["keep"] == "best" else "the last"
    rise = (
        f" Its recipe raises the weight of the KL from 0 to {one.beta:g} over the first"
        f" {one.recipe['kl_warmup'] * one.recipe['epochs']:.0f} epochs."
        if one.variational and one.recipe["kl_schedule"] == "linear" and one.recipe["kl_warmup"]
        else ""
    )
    deformed = (
        f" Until epoch {one.recipe['warp_until'] * one.recipe['epochs']:.0f}, {one.recipe['warp']:.0%} of each batch is slightly"
        " rotated, scaled and sheared, so that it cannot be learnt by heart; then all pictures are as they are."
        if one.recipe["warp"]
        else ""
    )
    st.caption(f"The {one.id} that is shipped is the one of epoch {one.epoch}, {best}.{rise}{deformed}")
    if guessed:
        st.caption(f"Phases of {one.id}, numbered above its curves: {phases_in_words(one.recipe)}.")
if guessed:
    st.caption(
        "Curves: solid on held-out pictures, dashed on training pictures, measured after every epoch with the same noise;"
        " shaded by phase. A number above the frame is the untrained model's: it lies beyond the axis and is drawn on the"
        f" rim. Bars: mean over {computed.KL_PICTURES} pictures of the gallery, encoded with each epoch's weights."
        + (" Two models share the axes of their curves and bars." if len(shown) > 1 else "")
    )
st.caption(
    "A code outside of the axes, early in training, is drawn on their rim."
    " Sources: Bowman et al. (2016) and Sønderby et al. (2016) on raising the weight of the KL."
)
look_for(
    "Strokes first, then classes, then detail; the held-out curves tell what is learned and not memorised. **Try:** hide"
    " all classes but two and see when they part; compare *mnist-z2* with *mnist-z20* and watch the bars: which dimensions"
    " stay, and which are closed again?"
)
source(inference.encode, inference.decode, latent.sample_prior, objective.kl_per_dim)
