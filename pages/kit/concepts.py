"""One colour and one symbol for each concept, the same in every formula, chart and caption.

The colours are mid-tones: at least 3:1 against the light and the dark page, so they need no second set.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Concept:
    """How a concept is written and coloured."""

    symbol: str  # plain text
    tex: str
    colour: str


X = Concept("x", "x", "#7f8890")
MU = Concept("μ", r"\mu", "#2b7fd4")
SIGMA = Concept("σ", r"\sigma", "#9a62d3")
EPSILON = Concept("ε", r"\varepsilon", "#b07d0c")
Z = Concept("z", "z", "#1e9468")
X_HAT = Concept("x̂", r"\hat{x}", "#d9662b")
RECONSTRUCTION = Concept("reconstruction", r"-\log p(x \mid z)", "#0f8fa8")
KL = Concept("KL", r"\mathrm{KL}", "#cf4a78")  # from the prior: of q(z|x), and of q(z), which is a part of it
ELBO = Concept("ELBO", r"\mathrm{ELBO}", "#71851a")  # its negative and its bounds with more samples, too
GAP = Concept("gap", r"\mathrm{KL}(q\,\|\,p(z \mid x))", "#a0654c")  # what the ELBO lacks of log p(x)


def tex(concept: Concept, formula: str | None = None) -> str:
    """A formula in the concept's colour, for LaTeX; the concept's own symbol by default."""
    return rf"\textcolor{{{concept.colour}}}{{{formula or concept.tex}}}"
