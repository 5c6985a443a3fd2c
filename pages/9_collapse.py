"""Collapse: what each latent dimension says, what is lost without it, and why some say nothing."""

import streamlit as st

from pages.kit.nav import chapter

chapter(
    "Collapse",
    "Some dimensions of a code say nothing: their posterior has become the prior. Find them, switch dimensions off, and see"
    " what is lost. *Reading time: 7 minutes.*",
)

from pages.kit import computed
from pages.kit.charts.collapse import remedies
from pages.kit.collapse.families import families
from pages.kit.collapse.linear import linear
from pages.kit.collapse.switched_off import dimensions_of, switched_off
from pages.kit.picker import chosen_model, needs_posterior
from pages.kit.show import look_for, predict, source
from vae_core import collapse, inference, latent
from vae_core.family import beta_family, latent_sizes

choice = chosen_model()
needs_posterior(choice)
dimensions = dimensions_of(choice)
collapsed = ", ".join(dimensions.collapsed)

guessed = predict(
    "A dimension has a KL of zero: its posterior is the prior for every picture. You set it to 0 for all of them. What"
    " happens to the reconstructions?",
    ["nothing that can be seen", "all of them blur a little", "some become other digits"],
    "nothing that can be seen",
    "In training that dimension was pure noise, ε and nothing else, so the decoder has learned to ignore it. Try it below"
    + (f": {collapsed} of this model." if collapsed else ", with mnist-z20 or mnist-z10-b8 in the sidebar."),
    key="collapse_predict",
    then="the worth of each dimension appears below",
)

st.markdown("## Switch dimensions off")
st.markdown(
    "The first chart shows what each dimension **costs**: its KL, the mean over the gallery's"
    f" {len(choice.codes.y):,} pictures. The second shows what it is **worth**: the nats of reconstruction lost, on"
    f" average over the first {computed.COST_PICTURES}, when it alone is set to 0, the prior's mean. Click bars, or choose"
    " names, and they are set to 0 together."
)
switched_off(choice, dimensions, with_worth=guessed)
look_for(
    f"This model uses {int(dimensions.active.sum())} of its {choice.spec.latent_dim} dimensions"
    + (f"; {collapsed} collapsed." if collapsed else ".")
    + " A dimension is **active** if its posterior mean moves with the picture: A = Cov(E[z|x]) > 0.01 (Burda et al. 2016,"
    " section 5.2). A much used one is worth more than β times its KL: that is why it is kept. **Try:** the least used active"
    " dimension, then all collapsed ones at once, then all: every picture"
    + (" of a class" if choice.spec.conditional else "")
    + " becomes the same one, decoded from the prior's mean."
)
source(collapse.switch_off, collapse.cost_of_switching_off, latent.active_units, inference.kl_per_dim)

st.markdown("## When do dimensions collapse?")
families(choice.spec)
st.markdown(
    "Collapse is often no accident of training. A dimension costs β times its KL, whatever it says; if the likelihood it"
    " buys is less, the best the objective can do is to close it. Then q(z|x) = p(z), the KL is 0, and the decoder ignores"
    " it. In a **linear VAE** this can be solved exactly (Lucas et al. 2019; Tipping and Bishop 1999): its optimum is"
    " probabilistic PCA, and a dimension survives if and only if the data's variance in its direction exceeds the noise that"
    " the likelihood assumes, times β. The objective adds no bad optimum of its own: blame the noise, not the ELBO."
)
linear(choice)
st.markdown(
    "Deep models collapse for two more reasons. **Early in training** the codes are still noise, and the price is paid at"
    " once: the encoder lags behind what the decoder could use, and dimensions close that would have paid later (He et al."
    " 2019). And a **decoder that needs no code**, such as one that predicts each pixel or word from those before, explains"
    " the data alone (Bowman et al. 2016). The decoders here draw all pixels at once from z, so here the first cause, the"
    " price, is the one to be seen."
)
st.markdown("**Remedies**, and what the recipe of the chosen model does:")
st.table(remedies(choice.spec), border="horizontal")
st.caption(
    "A collapsed dimension is not a fault by itself: a model with more room than the data repays should leave some empty."
    " It is a fault where it loses likelihood. Settings are explained in `vae_core/build/config.py`. Sources: Burda et al."
    " (2016), arXiv 1509.00519; Lucas et al. (2019), arXiv 1911.02469; Tipping and Bishop (1999); He et al. (2019), arXiv"
    " 1901.05534; Bowman et al. (2016), arXiv 1511.06349; Kingma et al. (2016), arXiv 1606.04934; Higgins et al. (2017),"
    " *beta-VAE*; Fu et al. (2019), arXiv 1903.10145."
)
source(collapse.linear_kl, collapse.principal_variances, beta_family, latent_sizes)
