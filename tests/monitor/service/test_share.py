"""A share goes on after a crash as if there had been none: same state, bit for bit, and no alarm told twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor import snapshots
from monitor.engine import Engine
from monitor.service import share as share_module
from monitor.service.share import Item, Share, item_of
from monitor.service.telling import event_id_of
from monitor.settings import DriftSettings, MonitorSettings
from monitor.types import WHOLE, AlarmState, Signal
from tests.support.watching import START_S, AlarmingEngine, items

if TYPE_CHECKING:
    from monitor.types import Alarm

KEY = bytes(32)
SETTINGS = MonitorSettings()
STREAMS = ("exchanges.v1/0", "exchanges.v1/1")


class CrashError(Exception):
    """The process dies here."""


class Outside:
    """What is outside of the process, and outlives it: what was told, by id."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.dies_at: int | None = None

    def tell(self, alarm: Alarm) -> None:
        if self.dies_at == len(self.told):
            self.dies_at = None
            raise CrashError
        self.told.append(alarm.alarm_id)


@pytest.fixture(autouse=True)
def _alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)


def opened(folder: Path, outside: Outside, settings: MonitorSettings = SETTINGS) -> Share:
    return Share("share-0", folder, settings, KEY, outside.tell)


def interleaved(seed: int) -> list[tuple[str, list[Item]]]:
    """Records of two partitions in an order that chance makes."""
    chance = random.Random(seed)
    waiting = {STREAMS[0]: items(0, 300), STREAMS[1]: items(1000, 300)}
    order = []
    while waiting:
        stream = chance.choice(sorted(waiting))
        size = chance.randint(1, 60)
        order.append((stream, waiting[stream][:size]))
        waiting[stream] = waiting[stream][size:]
        if not waiting[stream]:
            del waiting[stream]
    return order


