"""The process that brings what belongs there from the outbox to the audit store, and its like for Kafka."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

import structlog

from events.outbox.rows import OutboxError
from proxy.server.monitoring import MONITOR, monitor_child
from proxy.server.publishing import DRAIN_S, PublisherProcess, begin_child
from proxy.server.reporting import event_source, outbox_path, topic_prefix

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from proxy.server.config import ServerConfig

AUDIT: Final = "audit"

_log = structlog.get_logger("sluicegate.audit")


def processes_aside(config: ServerConfig) -> list[PublisherProcess]:
    """Return the processes that take events on from the outbox, not started yet."""
    made = []
    if config.kafka is not None:
        made.append(PublisherProcess(config))
    if config.audit is not None:
        made.append(PublisherProcess(config, feed_child, AUDIT))
    if config.monitor is not None:
        made.append(PublisherProcess(config, monitor_child, MONITOR))
    return made


def feed_child(config: ServerConfig, pipe: Connection) -> None:
    """Feed the audit store until told to stop, or until the server is gone (in a process of its own)."""
    from events.audit.run import FeedPlan, feed  # noqa: PLC0415 - SQLAlchemy, which the server itself has no use for

    stop = begin_child(config, pipe)
    assert config.audit is not None  # noqa: S101 - it is what we are started for
    plan = FeedPlan(outbox_path(config), config.outbox, config.audit, event_source(config), topic_prefix(config))
    with contextlib.suppress(KeyboardInterrupt):
        try:
            feed(plan, stop, drain_s=DRAIN_S, on_state=_say_state)
        except (OutboxError, OSError) as error:
            _log.error("audit_failed", error=type(error).__name__, problem=str(error))
            sys.exit(1)


def _say_state(state: str, why: str) -> None:
    if state == "contradicted":
        _log.error("audit_contradicted", problem=why, hint="Run: sluicegate audit verify")
    else:
        (_log.info if state == "storing" else _log.warning)("audit_state", state=state, why=why)
