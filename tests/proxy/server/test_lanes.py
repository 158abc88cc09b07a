"""Scans in threads: answered once, by the deadline at the latest; a thread that hangs is replaced."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from detectors.types import ALL_KINDS, ChannelKind, CostClass, ScanResult, Stability, Window
from proxy.guard.api import ScanFailureReason
from proxy.server import lanes as module
from proxy.server.lanes import ScanLanes
from tests.support.gateway import until
from tests.support.toy import BrokenDetector, WordDetector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from detectors.types import Detector

WINDOW = Window(ChannelKind.TEXT, "", "a zebra b", 0, final=True)
WORDS = WordDetector("words", ("zebra",), cost_class=CostClass.THREAD)


@dataclass(frozen=True, eq=False)
class Hanging:
    """Scans until it is let go."""

    name: str = "hanging"
    categories: tuple[str, ...] = ("X",)
    kinds: frozenset[ChannelKind] = ALL_KINDS
    stability: Stability = Stability.PREFIX_STABLE
    cost_class: CostClass = CostClass.THREAD
    context_chars: int = 0
    max_span: int = 10
    go: threading.Event = field(default_factory=threading.Event)

    def scan(self, window: Window) -> ScanResult:
        assert self.go.wait(20)
        return ScanResult((), window.end)


@dataclass
class Bench:
    """Lanes and what came of them."""

    lanes: ScanLanes
    lost: list[int]
    errors: list[tuple[str, str]]
    hanging: Hanging = field(default_factory=Hanging)
    answers: list[ScanResult | ScanFailureReason] = field(default_factory=list)

    async def scan(self, detector: Detector, deadline_s: float = 5.0) -> ScanResult | ScanFailureReason:
        done = asyncio.get_running_loop().create_future()

        def answer(outcome: ScanResult | ScanFailureReason, spent_s: float) -> None:
            assert spent_s >= 0
            self.answers.append(outcome)
            done.set_result(outcome)

        self.lanes.submit(detector, WINDOW, deadline_s, answer)
        outcome: ScanResult | ScanFailureReason = await done
        return outcome


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    lost: list[int] = []
    errors: list[tuple[str, str]] = []
    lanes = ScanLanes(
        asyncio.get_running_loop(), 1, lost.append, lambda name, error: errors.append((name, type(error).__name__))
    )
    made = Bench(lanes, lost, errors)
    yield made
    made.hanging.go.set()
    lanes.close()


async def test_answers_come_in_turn(bench: Bench) -> None:
    """More scans than lanes wait for one, and each is answered."""
    found = await asyncio.gather(*(bench.scan(WORDS) for _ in range(20)))
    assert found == [WORDS.scan(WINDOW)] * 20


async def test_an_exception_is_a_failure(bench: Bench) -> None:
    """It is told by name, and its lane goes on."""
    assert await bench.scan(BrokenDetector("broken", ValueError("x"), cost_class=CostClass.THREAD)) is (
        ScanFailureReason.ERROR
    )
    assert bench.errors == [("broken", "ValueError")]
    assert await bench.scan(WORDS) == WORDS.scan(WINDOW)
    assert bench.lanes.lost == 0


async def test_a_hanging_thread_is_replaced_and_its_late_answer_dropped(bench: Bench) -> None:
    """At the deadline the scan has failed; another lane serves the next; what comes late is not an answer."""
    assert await bench.scan(bench.hanging, 0.02) is ScanFailureReason.DEADLINE
    assert bench.lanes.lost == 1
    assert await bench.scan(WORDS) == WORDS.scan(WINDOW)
    bench.hanging.go.set()
    await until(lambda: not bench.lanes.lost)
    assert bench.answers == [ScanFailureReason.DEADLINE, WORDS.scan(WINDOW)]
    assert bench.lost == [1, 0]


async def test_a_scan_that_never_got_a_lane_fails_at_its_deadline(bench: Bench) -> None:
    """Its lane is not to blame: nothing is written off."""
    first = asyncio.ensure_future(bench.scan(bench.hanging))
    await asyncio.sleep(0)
    assert await bench.scan(WORDS, 0.02) is ScanFailureReason.DEADLINE
    assert bench.lanes.lost == 0
    bench.hanging.go.set()
    assert await first == ScanResult((), WINDOW.end)


async def test_too_many_hanging_threads(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then scans fail at once instead of starting more."""
    monkeypatch.setattr(module, "MAX_LOST_LANES", 2)
    for _ in range(2):
        assert await bench.scan(bench.hanging, 0.01) is ScanFailureReason.DEADLINE
    async with asyncio.timeout(1):
        assert await bench.scan(WORDS, 60) is ScanFailureReason.DEADLINE
    assert bench.lanes.lost == 2


async def test_too_long_a_queue(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit fails at once; what waits is still answered."""
    monkeypatch.setattr(module, "MAX_QUEUED", 1)
    waiting = [asyncio.ensure_future(bench.scan(detector)) for detector in (bench.hanging, WORDS)]
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        assert await bench.scan(WORDS, 60) is ScanFailureReason.DEADLINE
    bench.hanging.go.set()
    assert await asyncio.gather(*waiting) == [ScanResult((), WINDOW.end), WORDS.scan(WINDOW)]


async def test_closing_answers_what_waits(bench: Bench) -> None:
    """Nobody waits for lanes that are closed."""
    running = asyncio.ensure_future(bench.scan(bench.hanging))
    waiting = asyncio.ensure_future(bench.scan(WORDS))
    await asyncio.sleep(0)
    bench.lanes.close()
    assert await waiting is ScanFailureReason.DEADLINE
    assert await bench.scan(WORDS, 60) is ScanFailureReason.DEADLINE
    bench.hanging.go.set()
    assert await running == ScanResult((), WINDOW.end)
