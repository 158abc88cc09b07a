"""What the figures were measured on, and how processes are bound to cores. No host names, no paths."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import uvloop

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Cores(NamedTuple):
    """Which core each part of a measurement is pinned to; None where the system cannot pin."""

    gateway: int | None
    model: int | None
    load: int | None


def available_cores() -> list[int]:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return []


def share_out(cores: list[int]) -> Cores:
    """Give the gateway a core of its own where there are two; model and load part where there are three."""
    if not cores:
        return Cores(None, None, None)
    rest = cores[1:] or cores
    return Cores(gateway=cores[0], model=rest[0], load=rest[1] if len(rest) > 1 else rest[0])


def pin(core: int | None) -> None:
    """Bind this process to a core; children inherit it. None: leave it free."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on uvloop, as every Python party of a measurement does; Ctrl-C ends it quietly."""
    try:
        uvloop.run(main)
    except KeyboardInterrupt:
        return


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe() -> list[tuple[str, str]]:
    """Return what a reader needs to judge the figures: (what, value)."""
    load_average = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return [
        ("CPU", _cpu_model()),
        ("cores used", str(len(available_cores()) or os.cpu_count() or 1)),
        ("load average at the start", load_average),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in ("aiohttp", "uvloop", "orjson", "sluicegate")),
    ]
