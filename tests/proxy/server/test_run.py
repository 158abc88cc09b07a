"""What `serve` does around the server: the key, the heap, the loop, the line that says it is ready."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from policies.problems import PolicyError
from proxy.server.run import KEY_BYTES, fingerprint_key, run_loop, serve_until_signal
from tests.support.gateway import config_for

if TYPE_CHECKING:
    from pathlib import Path


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """It is random, for its owner only, and the same at the next start."""
    folder = tmp_path / "deep" / "state"
    key = fingerprint_key(folder)
    assert len(key) == KEY_BYTES
    assert fingerprint_key(folder) == key
    assert fingerprint_key(tmp_path / "other") != key
    assert stat.S_IMODE((folder / "fingerprint.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"x" * (KEY_BYTES + 1)])
def test_a_damaged_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """It is not replaced silently: fingerprints would change."""
    (tmp_path / "fingerprint.key").write_bytes(content)
    with pytest.raises(OSError, match="is damaged: expected 32 bytes"):
        fingerprint_key(tmp_path)


def test_the_loop_runs_a_coroutine_to_its_end() -> None:
    """Its errors come through."""
    ran: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        ran.append(type(asyncio.get_running_loop()).__module__)

    async def fail() -> None:
        raise OSError("port taken")

    run_loop(work())
    assert len(ran) == 1
    with pytest.raises(OSError, match="port taken"):
        run_loop(fail())


async def test_it_serves_until_a_signal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says when it is ready, and ends at SIGTERM; credentials in the upstream's URL are not logged."""
    monkeypatch.setattr("proxy.server.run.settle_heap", lambda: None)
    ready = asyncio.Event()
    config = config_for("http://user:zebra@127.0.0.1:9")
    task = asyncio.ensure_future(serve_until_signal(config, b"k", on_ready=ready.set))
    await asyncio.wait_for(ready.wait(), 20)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 5)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.remove_signal_handler(number)
    printed = "".join(capsys.readouterr())
    assert "http://127.0.0.1:9" in printed
    assert "zebra" not in printed


async def test_a_broken_policy_opens_no_port(tmp_path: Path) -> None:
    """The error comes before anything listens."""
    path = tmp_path / "p.yaml"
    path.write_text("version: 7\n")
    config = config_for("http://127.0.0.1:9", policy_source=str(path))
    opened: list[None] = []
    with pytest.raises(PolicyError):
        await serve_until_signal(config, b"k", on_ready=lambda: opened.append(None))
    assert opened == []
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
