"""The process that publishes the outbox: started beside the server, replaced when it dies, told to end with it.

A process of its own, so that building records for Kafka takes no time from the event loop, and a client library
that hangs hangs nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import structlog

from events.outbox.rows import OutboxError
from events.publisher.run import publish
from proxy.server.logs import configure_logging
from proxy.server.reporting import outbox_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from proxy.server.config import ServerConfig

RESTART_PAUSE_S: Final = 1.0
DRAIN_S: Final = 3.0
"""How long it goes on publishing what is left when the server ends. What then remains waits for the next start."""
STOP_LIMIT_S: Final = 8.0

_log = structlog.get_logger("sluicegate.publisher")


class PublisherProcess:
    """Keeps a publisher running. Lives on an event loop."""

    def __init__(
        self,
        config: ServerConfig,
        child: Callable[[ServerConfig, Connection], None] | None = None,
        name: str = "publisher",
    ) -> None:
        """`child` is what the process does, in place of publishing; `name` is what it is called in the log."""
        self._config = config
        self._child = child or _child
        self._name = name
        self._context = multiprocessing.get_context("spawn")
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._stopping = False
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process."""
        self._ended.clear()
        pipe, child_pipe = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=self._child, args=(self._config, pipe), name=f"sluicegate-{self._name}"
        )
        process.start()
        pipe.close()  # the child's end; ours stays open as long as we live
        self._process, self._pipe = process, child_pipe
        asyncio.get_running_loop().add_reader(process.sentinel, self._bury)

    async def stop(self) -> None:
        """End it: it publishes what it can, and is killed when it does not come to an end."""
        self._stopping = True
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid or 0, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._ended.wait(), STOP_LIMIT_S)
        except TimeoutError:
            if self._process is not None:
                self._process.kill()
                await self._ended.wait()

    def _bury(self) -> None:
        """It died."""
        process, self._process = self._process, None
        if process is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(process.sentinel)
        process.join()
        code = process.exitcode
        process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._ended.set()
        if not self._stopping:
            _log.error(f"{self._name}_died", exit_code=code)
            loop.call_later(RESTART_PAUSE_S, self._restart)

    def _restart(self) -> None:
        if not self._stopping:
            self.start()


def _child(config: ServerConfig, pipe: Connection) -> None:
    """Publish until told to stop, or until the server is gone (in the child)."""
    stop = begin_child(config, pipe)
    assert config.kafka is not None  # noqa: S101 - it is what we are started for
    try:
        publish(outbox_path(config), config.outbox, config.kafka, stop, drain_s=DRAIN_S, on_state=_say_state)
    except (OutboxError, OSError) as error:
        _log.error("publisher_failed", error=type(error).__name__, problem=str(error))
        sys.exit(1)


def begin_child(config: ServerConfig, pipe: Connection) -> threading.Event:
    """Return what is set when the server tells this process to stop, or is gone (in the child)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the server tells us in its turn
    configure_logging(config.log_format, config.log_level)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch_parent, args=(pipe, stop), daemon=True).start()
    return stop


def _watch_parent(pipe: Connection, stop: threading.Event) -> None:
    """The pipe ends when the server does, however that ends."""
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    stop.set()
    time.sleep(STOP_LIMIT_S)
    os._exit(1)


def _say_state(state: str, why: str) -> None:
    (_log.info if state == "publishing" else _log.warning)("publisher_state", state=state, why=why)
