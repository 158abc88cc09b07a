"""The load generator: clients on kept connections, each asking again as soon as its answer is complete.

Every answer is compared byte for byte with what the mock model sends, which proves that all events came, once,
and in order. Run as `python -m benchmarks.load`; prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from typing import cast

import orjson

from benchmarks.http1 import MessageReader
from benchmarks.machine import pin, run_loop
from benchmarks.payloads import WORKLOADS, Workload, expected_bodies, request_bytes

_CONNECT_LIMIT_S = 10.0
_ANSWER_LIMIT_S = 30.0
"""Longest wait for answers after the time is up; later ones count as failed."""
_EVENT_END = b"\n\n"


@dataclass(slots=True)
class Measured:
    """What one run of load saw. Times in milliseconds, one for each answer or gap."""

    answers: int = 0
    """Answers after the warm-up."""
    answers_all: int = 0
    """Answers with those of the warm-up."""
    failed: int = 0
    """Answers that were not what the model sent, and connections that broke."""
    seconds: float = 0.0
    first_byte_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    gap_ms: list[float] = field(default_factory=list)
    """Times between two events of one stream; paced workloads only."""


@dataclass(slots=True)
class Plan:
    """When a run counts, shared by its clients. Times on the loop's clock."""

    workload: Workload
    request: bytes
    expected: frozenset[bytes]
    measure_from: float
    stop_at: float
    measured: Measured


class Client(asyncio.Protocol):
    """One connection of one client."""

    def __init__(self, plan: Plan, phase_s: float) -> None:
        """`phase_s`: where in the interval between events of a paced stream this client asks, each time."""
        self._plan = plan
        self._phase_s = phase_s
        self._reader = MessageReader()
        self._transport: asyncio.Transport | None = None
        self._asked_at = 0.0
        self._first_at = 0.0
        self._seen = 0
        self._events_at: list[float] = []
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the run says when to ask."""
        self._transport = cast("asyncio.Transport", transport)

    def ask_in_phase(self) -> None:
        """Send the request at the next moment of this client's own beat.

        Streams of different readers do not keep step. Asked again as soon as they end, those that once waited for
        each other in a queue would end, ask and be served together ever after.
        """
        loop = asyncio.get_running_loop()
        loop.call_later((self._phase_s - loop.time()) % self._plan.workload.pace_s, self.ask)

    def ask(self) -> None:
        """Send the request."""
        self._first_at = 0.0
        self._seen = 0
        self._events_at = []
        self._asked_at = time.perf_counter()
        if self._transport is not None:
            self._transport.write(self._plan.request)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer."""
        now = time.perf_counter()
        self._reader.receive(data)
        if self._reader.body and not self._first_at:
            self._first_at = now
        if self._plan.workload.pace_s:
            events = self._reader.body.count(_EVENT_END, max(0, self._seen - 1))
            self._seen = len(self._reader.body)
            self._events_at += [now] * events
        if self._reader.complete:
            self._finish_answer(now)

    def _finish_answer(self, now: float) -> None:
        plan, measured = self._plan, self._plan.measured
        body = bytes(self._reader.body)
        right = body in plan.expected and self._reader.head.startswith(b"HTTP/1.1 200 ")
        self._reader.start_next()
        measured.answers_all += 1
        measured.failed += not right
        if self._asked_at >= plan.measure_from and (now <= plan.stop_at or plan.workload.pace_s):
            measured.answers += 1
            measured.first_byte_ms.append(1e3 * (self._first_at - self._asked_at))
            measured.whole_ms.append(1e3 * (now - self._asked_at))
            measured.gap_ms += [1e3 * (b - a) for a, b in pairwise(self._events_at)]
        if now >= plan.stop_at:
            self._end()
        elif plan.workload.pace_s:
            self.ask_in_phase()
        else:
            self.ask()

    def connection_lost(self, _: Exception | None) -> None:
        """Count a connection that broke before its time."""
        if not self.finished.done():
            self._plan.measured.failed += 1
            self._end()

    def _end(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)
        if self._transport is not None:
            self._transport.close()


async def run_load(port: int, workload: Workload, seconds: float, warmup_s: float) -> Measured:
    """Put load on a server of this machine for `warmup_s` and then `seconds`."""
    loop = asyncio.get_running_loop()
    request = request_bytes(workload, f"127.0.0.1:{port}")
    begin = time.perf_counter()
    measure_from = begin + warmup_s
    measured = Measured(seconds=seconds)
    plan = Plan(workload, request, expected_bodies(workload), measure_from, measure_from + seconds, measured)
    clients = []
    for number in range(workload.clients):
        phase_s = workload.pace_s * number / workload.clients
        connecting = loop.create_connection(partial(Client, plan, phase_s), "127.0.0.1", port)
        clients.append((await asyncio.wait_for(connecting, _CONNECT_LIMIT_S))[1])
    for client in clients:
        if workload.pace_s:
            client.ask_in_phase()
        else:
            client.ask()
    limit = warmup_s + seconds + _ANSWER_LIMIT_S
    await asyncio.wait([client.finished for client in clients], timeout=limit)
    plan.measured.failed += sum(not client.finished.done() for client in clients)
    return plan.measured


async def _print_run(options: argparse.Namespace) -> None:
    workload = WORKLOADS[options.workload]
    measured = await run_load(options.port, workload, options.seconds, options.warmup)
    print(orjson.dumps(asdict(measured)).decode(), flush=True)


def main() -> None:
    """Run once and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workload", choices=sorted(WORKLOADS), required=True)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--warmup", type=float, default=0.3)
    parser.add_argument("--core", type=int, help="pin to this core")
    options = parser.parse_args()
    pin(options.core)
    run_loop(_print_run(options))


if __name__ == "__main__":
    main()
