"""The parties of a measurement as real processes of their own: started, pinned, asked for their cost, stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.compiled import PACKAGES
from benchmarks.machine import pin

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0
_LOG_TAIL_CHARS = 2000

_NGINX_CONFIG = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; tcp_nodelay on; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream model {{ server 127.0.0.1:{model_port}; keepalive 256; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 60s;
    }}
  }}
}}
"""

_PROGRAM = str(Path(sys.executable).with_name("sluicegate"))
_NO_RULES = "version: 1\nname: no-rules\nrules: []\n"


class GatewayError(Exception):
    """A party did not start; the message ends with what it wrote."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running party: the port that clients ask, and the process that bears the cost."""

    name: str
    port: int
    pid: int

    def cpu_s(self) -> float:
        """Return the processor time spent so far, by the process and its children."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def rss_mb(self) -> float:
        """Return the resident memory of the process and its children."""
        total: float = sum(process.memory_info().rss for process in self._processes())
        return total / 1e6

    def _processes(self) -> list[psutil.Process]:
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nginx_path() -> str | None:
    """Return where nginx is, or None."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def model(core: int | None) -> Iterator[Gateway]:
    """Run the mock model, which is also the party called `direct`."""
    command = [sys.executable, "-m", "benchmarks.upstream", *_core_option(core)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline() if process.stdout is not None else b""
        if not line.strip():
            raise GatewayError("the mock model did not start: run `python -m benchmarks.upstream` to see why")
        yield Gateway("direct", int(line), process.pid)
    finally:
        _stop(process)


@contextmanager
def nginx(model_port: int, core: int | None, folder: Path) -> Iterator[Gateway]:
    """Run nginx as a reverse proxy that does not buffer."""
    port, binary = free_port(), nginx_path()
    if binary is None:
        raise GatewayError("nginx is not installed")
    config = folder / "nginx.conf"
    config.write_text(_NGINX_CONFIG.format(folder=folder, model_port=model_port, port=port), encoding="utf-8")
    yield from _run("nginx", [binary, "-p", str(folder), "-c", str(config)], port, core, folder)


@contextmanager
def relay(model_port: int, core: int | None, folder: Path) -> Iterator[Gateway]:
    """Run the bare aiohttp relay."""
    port = free_port()
    upstream = f"http://127.0.0.1:{model_port}"
    command = [sys.executable, "-m", "benchmarks.relay", "--upstream", upstream, "--port", str(port)]
    yield from _run("aiohttp relay", command, port, core, folder)


@contextmanager
def sluicegate(model_port: int, core: int | None, folder: Path, policy: str = "default") -> Iterator[Gateway]:
    """Run `sluicegate serve` under a bundled policy, or with no rules when `policy` is empty."""
    name = f"sluicegate, {policy}" if policy else "sluicegate, no rules"
    if not policy:
        policy_file = folder / "no-rules.yaml"
        policy_file.write_text(_NO_RULES, encoding="utf-8")
        policy = str(policy_file)
    yield from _serve(name, [_PROGRAM], model_port, core, folder, policy)


@contextmanager
def compiled(model_port: int, core: int | None, folder: Path, policy: str = "default") -> Iterator[Gateway]:
    """Run the compiled form of `sluicegate serve` under a bundled policy."""
    name = f"sluicegate, {policy}, compiled"
    yield from _serve(name, [_PROGRAM], model_port, core, folder, policy, {"PYTHONPATH": str(PACKAGES)})


@contextmanager
def shell(model_port: int, core: int | None, folder: Path) -> Iterator[Gateway]:
    """Run Sluicegate with its guard taken out: what its HTTP part costs."""
    policy_file = folder / "shell-rules.yaml"
    policy_file.write_text(_NO_RULES, encoding="utf-8")
    program = [sys.executable, "-m", "benchmarks.shell"]
    yield from _serve("sluicegate, no guard", program, model_port, core, folder, str(policy_file))


def _serve(
    name: str,
    program: list[str],
    model_port: int,
    core: int | None,
    folder: Path,
    policy: str,
    environment: dict[str, str] | None = None,
) -> Iterator[Gateway]:
    port, admin = free_port(), free_port()
    state_dir = folder / f"state-{port}"
    state_dir.mkdir()
    command = [*program, "serve"]
    command += ["--upstream", f"http://127.0.0.1:{model_port}", "--policy", policy]
    command += ["--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}"]
    command += ["--state-dir", str(state_dir)]
    ready_url = f"http://127.0.0.1:{admin}/readyz"
    yield from _run(name, command, port, core, folder, ready_url=ready_url, environment=environment)


def _core_option(core: int | None) -> list[str]:
    return [] if core is None else ["--core", str(core)]


def _run(
    name: str,
    command: list[str],
    port: int,
    core: int | None,
    folder: Path,
    *,
    ready_url: str = "",
    environment: dict[str, str] | None = None,
) -> Iterator[Gateway]:
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            preexec_fn=lambda: pin(core),  # noqa: PLW1509 - no threads here
        )
    try:
        _wait_ready(name, process, port, ready_url, log)
        yield Gateway(name, port, process.pid)
    finally:
        _stop(process)


def _wait_ready(name: str, process: subprocess.Popen[bytes], port: int, ready_url: str, log: Path) -> None:
    end = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if _answers(port) and (not ready_url or _is_ready(ready_url)):
            return
        time.sleep(0.05)
    written = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARS:]
    raise GatewayError(f"{name} did not get ready. It wrote:\n{written}")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
