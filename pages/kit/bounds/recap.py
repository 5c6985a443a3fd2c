"""The bounds of one picture in their order, beside the mean of many pictures."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.kit.bounds.subject import PICTURES, SIZES, Subject
from pages.kit.charts.bounds import ladder
from pages.kit.show import chart, printed
from pages.kit.turns import fragment

CHAIN = {1: "ELBO, K = 1", 10: "K = 10", 100: "K = 100", 1000: "K = 1000"}


@fragment
def recap(subject: Subject, gallery: dict[str, np.ndarray] | None) -> None:
    """A ladder from the ELBO up to log p(x), and the same numbers as a table, beside those of the `gallery` if given."""
    gap = subject.gap
    places = [SIZES.index(k) for k in CHAIN]
    values = dict(zip(CHAIN.values(), subject.table["bound"][places].tolist(), strict=True))
    if gap:
        values[subject.log_p_x] = gap.log_evidence
    columns = {subject.name: [printed(value, 2) for value in values.values()]}
    left, right = st.columns([3, 2], gap="large")
    with left:
        said = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
        chart(ladder, values, exact=gap is not None, alt=f"In nats: {said}")
    with right:
        if gallery is not None:
            columns[f"mean of {PICTURES}"] = [printed(mean, 2) for mean in gallery["bound"][places]] + [""] * (
                len(values) - len(CHAIN)
            )
        st.table(pd.DataFrame(columns, index=list(values)))
        st.caption(
            "Nats. For log p(x), higher is better; papers often report K = 5,000 as their log-likelihood."
            + (
                " The bounds are means of samples: where K = 1000 is tight, chance may lift it a hundredth too high."
                if gap
                else f" {subject.log_p_x} lies above the last row; nobody knows how far."
            )
        )


def warn_of_missed_places(subject: Subject) -> None:
    """Say so where log p(x) is known and even the largest K stays clearly below it."""
    if subject.gap is None:
        return
    missing = subject.gap.log_evidence - subject.table["bound"][-1]
    if missing > 0.5:
        st.info(
            f"Even at K = 1000 the bound is {missing:.2f} nats below log p(x): samples of this q hardly ever reach the place"
            " where the picture's codes are. Few effective samples are a warning; many are no proof, because only the"
            " weights that were drawn are compared.",
            icon=":material/warning:",
        )
