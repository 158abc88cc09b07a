"""Puts the parts of a monitor together: from Kafka, as a service of its own, or beside a proxy, from its outbox."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.lease import Lease
from events.publisher.run import publish
from events.publisher.topics import ensure_topics
from monitor.service.api import api_app, check_address
from monitor.service.checkpoint import signing_key
from monitor.service.kafka_source import KafkaSource
from monitor.service.metrics import MonitorCollector
from monitor.service.outbox_source import OutboxSource
from monitor.service.reading import Reader
from monitor.service.runner import Runner
from monitor.service.shares import Shares
from monitor.service.telling import Teller
from monitor.service.verdicts import Verdicts
from monitor.service.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from events.publisher.settings import KafkaSettings
    from monitor.service.settings import ServiceSettings
    from monitor.service.source import Source
    from monitor.types import Alarm

SUBFOLDER: Final = "monitor"
"""Where the state is, below the state folder."""
ADDRESS_NAME: Final = "address"
"""The file that says where the monitor can be asked."""
DRAIN_S: Final = 3.0

_log = structlog.get_logger("sluicegate.monitor")


class FolderTakenError(OSError):
    """Another monitor works in this folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One monitor: where from, where to, what of its own."""

    settings: ServiceSettings
    state_dir: Path
    """Of the monitor itself, or of the proxy whose outbox it reads."""
    source: str
    """The attribute `source` of its events."""
    kafka: KafkaSettings | None = None
    """Where events are read and alarms go; None: the outbox in `state_dir`."""
    topic_prefix: str = "sluicegate"
    outbox: OutboxSettings = field(default_factory=OutboxSettings)

    @property
    def folder(self) -> Path:
        """Where checkpoints and journals are."""
        return self.state_dir / SUBFOLDER

    @property
    def outbox_path(self) -> Path:
        """Where the outbox is, the proxy's or its own."""
        return (self.state_dir if self.kafka is None else self.folder) / FILE_NAME


class Monitor:
    """A monitor that works in threads of its own."""

    def __init__(self, plan: Plan) -> None:
        """Take the folder. Raises OSError, `FolderTakenError` where another monitor has it."""
        self._plan = plan
        plan.folder.mkdir(parents=True, exist_ok=True)
        self._lease = Lease(plan.folder, "monitor")
        if not self._lease.take():
            self._lease.close()
            raise FolderTakenError(f"another monitor works in {plan.folder}")
        self._teller: Teller | None = None
        self.shares = Shares(plan.folder, plan.settings.watch, signing_key(plan.folder), self._tell)
        self.runner = Runner(self.shares, self._open_source, plan.settings.checkpoint_s)
        self.reader = Reader(self.shares)
        key = signing_key(plan.folder)
        self.verdicts = Verdicts(plan.outbox_path, plan.outbox, plan.source, plan.topic_prefix, key)
        self._stop = threading.Event()
        self._publisher = threading.Thread(target=self._publish, name="sluicegate-monitor-publisher", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self._plan.kafka is not None:
            Store(self._plan.outbox_path, self._plan.outbox).close()
            self._publisher.start()
        self.runner.start()

    def stop(self) -> None:
        """Write what was learned, publish what is left, and end."""
        self.runner.stop()
        self._stop.set()
        if self._publisher.is_alive():
            self._publisher.join(DRAIN_S + 5.0)
        self._lease.close()

    def _tell(self, alarm: Alarm) -> None:
        assert self._teller is not None  # noqa: S101 - shares work while a source is open
        self._teller.tell(alarm)

    def _open_source(self) -> Source:
        """Open what is read, and where alarms go (in the runner's thread, which they belong to)."""
        plan = self._plan
        store = Store(plan.outbox_path, plan.outbox)
        try:
            self._teller = Teller(store, plan.source, plan.topic_prefix)
            if plan.kafka is None:
                return _Owning(OutboxSource(store, self.shares, self.runner.wait), store)
            store.subscribe(["kafka"])
            ensure_topics(plan.kafka, create=plan.kafka.create_topics)
            return _Owning(KafkaSource(plan.kafka, plan.settings.shares, self.shares), store)
        except BaseException:
            store.close()
            raise

    def _publish(self) -> None:
        """Take alarms to Kafka (in a thread of its own)."""
        plan = self._plan
        assert plan.kafka is not None  # noqa: S101 - it is what the thread is for
        while not self._stop.is_set():
            try:
                publish(plan.outbox_path, plan.outbox, plan.kafka, self._stop, drain_s=DRAIN_S)
            except Exception as error:  # noqa: BLE001 - the border: alarms wait in the outbox meanwhile
                _log.error("alarms_not_published", problem=type(error).__name__)
                self._stop.wait(1.0)


class _Owning:
    """A source that closes the outbox with itself."""

    def __init__(self, source: Source, store: Store) -> None:
        self._source = source
        self._store = store
        self.poll = source.poll
        self.keep = source.keep

    @property
    def is_caught_up(self) -> bool:
        return self._source.is_caught_up

    @property
    def lag(self) -> int:
        return self._source.lag

    def close(self) -> None:
        try:
            self._source.close()
        finally:
            self._store.close()


@contextlib.asynccontextmanager
async def running_monitor(plan: Plan) -> AsyncIterator[tuple[Monitor, str]]:
    """Run a monitor with its address for as long as the context lasts. Gives it, and its URL.

    Raises `AddressError` and OSError before anything has begun.
    """
    settings = plan.settings
    check_address(settings.listen_host, settings.token)
    monitor = await asyncio.to_thread(Monitor, plan)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, monitor.stop)
        registry = CollectorRegistry()
        registry.register(MonitorCollector(monitor.reader, monitor.runner, monitor.shares))
        app = api_app(monitor.reader, monitor.runner, registry, monitor.verdicts, settings.token)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, settings.listen_host, settings.listen_port).start()
        await asyncio.to_thread(monitor.start)
        if settings.alertmanager_url:
            hook = Webhook(monitor.reader, settings.alertmanager_url, settings.external_url, time.time)
            stack.push_async_callback(_cancel, asyncio.ensure_future(hook.run()))
        host, port = runner.addresses[0][:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        (plan.folder / ADDRESS_NAME).write_text(url + "\n")
        _log.info("monitor_started", url=url, folder=str(plan.folder))
        yield monitor, url


async def serve_monitor(plan: Plan, on_start: Callable[[str], None], stop: asyncio.Event | None = None) -> None:
    """Run a monitor until SIGTERM or SIGINT, or until `stop`. Raises as `running_monitor`."""
    ended = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
    async with running_monitor(plan) as (_, url):
        on_start(url)
        await ended.wait()


async def _cancel(task: Awaitable[None]) -> None:
    assert isinstance(task, asyncio.Future)  # noqa: S101 - made above
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
