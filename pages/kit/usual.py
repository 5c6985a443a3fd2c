"""What is usual: the figures that good models reach here, to read a number against; from the manifest, never typed in."""

from collections.abc import Iterable

from pages.kit import cache
from pages.kit.show import printed
from vae_core.manifest import ModelSpec


def alike(spec: ModelSpec) -> list[ModelSpec]:
    """Measured models whose nats compare with a model's: same pictures, pixels and use of labels, β = 1; by latent size.

    Those of a plain autoencoder compare with other plain autoencoders' alone.
    """

    def kind(other: ModelSpec):
        return other.dataset, other.likelihood, other.conditional, other.variational

    found = [
        other
        for other in cache.manifest().models.values()
        if kind(other) == kind(spec) and other.beta in (0, 1) and "reconstruction_nats" in other.metrics
    ]
    return sorted(found, key=lambda other: other.latent_dim)


def best(models: Iterable[ModelSpec]) -> ModelSpec:
    """The one with the lowest nELBO; of plain autoencoders, which have none, with the lowest reconstruction."""
    return min(models, key=_total)


def usual_terms(spec: ModelSpec) -> str:
    """What the best model of this size reaches on test pictures, and the best of other sizes; "" if none is measured."""
    models = alike(spec)
    of_size = [other for other in models if other.latent_dim == spec.latent_dim]
    if not of_size:
        return ""
    one = best(of_size)
    text = f"Usual on test pictures: the best model of {one.latent_dim} dimensions here, {one.id}, reaches {terms(one)}"
    sizes = models[0].latent_dim, models[-1].latent_dim
    if sizes[0] == sizes[1]:
        return f"{text}."
    least, most = (_total(best(other for other in models if other.latent_dim == size)) for size in sizes)
    return f"{text}; {sizes[0]} to {sizes[1]} dimensions reach {printed(least)} to {printed(most)}."


def terms(spec: ModelSpec) -> str:
    """A measured model's reconstruction + KL = nELBO on test pictures, in words and nats."""
    reconstruction = printed(spec.metrics["reconstruction_nats"])
    if not spec.variational:
        return f"reconstruction {reconstruction} nats"
    return (
        f"reconstruction {reconstruction} + KL {printed(spec.metrics['kl_nats'])} = nELBO {printed(_total(spec))} nats"
    )


def _total(spec: ModelSpec) -> float:
    return spec.metrics["nelbo_nats" if spec.variational else "reconstruction_nats"]
