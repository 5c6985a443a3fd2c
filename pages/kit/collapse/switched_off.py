"""Latent dimensions switched off by hand: what each costs, what it is worth, and the pictures without it."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.kit import computed
from pages.kit.charts.collapse import PICK, by_dimension
from pages.kit.concepts import KL, RECONSTRUCTION
from pages.kit.controls import one_of, row
from pages.kit.picker import Choice, chosen_digit
from pages.kit.show import chart, sheet
from pages.kit.turns import fragment
from vae_core import collapse, inference, latent

KEY = "collapse_off"


@dataclass(frozen=True)
class Dimensions:
    """The latent dimensions of a model: names, mean KL over the gallery in nats, and which are active; (latent,) each.

    `most_used_first` are their numbers in that order.
    """

    names: list[str]
    kl: np.ndarray
    active: np.ndarray
    most_used_first: np.ndarray

    @property
    def collapsed(self) -> list[str]:
        return [name for name, used in zip(self.names, self.active, strict=True) if not used]


def dimensions_of(choice: Choice) -> Dimensions:
    """Measured on the codes of the gallery."""
    usage = computed.usage(choice.spec)
    names = [f"z{j + 1}" for j in range(choice.spec.latent_dim)]
    return Dimensions(names, usage.kl, usage.active, choice.most_used_first())


def switched_off(choice: Choice, dimensions: Dimensions, with_worth: bool) -> None:
    """The whole section, `with_worth` of each dimension.

    A choice of dimensions belongs to its model; a link may name some that this one does not have.
    """
    names = dimensions.names
    if st.session_state.setdefault("collapse_model", choice.spec.id) != choice.spec.id:
        st.session_state["collapse_model"] = choice.spec.id
        st.session_state[KEY] = [names[dimensions.most_used_first[0]]]
    elif unknown := [name[:20] for name in st.query_params.get_all(KEY) if name not in names]:
        st.warning(f"The link asks for {KEY} “{', '.join(unknown)[:40]}”; this model has z1 to {names[-1]}.")
    _by_hand(choice, dimensions, with_worth)


@fragment
def _by_hand(choice: Choice, dimensions: Dimensions, with_worth: bool) -> None:
    off = _chosen_and_charted(choice, dimensions, with_worth)
    with row():
        digit = chosen_digit(choice)
    dims = [dimensions.names.index(name) for name in off]
    said = ", ".join(off) if off else "no dimension"
    z = _pictures(choice, digit, dims, said)
    if choice.images is not None:
        _figures(choice, digit, z, dims, said, dimensions)


def _chosen_and_charted(choice: Choice, dimensions: Dimensions, with_worth: bool) -> list[str]:
    """The controls and the two charts; returns the names of the dimensions that are off."""
    names, collapsed = dimensions.names, dimensions.collapsed
    with row():
        order_by = one_of("Order", ["most used first", "as numbered"], key="collapse_order")
        if collapsed:
            st.button("Off: all collapsed", on_click=_switch_off, args=(collapsed,), key="collapse_dead")
        st.button("Off: all", on_click=_switch_off, args=(names,), key="collapse_all")
        st.button("All on again", on_click=_switch_off, args=([],), key="collapse_none")
    order = dimensions.most_used_first if order_by == "most used first" else np.arange(len(names))
    ordered = [names[j] for j in order]
    off = st.pills(
        "Switched off (several at once if you like)",
        ordered,
        selection_mode="multi",
        default=[names[dimensions.most_used_first[0]]],
        key=KEY,
        bind="query-params",
    )
    costs, worth = st.columns(2, gap="large")
    shown_as = {"names": ordered, "active": dimensions.active[order], "off": off}
    with costs:
        _bars(
            "costs",
            f"KL of each of {len(names)} latent dimensions; {int(dimensions.active.sum())} are active",
            values=dimensions.kl[order],
            title="KL, nats",
            colour=KL.colour,
            **shown_as,
        )
    with worth:
        if choice.images is None:
            st.caption("What a dimension is worth needs the original pictures, which are not on this machine.")
        elif with_worth:
            _bars(
                "worth",
                "Nats of reconstruction lost without each latent dimension",
                values=computed.cost_by_dim(choice.spec)[order],
                title="lost without it, nats",
                colour=RECONSTRUCTION.colour,
                **shown_as,
            )
    return off


def _switch_off(names: list[str]) -> None:
    """What the buttons do: switch these off and no others."""
    st.session_state[KEY] = names


def _bars(name: str, alt: str, **drawn) -> None:
    """Bars whose click switches a dimension off or on again; each click makes a new chart, with nothing selected."""
    clicks = st.session_state.setdefault("collapse_clicks", 0)
    chart_key = f"collapse_{name}_{clicks}"

    def clicked():
        for point in st.session_state[chart_key].selection.get(PICK, []):
            off, dim = st.session_state[KEY], point["dimension"]
            _switch_off([one for one in off if one != dim] if dim in off else [*off, dim])
            st.session_state["collapse_clicks"] = clicks + 1

    selection = {"key": chart_key, "on_select": clicked, "selection_mode": PICK}
    chart(by_dimension, **drawn, alt=alt, selection=selection)


def _pictures(choice: Choice, digit: int, dims: list[int], said: str) -> np.ndarray:
    """The chosen picture and one of each class, with and without the dimensions; returns the chosen one's z, (1, latent)."""
    codes, spec = choice.codes, choice.spec
    shown = [digit, *(int(np.flatnonzero(codes.y == label)[0]) for label in range(len(choice.classes)))]
    posteriors = [choice.posterior(i) for i in shown]
    mu, logvar = (np.stack(part) for part in zip(*posteriors, strict=True))
    z = latent.reparameterize(mu, logvar, latent.noise(len(shown), spec.latent_dim, seed=0))
    labels = np.array([choice.label(i) for i in shown]) if spec.conditional else None
    blocks = [inference.decode(choice.model, codes_of, labels) for codes_of in (z, collapse.switch_off(z, dims))]
    originals = ""
    if choice.images is not None:
        blocks.insert(0, np.stack([choice.x(i) for i in shown]))
        originals = "originals, "
    half = -(-len(shown) // 2)
    for place, part in zip(st.columns(2), (slice(0, half), slice(half, None)), strict=True):  # a phone shows each whole
        with place:
            sheet(
                np.concatenate([block[part] for block in blocks]),
                columns=len(shown[part]),
                scale=2,
                alt=f"Rows: {originals}decoded with every dimension, decoded with {said} switched off",
            )
    st.caption(
        f"Rows: {originals}decoded from a posterior sample, and from the same sample with **{said}** at 0. First column:"
        f" {choice.name(digit)}, your choice; then one picture of each class."
    )
    return z[:1]


def _figures(choice: Choice, digit: int, z: np.ndarray, dims: list[int], said: str, dimensions: Dimensions) -> None:
    """What is lost without the dimensions, on average and by the chosen picture with its z, and the KL that is saved."""
    x, samples, y = computed.posterior_samples(choice.spec, choice.images)
    whole = -inference.log_likelihood(choice.model, x, samples, y)
    cost = collapse.cost_of_switching_off(choice.model, x, samples, dims, y)
    of_digit = collapse.cost_of_switching_off(choice.model, choice.x(digit)[None], z, dims, choice.labels(digit))[0]
    with row():
        st.metric("Reconstruction lost, nats", f"{cost.mean():.2f}", border=True, width="content")
        st.metric("KL no longer paid, nats", f"{dimensions.kl[dims].sum():.2f}", border=True, width="content")
        st.metric("Lost by the chosen picture, nats", f"{of_digit:.2f}", border=True, width="content")
    st.caption(_usual(choice, dimensions))
    st.caption(
        f"Mean over {len(x)} pictures of the gallery ± {cost.std() / np.sqrt(len(x)):.2f} (standard error): reconstruction"
        f" {whole.mean():.1f} nats with every dimension, {(whole + cost).mean():.1f} without {said}. The decoder was trained"
        " with all of them; one trained without would lose less."
    )


def _usual(choice: Choice, dimensions: Dimensions) -> str:
    """What one dimension that is used costs and is worth in this model, and all of them together."""
    used = dimensions.active
    lost, saved = computed.cost_by_dim(choice.spec)[used], dimensions.kl[used]
    return (
        f"Usual in {choice.spec.id}: an active dimension, switched off alone, loses {lost.min():.1f} to {lost.max():.1f} nats"
        f" and saves {saved.min():.1f} to {saved.max():.1f}; all {len(used)} together save {dimensions.kl.sum():.1f}."
    )
