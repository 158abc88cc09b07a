"""Runs a feeder until it is told to stop. For a process or thread of its own."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from events.audit.database import AuditError, sqlite_url
from events.audit.feeder import IDLE_S, SUBSCRIBER, Feeder
from events.audit.settings import ANCHORS_NAME, FILE_NAME
from events.audit.store import AuditStore
from events.outbox.rows import OutboxError
from events.outbox.store import Store
from events.publisher.lease import Lease

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from events.audit.settings import AuditSettings
    from events.outbox.settings import OutboxSettings

LEASE: Final = "audit"
STANDBY_S: Final = 1.0
MAX_PAUSE_S: Final = 5.0


class FeedPlan(NamedTuple):
    """What to feed, and from where."""

    outbox_path: Path
    outbox: OutboxSettings
    audit: AuditSettings
    source: str
    topic_prefix: str


def database_url(settings: AuditSettings, folder: Path) -> str:
    """Return where the audit store is: by default a file in the state folder."""
    return settings.database or sqlite_url(folder / FILE_NAME)


def feed(
    plan: FeedPlan,
    stop: threading.Event,
    *,
    drain_s: float = 0.0,
    on_state: Callable[[str, str], None] = lambda _state, _why: None,
) -> None:
    """Feed the audit store until `stop`, then for at most `drain_s` more what is left.

    Waits while another process does it. Raises `OutboxError` when the outbox cannot be opened.
    """
    lease = Lease(plan.outbox_path.parent, LEASE)
    try:
        told = False
        while not lease.take():
            if not told:
                on_state("standby", "another process feeds the audit store")
                told = True
            if stop.wait(STANDBY_S):
                return
        outbox = Store(plan.outbox_path, plan.outbox)
        try:
            _Run(plan, outbox, stop, on_state).go(drain_s)
        finally:
            outbox.close()
    finally:
        lease.close()


class _Run:
    def __init__(
        self, plan: FeedPlan, outbox: Store, stop: threading.Event, on_state: Callable[[str, str], None]
    ) -> None:
        self._plan = plan
        self._outbox = outbox
        self._stop = stop
        self._on_state = on_state
        self._store: AuditStore | None = None
        self._state = ""
        self._pause_s = 0.0

    def go(self, drain_s: float) -> None:
        try:
            feeder: Feeder | None = None
            while not self._stop.is_set():
                try:
                    feeder = feeder or self._open()
                    pause_s = feeder.step()
                    self._say("storing", "")
                    self._pause_s = 0.0
                except (AuditError, OutboxError, OSError) as error:
                    pause_s = self._fail(str(error))
                if pause_s:
                    self._stop.wait(pause_s)
            if feeder is not None:
                self._drain(feeder, drain_s)
            with suppress(OutboxError):
                self._outbox.beat(SUBSCRIBER, "stopped", time.time_ns() // 1_000_000)
        finally:
            if self._store is not None:
                self._store.close()

    def _open(self) -> Feeder:
        plan, folder = self._plan, self._plan.outbox_path.parent
        if self._store is None:
            self._store = AuditStore(database_url(plan.audit, folder))
        feeder = Feeder(
            self._outbox,
            self._store,
            folder / ANCHORS_NAME,
            source=plan.source,
            topic_prefix=plan.topic_prefix,
            retention_s=plan.audit.retention_s,
            now_ms=lambda: time.time_ns() // 1_000_000,
            randomness=os.urandom,
        )
        problem = feeder.contradiction()
        if problem is not None:
            self._on_state("contradicted", problem)
        return feeder

    def _drain(self, feeder: Feeder, drain_s: float) -> None:
        """Store what is left, as long as that goes well."""
        end_s = time.monotonic() + drain_s
        try:
            while time.monotonic() < end_s:
                if feeder.step() == IDLE_S:
                    break
            feeder.close()
        except (AuditError, OutboxError, OSError) as error:
            self._fail(str(error))

    def _fail(self, why: str) -> float:
        self._say("no_store", why)
        with suppress(OutboxError):  # it is said when the outbox is back
            self._outbox.beat(SUBSCRIBER, "no_store", time.time_ns() // 1_000_000)
        self._pause_s = min(MAX_PAUSE_S, max(0.25, 2 * self._pause_s))
        return self._pause_s

    def _say(self, state: str, why: str) -> None:
        if state == self._state:
            return
        self._state = state
        self._on_state(state, why)
