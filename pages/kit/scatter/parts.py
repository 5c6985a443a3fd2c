"""What the latent scatter shows beside its map: colours, a difference, neighbours, the box and the table of its dots."""

import io

import numpy as np
import pandas as pd
import streamlit as st

from pages.kit import computed
from pages.kit.components.scatter import Colours, Ellipse, coloured_by
from pages.kit.controls import one_of, row
from pages.kit.picker import Choice
from pages.kit.scatter.maps import Placed
from pages.kit.served import served
from pages.kit.show import image, sheet
from vae_core import inference, latent, neighbours
from vae_core.images import png, signed
from vae_core.projection import LinearMap

NEAR = 8  # neighbours shown
CORNERS = ("scatter_left", "scatter_bottom", "scatter_right", "scatter_top")


def chosen_colours(choice: Choice, count: int) -> tuple[str, Colours | None]:
    """What the colour of the map's `count` dots means; the colours are None for the classes."""
    names = ["class", "KL", "log-likelihood", "agreement"]
    if not choice.spec.variational:
        names.remove("KL")
    kl_is = "KL: what the picture's code costs. " if choice.spec.variational else ""
    explains = "one sample of its code explains" if choice.spec.variational else "its code explains"
    name = one_of(
        "Colour",
        names,
        key="scatter_colour",
        help=f"{kl_is}Log-likelihood: how well {explains} its pixels."
        " Agreement: how many of its ten nearest codes, in all latent dimensions, have its class.",
    )
    codes = choice.codes
    if name == "KL":
        kl = inference.kl_per_dim(codes.mu[:count], codes.logvar[:count]).sum(axis=1)
        return name, coloured_by(kl, "KL(q(z|x) ‖ p(z)), nats:", digits=1)
    if name == "log-likelihood":
        return name, coloured_by(codes.log_likelihood[:count], "log p(x|z), nats:")
    if name == "agreement":
        shares = computed.agreement(choice.spec)[:count]
        return name, coloured_by(shares, "Share of the 10 nearest codes with its class:", limits=(0, 1), digits=1)
    return name, None


def ellipse_of(linear: LinearMap, mu: np.ndarray, logvar: np.ndarray) -> Ellipse:
    """The posterior N(mu, diag exp(logvar)), (latent,) each, as it lies on a linear map."""
    x, y = linear.project(mu[None])[0]
    return Ellipse((float(x), float(y)), *latent.ellipse(linear.covariance(np.exp(logvar))))


def atlas_of(choice: Choice) -> dict | None:
    """The gallery's pictures in one file that the browser fetches once; None while they are not on this machine."""
    if choice.images is None:
        return None
    return {"url": served(computed.atlas(choice.spec.dataset), "scatter_atlas"), "columns": computed.ATLAS_COLUMNS}


def difference(x_hat: np.ndarray, x: np.ndarray, alt: str) -> None:
    """Show x_hat - x, (28, 28) each, with its scale, which is the same for every picture."""
    with st.container(width=140):
        image(png(signed(x_hat - x, 5)), "image/png", alt=alt)
    with st.container(width=140):
        st.caption("**x̂ − x**: orange where ink is missing, purple where it is added; from −1 over 0 to 1:")
        scale = png(signed(np.linspace(-1, 1, 140)[None].repeat(10, axis=0)))
        image(scale, "image/png", alt="Scale of the difference: orange is minus 1, white is 0, purple is plus 1")


