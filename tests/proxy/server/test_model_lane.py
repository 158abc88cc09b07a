"""The way to one model: answered once, in time, together with others; its process is replaced when it is lost."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections import Counter
from contextlib import asynccontextmanager
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from detectors.toxicity.sources import RemoteSource
from proxy.guard.api import ScanFailureReason
from proxy.server import model_lane
from proxy.server.model_lane import ModelLane, Timing
from proxy.server.verdicts import VerdictCache
from tests.support.gateway import until
from tests.support.inference import MODEL, serving
from tests.support.models import LABELS, TroubleSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import pytest

    from detectors.types import Scores

SOON = Timing(hang_s=0.2, first_pause_s=0.01, last_pause_s=0.02)
LONG_S = 30.0


class Counts:
    """A watch that tests can look at."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.restarts: list[str] = []
        self.waiting = 0

    def count_texts(self, source: str, texts: int) -> None:
        self.texts[source] += texts

    def count_restart(self, reason: str) -> None:
        self.restarts.append(reason)

    def add_waiting(self, change: int) -> None:
        self.waiting += change


class Bench:
    """A lane and what came of it."""

    def __init__(self, source: TroubleSource | RemoteSource, timing: Timing | None) -> None:
        self.source = source
        self.counts = Counts()
        self.lane = ModelLane(asyncio.get_running_loop(), source, VerdictCache(b"key"), self.counts, timing)

    async def ask(
        self, *texts: str, deadline_s: float = LONG_S, owner: str = ""
    ) -> Sequence[Scores] | ScanFailureReason:
        done: asyncio.Future[Sequence[Scores] | ScanFailureReason] = asyncio.get_running_loop().create_future()

        def answer(outcome: Sequence[Scores] | ScanFailureReason, spent_s: float) -> None:
            assert spent_s >= 0
            done.set_result(outcome)

        self.lane.submit(owner, texts, deadline_s, answer)
        return await done

    def let_go(self) -> None:
        assert isinstance(self.source, TroubleSource)
        (Path(self.source.folder) / "gate").touch()


@asynccontextmanager
async def bench(folder: Path, how: str = "", timing: Timing | None = None) -> AsyncIterator[Bench]:
    made = Bench(TroubleSource(str(folder), how), timing)
    try:
        yield made
    finally:
        made.let_go()
        made.lane.close()
        made.lane._thread.join(LONG_S)
        assert made.counts.waiting == 0


async def test_texts_of_one_window_come_back_in_order_and_are_remembered(tmp_path: Path) -> None:
    """A text that was scored is not scored again."""
    async with bench(tmp_path) as made:
        assert await made.lane.ready is None
        assert await made.ask("abc", "a") == [(0.03,), (0.01,)]
        assert made.lane.known(["a", "abc"]) == [(0.01,), (0.03,)]
        assert made.lane.known(["a", "ab"]) is None
        assert made.counts.texts == {"model": 2, "cache": 2}


async def test_when_a_service_has_another_model_what_the_old_one_said_is_forgotten() -> None:
    """With the first answer that names it, whatever that was about, and when the way to it is made anew."""
    with serving() as service:
        service.version = "1"
        source = RemoteSource(service.url, MODEL, "", "text", "scores", LABELS, 5.0, 0, 3, 60.0)
        made = Bench(source, SOON)
        try:
            assert await made.lane.ready is None
            first = await made.ask("nitwit", "calm")
            assert made.lane.known(["nitwit", "calm"]) == first
            service.version = "2"
            assert made.lane.known(["nitwit"]) is not None, "nobody has heard of it yet"
            await made.ask("fine")
            assert made.lane.known(["nitwit"]) is None
            assert made.lane.known(["calm"]) is None
            assert made.lane.known(["fine"]) is not None
            service.version = "3"
            before = made.lane.pid or 0
            os.kill(before, signal.SIGKILL)
            await until(lambda: made.lane.pid not in {None, before} and made.lane.known(["fine"]) is None)
        finally:
            made.lane.close()
            made.lane._thread.join(LONG_S)


async def test_what_waits_goes_together(tmp_path: Path) -> None:
    """While two batches are under way, the texts of others gather; a batch has no more text than it should."""
    async with bench(tmp_path) as made:
        held = [asyncio.ensure_future(made.ask(f"wait {number}")) for number in range(2)]
        await asyncio.sleep(0)
        others = [asyncio.ensure_future(made.ask("x" * (11 + number), owner=str(number))) for number in range(9)]
        await until(lambda: made.counts.waiting == 9)
        made.let_go()
        assert await asyncio.gather(*others) == [[((11 + number) / 100,)] for number in range(9)]
        await asyncio.gather(*held)
        assert made.source.batches() == [1, 1, 1, 7, 2]


async def test_the_deadline_comes_first(tmp_path: Path) -> None:
    """What is late has failed, in the queue or at the model; the model goes on, and what it did is not lost."""
    async with bench(tmp_path) as made:
        asked = [asyncio.ensure_future(made.ask(f"wait {n}", deadline_s=0.02)) for n in range(3)]
        assert await asyncio.gather(*asked) == [ScanFailureReason.DEADLINE] * 3
        made.let_go()
        assert await made.ask("ab") == [(0.02,)]
        assert made.counts.restarts == []


