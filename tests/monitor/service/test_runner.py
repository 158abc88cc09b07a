"""The runner feeds, ticks and keeps at the right times, and after a fault goes on from what is on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from events.outbox.rows import OutboxError
from monitor.service import share as share_module
from monitor.service.runner import Runner
from monitor.service.shares import Shares
from monitor.service.source import Batch
from monitor.settings import MonitorSettings
from monitor.types import Alarm
from tests.support.gateway import until
from tests.support.watching import START_S, AlarmingEngine, alarm, items


class ListSource:
    """Gives batches, one after the other, from where a share is."""

    def __init__(self, shares: Shares, sizes: list[int]) -> None:
        shares.keep({"share-0"}, {})
        self._place = shares.position("share-0", "a/0")
        self._sizes = iter(sizes)
        self.kept: list[dict[str, int]] = []
        self.is_caught_up = False
        self.lag = 0

    def poll(self) -> list[Batch]:
        size = next(self._sizes, 0)
        self.is_caught_up = size == 0
        found = items(self._place, size)
        self._place += size
        return [Batch("share-0", "a/0", found, self._place)]

    def keep(self, offsets: Mapping[str, int]) -> None:
        self.kept.append(dict(offsets))

    def close(self) -> None:
        pass


@pytest.fixture
def shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shares]:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)
    made = Shares(tmp_path, MonitorSettings(), bytes(32), lambda _alarm: None)
    yield made
    made.close()


def test_time_passes_when_nothing_comes_and_state_is_kept_when_it_is_time(shares: Shares) -> None:
    now = [START_S + 1000.0]  # the clock; what passes is two seconds behind it
    source = ListSource(shares, [60, 0, 60])
    runner = Runner(shares, lambda: source, 30.0, lambda: now[0])
    engine = shares.by_name["share-0"].engine
    runner.step(source)
    assert (engine.totals().counted, engine.now_s, source.kept) == (60, START_S + 59, [])
    now[0] += 2
    runner.step(source)
    assert (engine.now_s, runner.state) == (START_S + 1000, "caught_up")
    now[0] += 2  # an alarm is told: it is kept at once
    runner.step(source)
    assert source.kept == [{"a/0": 120}]
    now[0] += 29
    runner.step(source)
    assert len(source.kept) == 1
    now[0] += 1
    runner.step(source)
    assert source.kept == [{"a/0": 120}] * 2


def test_without_a_share_it_stands_by_and_is_not_ready(shares: Shares) -> None:
    source = ListSource(shares, [])
    runner = Runner(shares, lambda: source, 30.0)
    runner.step(source)
    assert runner.is_ready
    shares.keep(set(), {})
    runner.step(source)
    assert (runner.state, runner.is_ready) == ("standby", False)


async def test_after_a_fault_it_goes_on_where_it_was(shares: Shares) -> None:
    """A disk that is full, a broker that is not there: state in memory is dropped, and taken up from the disk."""
    told: list[str] = []
    faults = [OutboxError("full", "The disk is full."), OSError("no broker")]

    def open_source() -> ListSource:
        if faults:
            raise faults.pop()
        return ListSource(shares, [150, 150] if not told else [])

    def tell(alarm: object) -> None:
        told.append(str(alarm))
        if len(told) == 2:
            raise OutboxError("full", "The disk is full.")

    shares._tell = tell  # type: ignore[assignment]
    runner = Runner(shares, open_source, 30.0)
    runner.start()
    await until(lambda: runner.failures == 3 and runner.is_ready, timeout_s=20)
    runner.stop()
    assert runner.state == "stopped"
    assert len(told) == 2


async def test_what_follows_from_a_persons_word_is_told_though_the_disk_was_full_then(
    shares: Shares, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word is in the journal; a checkpoint that takes it for done would lose the event for good."""
    monkeypatch.setattr(AlarmingEngine, "acknowledge", lambda _engine, _id, now_s: [alarm(7, now_s)])
    told: list[str] = []
    faults = [OutboxError("full", "The disk is full.")]

    def tell(one: Alarm) -> None:
        if one.alarm_id == "alm_7" and faults:
            raise faults.pop()
        told.append(one.alarm_id)

    shares._tell = tell
    runner = Runner(shares, lambda: ListSource(shares, [150]), 0.05)
    runner.start()
    await until(lambda: runner.is_ready)
    with pytest.raises(OutboxError):
        await asyncio.to_thread(shares.say, "acknowledge", "alm_100", START_S + 200)
    await until(lambda: "alm_7" in told)
    runner.stop()
    assert (told.count("alm_7"), runner.failures) == (1, 1)


async def test_it_writes_what_it_knows_when_it_is_told_to_end(shares: Shares, tmp_path: Path) -> None:
    source = ListSource(shares, [50])
    runner = Runner(shares, lambda: source, 3600.0)
    runner.start()
    await until(lambda: runner.is_ready)
    runner.stop()
    assert source.kept == [{"a/0": 50}]
    assert (tmp_path / "share-0.checkpoint").exists()