def neighbour_sheet(choice: Choice, index: int, *, pixels: bool) -> None:
    """The gallery's nearest to a picture, by its pixels or by its code in all latent dimensions, with their classes."""
    if pixels:
        among, point = choice.images.x.reshape(len(choice.images.x), -1), choice.x(index).reshape(-1)
    else:
        among, point = choice.codes.mu, choice.posterior(index)[0]
    if index < len(among):
        found = neighbours.others(index, among, min(NEAR, len(among) - 1))
    else:
        found = neighbours.nearest(point[None], among, min(NEAR, len(among)))[0]
    names = [choice.classes[label] for label in choice.codes.y[found]]
    labels = choice.codes.y[found] if choice.spec.conditional else None
    shown = inference.decode(choice.model, choice.codes.mu[found], labels) if choice.images is None else None
    x = shown if shown is not None else choice.images.x[found]
    space = "pixel space" if pixels else "latent space"
    same = int((choice.codes.y[found] == choice.label(index)).sum())
    sheet(
        x,
        columns=4,
        alt=f"Nearest in {space}: {', '.join(f'{name} (number {i})' for name, i in zip(names, found, strict=True))}",
        caption=f"**Nearest in {space}**: {', '.join(names)}; {same} of {len(found)} have its class."
        + (f" Decoded from their {'μ' if choice.spec.variational else 'codes'}." if shown is not None else ""),
    )


def log_likelihood_of(choice: Choice, index: int) -> float | None:
    """log p(x|z) at one posterior sample, in nats: the shipped one, or computed now for the reader's own digit."""
    if index < len(choice.codes.y):
        return float(choice.codes.log_likelihood[index])
    epsilon = latent.noise(1, choice.spec.latent_dim, seed=0)
    terms = inference.elbo_terms(choice.model, choice.x(index)[None], epsilon, choice.labels(index))
    return float(terms.log_likelihood[0])


def set_box(corners: list[float] | None) -> None:
    """Keep the box that was drawn, or forget it."""
    values = [None] * 4 if corners is None else [round(v, 4) for v in corners]
    left, bottom, right, top = (
        values if corners is None else [*np.minimum(values[:2], values[2:]), *np.maximum(values[:2], values[2:])]
    )
    for name, value in zip(CORNERS, (left, bottom, right, top), strict=True):
        st.session_state[name] = None if value is None else float(value)


def kept_box(map_id: str) -> list[float] | None:
    """The box on this map: left, bottom, right, top, or None. A box belongs to one map and goes with it."""
    if st.session_state.get("scatter_box_map") != map_id:
        st.session_state["scatter_box_map"] = map_id
        set_box(None)
    corners = [st.session_state.get(name) for name in CORNERS]
    return None if None in corners else corners


def box_in_numbers() -> None:
    """The box by keyboard: its sides in the map's coordinates."""
    with st.expander("The box in numbers", icon=":material/keyboard:"), row():
        for name, title in zip(CORNERS, ("Left", "Bottom", "Right", "Top"), strict=True):
            st.number_input(title, value=None, step=0.1, format="%.2f", key=name, width=120)


def table_of(placed: Placed, count_own: int, header: str) -> bytes:
    """The map as CSV: a comment line, then index, label, x, y, KL and log-likelihood of each picture on it, in nats."""
    choice, codes, count = placed.choice, placed.choice.codes, len(placed.dots)
    own = [len(codes.y) + i for i in range(count_own)]
    index = [*range(count), *own]
    posteriors = [choice.posterior(i) for i in own]
    rows = pd.DataFrame(
        {
            "index": index,
            "label": [choice.classes[choice.label(i)] for i in index],
            "x": [*placed.dots[:, 0], *(placed.at(i)[0] for i in own)],
            "y": [*placed.dots[:, 1], *(placed.at(i)[1] for i in own)],
            "log_likelihood_nats": [*codes.log_likelihood[:count], *(log_likelihood_of(choice, i) for i in own)],
        }
    )
    if choice.spec.variational:
        mu, logvar = (
            np.stack([*shipped[:count], *(p[k] for p in posteriors)])
            for k, shipped in enumerate((codes.mu, codes.logvar))
        )
        rows["kl_nats"] = inference.kl_per_dim(mu, logvar).sum(axis=1)
    out = io.StringIO()
    out.write(f"# {header}\n")
    rows.to_csv(out, index=False, float_format="%.5g")
    return out.getvalue().encode()
