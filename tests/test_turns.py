"""Fragments take turns, and nobody waits long for a slow one."""

import threading
import time

import pytest

from pages.kit import turns


@pytest.fixture(autouse=True)
def _own_lock(monkeypatch):
    monkeypatch.setattr(turns, "_turn", threading.RLock())


def at_once(function, count: int) -> None:
    """Call `function` in as many threads, and wait for all."""
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_one_after_the_other(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 10.0)
    running, most = [], []

    @turns.in_turn
    def move():
        running.append(1)
        most.append(len(running))
        time.sleep(0.005)
        running.pop()

    at_once(move, 8)
    assert most == [1] * 8


def test_a_slow_one_holds_the_others_up_for_patience_only():
    slow_began, others_done = threading.Event(), threading.Event()

    @turns.in_turn
    def slow():
        slow_began.set()
        assert others_done.wait(10)

    thread = threading.Thread(target=slow)
    thread.start()
    assert slow_began.wait(10)
    started = time.perf_counter()
    assert turns.in_turn(lambda: "moved")() == "moved"
    assert time.perf_counter() - started >= turns.PATIENCE
    assert thread.is_alive()  # the other has not waited for its end
    others_done.set()
    thread.join(10)


def test_one_inside_another_does_not_wait_for_itself(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 10.0)
    started = time.perf_counter()
    assert turns.in_turn(lambda: turns.in_turn(lambda: "inner")())() == "inner"
    assert time.perf_counter() - started < turns.PATIENCE


def test_a_failed_one_hands_its_turn_on(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 10.0)

    def failing():
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        turns.in_turn(failing)()
    free = []
    at_once(lambda: free.append(turns._turn.acquire(blocking=False)), 1)
    assert free == [True]