async def test_more_than_can_wait_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overload has its own name; what waits is still answered."""
    monkeypatch.setattr(model_lane, "MAX_WAITING", 1)
    async with bench(tmp_path) as made:
        held = [asyncio.ensure_future(made.ask(f"wait {number}")) for number in range(3)]
        await until(lambda: made.counts.waiting == 1)
        assert await made.ask("abc") is ScanFailureReason.OVERLOAD
        made.let_go()
        assert await asyncio.gather(*held) == [[(0.06,)]] * 3


async def test_a_killed_process_is_replaced(tmp_path: Path) -> None:
    """Its texts fail; the next ones are scored by another."""
    async with bench(tmp_path, timing=SOON) as made:
        await made.lane.ready
        asked = asyncio.ensure_future(made.ask("wait"))
        await until(lambda: made.lane._under_way)
        assert made.lane._process is not None
        assert made.lane._process.pid is not None
        os.kill(made.lane._process.pid, signal.SIGKILL)
        assert await asked is ScanFailureReason.ERROR
        assert await _answered(made, "ab") == [(0.02,)]
        assert made.counts.restarts == ["died"]


async def test_a_process_that_dies_unasked_is_replaced_before_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text fails for it."""
    monkeypatch.setattr(model_lane, "CHECK_S", 0.01)
    async with bench(tmp_path, timing=SOON) as made:
        await made.lane.ready
        pid = made.lane.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: made.lane.pid not in {None, pid})
        assert await made.ask("ab") == [(0.02,)]
        assert made.counts.restarts == ["died"]


async def test_a_process_that_hangs_is_replaced(tmp_path: Path) -> None:
    """It is killed after a while, which its text does not wait for."""
    async with bench(tmp_path, timing=SOON) as made:
        await made.lane.ready
        assert await made.ask("hang", deadline_s=0.05) is ScanFailureReason.DEADLINE
        assert await _answered(made, "ab") == [(0.02,)]
        assert made.counts.restarts == ["hung"]


async def test_a_model_that_could_not_be_loaded_is_tried_again(tmp_path: Path) -> None:
    """The first attempt is told; a later one succeeds by itself, without anybody asking."""
    async with bench(tmp_path, "once", SOON) as made:
        error = await made.lane.ready
        assert error is not None
        assert error.kind == "load"
        assert await _answered(made, "ab") == [(0.02,)]
        assert made.counts.restarts == ["load"]


async def test_without_a_process_texts_fail_at_once(tmp_path: Path) -> None:
    """Nobody waits for a deadline while it is known that there is no model."""
    async with bench(tmp_path, "config", Timing(first_pause_s=60, last_pause_s=60)) as made:
        await made.lane.ready
        await until(lambda: len(made.counts.restarts) == 2)  # the second attempt is made at once
        assert await made.ask("ab") is ScanFailureReason.ERROR


def test_a_process_that_does_not_stay_up_is_started_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, then after a second, two, four, up to the longest pause; one that had stayed up begins anew."""
    now_s = 1000.0
    monkeypatch.setattr(model_lane, "time", SimpleNamespace(monotonic=lambda: now_s))
    pace = model_lane._Pace(Timing())
    waits = []
    for _ in range(7):
        pace.failed()
        waits.append(pace.wait_s())
        now_s += pace.wait_s()
    assert waits == [0, 1, 2, 4, 8, 16, 30]
    pace.began()
    now_s += 29
    pace.failed()
    assert pace.wait_s() == 30, "it died soon"
    pace.began()
    now_s += 31
    pace.failed()
    assert pace.wait_s() == 0


async def test_closing_answers_what_waits(tmp_path: Path) -> None:
    """Nobody waits for a lane that is closed."""
    async with bench(tmp_path) as made:
        held = [asyncio.ensure_future(made.ask(f"wait {number}")) for number in range(3)]
        await until(lambda: made.counts.waiting == 1)
        made.lane.close()
        assert await held[2] is ScanFailureReason.ERROR
        assert await asyncio.gather(*held[:2]) == [ScanFailureReason.ERROR] * 2
        assert await made.ask("ab") is ScanFailureReason.OVERLOAD


async def _answered(made: Bench, text: str) -> object:
    """Ask until the lane has a process again."""
    async with asyncio.timeout(LONG_S):
        while (outcome := await made.ask(text)) is ScanFailureReason.ERROR:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    return outcome


async def test_a_process_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process or file is to be had for a moment: it is told, nothing waits for ever, and later there is one."""
    start, refused = SpawnProcess.start, iter(range(2))

    def starts(process: SpawnProcess) -> None:
        if next(refused, None) is not None:
            raise OSError(errno.EMFILE, "Too many open files")
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", starts)
    async with bench(tmp_path, timing=SOON) as made:
        async with asyncio.timeout(LONG_S):
            error = await made.lane.ready
        assert error is not None
        assert error.kind == "load"
        assert "Too many" not in error.message
        await until(lambda: made.lane.pid is not None)
        assert await made.ask("ab") == [(0.02,)]
        assert made.counts.restarts == ["load", "load"]
