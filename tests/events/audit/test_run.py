"""The feeder's loop: stores what is there, waits for its turn, and goes on when the store is back."""

from __future__ import annotations

import threading
from pathlib import Path

from events.audit.database import sqlite_url
from events.audit.feeder import SUBSCRIBER
from events.audit.run import LEASE, FeedPlan, database_url, feed
from events.audit.settings import AuditSettings
from events.audit.store import AuditStore
from events.audit.verify import verify
from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.lease import Lease
from tests.events.audit.test_feeder import put
from tests.support.audit import KEY


def plan(folder: Path, database: str = "") -> FeedPlan:
    return FeedPlan(folder / FILE_NAME, OutboxSettings(), AuditSettings(keys=KEY, database=database), "/s", "x")


def filled(folder: Path) -> None:
    outbox = Store(folder / FILE_NAME, OutboxSettings())
    outbox.subscribe([SUBSCRIBER])
    put(outbox, 3)
    outbox.close()


def test_it_stores_and_says_so(tmp_path: Path) -> None:
    filled(tmp_path)
    stop, said = threading.Event(), []

    def on_state(state: str, why: str) -> None:
        said.append((state, why))
        stop.set()

    feed(plan(tmp_path), stop, drain_s=5, on_state=on_state)
    assert said == [("storing", "")]
    store = AuditStore(database_url(plan(tmp_path).audit, tmp_path))
    assert verify(store).records == 3
    store.close()
    outbox = Store(tmp_path / FILE_NAME, OutboxSettings())
    found = [(one.name, one.delivered, one.state) for one in outbox.subscribers()]
    assert found == [(SUBSCRIBER, 3, "stopped")]
    outbox.close()


def test_a_second_one_stands_by(tmp_path: Path) -> None:
    filled(tmp_path)
    lease, stop, said = Lease(tmp_path, LEASE), threading.Event(), []
    assert lease.take()

    def on_state(state: str, _why: str) -> None:
        said.append(state)
        stop.set()

    feed(plan(tmp_path), stop, on_state=on_state)
    assert said == ["standby"]
    lease.close()


def test_a_store_that_cannot_be_opened_is_told_and_tried_again(tmp_path: Path) -> None:
    filled(tmp_path)
    below = tmp_path / "later"
    stop, said = threading.Event(), []

    def on_state(state: str, why: str) -> None:
        said.append((state, why))
        if state == "no_store":
            below.mkdir()
        else:
            stop.set()

    feed(plan(tmp_path, sqlite_url(below / "audit.db")), stop, drain_s=5, on_state=on_state)
    assert [state for state, _ in said] == ["no_store", "storing"]
    assert "No such file" in said[0][1]
