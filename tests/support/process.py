"""The product in a process of its own, started by its own entry point."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.gateway import POLICY, parse_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROGRAM = """
import sys, json
from pathlib import Path
from proxy.server.config import ServerConfig
from proxy.server.run import serve
if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given["state_dir"] = Path(given["state_dir"])
    serve(ServerConfig(**given))
"""


class Process:
    """The product in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.port = 0
        self.admin_port = 0

    async def line(self, event: str) -> dict[str, Any]:
        """Wait for a line of the log."""
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            while raw := await self.process.stderr.readline():
                self.lines.append(json.loads(raw))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]
        raise AssertionError(f"no line {event!r} in {self.lines}")

    async def start(self, event: str) -> None:
        ready = await self.line(event)
        self.port = int(ready["url"].rpartition(":")[2])
        self.admin_port = int(ready["admin"].rpartition(":")[2])

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def admin(self, path: str) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.admin_port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = parse_answer(await reader.read())
        writer.close()
        return answer.status, answer.body


@asynccontextmanager
async def product(tmp_path: Path, upstream: str, **more: Any) -> AsyncIterator[Process]:
    policy = tmp_path / "policy.yaml"
    if not policy.exists():
        policy.write_text(POLICY)
    (tmp_path / "main.py").write_text(PROGRAM)
    given = {
        "upstream_url": upstream, "listen_port": 0, "admin_port": 0, "policy_source": str(policy),
        "state_dir": str(tmp_path / "state"), "drain_timeout_s": 4.0, **more,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(tmp_path / "main.py"), json.dumps(given),
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    running = Process(process)
    try:
        await running.start("workers_started" if more.get("workers", 1) > 1 else "ready")
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
