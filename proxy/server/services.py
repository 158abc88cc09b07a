"""What every exchange of a process shares. Made once at start; owns nothing of a single exchange."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from events.schema import Incident

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from events.schema import Bypass, Failure
    from proxy.guard.evidence import Evidence
    from proxy.server.config import ServerConfig
    from proxy.server.facts import ExchangeFacts, MessageFacts
    from proxy.server.lanes import ScanLanes
    from proxy.server.metrics import Metrics
    from proxy.server.recording import RecordingStore
    from proxy.server.reload import PolicyChange, PolicyHolder
    from proxy.server.router import Router
    from proxy.server.upstreams import ModelApi

    GuardEvent = Incident | Bypass | Failure

_log = structlog.get_logger("sluicegate.events")


class EventSink(Protocol):
    """Takes what is to be reported. What was recorded here happened before its effect is visible to the client."""

    async def record(self, exchange: ExchangeFacts, message: MessageFacts, events: Sequence[GuardEvent]) -> None:
        """Record what the guard of one message reports; no text is in it.

        Returns when every enforced decision is durable; the others are not waited for. Raises `NotRecordedFault`
        when that is not possible: the message may not go on.
        """

    def record_end(self, exchange: ExchangeFacts) -> None:
        """Record a guarded exchange that is over. Does not wait."""

    def record_policy(self, change: PolicyChange) -> None:
        """Record that a policy was loaded, reloaded or refused. Does not wait."""


class LogSink:
    """Writes each incident as a line of the log."""

    async def record(self, exchange: ExchangeFacts, message: MessageFacts, events: Sequence[GuardEvent]) -> None:
        """See `EventSink.record`."""
        del message
        self.log(exchange, events)

    def record_end(self, exchange: ExchangeFacts) -> None:
        """Exchanges are counted, not logged."""

    def record_policy(self, change: PolicyChange) -> None:
        """Reloads are logged where they happen."""

    @staticmethod
    def log(exchange: ExchangeFacts, events: Sequence[GuardEvent]) -> None:
        """Write the lines."""
        for event in events:
            where = {
                "request_id": exchange.request_id,
                "policy": exchange.policy.label,
                "detector": event.detector,
                "direction": event.direction,
                "channel": event.channel,
                "start": event.start,
                "end": event.end,
            }
            if isinstance(event, Incident):
                _log.info(
                    "incident",
                    rule=event.rule,
                    category=event.category,
                    score=event.score,
                    action=event.action,
                    **where,
                )
            else:
                _log.warning(type(event).__name__.lower(), reason=event.reason, **where)


@dataclass(slots=True)
class Services:
    """The shared parts."""

    config: ServerConfig
    policies: PolicyHolder
    router: Router
    upstreams: Mapping[str, ModelApi]
    """By name, the default under ""."""
    lanes: ScanLanes
    metrics: Metrics
    sink: EventSink
    recordings: RecordingStore | None = None
    evidence: Evidence | None = None
    """How much of texts with incidents the audit store is to have; None: nothing."""
    draining: bool = False
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    """Work that goes on after its exchange: observing scans."""

    def report_end(self, exchange: ExchangeFacts) -> None:
        """Report an exchange once it is over and its observers are done; the last of them brings it here."""
        if exchange.ended and exchange.observing == 0 and exchange.dialect:
            self.sink.record_end(exchange)

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that no client waits for, keeping hold of its task."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
