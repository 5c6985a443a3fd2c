"""A trained VAE with its latent axes turned: other traversals, the same ELBO, and what a diagonal encoder would lose."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts.compare import turn_cost
from pages.kit.controls import refuse_unknown, row
from pages.kit.picker import Choice, chosen_axes, chosen_digit
from pages.kit.show import chart, sheet
from pages.kit.turns import fragment
from pages.kit.usual import terms
from vae_core import latent, rotation

DEGREES = tuple(range(0, 91, 15))
PICTURES = 11  # along an axis


@fragment
def turned_axes(choice: Choice, with_cost: bool) -> None:
    """The picture and the two axes, and all that depends on them."""
    with row():
        digit = chosen_digit(choice)
        dims = chosen_axes(choice, "First axis", "Second axis", ("compare_first", "compare_second"), width=120)
    _turned(choice, digit, dims, with_cost)


@fragment
def _turned(choice: Choice, digit: int, dims: tuple[int, int], with_cost: bool) -> None:
    """The angle, the traversals along the turned axes and, if wanted, what the turn costs."""
    refuse_unknown("compare_angle", [str(angle) for angle in DEGREES], "Angles go from 0 to 90 degrees in steps of 15.")
    angle = st.select_slider(
        "Axes turned by, degrees", DEGREES, 45, key="compare_angle", bind="query-params", width=440
    )
    turn = rotation.rotation(choice.spec.latent_dim, dims, angle)
    mu, _ = choice.posterior(digit)
    turned = turn @ mu
    traversals = [latent.traverse(turned, dim, np.linspace(-3, 3, PICTURES)) for dim in dims]
    # The decoder turns every code back, and decodes the one as trained beside them.
    z = np.concatenate([*traversals, turned[None]]) @ turn
    x = computed.decoded(choice.spec, np.concatenate([z, mu[None]]), choice.label(digit))
    for dim, pictures in zip(dims, np.split(x[:-2], len(dims)), strict=True):
        alt = f"Turned z{dim + 1} from -3 to 3, the axes turned by {angle} degrees"
        sheet(pictures, columns=PICTURES, scale=2, alt=alt)
        st.caption(f"z{dim + 1} of the turned model from −3 to 3, all else as for {choice.name(digit)}.")
    if with_cost:
        _cost(choice, dims, angle, change=float(np.abs(x[-1] - x[-2]).max()))


def _cost(choice: Choice, dims: tuple[int, int], angle: int, change: float) -> None:
    """The ELBO before and after the turn, by how much a pixel changes, and what an encoder without correlations loses."""
    kl, gap, elbos = computed.turned_elbos(choice.spec, dims, DEGREES)
    at = DEGREES.index(angle)
    lines = [
        ("mean KL of the gallery, nats", f"{kl[0]:.4f}", f"{kl[at]:.4f}"),
        ("largest change of a pixel of x̂", "0", f"{change:.1g}"),
    ]
    if elbos is not None:
        nelbo = -elbos.mean(axis=2)
        lines[1:1] = [
            (f"nELBO of {elbos.shape[2]} pictures, nats", f"{nelbo[0, 0]:.3f}", f"{nelbo[0, at]:.3f}"),
            ("the same, without correlations", f"{nelbo[1, 0]:.3f}", f"{nelbo[1, at]:.3f}"),
        ]
    numbers, curve = st.columns(2, gap="large")
    numbers.markdown(
        f"| | as trained | turned by {angle}° |\n|---|---|---|\n"
        + "\n".join(f"| {' | '.join(line)} |" for line in lines)
    )
    if choice.spec.metrics:
        numbers.caption(f"Usual: on test pictures {choice.spec.id} reaches {terms(choice.spec)}.")
    if elbos is None:
        numbers.caption("The reconstruction term needs the gallery's pictures, which are not on this machine.")
    with curve:
        chart(
            turn_cost,
            DEGREES,
            gap,
            None if elbos is None else elbos[0] - elbos[1],
            angle,
            alt=f"What an encoder without correlations costs, by angle: 0 at 0 and 90 degrees, up to {gap.max():.3f} nats between them",
        )
