"""The ends of a transition, which pictures and which of their codes, and the walk between two of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from pages.kit.computed.sharing import content_of
from pages.kit.controls import held_noise, one_of, row
from pages.kit.picker import Choice, chosen_digit
from vae_core import inference, latent, transitions
from vae_core.images import gif, png, tile, to_pixels

PATHS = {"linear": latent.lerp, "spherical": latent.slerp}
MILLISECONDS = 80  # for each frame of an animation


@dataclass(frozen=True)
class Ends:
    """Pictures by their index, and their codes: posterior means, or with a seed samples of the posteriors."""

    choice: Choice
    indices: tuple[int, ...]
    seed: int | None

    @cached_property
    def z(self) -> np.ndarray:
        """Their codes, (n, latent). Each place has noise of its own, which stays when another picture takes it."""
        posteriors = [self.choice.posterior(index) for index in self.indices]
        mu, logvar = (np.stack(part) for part in zip(*posteriors, strict=True))
        if self.seed is None:
            return mu
        return latent.reparameterize(mu, logvar, latent.noise(len(mu), mu.shape[1], self.seed))

    @property
    def labels(self) -> list[int]:
        return [self.choice.label(index) for index in self.indices]

    @property
    def names(self) -> list[str]:
        """What they show, in words."""
        return [self.choice.name(index) for index in self.indices]

    @property
    def how(self) -> str:
        """Which codes these are, in words."""
        if not self.choice.spec.variational:
            return "the encoder's output"
        return "means μ" if self.seed is None else f"samples z = μ + σ ε, seed {self.seed}"

    @cached_property
    def decoded(self) -> np.ndarray:
        """Each code decoded, with its own label where the model wants one: (n, 28, 28)."""
        return inference.decode(self.choice.model, self.z, np.array(self.labels) if self.conditional else None)

    @cached_property
    def originals(self) -> np.ndarray | None:
        """The pictures themselves, (n, 28, 28), or None if one of them is not on this machine."""
        x = [self.choice.x(index) for index in self.indices]
        return None if any(picture is None for picture in x) else np.stack(x)

    @cached_property
    def content(self) -> str:
        """What tells these codes and pictures from others, one's own drawings too."""
        pictures = "" if self.originals is None else content_of(self.originals)
        return f"{content_of(self.z)} {pictures} {self.labels}"

    @property
    def conditional(self) -> bool:
        return self.choice.spec.conditional

    def file_name(self, *settings) -> str:
        """The stem of a file: model, pictures, settings, and the seed if noise is in it."""
        pictures = map(self.choice.stem, self.indices)
        codes = [] if not self.choice.spec.variational else ["mu" if self.seed is None else f"z{self.seed}"]
        return "-".join([self.choice.spec.id, *pictures, *map(str, settings), *codes])

    def about(self, **settings) -> dict[str, object]:
        """The same for a file's metadata."""
        pictures = dict(zip("ABCD", map(self.choice.described, self.indices), strict=False))
        return {"model": self.choice.spec.id, **pictures, **settings, "codes": self.how}


@dataclass(frozen=True)
class Walk:
    """The steps of a path between two ends, their pictures, and the files made of them.

    `told` says with whose label a conditional model decodes: "A", "B", or "both", each in a row of its own.
    """

    ends: Ends
    path: str
    steps: int
    told: str

    @cached_property
    def z(self) -> np.ndarray:
        """(steps, latent)."""
        return PATHS[self.path](*self.ends.z, self.steps)

    @cached_property
    def rows(self) -> dict[str, np.ndarray]:
        """Decoded pictures, (steps, 28, 28) by the name of their row. No row changes its label on the way."""
        if not self.ends.conditional:
            return {"decoded": self.ends.choice.decode(self.z)}
        labels = self.ends.labels if self.told == "both" else [self.ends.labels["AB".index(self.told)]]
        names = self.ends.choice.classes
        return {f"decoded as {names[label]}": self.ends.choice.decode(self.z, label) for label in labels}

    @cached_property
    def shown(self) -> dict[str, np.ndarray]:
        """The rows and below them their control: the cross-fade of the originals, or else of the decoded ends."""
        originals = self.ends.originals
        what, pair = ("decoded ends", self.ends.decoded) if originals is None else ("originals", originals)
        return {**self.rows, f"pixel cross-fade of the {what}": transitions.cross_fade(*pair, self.steps)}

    @property
    def content(self) -> str:
        """What tells its pictures under a model from those of other walks."""
        return f"{self.ends.content} {self.path} {self.steps} {self.told}"

    @property
    def file_name(self) -> str:
        return self.ends.file_name(self.path, self.steps, *(["label", self.told] if self.ends.conditional else []))

    def strip(self, scale: int) -> bytes:
        """All rows as a PNG."""
        pictures = np.concatenate(list(self.shown.values()))
        return png(tile(pictures, self.steps, scale, gap=1), self._about(self.shown))

    def animation(self) -> bytes:
        """The decoded rows as a GIF, there and back, without the control below them."""
        frames = to_pixels(np.concatenate(list(self.rows.values()), axis=2), 5)
        back = frames[-2:0:-1]  # without showing either end twice
        return gif(np.concatenate([frames, back]), MILLISECONDS, self._about(self.rows))

    def _about(self, rows: dict[str, np.ndarray]) -> dict[str, object]:
        """For the metadata of a file that shows these rows."""
        return self.ends.about(path=self.path, steps=self.steps, rows="; ".join(rows))


def chosen_pair(choice: Choice) -> tuple[int, int]:
    """The pickers of A and B."""
    with row():
        a = chosen_digit(choice, "transition_A", "A", first_of_class=4)
        st.button(
            "Both at random",
            icon=":material/casino:",
            on_click=_at_random,
            args=(choice.codes.y,),
            key="transition_random",
            help="Two of different classes. The pair that is there seeds the draw: from one link, the same pairs follow.",
        )
    with row():
        b = chosen_digit(choice, "transition_B", "B", first_of_class=9)
        st.button("Swap A and B", icon=":material/swap_horiz:", on_click=_swap, key="transition_swap")
    return a, b


def chosen_noise(choice: Choice) -> int | None:
    """Whether samples stand for the pictures, and with which seed of their noise; None for posterior means."""
    if not choice.spec.variational:
        return None
    codes = one_of(
        "Codes",
        ["mean", "sample"],
        "transition_codes",
        help="The mean μ of each posterior q(z|x), or a sample of it, z = μ + σ ε.",
    )
    if codes == "mean":
        return None
    with row():
        return held_noise("transition_seed", fresh="transition_fresh")


def _at_random(y: np.ndarray) -> None:
    """Any picture, and any picture of another class. The present pair, which the link keeps, is the seed."""
    random = np.random.default_rng([st.session_state["transition_A"], st.session_state["transition_B"]])
    a = random.integers(len(y))
    others = np.flatnonzero(y != y[a])
    b = random.choice(others) if len(others) else random.integers(len(y))
    st.session_state.update(transition_A=int(a), transition_B=int(b))


def _swap() -> None:
    a, b = st.session_state["transition_A"], st.session_state["transition_B"]
    st.session_state.update(transition_A=b, transition_B=a)
