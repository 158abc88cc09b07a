"""`--workers N`: a parent that owns the listening socket and the admin address, and children that serve it.

The parent serves no client. A child that dies is replaced; SIGTERM drains all; SIGHUP reaches all. Metrics of the
children are added up through prometheus-client's files.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from policies.loader import load
from proxy.server.admin import admin_app, check_admin_address
from proxy.server.app import bind
from proxy.server.auditing import processes_aside
from proxy.server.outbox_metrics import OutboxCollector
from proxy.server.reload import load_all
from proxy.server.reporting import outbox_path, prepare_outbox

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from proxy.server.config import ServerConfig

    Serve = Callable[[ServerConfig, socket.socket, Callable[[], None]], None]

RESTART_PAUSE_S: Final = 0.5
"""Least time between two starts of one worker, so that one that cannot live does not take the machine."""

KILL_AFTER_S: Final = 5.0
"""How much longer than the drain time a worker may take before it is killed."""

_MULTIPROC: Final = "PROMETHEUS_MULTIPROC_DIR"

_log = structlog.get_logger("sluicegate.workers")


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    started_s: float
    ready: bool = False


def serve_workers(config: ServerConfig, serve: Serve) -> None:
    """Run `config.workers` children until SIGTERM or SIGINT. Raises as `proxy.server.run.serve` does."""
    check_admin_address(config.admin_host, config.admin_token)
    load_all(
        {source: partial(load, source) for source in config.policy_sources}
    )  # every error of the configuration before a port is open
    prepare_outbox(config)
    with tempfile.TemporaryDirectory(prefix="sluicegate-metrics-") as folder:
        os.environ[_MULTIPROC] = folder  # read by prometheus-client when a child imports it
        try:
            asyncio.run(_Parent(config, serve, Path(folder)).run())
        finally:
            del os.environ[_MULTIPROC]


class _Parent:
    def __init__(self, config: ServerConfig, serve: Serve, metrics_folder: Path) -> None:
        self._config = config
        self._serve = serve
        self._folder = metrics_folder
        self._outbox = OutboxCollector(outbox_path(config))
        self._workers: dict[int, _Worker] = {}
        self._context = multiprocessing.get_context("spawn")
        self._stopping = asyncio.Event()
        self._empty = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        listener = bind(self._config.listen_host, self._config.listen_port)
        with contextlib.closing(listener):
            admin = await self._start_admin()
            aside = processes_aside(self._config)
            for process in aside:
                process.start()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stopping.set)
            loop.add_signal_handler(signal.SIGHUP, self._signal_all, signal.SIGHUP)
            for slot in range(self._config.workers):
                self._start(slot, listener)
            host, port, *_ = listener.getsockname()
            admin_host, admin_port, *_ = admin.addresses[0]
            _log.info(
                "workers_started",
                url=f"http://{host}:{port}",
                admin=f"http://{admin_host}:{admin_port}",
                workers=self._config.workers,
                pid=os.getpid(),
            )
            await self._stopping.wait()
        await self._stop_all()
        for process in aside:
            await process.stop()
        await admin.cleanup()

    def _ready(self) -> bool:
        live = [worker for worker in self._workers.values() if worker.ready]
        return len(live) == self._config.workers and not self._stopping.is_set()

    async def _start_admin(self) -> web.AppRunner:
        app = admin_app(self._ready, self._registry, self._config.admin_token)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.SockSite(runner, bind(self._config.admin_host, self._config.admin_port)).start()
        return runner

    def _registry(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        registry.register(self._outbox)
        return registry

    def _start(self, slot: int, listener: socket.socket) -> None:
        pipe, child_pipe = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_child,
            args=(self._serve, dataclasses.replace(self._config, workers=1), listener, child_pipe),
            name=f"sluicegate-worker-{slot}",
        )
        process.start()
        child_pipe.close()
        self._workers[slot] = _Worker(process, pipe, time.monotonic())
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe.fileno(), self._hear, slot)
        loop.add_reader(process.sentinel, self._bury, slot, listener)

    def _hear(self, slot: int) -> None:
        """A worker says that it is ready, or its pipe closed."""
        worker = self._workers[slot]
        asyncio.get_running_loop().remove_reader(worker.pipe.fileno())
        with contextlib.suppress(EOFError):
            worker.ready = worker.pipe.recv() == "ready"

    def _bury(self, slot: int, listener: socket.socket) -> None:
        """A worker died."""
        loop = asyncio.get_running_loop()
        worker = self._workers.pop(slot)
        loop.remove_reader(worker.process.sentinel)
        loop.remove_reader(worker.pipe.fileno())
        worker.pipe.close()
        worker.process.join()
        if worker.process.pid is not None:
            mark_process_dead(worker.process.pid, path=str(self._folder))  # type: ignore[no-untyped-call]
        code = worker.process.exitcode
        worker.process.close()
        if self._stopping.is_set():
            if not self._workers:
                self._empty.set()
            return
        _log.error("worker_died", worker=slot, exit_code=code)
        pause_s = max(0.0, RESTART_PAUSE_S - (time.monotonic() - worker.started_s))
        loop.call_later(pause_s, self._restart, slot, listener)

    def _restart(self, slot: int, listener: socket.socket) -> None:
        if not self._stopping.is_set():
            self._start(slot, listener)

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers.values():
            if worker.process.pid is not None:
                os.kill(worker.process.pid, number)

    async def _stop_all(self) -> None:
        if not self._workers:
            return
        self._signal_all(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._empty.wait(), self._config.drain_timeout_s + KILL_AFTER_S)
        except TimeoutError:
            _log.error("workers_killed", workers=len(self._workers))
            self._signal_all(signal.SIGKILL)
            await self._empty.wait()


def _child(serve: Serve, config: ServerConfig, listener: socket.socket, pipe: Connection) -> None:
    """Serve until told to stop (in the child)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent tells us in its turn

    def tell() -> None:
        with contextlib.suppress(OSError):
            pipe.send("ready")

    try:
        serve(config, listener, tell)
    except Exception as error:  # noqa: BLE001 - the border of the process: no traceback, the parent starts another
        _log.error("worker_failed", error=type(error).__name__, problem=str(error))
        sys.exit(1)
