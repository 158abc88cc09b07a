"""`serve`: the product's way in. Loads, warms, opens the ports, and stays until SIGTERM or SIGINT.

SIGHUP loads the policy again. With more than one worker the parent of `workers` does the opening instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

import structlog

from proxy.server.app import running_server
from proxy.server.heap import settle_heap
from proxy.server.logs import configure_logging
from proxy.server.workers import serve_workers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from proxy.server.config import ServerConfig
    from proxy.server.reload import PolicyHolder

KEY_BYTES = 32
KEY_FILE = "fingerprint.key"
"""In the state folder: the key of `hash: true`, and of the tenants' key hashes."""

_log = structlog.get_logger("sluicegate.server")


def serve(config: ServerConfig) -> None:
    """Run the proxy until it is told to stop.

    Raises `PolicyError`, `AdminError` and OSError before a port is open.
    """
    configure_logging(config.log_format, config.log_level)
    if config.workers > 1:
        serve_workers(config, run_worker)
    else:
        run_loop(serve_until_signal(config, fingerprint_key(config.state_dir)))


def run_worker(config: ServerConfig, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve an inherited socket: one child of `workers`."""
    configure_logging(config.log_format, config.log_level)
    key = fingerprint_key(config.state_dir)
    run_loop(serve_until_signal(config, key, listener=listener, with_admin=False, on_ready=on_ready))


async def serve_until_signal(
    config: ServerConfig,
    hash_key: bytes,
    *,
    listener: socket.socket | None = None,
    with_admin: bool = True,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve in this event loop until SIGTERM or SIGINT, then drain."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = running_server(config, listener=listener, with_admin=with_admin, hash_key=hash_key)
    async with running as server:
        policies = server.services.policies
        loop.add_signal_handler(signal.SIGHUP, lambda: server.services.run_aside(_reload(policies)))
        _log.info(
            "ready",
            url=server.url,
            admin=server.admin_url,
            policy=policies.current.label,
            upstream=_origin(config.upstream_url),
            pid=os.getpid(),
        )
        settle_heap()
        if on_ready is not None:
            on_ready()
        await stop.wait()
        _log.info("draining", exchanges=server.gateway.active, pid=os.getpid())
    _log.info("stopped", pid=os.getpid())


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        asyncio.run(main)
        return
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main)


def fingerprint_key(state_dir: Path) -> bytes:
    """Return the key of `hash: true` and of tenants, made once and kept in the state folder. Raises OSError."""
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / KEY_FILE
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise OSError(f"{path} is damaged: expected {KEY_BYTES} bytes, found {len(key)}. Delete it for a new key.")
    return key


async def _reload(policies: PolicyHolder) -> None:
    await policies.reload()


def _origin(url: str) -> str:
    """Leave out what a URL may hold of credentials."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
