"""What the reader has chosen: the model and the picture, the same on every page and in the URL."""

from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import numpy as np
import streamlit as st

from pages.kit import cache, computed
from pages.kit.controls import forget_unknown, refuse_unknown
from pages.kit.own import OwnDigit, own_digits
from pages.kit.sidebar import ASKED, DEFAULT_MODEL, default_of
from vae_core.data import DataError, Images, official
from vae_core.manifest import ArtifactError, ModelSpec
from vae_core.projection import Codes

YOURS = -1  # stands for the class of the reader's own digits in the picker


@dataclass(frozen=True)
class Choice:
    """The chosen model with what the pages need of it, and its pictures by their index.

    Indices below `len(codes.y)` are the gallery's, those after it the reader's own digits. `images` is None while the
    gallery's pixels are not on this machine. `own` are the digits of the reader who chose: a file is made on the click,
    outside of the page's run, where nobody can be asked for them.
    """

    spec: ModelSpec
    codes: Codes
    images: Images | None
    classes: tuple[str, ...]
    own: tuple[OwnDigit, ...] = ()

    @cached_property
    def model(self):
        """The model itself, loaded when a page first asks for it: torch takes seconds to import."""
        try:
            return cache.model(self.spec)
        except ArtifactError as error:
            _stop_unavailable(self.spec.id, error)

    def x(self, index: int) -> np.ndarray | None:
        """The picture (28, 28), or None while its pixels are not on this machine."""
        if own := self._own(index):
            return own.x
        return None if self.images is None else self.images.x[index]

    def posterior(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """mu and logvar of the picture's q(z|x), (latent,) each: shipped, or encoded now if it is the reader's own."""
        if own := self._own(index):
            from vae_core import inference

            mu, logvar = inference.encode(self.model, own.x[None], self.labels(index))
            return mu[0], logvar[0]
        return self.codes.mu[index], self.codes.logvar[index]

    def label(self, index: int) -> int:
        """The picture's class; for the reader's own, what the reader says it is."""
        own = self._own(index)
        return own.label if own else int(self.codes.y[index])

    def name(self, index: int) -> str:
        """What the picture shows, in words."""
        if self._own(index):
            return f"your digit {index - len(self.codes.y) + 1}"
        noun = "digit " if self.spec.dataset == "mnist" else ""
        return f"{noun}{self.classes[self.codes.y[index]]}"

    def stem(self, index: int) -> str:
        """The picture in a file's name: its number in the gallery, or which of the reader's own it is."""
        return str(index) if index < len(self.codes.y) else f"own{index - len(self.codes.y) + 1}"

    def described(self, index: int) -> str:
        """The picture in a file's metadata."""
        return f"{self.name(index)}, gallery number {index}" if index < len(self.codes.y) else self.name(index)

    def told(self, label: int | None) -> dict[str, str]:
        """The label y that a conditional model was given, for a file's metadata; nothing for the others."""
        return {"y": self.classes[label]} if self.spec.conditional and label is not None else {}

    def labels(self, index: int) -> np.ndarray | None:
        """The picture's label, (1,), as a conditional model wants it, None for the others."""
        return np.array([self.label(index)]) if self.spec.conditional else None

    def decode(self, z: np.ndarray, label: int | None = None) -> np.ndarray:
        """Codes (n, latent) as pictures (n, 28, 28), all of one class if the model is conditional; others know no label."""
        from vae_core import inference

        return inference.decode(self.model, z, np.full(len(z), label) if self.spec.conditional else None)

    def most_used_first(self) -> np.ndarray:
        """The latent dimensions by their KL, averaged over the gallery, the largest first: (latent,) integers.

        A plain autoencoder has no KL: its dimensions go by the variance of the codes.
        """
        usage = computed.usage(self.spec)
        return np.argsort(-(usage.kl if self.spec.variational else usage.variance))

    def _own(self, index: int) -> OwnDigit | None:
        """The reader's own digits come after the gallery's pictures."""
        return self.own[index - len(self.codes.y)] if index >= len(self.codes.y) else None


def chosen_model() -> Choice:
    """The model chosen in the sidebar; stops the page with one clear message if nothing can be shown."""
    try:
        models = cache.manifest().models
    except ArtifactError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    if not models:
        st.error("No model is shipped yet. Train one: `python -m vae_core.build.train mnist-z2`.")
        st.stop()
    refuse_unknown(
        "model",
        models,
        f"Showing {default_of(models)}; choose another model in the sidebar.",
        asked=st.session_state[ASKED],
    )
    id_ = st.session_state["model"]
    spec = models[id_]
    try:
        cache.intact(spec)
        codes = cache.codes(spec)
    except ArtifactError as error:
        _stop_unavailable(id_, error)
    classes = cache.manifest().images[spec.dataset].classes
    return Choice(spec, codes, _images(spec.dataset), classes, tuple(own_digits(spec.dataset)))


def _stop_unavailable(id_: str, error: ArtifactError) -> NoReturn:
    st.error(f"The model {id_} is unavailable: {error} The other models go on working.", icon=":material/error:")
    st.stop()


def needs_posterior(choice: Choice) -> None:
    """Stop a page that is about q(z|x) where the chosen model is a plain autoencoder, and offer one that has it."""
    if choice.spec.variational:
        return
    st.info(
        f"{choice.spec.id} is a plain autoencoder: it gives each picture one code, without μ and σ, so there is no"
        " posterior to show here. Latent scatter, Gaussian sampling and Digit transitions show what it can do."
    )
    st.button(
        f"Show {DEFAULT_MODEL} instead",
        icon=":material/swap_horiz:",
        on_click=lambda: st.session_state.update(model=DEFAULT_MODEL),
        key="posterior_model",
    )
    st.stop()


def chosen_digit(choice: Choice, key: str = "digit", name: str = "", first_of_class: int = 7) -> int:
    """The picture picker: its number in the gallery, which the URL keeps; a class; another picture of that class.

    Its widgets go where the page is writing; put a `row()` around them to have them side by side. `name` tells two
    pickers of one page apart. To choose from code, set `st.session_state[key]` in a callback.
    """
    own = choice.own
    y = np.append(choice.codes.y, [YOURS] * len(own)) if own else choice.codes.y
    first_of_class %= len(choice.classes)  # one's own data may have fewer classes
    noun = ("digit" if choice.spec.dataset == "mnist" else "item") + (f" {name}" if name else "")
    last = len(choice.codes.y) - 1
    refuse_unknown(
        key,
        range(len(y)),
        f"The gallery has pictures 0 to {last}; what comes after them is a visitor's own, and nobody else sees it.",
    )
    if st.session_state.get(key, 0) >= len(y):
        del st.session_state[key]  # a digit of the reader's that is gone
    index = st.number_input(
        "Gallery number" + (f" {name}" if name else ""),
        0,
        len(y) - 1,
        int(np.flatnonzero(y == first_of_class)[0]),
        key=key,
        bind="query-params",
        width=160,
        help=f"Its place in the gallery of {len(choice.codes.y):,} pictures that no model trained on; your own digits"
        " come after them.",
    )
    class_key = f"{key}_class"
    st.session_state[class_key] = int(y[index])
    st.selectbox(
        f"Class of {noun}",
        [*range(len(choice.classes)), *([YOURS] if own else [])],
        format_func=lambda label: "yours" if label == YOURS else choice.classes[label],
        key=class_key,
        on_change=_another,
        args=(y, key),
        width=160,
    )
    st.button(
        f"Another {noun}",
        icon=":material/shuffle:",
        on_click=_another,
        args=(y, key),
        key=f"{key}_another",
        help="The next one of this class in the gallery.",
    )
    return int(index)


def chosen_axes(choice: Choice, first: str, second: str, keys: tuple[str, str], width="stretch") -> tuple[int, int]:
    """Two different latent dimensions, asked for as `first` and `second`, kept in the link as `keys`.

    The most used ones are offered first. A model of two dimensions has nothing to choose.
    """
    if choice.spec.latent_dim == 2:
        return 0, 1
    names = [f"z{dim + 1}" for dim in choice.most_used_first()]
    for key in keys:
        forget_unknown(key, names, names[0])
        refuse_unknown(key, names, f"This model has z1 to z{len(names)}.")
    a = st.selectbox(first, names, key=keys[0], bind="query-params", width=width)
    others = [name for name in names if name != a]
    forget_unknown(keys[1], others, others[0])
    b = st.selectbox(second, others, key=keys[1], bind="query-params", width=width)
    return int(a[1:]) - 1, int(b[1:]) - 1


def _another(y: np.ndarray, key: str) -> None:
    """The next picture of the chosen class after the present one, round and round."""
    rows = np.flatnonzero(y == st.session_state[f"{key}_class"])
    later = rows[rows > st.session_state[key]]
    st.session_state[key] = int(later[0] if len(later) else rows[0])


def _images(dataset: str) -> Images | None:
    """The gallery's pictures; where they are not on this machine, say so and offer to download them."""
    try:
        return cache.gallery(dataset)
    except ArtifactError as error:
        st.error(f"The gallery is unavailable: {error}", icon=":material/error:")
        return None
    except DataError as error:
        title = cache.manifest().images[dataset].title
        with st.sidebar:
            st.info(f"{error} Until then, codes and decoded pictures are shown without the originals.")
            st.button(
                f"Download {title} (30 MB)",
                icon=":material/download:",
                key="download",
                on_click=_download,
                args=(dataset,),
            )
            if failure := st.session_state.pop("download_failure", None):
                st.error(failure)
        return None


def _download(dataset: str) -> None:
    try:
        official(dataset, train=False)
    except DataError as failure:
        st.session_state["download_failure"] = str(failure)
