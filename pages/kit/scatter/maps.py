"""Which map the reader looks at: the latent plane, PCA, a shipped t-SNE or UMAP, or one made with the reader's settings."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from pages.kit import cache, computed
from pages.kit.controls import chosen_seed, one_of, refuse_unknown, row
from pages.kit.picker import Choice
from pages.kit.scatter.map_job import MapJob
from vae_core import latent
from vae_core.manifest import ArtifactError, LatentMap
from vae_core.projection import PLANE, LinearMap, Maps, place

METHODS = {"Plane": "plane", "PCA": "pca", "t-SNE": "tsne", "UMAP": "umap"}
NOTES = {
    "plane": "The latent plane itself: what you see is what the decoder gets.",
    "pca": "The two directions in which the gallery's codes vary most. Exact and linear: distances can only shrink, so dots that"
    " are close here may be far apart in the dimensions that you do not see.",
    "tsne": "t-SNE keeps neighbours together, and nothing else: sizes of clusters, gaps between them and the axes mean"
    " nothing, and it may tear one cloud into pieces.",
    "umap": "UMAP keeps neighbours together, and a little of the large picture. Distances between clusters mean little,"
    " empty space means nothing, and the axes have no unit.",
}
SETTING = {"tsne": "perplexity", "umap": "neighbours"}
TAKES = {
    "tsne": "It takes about half a minute.",
    "umap": "It takes about half a minute; the first one since the server has started compiles UMAP's code and takes up to two"
    " minutes.",
}
USUAL = {"tsne": 30, "umap": 15}
MOST = 2000  # codes of a map that is made while the reader waits


@dataclass(frozen=True)
class View:
    """A map of the gallery's first codes: where they lie, or by which formula any code does."""

    name: str
    method: str
    note: str
    settings: dict[str, float]
    xy: np.ndarray | None = None  # (n, 2); None where there is a formula
    linear: LinearMap | None = None
    titles: tuple[str, str] | None = None

    def axes(self, of: str) -> tuple[str, str] | None:
        """What stands on the axes where they mean something; `of` says what of z the dots are."""
        return self.titles and tuple(f"{of} {title}".strip() for title in self.titles)

    @property
    def id(self) -> str:
        """Tells this map from others, for file names."""
        own = [f"first{len(self.xy)}"] if self.xy is not None and len(self.xy) == MOST else []
        return "-".join([self.method, *(f"{name}{value}" for name, value in self.settings.items()), *own])


@dataclass(frozen=True)
class Placed:
    """Where every picture lies on a map: the gallery's dots, and the reader's own digits.

    With noise epsilon (pictures, latent) each picture's dot is its posterior sample z = mu + sigma epsilon, else mu;
    a map without a formula shows mu.
    """

    choice: Choice
    view: View
    epsilon: np.ndarray | None = None

    @cached_property
    def dots(self) -> np.ndarray:
        """The gallery's places on the map, (n, 2)."""
        if self.view.linear is None:
            return self.view.xy
        return self.view.linear.project(self._codes(self.choice.codes.mu, self.choice.codes.logvar, slice(None)))

    def at(self, index: int) -> tuple[float, float]:
        """A picture's place: by the map's formula where it has one, else its neighbours' (`projection.place`)."""
        if index < len(self.dots):
            x, y = self.dots[index]
        else:
            code = self._codes(*self.choice.posterior(index), index)[None]
            count = len(self.dots)
            linear = self.view.linear
            x, y = (linear.project(code) if linear else place(code, self.choice.codes.mu[:count], self.view.xy))[0]
        return float(x), float(y)

    def _codes(self, mu: np.ndarray, logvar: np.ndarray, rows) -> np.ndarray:
        if self.epsilon is None:
            return mu
        epsilon = self.epsilon[: len(mu)] if isinstance(rows, slice) else self.epsilon[rows]
        return latent.reparameterize(mu, logvar, epsilon)


def chosen_view(choice: Choice) -> View:
    """The map picker, its widgets side by side; stops the page where there is no map at all."""
    try:
        maps = cache.maps(choice.spec)
    except ArtifactError as error:
        st.error(str(error), icon=":material/error:")
        maps = Maps({}, *(np.empty(0) for _ in range(3)))
    entries = [entry for entry in choice.spec.maps if entry.key in maps.xy]
    drawn = {entry.method for entry in entries} | ({"plane"} if choice.spec.latent_dim == 2 else set())
    available = [name for name, method in METHODS.items() if method in drawn]
    if not available:
        st.stop()
    with row():
        name = one_of("Map", available, key="scatter_map")
        method = METHODS[name]
        variants = [entry for entry in entries if entry.method == method]
        own = method in SETTING and st.toggle(
            "My own settings",
            key="scatter_own",
            bind="query-params",
            help="Compute a map here, of the gallery's first 2,000 codes.",
        )
        view = _own_view(choice, name, method) if own else None
        if method == "plane":
            return View(name, method, NOTES[method], {}, linear=PLANE, titles=("z1", "z2"))
        if view is None:
            view = _shipped_view(name, _variant(variants, choose=not own), maps)
    return view


