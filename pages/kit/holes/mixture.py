"""Samples of the prior, of a mixture fitted to the codes, and codes of real pictures, side by side and scored."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.kit import computed
from pages.kit.charts.holes import mixture_scores
from pages.kit.controls import chosen_seed, one_of
from pages.kit.picker import Choice
from pages.kit.show import chart, download, printed, sheet
from pages.kit.turns import fragment
from vae_core import density, inference, latent

SAMPLES, SHOWN = 500, 30
SIZES = (1, 5, 10, 20, 50)  # components; as many as have 20 codes each to be fitted to


@fragment
def mixture(choice: Choice) -> None:
    """The reader chooses the mixture's size and the seed; three sheets and their scores follow."""
    spec = choice.spec
    sizes = [k for k in SIZES if 20 * k <= len(choice.codes.y) // 2]
    found = {k: computed.mixture(spec, k) for k in sizes}  # who goes on meanwhile waits for one of them, not for all
    mixes, scores = ({k: pair[i] for k, pair in found.items()} for i in (0, 1))
    prior_score = computed.prior_score(spec)
    controls, curve = st.columns([2, 3], gap="large")
    with controls:
        best = max(scores, key=scores.get)
        components = one_of("Components K", mixes, key="holes_components", default=best)
        seed = chosen_seed("Seed", key="holes_seed", width="stretch")
        gain = scores[components] - prior_score
        st.caption(
            f"At held-out codes the mixture is {abs(gain):.2f} nats a picture {'denser' if gain > 0 else 'thinner'} than"
            f" the prior ({printed(scores[components], 2)} against {printed(prior_score, 2)}). Best here: K = {best}. Too many"
            " components fit the half they have seen, and not the other."
        )
    with curve:
        chart(
            mixture_scores,
            scores,
            prior_score,
            components,
            alt=f"Held-out log-density by number of components; {scores[components]:.2f} nats at {components}, prior"
            f" {prior_score:.2f}",
        )
    epsilon = latent.sample_prior(SAMPLES, spec.latent_dim, seed)
    codes, _, _ = computed.cloud_samples(spec)
    real = np.random.default_rng(seed).permutation(len(codes))[:SAMPLES]
    drawn = {
        "N(0, I)": (epsilon, None),
        f"mixture, K = {components}": (density.sample_mixture(mixes[components], epsilon, seed), None),
        "codes of real pictures": (codes[real], real),
    }
    rows = []
    for side, (name, (z, own)) in zip(st.columns(3, gap="medium"), drawn.items(), strict=True):
        with side:
            rows.append(_shown_and_scored(choice, name, z, own, seed))
    table = pd.DataFrame(rows)
    st.table(table.set_index("samples of"), border="horizontal")  # its letters grow in Presentation
    file_name = f"{spec.id}-holes-K{components}-seed{seed}.csv"
    download("Scores as CSV", lambda: table.to_csv(index=False).encode(), file_name, "text/csv", "holes_csv")


def _shown_and_scored(choice: Choice, name: str, z: np.ndarray, own: np.ndarray | None, seed: int) -> dict[str, str]:
    """Show samples z (n, latent) decoded and return a row of the table; `own` (n,) are the pictures they are codes of."""
    spec, y = choice.spec, choice.codes.y
    z_shown, own_shown = z[:SHOWN], None if own is None else own[:SHOWN]
    labels = None
    if spec.conditional:
        labels = np.arange(len(z_shown)) % len(choice.classes) if own is None else y[own_shown]
    x = inference.decode(choice.model, z_shown, labels)
    st.markdown(f"**{name}**")
    sheet(
        x,
        columns=5,
        scale=2,
        alt=f"{SHOWN} pictures decoded from {name}, seed {seed}",
        about={"model": spec.id, "seed": seed, "density": name},
    )
    scores = computed.sample_scores(spec, z, own)
    line = {
        "samples of": name,
        "mean log q(z), nats": printed(scores.log_density),
        "8 of 10 nearest codes of one class": f"{scores.agreeing:.0%}",
        "different nearest codes": f"{scores.distinct:.0%}",
    }
    if choice.images is not None:
        distance = computed.picture_distance(spec.dataset, x, own_shown).mean()
        line["distance to the nearest picture, grey values"] = f"{distance:.3f}"
    return line
