"""The product's own entry point, as a process with the command line that a user types."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.broker import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

START_LIMIT_S = 40.0


@contextmanager
def served(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """Run `sluicegate serve`; gives the ports for clients and of the admin address. Its log is `folder`/log."""
    port, admin = free_ports(2)
    command = [str(Path(sys.executable).with_name("sluicegate")), "serve", *arguments]
    command += ["--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}", "--state-dir", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONWARNINGS": "default", **(environment or {})},
        )
    try:
        wait_ready(process, admin, folder / "log")
        yield port, admin
    finally:
        process.terminate()
        assert process.wait(20) == 0, (folder / "log").read_text()


def wait_ready(process: subprocess.Popen[bytes], admin: int, log: Path) -> None:
    """Wait until a proxy's admin port says that it is ready."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{admin}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the proxy was not ready: {log.read_text()}")
