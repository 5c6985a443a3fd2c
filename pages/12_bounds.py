"""Bounds: how far the ELBO lies below log p(x), whose fault that is, and what more samples buy."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Bounds",
    "The ELBO is a lower bound on log p(x). How much lower? More samples lift it, a q made for this one picture lifts it,"
    " and in a plane log p(x) itself can be computed. *Reading time: 8 minutes.*",
)

from pages.kit.bounds.more_samples import bound_in_symbols, more_samples
from pages.kit.bounds.recap import recap, warn_of_missed_places
from pages.kit.bounds.subject import chosen_subject, gallery_beside
from pages.kit.bounds.whose_fault import gap_in_symbols, only_in_a_plane, whose_fault
from pages.kit.concepts import ELBO, X, tex
from pages.kit.picker import chosen_model, needs_posterior
from pages.kit.show import look_for, printed, source
from vae_core import bounds, inference, objective

TRY = {
    "mnist-z2": "number 32, a 6 whose codes lie across the plane from where the encoder puts them, and number 427, with more"
    " than half of its probability at other peaks, which one Gaussian cannot reach as well",
    "fashion-z2": "number 4, where the ascent is caught before it reaches the peak, and number 12, whose two peaks one"
    " Gaussian cannot both cover",
}

choice = chosen_model()
needs_posterior(choice)
spec = choice.spec
subject = chosen_subject(choice)

st.markdown("## More samples, a higher bound")
bound_in_symbols(subject)
gallery = gallery_beside(subject)
more_samples(subject, gallery)
good_value = (
    f"A good value: over {spec.metrics['images']:,} test pictures, this model's ELBO is {printed(-spec.metrics['nelbo_nats'])}"
    " nats on average. "
    if "nelbo_nats" in spec.metrics
    else ""
)
look_for(
    f"{good_value}If q were the true posterior, all weights would equal p(x): the curve would be flat, and K = 1 enough. **Try:**"
    " *Fresh samples* at K = 1 and at K = 1000"
    + (
        "; and the same picture under mnist-z10 and mnist-z10-b0.1 (sidebar), the second one trained to care little for"
        " the KL."
        if spec.dataset == "mnist"
        else "; and a picture that is unlike its class."
    )
)
source(
    inference.log_weights,
    objective.log_importance_weights,
    bounds.importance_weighted_bounds,
    objective.importance_weighted_bound,
    bounds.effective_sample_sizes,
)

st.markdown("## Whose fault is the gap?")
gap_in_symbols(subject)
if subject.gap:
    whose_fault(subject)
    look_for(
        "Green is where this picture's codes really are: Bayes' rule on a grid, the sum over which is p(x). It may be a"
        " tilted ridge, have two peaks, or lie elsewhere: the encoder only guesses. *Optimise* climbs the ELBO by this"
        f" picture's own μ and σ while the decoder stays as it is. **Try:** {TRY.get(spec.id, 'several pictures')}."
    )
    source(bounds.plane_posterior, bounds.optimise_posterior, bounds.quadrature_noise, bounds.inference_gap)
else:
    only_in_a_plane(subject)

st.markdown("## Recap: one order for every picture")
of_k_samples = tex(ELBO, r"\mathcal{L}_K")
st.latex(rf"{tex(ELBO)} \;\le\; {of_k_samples} \;\le\; \log p({tex(X)})")
recap(subject, gallery)
warn_of_missed_places(subject)
