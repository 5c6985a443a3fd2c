"""One picture's way x -> mu, sigma -> epsilon -> z -> x-hat, as one drawing that fits screen or phone."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.kit import concepts
from vae_core.images import to_pixels

HERE = Path(__file__).parent

_FLOW = st.components.v2.component(
    "vae_classroom.flow",
    html=(HERE / "flow.html").read_text(encoding="utf-8"),
    css=(HERE / "flow.css").read_text(encoding="utf-8"),
    js=(HERE / "flow.js").read_text(encoding="utf-8"),
)

COLOURS = {
    "x": concepts.X.colour,
    "mu": concepts.MU.colour,
    "sigma": concepts.SIGMA.colour,
    "epsilon": concepts.EPSILON.colour,
    "z": concepts.Z.colour,
    "x-hat": concepts.X_HAT.colour,
}


def flow(
    *,
    x: np.ndarray | None,
    name: str,
    mu: np.ndarray,
    sigma: np.ndarray,
    epsilon: np.ndarray,
    z: np.ndarray,
    x_hat: np.ndarray,
    cloud: np.ndarray,
    key: str,
) -> None:
    """Draw the flow of one picture.

    x (None when its pixels are not there) and x_hat are (28, 28) in [0, 1]; mu, sigma, epsilon, z are (latent,);
    `cloud` is (n, 3): codes z1, z2 and label, drawn behind the posterior of a two-dimensional model.
    """
    listed = "; ".join(
        f"{symbol} = ({', '.join(f'{v:.2f}' for v in values)})"
        for symbol, values in (("mu", mu), ("sigma", sigma), ("epsilon", epsilon), ("z", z))
    )
    _FLOW(
        key=key,
        data={
            "colours": COLOURS,
            "digit": {
                "x": None if x is None else to_pixels(x).ravel().tolist(),
                "x_hat": to_pixels(x_hat).ravel().tolist(),
                "name": name,
            },
            "latent": {"mu": mu.tolist(), "sigma": sigma.tolist(), "epsilon": epsilon.tolist(), "z": z.tolist()},
            "cloud": [[round(float(a), 2), round(float(b), 2), int(c)] for a, b, c in cloud],
            "alt": f"{name} flows through the model: {listed}",
        },
    )
