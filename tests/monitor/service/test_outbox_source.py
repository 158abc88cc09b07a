"""The outbox as a source: in order, from where the share is, and what is kept may go."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from monitor.service import share as share_module
from monitor.service.outbox_source import SHARE, STREAM, OutboxSource
from monitor.service.settings import MONITOR_SUBSCRIBER
from monitor.service.shares import Shares
from monitor.settings import MonitorSettings
from tests.support.watching import AlarmingEngine, answer, now_ms


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / FILE_NAME, OutboxSettings())


def add(store: Store, first: int, count: int) -> None:
    events = [answer(number) for number in range(first, first + count)]
    store.append([Entry(one.id, "t", one.subject, one.time_ms, encode(one)) for one in events], now_ms())


def test_records_come_once_and_are_kept_until_a_checkpoint_stands_for_them(store: Store, tmp_path: Path) -> None:
    store.subscribe([MONITOR_SUBSCRIBER])
    add(store, 0, 30)
    shares = Shares(tmp_path, MonitorSettings(), bytes(32), lambda _alarm: None)
    waited: list[float] = []
    source = OutboxSource(store, shares, waited.append)
    (batch,) = source.poll()
    assert (batch.share, batch.stream, len(batch.items), batch.position) == (SHARE, STREAM, 30, 31)
    assert not source.is_caught_up
    assert source.lag == 30
    assert shares.receive([batch]) == 30
    assert source.poll()[0].items == []
    assert source.is_caught_up
    assert source.poll() == []
    assert waited == [0.2]
    assert store.waiting(MONITOR_SUBSCRIBER) == 30
    source.keep(shares.checkpoint())
    assert store.waiting(MONITOR_SUBSCRIBER) == 0
    add(store, 30, 5)
    again = OutboxSource(store, shares, waited.append)
    assert [item.offset for item in again.poll()[0].items] == [31, 32, 33, 34, 35]
    (subscriber,) = store.subscribers()
    assert subscriber.state == "watching"
    shares.close()
    store.close()


def test_without_its_checkpoint_it_tells_nothing_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another subscriber keeps the events; how far this one had come, the outbox knows."""
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)
    store.subscribe([MONITOR_SUBSCRIBER, "kafka"])
    add(store, 0, 150)
    told: list[str] = []
    for more in (0, 60):
        add(store, 150, more)
        shares = Shares(tmp_path, MonitorSettings(), bytes([more] * 32), lambda one: told.append(one.alarm_id))
        source = OutboxSource(store, shares, lambda _s: None)
        shares.receive(source.poll())
        source.keep(shares.checkpoint())
        shares.close()
    assert told == ["alm_100", "alm_200"]
    store.close()


def test_alone_it_takes_nothing_away(store: Store, tmp_path: Path) -> None:
    """Nobody else subscribes: what is kept to be looked at stays."""
    add(store, 0, 30)
    shares = Shares(tmp_path, MonitorSettings(), bytes(32), lambda _alarm: None)
    source = OutboxSource(store, shares, lambda _s: None)
    shares.receive(source.poll())
    source.keep(shares.checkpoint())
    assert store.totals().rows == 30
    shares.close()
    source.close()
    store.close()
