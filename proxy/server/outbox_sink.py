"""The event loop's side of the outbox. It waits for enforced decisions and for nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from events.outbox.settings import OnFull
from proxy.server.facts import is_enforced
from proxy.server.faults import NotRecordedFault
from proxy.server.services import LogSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.outbox.settings import OutboxSettings
    from events.outbox.writer import Draft, OutboxWriter
    from events.schema import Bypass, Failure, Incident
    from proxy.server.drafts import Drafter
    from proxy.server.facts import ExchangeFacts, MessageFacts
    from proxy.server.metrics import Metrics
    from proxy.server.reload import PolicyChange

RECORD_LIMIT_S: Final = 5.0
"""Longest wait for a commit: a disk that needs more is down."""

_log = structlog.get_logger("sluicegate.events")


class OutboxSink:
    """Records events in the outbox. One for a process; lives on its event loop."""

    def __init__(self, writer: OutboxWriter, drafter: Drafter, settings: OutboxSettings, metrics: Metrics) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = writer
        self._drafter = drafter
        self._blocks = settings.on_full is OnFull.BLOCK
        self._metrics = metrics

    async def record(
        self, exchange: ExchangeFacts, message: MessageFacts, events: Sequence[Incident | Bypass | Failure]
    ) -> None:
        """See `EventSink.record`."""
        LogSink.log(exchange, events)
        around = message.excerpts or (None,) * len(events)
        message.excerpts = ()
        drafts = [
            self._drafter.incident(exchange, message, event, excerpt)
            for event, excerpt in zip(events, around, strict=True)
        ]
        if not any(map(is_enforced, events)):
            self._writer.submit(drafts)
            return
        reason = await self._durable(drafts)
        if reason is not None:
            _log.error("not_recorded", request_id=exchange.request_id, reason=reason, events=len(events))
            if self._blocks:
                raise NotRecordedFault

    def record_end(self, exchange: ExchangeFacts) -> None:
        """See `EventSink.record_end`."""
        self._writer.submit((self._drafter.exchange(exchange),))

    def record_policy(self, change: PolicyChange) -> None:
        """See `EventSink.record_policy`."""
        self._writer.submit((self._drafter.policy(change),))

    async def _durable(self, drafts: Sequence[Draft]) -> str | None:
        """Wait until events are durable. Returns why they are not."""
        done: asyncio.Future[str | None] = self._loop.create_future()
        self._writer.submit(drafts, partial(self._tell, done))
        try:
            async with asyncio.timeout(RECORD_LIMIT_S):
                return await done
        except TimeoutError:
            self._metrics.count_dropped("timeout", len(drafts))
            return "timeout"

    def _tell(self, done: asyncio.Future[str | None], reason: str | None) -> None:
        """Hear from the writer's thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, done, reason)


def _resolve(done: asyncio.Future[str | None], reason: str | None) -> None:
    if not done.done():
        done.set_result(reason)
