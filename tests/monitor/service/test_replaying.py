"""A past that is read again is as it was: same counts, alarms in order, nothing told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from events.codec import encode
from monitor.service import replaying
from monitor.service.replaying import Replayed, in_place, replay
from monitor.service.share import Item, Share, item_of, time_of
from monitor.settings import MonitorSettings
from monitor.types import Activity, Level, Signal
from tests.support.events import TIME_MS, exchange_event
from tests.support.watching import START_S, AlarmingEngine, alarm, answer, items

if TYPE_CHECKING:
    from pathlib import Path

LATER = ((Activity.UPDATE, Level.PAGE), (Activity.CLOSE, Level.TICKET))


def test_records_are_read_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "Engine", AlarmingEngine)
    found = replay(
        [*reversed(items(0, 240)), Item(7, START_S, b"{"), Item(8, START_S, b'{"id": 1}')], MonitorSettings()
    )
    assert (found.totals.counted, found.totals.refused) == (240, {"no_event": 2})
    assert [one.alarm_id for one in found.raised] == ["alm_100", "alm_200"]
    assert [one.opened_s for one in found.raised] == [START_S + 99, START_S + 199]
    assert sum(found.responses.values()) == 240
    assert sum(found.events[Signal.INCIDENTS].values()) == 24
    assert list(found.responses) == sorted(found.responses)


def test_the_plot_counts_what_the_engine_counts() -> None:
    """A copy is one answer, and an exchange that no model answered is none."""
    failed = answer(3, decision="upstream_error")
    found = replay([*items(0, 3), *items(0, 3), Item(9, START_S + 4, encode(failed))], MonitorSettings())
    assert sum(found.responses.values()) == 3
    assert sum(found.events[Signal.INCIDENTS].values()) == 1


def test_the_time_of_an_event() -> None:
    assert time_of(encode(exchange_event())) == TIME_MS / 1000
    assert time_of(b"{}") == 0.0


@pytest.mark.parametrize("at", [0, 1, 30, 59])
def test_a_replay_is_what_a_share_saw(tmp_path: Path, at: int) -> None:
    """Be there a record from a clock that is ahead: wherever it lies, both take it for what came before it."""
    lying = item_of(at, START_S + 400 * 86_400, encode(answer(at, time_s=START_S + 400 * 86_400)), START_S + 60)
    some = [one if one.offset != at else lying for one in items(0, 60)]
    share = Share("share-0", tmp_path, MonitorSettings(), bytes(32), lambda _alarm: None)
    share.receive("a/0", some, 60)
    found = replay(in_place(some), MonitorSettings())
    assert found.totals == share.engine.totals()
    assert (found.ahead, found.totals.future, found.totals.late) == (1, 1, 0)
    assert max(found.responses) < START_S // 60 + 2


def test_streams_lie_among_each_other_by_the_times_that_are_believed() -> None:
    one = [Item(0, 10.0, b""), Item(1, 900.0, b"", is_ahead=True), Item(2, 30.0, b"")]
    other = [Item(0, 20.0, b"x")]
    merged = sorted([*in_place(one), *in_place(other)], key=lambda item: (item.time_s, item.offset))
    assert [(item.offset, item.value) for item in merged] == [(0, b""), (1, b""), (0, b"x"), (2, b"")]


def test_an_alarm_has_the_highest_level_that_it_had() -> None:
    """A second test that agrees makes a ticket a page, after it has opened."""
    changes = [alarm(1, level=Level.TICKET), alarm(2, level=Level.INFO)]
    changes += [alarm(1, activity=activity, level=level) for activity, level in LATER]
    assert [one.level for one in Replayed(alarms=changes).raised] == [Level.PAGE, Level.INFO]
