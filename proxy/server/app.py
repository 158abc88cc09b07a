"""Puts the parts together for one process and opens its ports: `running_server`, used by the product and by tests.

Order: detectors are warmed before the port opens, so that the first request is as fast as the second.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from detectors.types import CostClass, Window
from policies.encryption import read_keys
from policies.loader import Keys, load
from policies.problems import PolicyError, Problem
from proxy.server.admin import admin_app, check_admin_address
from proxy.server.audit_texts import evidence_for
from proxy.server.auditing import processes_aside
from proxy.server.gateway import Gateway
from proxy.server.lanes import ScanLanes
from proxy.server.metrics import Metrics
from proxy.server.models import Models
from proxy.server.recording import RecordingStore
from proxy.server.reload import PolicyChange, PolicyHolder, detectors_of, watch
from proxy.server.reporting import prepare_outbox, start_sink, watch_outbox
from proxy.server.router import Router
from proxy.server.routes import route_table
from proxy.server.scanning import log_scan_error
from proxy.server.services import Services
from proxy.server.upstreams import close_upstreams, make_upstreams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from detectors.types import Detector
    from policies.types import Policy
    from proxy.server.config import ServerConfig
    from proxy.server.publishing import PublisherProcess
    from proxy.server.services import EventSink

SCAN_LANES = 4
"""Threads for scans that may not run on the event loop. Model runtimes bring their own parallelism."""

WARM_DEADLINE_S = 60.0
"""Model files are read at the first scan."""

BACKLOG = 1024

_WARM_TEXT = "The quick brown fox jumps over the lazy dog. Call 555-0100 or write to nobody@example.org.\n"


@dataclass(slots=True)
class RunningServer:
    """A server that accepts requests."""

    gateway: Gateway
    services: Services
    url: str
    admin_url: str | None
    aside: list[PublisherProcess]
    """The processes that take events on from the outbox, where this one started them."""
    _runner: web.ServerRunner

    @property
    def ready(self) -> bool:
        """Whether new requests are welcome."""
        return not self.services.draining

    async def drain(self) -> None:
        """Accept nothing new, and let live exchanges end within the configured time."""
        self.services.draining = True
        for site in list(self._runner.sites):
            await site.stop()
        server = self._runner.server
        if server is not None:
            server.pre_shutdown()  # closes connections that are between two requests
        await self.gateway.drain(self.services.config.drain_timeout_s)


@contextlib.asynccontextmanager
async def running_server(
    config: ServerConfig,
    policy: Policy | None = None,
    *,
    sink: EventSink | None = None,
    listener: socket.socket | None = None,
    with_admin: bool = True,
    hash_key: bytes = b"",
) -> AsyncIterator[RunningServer]:
    """Run a server in this event loop for as long as the context lasts; drains at its end.

    `policy` stands in for the one that `config.policy_source` names. `listener` is a bound socket to use in
    place of the configured address. `sink` stands in for the outbox in the state folder. Raises `PolicyError`,
    `AdminError`, `OutboxError` or OSError before a port is open.
    """
    if with_admin:
        check_admin_address(config.admin_host, config.admin_token)
    async with contextlib.AsyncExitStack() as stack:
        aside = _processes_aside(config, stack) if sink is None and with_admin else []
        services = await _services(config, policy, sink, hash_key, stack)
        stack.push_async_callback(close_upstreams, services.upstreams)
        await _warm(services)
        for process in aside:
            process.start()
        gateway = Gateway(services)
        runner = web.ServerRunner(gateway.server(), shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        sock = listener if listener is not None else bind(config.listen_host, config.listen_port)
        await web.SockSite(runner, sock, backlog=BACKLOG).start()
        running = RunningServer(gateway, services, _url(sock), None, aside, runner)
        if with_admin:
            running.admin_url = await _start_admin(config, running, stack)
        for task in _background(services):
            stack.push_async_callback(_stop, task)
        stack.push_async_callback(running.drain)
        yield running


def _processes_aside(config: ServerConfig, stack: contextlib.AsyncExitStack) -> list[PublisherProcess]:
    """Make the outbox ready, and return what takes events on. They end after everything that makes events."""
    prepare_outbox(config)
    made = processes_aside(config)
    for process in made:
        stack.push_async_callback(process.stop)
    return made


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


async def _services(
    config: ServerConfig,
    policy: Policy | None,
    sink: EventSink | None,
    hash_key: bytes,
    stack: contextlib.AsyncExitStack,
) -> Services:
    metrics = Metrics()
    keys = Keys(hash_key, read_keys(config.encrypt_keys) if config.encrypt_keys else None, are_needed=True)
    routed = {source: partial(load, source, keys) for source in config.policy_sources[1:]}
    if policy is None:
        policies = PolicyHolder.loaded(partial(load, config.policy_source, keys), metrics, routed)
    else:
        policies = PolicyHolder(policy, None, metrics, routed)
    if sink is None:
        sink = await start_sink(config, metrics, hash_key, stack)
        metrics.registry.register(watch_outbox(config, stack))  # with several workers, the parent asks its own
    policies.on_change = sink.record_policy
    for one in policies.active.values():
        sink.record_policy(PolicyChange("loaded", one.policy, None, resolved=one.resolved))
    loop = asyncio.get_running_loop()
    models = Models(loop, metrics.models, log_scan_error)
    lanes = ScanLanes(loop, SCAN_LANES, metrics.set_threads_lost, log_scan_error, models)
    stack.callback(lanes.close)
    return Services(
        config=config,
        policies=policies,
        router=Router(config, route_table(config), hash_key),
        upstreams=make_upstreams(config),
        lanes=lanes,
        metrics=metrics,
        sink=sink,
        recordings=RecordingStore(config.record_dir) if config.record_dir is not None else None,
        evidence=evidence_for(config),
    )


async def _warm(services: Services) -> None:
    """Let each detector that scans elsewhere scan there once: lazy parts are built before the port opens.

    Raises `PolicyError` for models that cannot be loaded.
    """
    loop = asyncio.get_running_loop()
    waits: list[asyncio.Future[None]] = []
    detectors = detectors_of(active.policy for active in services.policies.active.values())
    await _warm_models(services, detectors)
    for detector in detectors:
        if detector.cost_class in {CostClass.MODEL, CostClass.INLINE}:  # inline ones were warmed with their policy
            continue
        window = Window(min(detector.kinds), "", _WARM_TEXT, 0, final=True)
        for _ in range(SCAN_LANES):
            done = loop.create_future()
            waits.append(done)
            services.lanes.submit(detector, window, WARM_DEADLINE_S, partial(_warmed, done))
    if waits:
        await asyncio.wait(waits)


async def _warm_models(services: Services, detectors: list[Detector]) -> None:
    models, policies = services.lanes.models, services.policies
    problems = await models.prepare(detectors)
    if problems:
        raise PolicyError([Problem(policies.current.policy.name, 0, 0, said) for said in problems])
    models.keep(detectors)
    policies.prepare = models.prepare
    policies.on_force = models.keep


def _warmed(done: asyncio.Future[None], _outcome: object, _spent_s: float) -> None:
    done.set_result(None)


async def _start_admin(config: ServerConfig, running: RunningServer, stack: contextlib.AsyncExitStack) -> str:
    app = admin_app(lambda: running.ready, lambda: running.services.metrics.registry, config.admin_token)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    sock = bind(config.admin_host, config.admin_port)
    await web.SockSite(runner, sock).start()
    return _url(sock)


def _background(services: Services) -> list[asyncio.Task[None]]:
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(services.metrics.sample_loop_lag())]
    if services.policies.files:
        tasks.append(loop.create_task(watch(services.policies)))
    return tasks


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _url(sock: socket.socket) -> str:
    host, port, *_ = sock.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
