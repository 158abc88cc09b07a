"""The process that watches the outbox: a monitor beside the server, where there is no other."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Final

import structlog

from proxy.server.publishing import begin_child
from proxy.server.reporting import event_source, topic_prefix

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from monitor.service.run import Plan
    from proxy.server.config import ServerConfig

MONITOR: Final = "monitor"

_log = structlog.get_logger("sluicegate.monitor")


def plan_for(config: ServerConfig) -> Plan:
    """Return the plan of a monitor that reads the server's outbox."""
    from monitor.service.run import Plan  # noqa: PLC0415 - River is an extra, and large: the server does without

    assert config.monitor is not None  # noqa: S101 - it is what it is asked for
    return Plan(
        settings=config.monitor,
        state_dir=config.state_dir,
        source=event_source(config),
        topic_prefix=topic_prefix(config),
        outbox=config.outbox,
    )


def monitor_child(config: ServerConfig, pipe: Connection) -> None:
    """Watch the outbox until told to stop, or until the server is gone (in a process of its own)."""
    stop = begin_child(config, pipe)
    try:
        asyncio.run(_serve(plan_for(config), stop))
    except (OSError, ValueError) as error:
        _log.error("monitor_failed", problem=f"{type(error).__name__}: {error}")
        sys.exit(1)


async def _serve(plan: Plan, stop: threading.Event) -> None:
    from monitor.service.run import serve_monitor  # noqa: PLC0415 - as above

    ended = asyncio.Event()
    waiting = asyncio.ensure_future(asyncio.to_thread(stop.wait))
    waiting.add_done_callback(lambda _done: ended.set())
    await serve_monitor(plan, lambda _url: None, ended)
