"""The server's process: threads of many visitors share two heaps."""

import subprocess
import sys

import pytest
from conftest import ROOT

HEAPS = """
import ctypes, sys, threading
if sys.argv[1] == "set":
    from pages.kit import process
together, kept = threading.Barrier(12), []
def visit():
    together.wait()
    kept.append([bytes(1000) for _ in range(2000)])
    together.wait()
threads = [threading.Thread(target=visit) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.open_memstream.restype = ctypes.c_void_p
text, size = ctypes.c_char_p(), ctypes.c_size_t()
file = ctypes.c_void_p(libc.open_memstream(ctypes.byref(text), ctypes.byref(size)))
libc.malloc_info(0, file)
libc.fclose(file)
print(text.value.count(b"<heap nr"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="heaps of threads are glibc's")
def test_threads_share_two_heaps():
    def heaps(how: str) -> int:
        command = [sys.executable, "-c", HEAPS, how]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    assert heaps("set") <= 2 < heaps("unset")