def feed(share: Share, stream: str, some: list[Item]) -> None:
    share.receive(stream, some, some[-1].offset + 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_crash_anywhere_changes_nothing(tmp_path: Path, seed: int) -> None:
    """Whatever order the records of two partitions came in, and wherever it died."""
    chance = random.Random(seed)
    order = interleaved(seed)
    folders = [tmp_path / name for name in ("whole", "crashed")]
    for folder in folders:
        folder.mkdir()
    calm, stormy = Outside(), Outside()
    whole = opened(folders[0], calm)
    for number, (stream, some) in enumerate(order):
        feed(whole, stream, some)
        if number % 7 == 3:
            whole.advance(START_S + 600 + number)
    crashed = opened(folders[1], stormy)
    for number, (stream, some) in enumerate(order):
        if chance.random() < 0.2:
            crashed = again(folders[1], stormy, order[:number], chance)
        if chance.random() < 0.1:
            crashed.checkpoint()
        feed(crashed, stream, some)
        if number % 7 == 3:
            crashed.advance(START_S + 600 + number)
    assert crashed.engine.snapshot() == whole.engine.snapshot()
    assert crashed.offsets == whole.offsets
    assert stormy.told == calm.told
    assert len(calm.told) == 6


def again(folder: Path, outside: Outside, before: list[tuple[str, list[Item]]], chance: random.Random) -> Share:
    """Take the share up anew, and read the streams again from where it is, in another order than before."""
    share = opened(folder, outside)
    for stream in chance.sample(STREAMS, 2):
        place = share.position(stream)
        some = [item for one, batch in before if one == stream for item in batch if item.offset >= place]
        if some:
            share.receive(stream, some, some[-1].offset + 1)
    assert not share.is_behind
    return share


def test_death_between_an_alarm_and_its_telling_loses_nothing(tmp_path: Path) -> None:
    outside = Outside()
    share = opened(tmp_path, outside)
    feed(share, STREAMS[0], items(0, 150))
    outside.dies_at = 1
    with pytest.raises(CrashError):
        feed(share, STREAMS[0], items(150, 100))
    share = opened(tmp_path, outside)
    feed(share, STREAMS[0], items(0, 250))
    assert outside.told == ["alm_100", "alm_200"]
    assert share.numbers.replayed == 250


@pytest.mark.parametrize("crashes", [False, True])
def test_a_record_from_the_future_takes_no_time_with_it(tmp_path: Path, crashes: bool) -> None:
    """After a crash too, though the clock has come nearer by then: the journal says whose time was not believed."""
    some = items(0, 60)
    far_s = START_S + 400 * 86_400
    lying = [one if one.offset != 20 else item_of(20, far_s, one.value, START_S) for one in some]
    share = opened(tmp_path, Outside())
    feed(share, STREAMS[0], lying[:40])
    if crashes:
        share = opened(tmp_path, Outside())
        feed(share, STREAMS[0], [one if one.offset != 20 else one._replace(is_ahead=False) for one in lying][:40])
    feed(share, STREAMS[0], lying[40:])
    straight = Share("other", tmp_path, SETTINGS, KEY, Outside().tell)
    feed(straight, STREAMS[0], [one._replace(time_s=some[19].time_s) if one.offset == 20 else one for one in some])
    assert share.engine.snapshot() == straight.engine.snapshot()
    assert share.engine.totals().late == 0
    assert share.numbers.ahead == 1


def test_a_clock_that_is_a_little_ahead_is_believed() -> None:
    assert not item_of(1, START_S + 59, b"", START_S).is_ahead
    assert item_of(1, START_S + 61, b"", START_S).is_ahead


def test_records_that_come_again_count_once(tmp_path: Path) -> None:
    share = opened(tmp_path, Outside())
    feed(share, STREAMS[0], items(0, 50))
    feed(share, STREAMS[0], items(0, 60))
    assert share.engine.totals().counted == 60
    assert share.engine.totals().duplicates == 0


def test_a_share_without_its_past_reads_it_again_and_tells_nothing_twice(tmp_path: Path) -> None:
    """It has the places of the settings of before; a checkpoint of nobody's leaves what the group says."""
    outside = Outside()
    share = opened(tmp_path, outside)
    feed(share, STREAMS[0], items(0, 250))
    share.checkpoint()
    share = opened(tmp_path, outside, MonitorSettings(drift=DriftSettings(min_ratio=3.0)))
    assert share.numbers.rebuilt == "the settings have changed"
    assert share.position(STREAMS[0]) == 0
    feed(share, STREAMS[0], items(0, 350))
    assert share.engine.totals().counted == 350
    assert outside.told == ["alm_100", "alm_200", "alm_300"]
    assert share.numbers.muted == 2
    (tmp_path / "share-0.checkpoint").write_bytes(b"nonsense")
    share = opened(tmp_path, outside)
    share.mute({STREAMS[0]: 350})
    feed(share, STREAMS[0], items(0, 420))
    assert outside.told == ["alm_100", "alm_200", "alm_300", "alm_400"]


def test_a_state_of_another_format_is_read_again_and_nothing_told_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an upgrade leaves it: the file is sound, and says how far alarms were told."""
    outside = Outside()
    share = opened(tmp_path, outside)
    feed(share, STREAMS[0], items(0, 250))
    share.checkpoint()
    share.close()
    monkeypatch.setattr(snapshots, "FORMAT", snapshots.FORMAT + 1)
    share = opened(tmp_path, outside)
    assert "was written by another version" in share.numbers.rebuilt
    feed(share, STREAMS[0], items(0, 350))
    assert share.engine.totals().counted == 350
    assert outside.told == ["alm_100", "alm_200", "alm_300"]
    assert share.numbers.muted == 2


def test_what_is_no_record_is_counted_and_what_is_for_others_is_not(tmp_path: Path) -> None:
    share = opened(tmp_path, Outside())
    alarm_like = b'{"id": "a", "type": "dev.sluicegate.alarm.v1", "subject": "s"}'
    broken = b'{"id": "a", "type": "dev.sluicegate.exchange.v1", "subject": "s"}'
    some = [b"{", alarm_like, broken, b""]
    feed(share, "outbox", [Item(number, START_S, value) for number, value in enumerate(some)])
    assert share.engine.totals().refused == {"no_event": 1, "no_data": 1}


def test_only_open_alarms_can_be_spoken_of(tmp_path: Path) -> None:
    share = opened(tmp_path, Outside())
    with pytest.raises(KeyError):
        share.say("close", "alm_1", START_S)
    feed(share, STREAMS[0], items(0, 100))
    assert share.has_open("alm_100")


def test_records_that_are_gone_from_a_topic_are_not_waited_for(tmp_path: Path) -> None:
    """Retention or compaction took them: the reader has passed their offsets."""
    share = opened(tmp_path, Outside())
    feed(share, STREAMS[0], items(0, 50))
    share = opened(tmp_path, Outside())
    assert share.is_behind
    share.receive(STREAMS[0], items(0, 20), 20)
    assert share.is_behind
    share.receive(STREAMS[0], [], 50)
    assert not share.is_behind
    assert share.engine.totals().counted == 20


def test_what_people_say_outlives_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real engine: it raises its own alarm, which a person takes on and another closes."""
    monkeypatch.setattr(share_module, "Engine", Engine)
    told: list[Alarm] = []
    past = [*items(0, 300, lambda number: number % 100 == 50), *items(300, 200, lambda number: number % 3 == 0)]
    share = Share("share-0", tmp_path, SETTINGS, KEY, told.append)
    feed(share, STREAMS[0], past)
    first = next(one for one in told if one.signal is Signal.INCIDENTS and one.slice == WHOLE)
    share.say("acknowledge", first.alarm_id, START_S + 600)
    again = Share("share-0", tmp_path, SETTINGS, KEY, told.append)
    feed(again, STREAMS[0], past)
    assert again.engine.snapshot() == share.engine.snapshot()
    states = {one.alarm_id: one.state for one in again.engine.alarms()}
    assert states[first.alarm_id] is AlarmState.ACKNOWLEDGED
    again.say("close", first.alarm_id, START_S + 700)
    assert not again.has_open(first.alarm_id)
    assert Counter(event_id_of(one) for one in told).most_common(1)[0][1] == 1


@pytest.mark.parametrize("seed", range(3))
def test_what_waits_for_another_stream_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A reader that asks first comes to the same state, however little may wait and whichever stream is slow."""
    limit, size = 20_000, 10
    monkeypatch.setattr(share_module, "MAX_WAITING_BYTES", limit)
    chance = random.Random(seed)
    share = opened(tmp_path, Outside())
    for stream, some in interleaved(seed):
        feed(share, stream, some)
    again = opened(tmp_path, Outside())
    waiting = {STREAMS[0]: items(0, 300), STREAMS[1]: items(1000, 300)}
    most = 0
    while any(waiting.values()):
        ready = [stream for stream in STREAMS if waiting[stream] and again.wants(stream)]
        stream = chance.choices(ready, [20 if one == STREAMS[seed % 2] else 1 for one in ready])[0]
        some, waiting[stream] = waiting[stream][:size], waiting[stream][size:]
        feed(again, stream, some)
        most = max(most, again.waiting_bytes)
    longest = max(len(some) for _, some in interleaved(seed))
    one_bytes = max(len(one.value) for one in items(0, 300)) + share_module.ITEM_BYTES
    assert limit < most < limit + (longest + 2 * size) * one_bytes
    assert (again.is_behind, again.waiting_bytes) == (False, 0)
    assert again.engine.snapshot() == share.engine.snapshot()


def test_a_stream_that_stands_still_holds_up_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = opened(tmp_path, Outside())
    feed(share, STREAMS[0], items(0, 10))
    monkeypatch.setattr(share_module, "MAX_WAITING_BYTES", 1000)
    again = opened(tmp_path, Outside())
    feed(again, STREAMS[1], items(1000, 10))
    assert (again.wants(STREAMS[0]), again.wants(STREAMS[1])) == (True, False)
    feed(again, STREAMS[0], items(0, 10))
    assert (again.wants(STREAMS[1]), again.waiting_bytes) == (True, 0)
    assert again.engine.totals().counted == 20
