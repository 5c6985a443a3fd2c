"""Training progress: one epoch control for reconstructions, samples, codes and curves."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Training progress",
    "How the model came to be what it is. Play the epochs, or drag the control: the same pictures, the same noise and"
    " the same axes all the way. *Reading time: 4 minutes.*",
)

import numpy as np

from pages.kit import cache
from pages.kit.epoch_player import epoch_player, replay_of
from pages.kit.picker import chosen_model, refuse_unknown, row
from pages.kit.scatter import frame_of
from pages.kit.show import look_for, source
from vae_core import inference, latent
from vae_core.manifest import ArtifactError

choice = chosen_model()
spec = choice.spec
if not spec.snapshots:
    others = [id_ for id_, other in cache.manifest().models.items() if other.snapshots]
    st.info(f"The weights of {spec.id} by epoch are not kept. Choose {' or '.join(others)} in the sidebar.")
    st.stop()
try:
    models, means = cache.snapshots(spec), cache.replay(spec)
    plane = None if spec.latent_dim == 2 else cache.maps(spec)
except ArtifactError as error:
    st.error(f"The training of {spec.id} cannot be shown: {error}", icon=":material/error:")
    st.stop()

start = spec.epoch
refuse_unknown(
    "epoch",
    [str(epoch) for epoch in spec.epochs],
    f"Weights of these epochs are kept: {', '.join(map(str, spec.epochs))}.",
)
if st.query_params.get("epoch", "") in map(str, spec.epochs):
    start = int(st.query_params["epoch"])

labels = choice.codes.y[: len(means[spec.epoch])]
with row():
    turn = st.session_state.setdefault("training_turn", 0)
    st.button(
        "Other pictures",
        icon=":material/shuffle:",
        on_click=lambda: st.session_state.update(training_turn=turn + 1),
        key="training_others",
    )
    refuse_unknown("training_seed", range(1_000_000), "Seeds are whole numbers from 0 to 999999.")
    seed = st.number_input("Seed of the noise", 0, 999_999, 0, key="training_seed", bind="query-params", width=180)
rows = [np.flatnonzero(labels == label) for label in range(len(choice.classes))]
rows = np.array([own[turn % len(own)] for own in rows])  # one picture of each class
noise = latent.sample_prior(20, spec.latent_dim, seed)

if plane is None:
    dots, titles, scatter_title = means, ("mean of z1", "mean of z2"), "Their codes in the plane"
else:
    dots = {epoch: plane.project_pca(mu) for epoch, mu in means.items()}
    titles = ("first component", "second component")
    scatter_title = "Their codes on the PCA plane of the trained model"
inside = np.abs(dots[spec.epoch]).max(axis=0)  # the axes of the trained codes, at every epoch


sample_labels = np.arange(len(noise)) % len(choice.classes) if spec.conditional else None
picture_labels = labels[rows] if spec.conditional else None
replay = replay_of(
    spec,
    originals=None if choice.images is None else choice.images.x[rows],
    reconstructions={e: inference.decode(model, means[e][rows], picture_labels) for e, model in models.items()},
    samples={e: inference.decode(model, noise, sample_labels) for e, model in models.items()},
    dots=dots,
    labels=labels,
    frame=frame_of(np.stack([-inside, inside]), titles, equal=True),
    scatter_title=scatter_title,
    classes=choice.classes,
)


def keep_in_url(epoch: int) -> None:
    """The link of the page shows what the reader sees."""
    st.query_params["epoch"] = str(epoch)


@st.fragment
def player():
    epoch_player(replay, start=start, key="training_player", on_epoch=keep_in_url)


player()
rise = f"over the first {replay['warmup']:.0f} epochs this recipe raises the weight of the KL from 0 to {spec.beta:g}"
kept = "the best on held-out pictures" if spec.recipe["keep"] == "best" else "the last"
st.caption(
    "Curves: solid on held-out pictures, dashed on training pictures, measured after every epoch with the same noise."
    f"{f' Grey: {rise}.' if replay['warmup'] else ''} The model shipped is the one of epoch {spec.epoch}, {kept}. A code"
    " outside of the axes, early in training, is drawn on their rim."
)
look_for(
    "Predict first: does the KL rise or fall in training? **It rises from almost nothing.** An untrained encoder gives"
    " every picture nearly the prior, which costs nothing and says nothing. While its weight is small, the KL even"
    " overshoots: codes are cheap. At full weight it settles where one more nat of KL would buy less than one nat of"
    " reconstruction, and late in training it creeps up again: better decoders make longer codes worth their price."
    " **Try:** epoch 0 to 1, and watch the scatter open."
)
source(inference.encode, inference.decode, latent.sample_prior)