def _shipped_view(name: str, entry: LatentMap, maps: Maps) -> View:
    settings = ", ".join(f"{setting} {value}" for setting, value in entry.settings.items())
    note = (
        f"{NOTES[entry.method]} Trustworthiness {entry.trustworthiness:.3f} of 1 at ten neighbours"
        f"{f' ({settings})' if settings else ''}."
    )
    if entry.method == "pca":
        first, second = maps.pca_explained
        titles = (f"z, first component ({first:.0%} of the variance)", f"z, second component ({second:.0%})")
        return View(name, "pca", note, {}, linear=maps.pca, titles=titles)
    return View(name, entry.method, note, entry.settings, xy=maps.xy[entry.key])


def _variant(variants: list[LatentMap], choose: bool) -> LatentMap:
    """One of a method's maps; where there are several, by its setting and its seed. The usual one if not to `choose`."""
    if len(variants) < 2:
        return variants[0]
    setting = next(name for name in variants[0].settings if name != "seed")
    values = sorted({variant.settings[setting] for variant in variants})
    seeds = sorted({variant.settings["seed"] for variant in variants})
    value, seed = values[1], 0
    if choose:
        value = one_of(setting.capitalize(), values, key=f"scatter_{setting}", default=value)
        seed = one_of(
            "Seed",
            seeds,
            key="scatter_seed",
            default=seed,
            help="Chance of the method. t-SNE starts from the PCA plane with seed 0, from random places with the others.",
        )
    return next(v for v in variants if v.settings == {setting: value, "seed": seed})


def _own_view(choice: Choice, name: str, method: str) -> View | None:
    """A map with the reader's own settings, or None while it is not there: then how to get it is shown."""
    setting, count = SETTING[method], min(MOST, len(choice.codes.y))
    most = min(100, (count - 1) // 3)
    key = f"scatter_own_{setting}"
    refuse_unknown(key, range(2, most + 1), f"Choose 2 to {most}.")
    value = st.number_input(
        f"{setting.capitalize()}, 2 to {most}",
        2,
        most,
        min(USUAL[method], most),
        key=key,
        bind="query-params",
        width=160,
    )
    seed = chosen_seed("Seed", key="scatter_own_seed", width=120)
    job = computed.map_job(choice.spec, method, value, seed, count)
    if job.result is not None:
        xy, trustworthiness = job.result
        note = (
            f"{NOTES[method]} Trustworthiness {trustworthiness:.3f} of 1 at ten neighbours ({setting} {value}, seed"
            f" {seed}, the gallery's first {count:,} codes)."
        )
        return View(name, method, note, {setting: value, "seed": seed}, xy=xy)
    wanted = (choice.spec.id, method, value, seed)
    if st.session_state.get("scatter_wanted") == wanted:
        _waiting(job, name, count)
    else:
        st.button(
            "Compute this map",
            icon=":material/play_arrow:",
            key="scatter_compute",
            on_click=lambda: st.session_state.update(scatter_wanted=wanted),
            help=f"{TAKES[method]} Until then the usual map is shown.",
        )
    return None


@st.fragment(run_every=1.0)
def _waiting(job: MapJob, name: str, count: int) -> None:
    """The progress of a map, and a way to stop it; the page runs again when it is there."""
    failed = job.error
    state = "failed" if failed else job.ask()
    if state == "done":
        st.rerun()
    with st.container(width=260):
        if failed:
            st.error(f"The map could not be made ({failed[:200]}). Try another setting.", icon=":material/error:")
        elif state == "waiting":
            st.progress(0.0, "Another reader's map is being computed; yours begins when it is done.")
        elif job.share == 0:
            first = "; the first one compiles its code, for up to a minute" if name == "UMAP" else ""
            st.progress(0.0, f"Preparing {name} of {count:,} codes{first}.")
        else:
            st.progress(job.share, f"Computing {name} of {count:,} codes: {job.share:.0%}")
        if st.button("Stop" if not failed else "Back", icon=":material/stop:", key="scatter_stop"):
            job.error = ""
            job.stop()
            st.session_state.pop("scatter_wanted", None)
            st.rerun()
