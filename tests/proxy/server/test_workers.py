"""What a parent checks before it has workers, and what a worker tells it. Live workers are in `test_drain`."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from policies.problems import PolicyError
from proxy.server.admin import AdminError
from proxy.server.app import bind
from proxy.server.workers import _child, serve_workers
from tests.support.gateway import config_for

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from proxy.server.config import ServerConfig

    Serve = Callable[[ServerConfig, socket.socket, Callable[[], None]], None]

CONFIG = config_for("http://127.0.0.1:9", workers=2)


def never(*_: object) -> None:
    raise AssertionError("a worker was started")


def test_a_broken_configuration_starts_no_worker(tmp_path: Path) -> None:
    """A policy with an error, and an open admin address without a token, end before a port is open."""
    path = tmp_path / "p.yaml"
    path.write_text("version: 7\n")
    with pytest.raises(PolicyError):
        serve_workers(config_for("http://127.0.0.1:9", workers=2, policy_source=str(path)), never)
    with pytest.raises(AdminError):
        serve_workers(config_for("http://127.0.0.1:9", workers=2, admin_host="0.0.0.0"), never)
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    before = signal.getsignal(signal.SIGINT)
    with bind("127.0.0.1", 0) as sock:
        yield sock
    signal.signal(signal.SIGINT, before)


def child_with(serve: Serve, listener: socket.socket) -> list[object]:
    """Run the child's code here; return what the parent would hear."""
    pipe, child_pipe = multiprocessing.Pipe(duplex=False)
    with pipe:
        with child_pipe:
            _child(serve, CONFIG, listener, child_pipe)
        return [pipe.recv()] if pipe.poll() else []


def test_a_worker_says_that_it_is_ready(listener: socket.socket) -> None:
    """It serves the socket that it was given, and leaves Ctrl-C to its parent."""
    seen: list[object] = []

    def serve(config: ServerConfig, sock: socket.socket, tell: Callable[[], None]) -> None:
        seen.extend((config, sock, signal.getsignal(signal.SIGINT)))
        tell()

    assert child_with(serve, listener) == ["ready"]
    assert seen == [CONFIG, listener, signal.SIG_IGN]


def test_a_worker_that_fails_exits_with_an_error(
    listener: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its parent sees the exit code, the log its kind; there is no traceback."""

    def serve(_config: ServerConfig, _sock: socket.socket, _tell: Callable[[], None]) -> None:
        raise OSError("no such key")

    with pytest.raises(SystemExit) as caught:
        child_with(serve, listener)
    assert caught.value.code == 1
    printed = "".join(capsys.readouterr())
    assert "no such key" in printed
    assert "Traceback" not in printed
