"""Maps made while the reader watches: one at a time, stopped when told or when nobody waits, and never stuck."""

import threading
import time

import numpy as np
import pytest

from pages.kit.scatter import map_job
from pages.kit.scatter.map_job import MapJob

MAP = (np.zeros((3, 2)), 0.9)


def until(fact) -> None:
    for _ in range(500):
        if fact():
            return
        time.sleep(0.01)
    raise AssertionError("it has not come true within 5 s")


class Work:
    """A map that is made step by step, each when the test says so."""

    def __init__(self):
        self.step = threading.Event()
        self.share = 0.1

    def __call__(self, progress):
        while not self.step.wait(0.01):
            progress(self.share)
        return MAP


@pytest.fixture
def job():
    job = MapJob(Work())
    yield job
    job._make.step.set()
    until(lambda: not job.running)


def test_a_map_is_made_once_and_kept(job):
    assert job.ask() == "running"
    until(lambda: job.share == 0.1)
    assert job.ask() == "running"
    job._make.step.set()
    until(lambda: job.ask() == "done")
    assert job.result is MAP


def test_another_map_waits_until_the_first_is_done(job):
    other = MapJob(lambda progress: MAP)
    assert job.ask() == "running"
    assert other.ask() == "waiting"
    job._make.step.set()
    until(lambda: other.ask() == "done")


def test_a_stopped_map_makes_room_and_may_be_asked_for_again(job):
    job.ask()
    job.stop()
    until(lambda: not job.running)
    assert job.result is None
    assert not job.error
    other = MapJob(lambda progress: MAP)
    until(lambda: other.ask() == "done")
    assert job.ask() == "running"


def test_a_map_that_nobody_waits_for_stops(job, monkeypatch):
    monkeypatch.setattr(map_job, "PATIENCE", 0.05)
    job.ask()
    until(lambda: not job.running)
    assert job.result is None


def test_a_failure_is_told_and_does_not_block_the_next():
    def fails(progress):
        raise ValueError("no such map")

    job, other = MapJob(fails), MapJob(lambda progress: MAP)
    job.ask()
    until(lambda: not job.running)
    assert job.error == "ValueError: no such map"
    until(lambda: other.ask() == "done")
