"""The linear VAE on the gallery's pictures: which of its dimensions survive which noise, solved exactly."""

import streamlit as st

from pages.kit import computed
from pages.kit.charts.collapse import linear_dimensions
from pages.kit.controls import refuse_unknown
from pages.kit.picker import Choice
from pages.kit.show import chart
from pages.kit.turns import fragment
from pages.kit.usual import alike
from vae_core import collapse
from vae_core.manifest import ModelSpec

LATENT_DIM = 40
NOISES = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0]


def linear(choice: Choice) -> None:
    if choice.images is None:
        st.caption("The linear case is solved on the pictures, which are not on this machine.")
    else:
        _by_noise(choice.spec)


@fragment
def _by_noise(spec: ModelSpec) -> None:
    variances = computed.principal_variances(spec.dataset, LATENT_DIM)
    controls, drawing = st.columns([1, 2], gap="large")
    with controls:
        refuse_unknown("collapse_noise", [str(v) for v in NOISES], f"It goes from {NOISES[0]} to {NOISES[-1]}.")
        noise = st.select_slider(
            "β·σ², the price of precision",
            NOISES,
            1.0,
            key="collapse_noise",
            bind="query-params",
            help="The variance that the likelihood gives each pixel, times β. Half a sum of squared errors means σ² = 1.",
        )
        nats = collapse.linear_kl(variances, noise)
        active = int((nats > 0).sum())
        st.metric(f"Active dimensions, of {LATENT_DIM}", active)
        st.metric("KL, nats", f"{nats.sum():.2f}")
        st.caption("A toy: a linear VAE with Gaussian pixels on the gallery's pictures, solved and not trained.")
        if models := alike(spec):
            deep = models[-1]  # of the most dimensions
            st.caption(
                f"Usual: {deep.id}, deep and trained, keeps {deep.metrics['active_units']} of {deep.latent_dim} dimensions"
                f" active and pays a KL of {deep.metrics['kl_nats']:.1f} nats."
            )
    with drawing:
        alt = f"Variance by principal direction; {active} of {LATENT_DIM} lie above the noise {noise:g}"
        chart(linear_dimensions, variances, noise, nats, alt=alt)
