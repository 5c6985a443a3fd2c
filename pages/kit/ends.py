"""The two ends of a transition: which pictures, and which of their codes; all of it in the link."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit.picker import Choice, chosen_digit, refuse_unknown, row
from vae_core import inference, latent

SEEDS = 1_000_000


@dataclass(frozen=True)
class Ends:
    """Pictures by their index, and their codes: posterior means, or with a seed samples of the posteriors."""

    choice: Choice
    indices: tuple[int, ...]
    seed: int | None

    @property
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
            return "codes"
        return "means μ" if self.seed is None else f"samples z = μ + σ ε, seed {self.seed}"

    @property
    def decoded(self) -> np.ndarray:
        """Each code decoded, with its own label where the model wants one: (n, 28, 28)."""
        return inference.decode(self.choice.model, self.z, np.array(self.labels) if self.conditional else None)

    @property
    def originals(self) -> np.ndarray | None:
        """The pictures themselves, (n, 28, 28), or None if one of them is not on this machine."""
        x = [self.choice.x(index) for index in self.indices]
        return None if any(picture is None for picture in x) else np.stack(x)

    @property
    def conditional(self) -> bool:
        return self.choice.spec.conditional

    def decode_as(self, z: np.ndarray, label: int) -> np.ndarray:
        """Decode codes (n, latent); a conditional model draws all of them as one class, the others know no label."""
        return inference.decode(self.choice.model, z, np.full(len(z), label) if self.conditional else None)

    def file_name(self, *settings) -> str:
        """The stem of a file: model, pictures, settings, and the seed if noise is in it."""
        count = len(self.choice.codes.y)
        pictures = [str(i) if i < count else f"own{i - count + 1}" for i in self.indices]
        codes = [] if not self.choice.spec.variational else ["mu" if self.seed is None else f"z{self.seed}"]
        return "-".join([self.choice.spec.id, *pictures, *map(str, settings), *codes])

    def about(self, **settings) -> dict[str, object]:
        """The same for a file's metadata."""
        pictures = {
            letter: f"{name}, gallery number {index}" if index < len(self.choice.codes.y) else name
            for letter, index, name in zip("ABCD", self.indices, self.names, strict=False)
        }
        return {"model": self.choice.spec.id, **pictures, **settings, "codes": self.how}


def chosen_ends(choice: Choice) -> Ends:
    """The pickers of A and B, and of the codes that stand for them."""
    with row():
        a = chosen_digit(choice, "transition_A", "A", first_of_class=4)
    with row():
        b = chosen_digit(choice, "transition_B", "B", first_of_class=9)
    with row():
        st.button(
            "Both at random",
            icon=":material/casino:",
            on_click=_at_random,
            args=(choice.codes.y,),
            key="transition_random",
        )
        st.button("Swap A and B", icon=":material/swap_horiz:", on_click=_swap, key="transition_swap")
    seed = None
    if choice.spec.variational:
        with row():
            codes = one_of(
                "Codes",
                ["mean", "sample"],
                "transition_codes",
                help="The mean μ of each end's posterior q(z|x), or a sample of it, z = μ + σ ε.",
            )
            if codes == "sample":
                refuse_unknown("transition_seed", range(SEEDS), f"Seeds are whole numbers from 0 to {SEEDS - 1}.")
                seed = st.number_input(
                    "Seed of ε", 0, SEEDS - 1, 0, key="transition_seed", bind="query-params", width=140
                )
                st.button("Fresh noise", icon=":material/casino:", on_click=_fresh, key="transition_fresh")
    return Ends(choice, (a, b), seed)


def one_of(label: str, options: list[str], key: str, **settings) -> str:
    """A choice of few, kept in the link; the first is the default."""
    refuse_unknown(key, options, f"Showing {options[0]}.")
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params", **settings
    )


def _at_random(y: np.ndarray) -> None:
    """Any picture, and any picture of another class. Chance alone: the link keeps what it chose."""
    random = np.random.default_rng()
    a = random.integers(len(y))
    others = np.flatnonzero(y != y[a])
    b = random.choice(others) if len(others) else random.integers(len(y))
    st.session_state.update(transition_A=int(a), transition_B=int(b))


def _swap() -> None:
    a, b = st.session_state["transition_A"], st.session_state["transition_B"]
    st.session_state.update(transition_A=b, transition_B=a)


def _fresh() -> None:
    st.session_state["transition_seed"] = (st.session_state["transition_seed"] + 1) % SEEDS
