"""Drawing pixels from p(x|z): what a sample of the model's own noise looks like, not only its mean."""

import torch
from torch import Tensor

from vae_core.objective import pixel_mean


def sample(logits: Tensor, uniform: Tensor, likelihood: str, pixel_sigma: Tensor | float | None = None) -> Tensor:
    """A draw of every pixel from p(x|z), by the inverse of its cumulative distribution: one noise serves every likelihood.

    - "bernoulli": 1 where the noise lies below sigmoid(logit), else 0.
    - "continuous_bernoulli": log(1 + u (exp(l) - 1)) / l at logit l, and u itself at l = 0.
      Source: Loaiza-Ganem and Cunningham (2019), the inverse of its cumulative distribution.
    - "gaussian": the mean plus pixel_sigma times a normal number; may lie outside [0, 1].

    Parameters
    ----------
    logits, uniform : one shape; the noise is uniform on (0, 1)

    Raises
    ------
    ValueError
        If the two shapes differ, or the likelihood is unknown.
    """
    if logits.shape != uniform.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and uniform {tuple(uniform.shape)} must have one shape")
    if likelihood == "bernoulli":
        return (uniform < torch.sigmoid(logits)).to(logits.dtype)
    if likelihood == "continuous_bernoulli":
        near = logits.abs() < 1e-3
        safe = torch.where(near, 1.0, logits)
        # log(1 - u + u exp(l)) without overflow
        inverse = torch.logaddexp(torch.log1p(-uniform), uniform.log() + safe) / safe
        return torch.where(near, uniform, inverse).clamp(0, 1)
    if likelihood == "gaussian":
        return pixel_mean(logits, likelihood) + pixel_sigma * torch.special.ndtri(uniform)
    raise ValueError(f"likelihood is {likelihood!r}; choose bernoulli, continuous_bernoulli or gaussian")
