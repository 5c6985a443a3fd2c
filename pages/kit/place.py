"""A place in latent space that the reader chooses: one for each model, kept while the reader is here, and in the link."""

import numpy as np
import streamlit as st

from vae_core.manifest import ModelSpec


class Place:
    """The chosen z of a model. `turn` counts the times that a button, not the reader's hand on the plane, has moved it."""

    def __init__(self, key: str, spec: ModelSpec):
        """Where the reader left this model, or the link's z (parameter `key`), or the prior's mean."""
        self.key = key
        self.state = st.session_state.get(f"_{key}")
        if self.state is None or self.state["model"] != spec.id:
            turn = 0
            if self.state is not None:
                st.query_params.pop(key, None)  # it was another model's
                turn = self.state["turn"] + 1
            self.state = {"model": spec.id, "z": linked_code(key, spec.latent_dim, reach=100), "turn": turn}
            st.session_state[f"_{key}"] = self.state
        elif key not in st.query_params and any(self.state["z"]):
            self._go(self.state["z"])  # the reader was on another page, where the link had no place for it

    @property
    def z(self) -> np.ndarray:
        """The place, (latent,) float32."""
        return np.array(self.state["z"], np.float32)

    @property
    def turn(self) -> int:
        """Another number whenever `jump` has moved the place."""
        return self.state["turn"]

    def drag(self, dims: tuple[int, int], cursor: tuple[float, float]) -> None:
        """The reader's hand has moved the place in two dimensions."""
        z = list(self.state["z"])
        z[dims[0]], z[dims[1]] = cursor
        self._go(z)

    def jump(self, z: np.ndarray) -> None:
        """A button moves the place to z (latent,)."""
        self.state["turn"] += 1
        self._go(z)

    def _go(self, z) -> None:
        self.state["z"] = [float(value) for value in z]
        st.query_params[self.key] = ",".join(f"{value:.4g}" for value in z)


def linked_code(key: str, latent_dim: int, reach: float) -> list[float]:
    """The code that the link's parameter asks for, each number at most `reach` from 0; or the prior's mean."""
    asked = st.query_params.get(key)
    if asked is None:
        return [0.0] * latent_dim
    try:
        z = [float(part) for part in asked.split(",")]
    except ValueError:
        z = []
    if len(z) == latent_dim and np.isfinite(z).all():
        return np.clip(z, -reach, reach).tolist()
    st.warning(
        f"The link asks for {key} “{asked[:40]}”, but this model's codes have {latent_dim} numbers. Starting at 0."
    )
    return [0.0] * latent_dim
