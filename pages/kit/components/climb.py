"""A Gaussian q that climbs the ELBO over the true posterior of a plane, played in the browser without a rerun a step."""

import base64

import numpy as np
import streamlit as st

from pages.kit import computed, concepts
from pages.kit.components.files import read
from vae_core import bounds

CELLS = 64  # in a row of the picture around q
RANGE = 200  # nats below the peak that the whole plane's picture shows
REACH = 3.5  # the window shows every q at least so many sigma wide

_CLIMB = st.components.v2.component(
    "vae_classroom.climb",
    html=read("climb.html"),
    css=read("dots.css", "climb.css"),
    js=read("dots.js", "clock.js", "climb.js"),
)


def window(mu: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two corners (2,) of the smallest square that shows Gaussians with mu, sigma (n, 2), REACH sigma to each side."""
    low, high = (mu - REACH * sigma).min(axis=0), (mu + REACH * sigma).max(axis=0)
    half = (high - low).max() / 2
    return (low + high) / 2 - half, (low + high) / 2 + half


def climb(choice, x: np.ndarray, label: int | None, gap: bounds.InferenceGap, ascent: bounds.Ascent, key: str):
    """Draw one of the two ascents of a picture's inference gap."""
    sigma = np.exp(0.5 * ascent.logvar)
    ends = [0, ascent.best]
    low, high = window(ascent.mu[ends], sigma[ends])
    cell = (high - low) / CELLS
    right, up = (np.linspace(low[i] + cell[i] / 2, high[i] - cell[i] / 2, CELLS) for i in (0, 1))
    z = np.stack(np.meshgrid(right, up[::-1]), axis=-1).reshape(-1, 2)
    log_joint = computed.log_joint(choice.spec, x, z, label)
    mass = gap.posterior.mass_within(low, high)
    data = {
        "elbo": gap.elbo,
        "log_evidence": gap.log_evidence,
        "mass": f"{mass:.1%}" if mass >= 0.001 else "Less than 0.1%",
        "encoder": _gaussian(gap.from_encoder, 0),
        "steps": {"mu": ascent.mu.tolist(), "sigma": sigma.tolist(), "elbo": ascent.elbo.tolist()},
        "zoom": _picture(np.exp(log_joint - log_joint.max()), low, high),
        "plane": _picture(
            np.clip(1 + (gap.posterior.coarse - gap.posterior.log_joint.max()) / RANGE, 0, 1).ravel(),
            np.full(2, -bounds.LIMIT),
            np.full(2, bounds.LIMIT),
        ),
        "range": RANGE,
        "colours": {"posterior": concepts.Z.colour, "q": concepts.SIGMA.colour, "elbo": concepts.ELBO.colour},
        "version": f"{choice.spec.id} {gap.log_evidence} {ascent.elbo[0]} {ascent.mu[0].tolist()}",
    }
    _CLIMB(key=key, data=data)


def _gaussian(ascent: bounds.Ascent, step: int) -> dict:
    return {"mu": ascent.mu[step].tolist(), "sigma": np.exp(0.5 * ascent.logvar[step]).tolist()}


def _picture(shares: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict:
    """Shares (side * side,) in [0, 1] of a square of the plane, row by row from the top left, as bytes for the browser."""
    content = base64.b64encode(np.rint(255 * shares).astype(np.uint8).tobytes()).decode()
    return {"bytes": content, "side": round(len(shares) ** 0.5), "low": low.tolist(), "high": high.tolist()}
