"""Many visitors at once: `python tests/bench/sessions.py`.

Starts the app on one core and drives visitors over Streamlit's own websocket protocol, without a browser: all arrive at
once and fetch what the page's live decoder needs, then each moves the first slider of the page every two seconds and receives
the new picture, which travels in the page's own message. `--page` is any page with a slider, `--query` its link; its
questions are answered. Prints the time to a usable page, the time of a rerun, and the server's memory. Loopback only,
bounded in visitors and time. Machines differ and have neighbours, so `smallest_app.py`, one slider and one digit, is measured
in the same way just before.
"""

import argparse
import asyncio
import os
import random
import re
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sys.path.insert(0, str(Path(__file__).parents[1]))
from answered import answered
from chromium import running_app

SMALLEST = str(Path(__file__).with_name("smallest_app.py"))
RANDOM = "sampling_part=Random"  # the part of Gaussian sampling whose slider is moved
EVERY = 2.0  # seconds between two moves of a visitor
ARRIVAL = 3.0  # seconds until the first one moves


class Visitor:
    """One browser tab's side of the protocol."""

    def __init__(self, address: str, page: str, query: str):
        self.address, self.page, self.query = address, page, query
        self.script_hash = ""
        self.sliders: list[tuple] = []  # (slider, fragment id)
        self.pictures: dict[tuple, str | bytes] = {}  # place on the page -> what is shown there
        self.files: set[str] = set()  # addresses of the weights that a component fetches
        self.values: dict[str, float | str] = {}
        self.cached: dict[str, ForwardMsg] = {}
        self.reruns: list[float] = []
        self.errors: list[str] = []
        self.arrival = float("nan")

    async def visit(self, arrive: float, leave: float) -> None:
        started = time.perf_counter()
        url = self.address.replace("http", "ws") + "/_stcore/stream"
        try:
            async with websockets.connect(url, subprotocols=["streamlit"], max_size=None, open_timeout=60) as socket:
                await socket.send(self._rerun())
                await self._finished(socket)
                await self._fetch()
                self.arrival = time.perf_counter() - started
                due = max(time.time(), arrive) + random.random() * EVERY
                while due < leave:
                    await asyncio.sleep(max(0.0, due - time.time()))
                    await self._move(socket)
                    due = max(due + EVERY, time.time())
        except Exception as error:  # reported, and it fails the benchmark
            self.errors.append(f"{type(error).__name__}: {error}"[:200])

    async def _move(self, socket) -> None:
        if not self.sliders:
            raise RuntimeError("this page has no slider to move: give --page and --query of one that has")
        slider, fragment = self.sliders[0]
        steps = round((slider.max - slider.min) / slider.step)
        default = slider.options[int(slider.default[0])] if slider.options else slider.default[0]
        value = former = self.values.get(slider.id, default)
        while value == former:
            place = random.randint(0, steps)
            value = slider.options[place] if slider.options else slider.min + slider.step * place
        self.values[slider.id] = value
        before = dict(self.pictures)
        started = time.perf_counter()
        await socket.send(self._rerun(fragment))
        await self._finished(socket)
        self.reruns.append(time.perf_counter() - started)
        if self.pictures == before:
            self.errors.append("the slider moved, and no new picture came")

    async def _finished(self, socket) -> None:
        while True:
            message = ForwardMsg()
            message.ParseFromString(await asyncio.wait_for(socket.recv(), 60))
            kind = message.WhichOneof("type")
            if kind == "ref_hash":
                place, message = message.metadata, self.cached[message.ref_hash]
            else:
                place = message.metadata
                if place.cacheable:
                    self.cached[message.hash] = message
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.script_hash = message.new_session.page_script_hash
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                what = element.WhichOneof("type")
                if what == "slider" and element.slider.id not in {slider.id for slider, _ in self.sliders}:
                    self.sliders.append((element.slider, message.delta.fragment_id))
                elif what == "html" and "<img" in element.html.body:
                    self.pictures[tuple(place.delta_path)] = element.html.body
                elif what == "vega_lite_chart":
                    self.pictures[tuple(place.delta_path)] = element.vega_lite_chart.SerializeToString()
                elif what == "bidi_component":
                    self.pictures[tuple(place.delta_path)] = element.bidi_component.json
                    self.files.update(re.findall(r'/media/[^"]+', element.bidi_component.json))
                elif what == "exception":
                    self.errors.append(element.exception.message[:200])
            elif kind == "script_finished":
                status = ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
                if status != "FINISHED_EARLY_FOR_RERUN":
                    return

    async def _fetch(self) -> None:
        host = urllib.parse.urlparse(self.address)
        for file in self.files:
            reader, writer = await asyncio.open_connection(host.hostname, host.port)
            writer.write(f"GET {file} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            if b" 200 " not in answer[:20]:
                self.errors.append(f"{file}: {answer[:30]!r}")

    def _rerun(self, fragment: str = "") -> bytes:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.fragment_id = self.query, self.script_hash, fragment
        if not self.script_hash:
            rerun.page_name = self.page
        for id_, value in self.values.items():
            state = rerun.widget_states.widgets.add()
            state.id = id_
            kind = state.string_array_value if isinstance(value, str) else state.double_array_value
            kind.data.append(value)
        rerun.cached_message_hashes.extend(self.cached)
        return message.SerializeToString()


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def crowd(address: str, page: str, query: str, count: int, seconds: float) -> list[Visitor]:
    visitors = [Visitor(address, page, f"{query}&{answered()}") for _ in range(count)]
    begin = time.time() + ARRIVAL
    await asyncio.gather(*(visitor.visit(begin, begin + seconds) for visitor in visitors))
    return visitors


async def crowd_and_cpu(server: psutil.Process, *arguments) -> tuple[list[Visitor], float]:
    """The visitors, and the seconds of CPU that the server spent once they had arrived."""
    visiting = asyncio.create_task(crowd(*arguments))
    await asyncio.sleep(ARRIVAL)
    before = server.cpu_times()
    visitors = await visiting
    after = server.cpu_times()
    return visitors, after.user + after.system - before.user - before.system


@dataclass(frozen=True)
class Measured:
    """What one server did for a crowd: seconds until a page was usable, and of each rerun and its CPU; MB."""

    arrivals: list[float]
    reruns: list[float]
    cpu: float
    memory: float

    def quantile(self, share: float) -> float:
        """Of the reruns, in milliseconds."""
        return 1000 * quantile(self.reruns, share)


def measure(script: str, page: str, query: str, options: argparse.Namespace) -> Measured:
    """A server of its own, on one core, with one visitor, then those who arrive at once, then all who move something."""
    with running_app(script) as (address, process):
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        asyncio.run(crowd(address, page, query, 1, 0))  # warm: torch and the model are loaded
        arriving = asyncio.run(crowd(address, page, query, options.arriving, 0))
        server = psutil.Process(process.pid)
        visitors, cpu = asyncio.run(crowd_and_cpu(server, address, page, query, options.sessions, options.seconds))
        memory = server.memory_info().rss / 2**20
    errors = [error for visitor in arriving + visitors for error in visitor.errors]
    reruns = [seconds for visitor in visitors for seconds in visitor.reruns]
    if errors or not reruns:
        sys.exit("\n".join(errors[:5]) or "nothing was moved")
    return Measured([visitor.arrival for visitor in arriving], reruns, cpu / len(reruns), memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--arriving", type=int, default=30, help="visitors who arrive at once, before the others")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=1, help="how often, each time beside the smallest app")
    parser.add_argument("--page", default="gaussian_sampling")
    parser.add_argument("--query", default=RANDOM, help=f"for example {RANDOM}&model=mnist-z10")
    options = parser.parse_args()
    if options.sessions > 300 or options.seconds > 300:
        sys.exit("bounded: at most 300 sessions and 300 seconds")
    print(f"{options.page}?{options.query}, server on one core; {options.sessions} sessions, a move each {EVERY:.0f} s")
    for _ in range(options.rounds):
        smallest = measure(SMALLEST, "", "", options)
        page = measure("streamlit_app.py", options.page, options.query, options)
        print(
            f"p50 {page.quantile(0.5):.0f} ms, p95 {page.quantile(0.95):.0f} ms of {len(page.reruns)} reruns,"
            f" {1000 * page.cpu:.1f} ms of CPU each; the smallest app: p50 {smallest.quantile(0.5):.0f} ms,"
            f" p95 {smallest.quantile(0.95):.0f} ms, {1000 * smallest.cpu:.1f} ms of CPU;"
            f" p95 {page.quantile(0.95) / smallest.quantile(0.95):.2f} times as long.\n"
            f"  {options.arriving} arriving at once: median {quantile(page.arrivals, 0.5):.2f} s to a usable page;"
            f" memory {page.memory:.0f} MB, the smallest app {smallest.memory:.0f} MB"
        )


if __name__ == "__main__":
    main()
