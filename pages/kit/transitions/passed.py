"""What a path passes: the classes near it, and how long z is on it."""

import numpy as np
import streamlit as st

from pages.kit.picker import Choice
from pages.kit.show import chart, predict
from pages.kit.transitions.ends import PATHS, Ends
from vae_core import transitions

NEIGHBOURS = 25
PLACES = 101  # along a path, on the map and in the charts, whatever the number of steps


def shares_near(choice: Choice, z: np.ndarray) -> np.ndarray:
    """Class shares (n, classes) among the gallery's codes nearest to each z (n, latent)."""
    return transitions.class_shares(z, choice.codes.mu, choice.codes.y, len(choice.classes), NEIGHBOURS)


def what_it_passes(ends: Ends, kind: str) -> None:
    """The classes near the chosen path, beside the norms on both, after a guess at these."""
    from pages.kit.charts.transitions import norms_along, shares_along  # altair: the page's other parts draw no chart

    norms = {name: np.linalg.norm(path(*ends.z, PLACES), axis=1) for name, path in PATHS.items()}
    middle, average = norms["linear"][PLACES // 2], norms["linear"][[0, -1]].mean()
    spec, classes = ends.choice.spec, ends.choice.classes
    left, right = st.columns(2, gap="large")
    with left:
        shares = shares_near(ends.choice, PATHS[kind](*ends.z, PLACES))
        passed = [classes[label] for label in range(len(classes)) if shares[:, label].max() > 0.5]
        chart(
            shares_along,
            shares,
            classes,
            alt=f"Share of each class near the path; in the majority somewhere: {', '.join(passed) or 'none'}",
        )
        st.caption(
            f"Classes among the {NEIGHBOURS} codes (means μ) nearest to z, in all {spec.latent_dim} dimensions."
            + " This model is told the label, so its codes need not hold it, and all classes lie everywhere."
            * spec.conditional
        )
    with right:
        if not predict(
            "Halfway on the straight line: is z longer or shorter than its two ends are on average?",
            ["longer", "as long", "shorter"],
            "as long" if np.isclose(middle, average, rtol=1e-3) else "shorter",
            "The triangle inequality: ‖(a + b) / 2‖ ≤ (‖a‖ + ‖b‖) / 2, and equal only where both point the same way. Here"
            f" {middle:.2f} against {average:.2f}.",
            "transition_predict_norm",
            then="the norm of z appears",
        ):
            return
        chart(
            norms_along,
            norms,
            kind,
            spec.latent_dim if spec.variational else None,
            alt=f"The norm of z on both paths; on the {kind} one from {norms[kind][0]:.2f} to {norms[kind][-1]:.2f},"
            f" at its lowest {norms[kind].min():.2f}",
        )
        if spec.variational:
            st.caption(
                f"The prior's samples have a root mean square norm of √{spec.latent_dim} = {np.sqrt(spec.latent_dim):.2f}."
                " In many dimensions nearly all of them are about that long, and the middle of a straight line is not: the"
                " reason given for spherical paths (White 2016, arXiv 1609.04468)."
            )
