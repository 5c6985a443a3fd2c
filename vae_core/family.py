"""Models that differ in one thing only: what may be laid along an axis and compared."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from vae_core.manifest import ModelSpec

FEWEST = 3  # members that make a family: two points are no curve


def beta_family(models: Iterable[ModelSpec], like: ModelSpec) -> list[ModelSpec]:
    """Models of one data set and one architecture with `like`, latent size included, that differ in beta; ascending.

    Only measured ones with a posterior belong to it. Of several with one beta the first is taken. Empty if there are
    fewer than three.
    """
    alike = (m for m in models if (m.dataset, m.architecture) == (like.dataset, like.architecture))
    return _family(alike, lambda spec: spec.beta)


def latent_sizes(models: Iterable[ModelSpec], like: ModelSpec) -> list[ModelSpec]:
    """Models of one data set, beta and kind of network with `like`, that differ in the size of the latent; ascending.

    The inner widths of the networks may differ, so that all have about as many parameters. Otherwise as `beta_family`.
    """

    def kind(spec: ModelSpec):
        return spec.dataset, spec.beta, replace(spec.architecture, latent_dim=1, width=1, hidden=1)

    return _family((m for m in models if kind(m) == kind(like)), lambda spec: spec.latent_dim)


def nearest_family(models: Iterable[ModelSpec], spec: ModelSpec, find=beta_family) -> list[ModelSpec]:
    """The family that a model belongs to, or else the first of its data set, or of any; `find` says which kind.

    Empty if there is none.
    """
    models = list(models)
    likes = [spec, *sorted(models, key=lambda other: other.dataset != spec.dataset)]
    return next((family for like in likes if (family := find(models, like))), [])


def exchange_rates(rate: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """Nats of distortion that each nat of rate buys between neighbours on the curve: (n,) twice -> (n - 1,).

    Between two models that each minimise distortion + beta rate, with beta_1 < beta_2, it lies between beta_1 and
    beta_2: neither would be better off in the other's place. The slope of the whole curve is -beta.
    Source: Alemi et al. (2018), "Fixing a Broken ELBO", section 2.

    Raises
    ------
    ValueError
        If two neighbours have one rate.
    """
    steps = np.diff(rate)
    if not steps.all():
        raise ValueError("two neighbours have the same rate; their exchange rate is not defined")
    return -np.diff(distortion) / steps


def aligned_planes(codes: list[np.ndarray]) -> list[np.ndarray]:
    """The plane of the two largest principal components of each set of codes (n, latent), turned to match its neighbour.

    Each plane is turned and mirrored within itself, which changes no distance, so that its dots lie as near as may be to
    those of the plane before it; the rows of all sets are the same pictures. Codes are projected as they are, not
    centred: the prior's mean stays at (0, 0) and the prior N(0, I) in the plane.

    Returns
    -------
    Orthonormal rows (2, latent) for each set; project with `codes @ plane.T`.

    Source of the turn: Schönemann (1966), the orthogonal Procrustes problem.
    """
    planes: list[np.ndarray] = []
    before = None
    for mu in codes:
        _, _, rows = np.linalg.svd(mu - mu.mean(axis=0), full_matrices=False)
        plane = rows[:2]
        if before is not None:
            u, _, v = np.linalg.svd(plane @ mu.T @ before)
            plane = (u @ v).T @ plane
        planes.append(plane)
        before = mu @ plane.T
    return planes


def _family(candidates: Iterable[ModelSpec], by) -> list[ModelSpec]:
    members: dict[float, ModelSpec] = {}
    for spec in candidates:
        if spec.variational and "kl_nats" in spec.metrics:
            members.setdefault(by(spec), spec)
    return [members[key] for key in sorted(members)] if len(members) >= FEWEST else []
