"""Part "Traversals": what each dimension does, the most informative first."""

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.controls import one_of, row
from pages.kit.picker import Choice, chosen_digit
from pages.kit.sampling.controls import about, chosen_label, of_label
from pages.kit.show import download, look_for, named_sheet, source
from pages.kit.turns import fragment
from vae_core import inference, latent

AROUND = ["prior mean", "posterior"]


def traversals(choice: Choice):
    """One row for each dimension."""
    dimensions(choice)
    ours = "Names such as slant or width are ours: the model never promised one meaning a dimension."
    if not choice.spec.variational:
        look_for(
            f"{ours} Nothing held these codes near 0, so −2.5 to 2.5 may be a small part of where they lie. **Try:** a VAE of"
            " as many dimensions, whose codes were asked to lie there."
        )
        source(latent.traversals)
        return
    look_for(
        f"The more nats a dimension carries, the more its row changes. {ours} **Try:** a posterior with q = 2: within ±2σ"
        " hardly anything changes, because σ is the noise that the decoder was trained to live with; then q = 10. Unused"
        " dimensions have σ near 1 and KL near 0. Unused here: the variance of **μ** over the gallery is at most 0.01 (Burda,"
        " Grosse and Salakhutdinov, 2016)."
    )
    source(latent.traversals, inference.kl_per_dim, latent.active_units)


@fragment
def dimensions(choice: Choice):
    """What a control moves, and nothing else."""
    spec, latent_dim = choice.spec, choice.spec.latent_dim
    usage = computed.usage(spec)
    rows = choice.most_used_first()
    around, of_picture = AROUND[0], {}
    controls, result = st.columns([1, 2], gap="large")
    with controls:
        if spec.variational:
            around = one_of("Around", AROUND, key="sampling_around")
        steps = st.slider("Pictures in a row", 5, 15, 9, 2, key="sampling_steps", bind="query-params")
        if around == "posterior":
            q = st.slider("q, in σ of the picture", 0.5, 10.0, 2.0, 0.5, key="sampling_q", bind="query-params")
            with row():
                digit = chosen_digit(choice)
            (origin, logvar), label = choice.posterior(digit), choice.label(digit)
            spread, reach = np.exp(0.5 * logvar), q
            where, start = f"from μ − {q:g}σ to μ + {q:g}σ of {choice.name(digit)}", f"digit{digit}-q{q:g}"
            if digit < len(choice.codes.y):
                of_picture = {"gallery number": digit}
        else:
            label = chosen_label(choice)
            origin, spread, reach = np.zeros(latent_dim), np.ones(latent_dim), 2.5
            where, start = "from −2.5 to 2.5 with the others at 0", "prior"
    names = [f"z{d + 1}" for d in rows]
    if spec.variational:
        names = [f"{name}: {usage.kl[d]:.2f} nats" for name, d in zip(names, rows, strict=True)]
    names = [name if usage.active[d] else f"{name}, unused" for name, d in zip(names, rows, strict=True)]
    z = latent.traversals(origin, spread, reach, steps, rows)
    with result:
        data = named_sheet(
            computed.decoded_sheet(spec, z, label, steps),
            rows=names,
            about=about(choice, label, rows="; ".join(names), each=where, **of_picture),
            alt=f"Each of {latent_dim} dimensions alone {where}, most used first{of_label(choice, label)}",
        )
    with controls:
        download(
            "Traversals as PNG",
            data,
            f"{spec.id}-traversals{f'-y{label}' if spec.conditional else ''}-{start}-{steps}.png",
            "image/png",
            "sampling_traversals_png",
        )
        unused = int((~usage.active).sum())
        st.caption(
            f"Each row moves one dimension {where}."
            + (" Beside it: its KL, on average over the gallery." if spec.variational else "")
            + (f" {unused} of {latent_dim} dimensions are unused: their rows hardly change." if unused else "")
        )
