"""A map computed while the reader watches: in a thread, one on the whole server, stopped when nobody waits for it."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

PATIENCE = 6.0  # seconds without anybody asking, after which the work stops
_ONE_AT_A_TIME = threading.Lock()


class _Stopped(Exception):  # noqa: N818
    """Nobody waits for the map any more."""


class MapJob:
    """One map, shared by all readers who ask for it with the same settings.

    `make(progress)` computes it: (n, 2) and its trustworthiness. It tells its progress now and then, which is where it
    can be stopped; `result` is None until it is done. `error` is the sentence for the reader where it failed.
    """

    def __init__(self, make: Callable[[Callable[[float], None]], tuple[np.ndarray, float]]):
        self.result: tuple[np.ndarray, float] | None = None
        self.error = ""
        self.share = 0.0
        self.running = False
        self._make = make
        self._asked = 0.0
        self._stop = False

    def ask(self) -> str:
        """Say that somebody waits, and start if no other map is being computed: "done", "running" or "waiting"."""
        self._asked = time.monotonic()
        if self.result is not None:
            return "done"
        if self.running:
            return "running"
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            return "waiting"
        self.running, self._stop, self.share, self.error = True, False, 0.0, ""
        threading.Thread(target=self._run, daemon=True).start()
        return "running"

    def stop(self) -> None:
        """End the work at its next sign of progress; another reader who waits for it starts it again."""
        self._stop = True

    def _run(self) -> None:
        try:
            with suppress(_Stopped):
                self.result = self._make(self._progress)
        except Exception as problem:  # whatever it is, the readers must hear of it and the next map must not wait
            self.error = f"{type(problem).__name__}: {problem}"
        finally:
            self.running = False
            _ONE_AT_A_TIME.release()

    def _progress(self, share: float) -> None:
        self.share = share
        if self._stop or time.monotonic() - self._asked > PATIENCE:
            raise _Stopped
