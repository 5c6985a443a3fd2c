"""Models replayed in the browser: one clock for pictures, samples, dots and charts, no rerun a frame.

The clock counts epochs of a training, or values of beta. A track is one model's row of frames; two tracks on one clock
compare two models.
"""

import base64
import hashlib
import json
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.kit.components.dots import packed, packed_labels
from pages.kit.components.files import read
from vae_core.images import png, tile

COLUMNS = 5  # pictures in a row: enlarged to twice their size, a sheet still fits a phone

_PLAYER = st.components.v2.component(
    "vae_classroom.player",
    html=read("player.html"),
    css=read("dots.css", "player.css"),
    js=read("dots.js", "clock.js", "player.js"),
)


def encoded(x: np.ndarray, columns: int) -> str:
    """Pictures (n, 28, 28) as one PNG in base64, unscaled: the browser enlarges it by whole pixels."""
    return base64.b64encode(png(tile(x, columns, gap=1))).decode()


def paired(originals: np.ndarray | None, reconstructions: np.ndarray) -> np.ndarray:
    """Rows of originals, each above the row of its reconstructions; the latter alone where there are no originals."""
    if originals is None:
        return reconstructions
    rows = [
        part[start : start + COLUMNS]
        for start in range(0, len(originals), COLUMNS)
        for part in (originals, reconstructions)
    ]
    return np.concatenate(rows)


def nearest_before(clock: Sequence[float], own: Sequence[float]) -> list[int]:
    """For each time of the clock the place of the latest of one's own times that is not after it; the first if none is.

    Both ascending.
    """
    return [max(0, int(np.searchsorted(own, time, side="right")) - 1) for time in clock]


def track(
    *,
    times: Sequence[float],
    texts: Sequence[str],
    originals: np.ndarray | None,
    reconstructions: dict[float, np.ndarray],
    samples: dict[float, np.ndarray],
    dots: dict[float, np.ndarray],
    labels: np.ndarray,
    frame: dict,
    scatter_title: str,
    classes: tuple[str, ...],
    note: str,
    lead: Sequence[dict] = (),
    charts: Sequence[dict] = (),
    nameless: Sequence[float] = (),
    prior: bool = False,
    name: str = "",
) -> dict:
    """One model's frames, ready for the browser; give it to `replay_of`.

    Parameters
    ----------
    times, texts : the times that have a frame, ascending, and their words: "epoch 3"
    originals : (n, 28, 28), or None while their pixels are not here
    reconstructions, samples : (n, 28, 28) by time
    dots : (n, 2) by time
    labels, classes : (n,), and what the labels mean
    frame : the axes of the scatter at every time, see `scatter.frame_of`
    note : a sentence below the reconstructions
    lead, charts : charts of `player_charts`, beside the pictures and below them, with a mark for each time
    nameless : times whose scatter is not named by class
    prior : whether to draw N(0, I) as circles, where (0, 0) is its mean
    """
    frames = [
        {
            "text": text,
            "reconstruction": encoded(paired(originals, reconstructions[time]), COLUMNS),
            "samples": encoded(samples[time], COLUMNS),
            "dots": packed(dots[time], frame),
            "names": time not in nameless,
        }
        for time, text in zip(times, texts, strict=True)
    ]
    return {
        "name": name,
        "times": list(times),
        "frames": frames,
        "labels": packed_labels(labels),
        "frame": frame,
        "prior": prior,
        "scatter_title": scatter_title,
        "classes": list(classes),
        "note": note,
        "lead": list(lead),
        "charts": list(charts),
    }


def replay_of(tracks: Sequence[dict], *, clock: str, texts: Sequence[str], said: Sequence[str]) -> dict:
    """All that the player shows, for `player`. The clock has every time of every track.

    A track without a frame at some time shows its latest before it; `texts` and `said` have a few words and a line for
    each time of the clock, whose name is `clock`.
    """
    times = times_of(tracks)
    content = json.dumps([tracks, texts, said])
    return {
        "version": hashlib.sha256(content.encode()).hexdigest()[:16],
        "clock": {"name": clock, "values": times, "texts": list(texts), "said": list(said)},
        "tracks": [{**one, "at": nearest_before(times, one["times"])} for one in tracks],
    }


def times_of(tracks: Sequence[dict]) -> list[float]:
    """Every time at which some track has a frame, ascending."""
    return sorted({time for one in tracks for time in one["times"]})


def player(replay: dict, *, start: float, key: str, on_value) -> None:
    """Draw the player at time `start` and call `on_value(time)` when the reader's hand leaves the control."""

    def changed():
        value = st.session_state[key].get("value")
        if value in replay["clock"]["values"]:
            on_value(value)

    _PLAYER(key=key, data={**replay, "start": start}, on_value_change=changed)
