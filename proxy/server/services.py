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
    from proxy.server.config import ServerConfig
    from proxy.server.lanes import ScanLanes
    from proxy.server.metrics import Metrics
    from proxy.server.recording import RecordingStore
    from proxy.server.reload import ActivePolicy, PolicyHolder
    from proxy.server.router import Router
    from proxy.server.upstreams import ModelApi

    GuardEvent = Incident | Bypass | Failure

_log = structlog.get_logger("sluicegate.events")


class EventSink(Protocol):
    """Takes what guards report. What was recorded here happened before its effect is visible to the client."""

    async def record(self, request_id: str, policy: ActivePolicy, events: Sequence[GuardEvent]) -> None:
        """Record events of one exchange; they hold no text. Returns when they are safe."""


class LogSink:
    """Writes each event as a line of the log."""

    async def record(self, request_id: str, policy: ActivePolicy, events: Sequence[GuardEvent]) -> None:
        """See `EventSink.record`."""
        for event in events:
            where = {
                "request_id": request_id,
                "policy": policy.label,
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
    draining: bool = False
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    """Work that goes on after its exchange: observing scans."""

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that no client waits for, keeping hold of its task."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
