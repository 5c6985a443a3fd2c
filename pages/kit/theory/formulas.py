"""Formulas that several steps show, for LaTeX, each concept in its colour; q is q(z|x)."""

from pages.kit import concepts
from pages.kit.concepts import KL, MU, RECONSTRUCTION, SIGMA, tex

EXPECTED = tex(RECONSTRUCTION, r"\mathbb{E}_{q}[\log p(x \mid z)]")
LOG_P_X_GIVEN_Z = tex(RECONSTRUCTION, r"\log p(x \mid z)")
DIVERGENCE = tex(KL, r"\mathrm{KL}(q\,\|\,p(z))")
ELBO = tex(concepts.ELBO)
GAP = tex(concepts.GAP)
CLOSED_KL = rf"\tfrac12 \sum_{{j=1}}^{{d}} \left({tex(MU)}_j^2 + {tex(SIGMA)}_j^2 - \log {tex(SIGMA)}_j^2 - 1\right)"
