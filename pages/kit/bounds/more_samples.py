"""More samples, a higher bound: the importance weighted bound against K, and how many of its weights count."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.kit.bounds.subject import PICTURES, SIZES, Subject
from pages.kit.charts.bounds import bound_by_k, ess_by_k
from pages.kit.concepts import ELBO, X, Z, tex
from pages.kit.controls import refuse_unknown
from pages.kit.show import chart, download, picture, printed
from pages.kit.turns import fragment


def bound_in_symbols(subject: Subject) -> None:
    """The picture, and the bound as a formula."""
    left, right = st.columns([1, 4], gap="large")
    with left:
        picture(subject.x, alt=f"The chosen picture: {subject.name}", scale=4, caption=subject.name)
    with right:
        weight = rf"\frac{{p({tex(X)} \mid {tex(Z)}_k)\,p({tex(Z)}_k)}}{{q({tex(Z)}_k \mid {tex(X)})}}"
        one, two, k_samples = (tex(ELBO, rf"\mathcal{{L}}_{k}") for k in "12K")
        st.latex(
            rf"\begin{{aligned}} {k_samples} = \mathbb{{E}}\Big[&\log \tfrac1K \sum_{{k=1}}^{{K}} {weight}\Big]"
            rf" \\ &{tex(Z)}_k \sim q({tex(Z)} \mid {tex(X)}) \end{{aligned}}"
        )
        st.latex(rf"{tex(ELBO)} = {one} \le {two} \le \dots \le \log p({tex(X)})")
        st.caption(
            "Each fraction is an importance weight w. The more of them are averaged before the logarithm, the less it loses."
            " Source: Burda, Grosse and Salakhutdinov (2016), equation 8 and theorem 1."
            + (
                " For this conditional model, every p and q is given the label, too."
                if subject.choice.spec.conditional
                else ""
            )
        )


@fragment
def more_samples(subject: Subject, gallery: dict[str, np.ndarray] | None) -> None:
    """The bound and its effective samples at the K that the reader chooses, and against K; `gallery` as for comparison."""
    refuse_unknown("bounds_k", [str(k) for k in SIZES], f"K is one of {', '.join(map(str, SIZES))}.")
    k = st.select_slider("K, samples in one bound", SIZES, 10, key="bounds_k", bind="query-params", width=420)
    table, at = subject.table, SIZES.index(k)
    bound, sd, ess = table["bound"], table["sd"], table["ess"]
    cards = [
        (f"Bound at K = {k}, nats", printed(bound[at], 2), f"{bound[at] - bound[0]:+.2f} on the ELBO"),
        ("Spread of one draw, nats", f"{sd[at]:.2f}", f"over {table['draws'][at]:,} draws"),
        (f"Effective samples of {k:,}", f"{ess[at]:.1f}", f"{ess[at] / k:.0%}"),
    ]
    for place, (name, value, note) in zip(st.columns(3), cards, strict=True):
        place.metric(name, value, note, delta_arrow="off", delta_color="off", border=True)
    if gallery is not None:
        other = {column: values[at] for column, values in gallery.items()}
        spread = "" if np.isnan(other["sd"]) else f", a draw spreads by {other['sd']:.2f} nats"
        st.caption(
            f"The first {PICTURES} pictures of the gallery at K = {k:,}, on average: bound {printed(other['bound'], 2)} nats{spread},"
            f" {other['ess']:.1f} effective samples of {k:,}."
        )
    bound_side, ess_side = st.columns(2, gap="large")
    with bound_side:
        st.markdown("**The bound** climbs and narrows")
        chart(
            bound_by_k,
            table,
            k,
            subject.gap and subject.gap.log_evidence,
            alt=f"The bound rises from {bound[0]:.2f} nats at K = 1 to {bound[-1]:.2f} at K = {SIZES[-1]};"
            f" its standard deviation goes from {sd[0]:.2f} to {sd[-1]:.2f}",
        )
        st.caption("Dots are means over independent draws, the band is one standard deviation of a draw to each side.")
    with ess_side:
        st.markdown("**Effective samples**: how many of the K weights count")
        chart(
            ess_by_k,
            table,
            k,
            alt=f"Effective sample size against K: {ess[-1]:.0f} of {SIZES[-1]} at the right end",
        )
        st.caption(
            "(Σw)² / Σw²: K if all weights are equal, 1 if one outweighs all others. Source: Kong (1992); Liu (2001)."
        )
    name = f"{subject.choice.spec.id}-bounds-picture{subject.digit}-seed{subject.seed}.csv"
    download("Bounds as CSV", lambda: pd.DataFrame(table).to_csv(index=False).encode(), name, "text/csv", "bounds_csv")
