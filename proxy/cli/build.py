"""Which build of Sluicegate this is: its version, and whether hot modules are compiled. Imports none of them."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec

HOT = "proxy.guard.stream"
"""The module that stands for all that are compiled together."""


def build_name(program: str) -> str:
    """Return what `--version` says."""
    return f"{program} {version(program)}{' (compiled)' if is_compiled() else ''}"


def is_compiled() -> bool:
    """Whether this is the build of `SLUICEGATE_COMPILED=1`."""
    found = find_spec(HOT)
    return found is not None and not str(found.origin).endswith(".py")
