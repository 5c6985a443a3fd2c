"""What the server's process is set to, before torch is imported: its threads, its garbage, its memory."""

import ctypes
import gc
import os
import sys

# One thread for torch, in every session's own thread: faster for small batches, and fair between sessions. Torch reads the
# variable when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A rerun makes thousands of objects that live for milliseconds, and a hundred and fifty that only the collector frees: looked
# after by the hundred, they cost each visitor a twentieth more; by twenty thousand, everybody waits for 30 to 60 ms at times.
gc.set_threshold(5_000, 50, 20)
_settled = False

# Every rerun is a thread, and glibc gives each thread a heap of its own, up to eight a core, which stays as large as it ever
# was. With two heaps for all, which are as quick, sixty visitors for each of whom a page makes an array of 31 MB for a moment
# take 870 MB instead of 1,190.
M_ARENA_MAX = -8  # of malloc.h
if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(M_ARENA_MAX, 2)


def settle() -> None:
    """Once torch is there: never again look for garbage among all that is imported, which takes 100 to 300 ms each time."""
    global _settled
    if not _settled and "torch" in sys.modules:
        _settled = True
        gc.collect()
        gc.freeze()
