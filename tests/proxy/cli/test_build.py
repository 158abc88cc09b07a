"""A build says whether it is the compiled one."""

from __future__ import annotations

import importlib
from importlib.metadata import version

from proxy.cli.build import HOT, build_name, is_compiled


def test_it_tells_what_is_imported() -> None:
    """What is said without importing the module is what importing it gives."""
    origin = str(importlib.import_module(HOT).__file__)
    assert is_compiled() is not origin.endswith(".py")


def test_the_name() -> None:
    said = " (compiled)" if is_compiled() else ""
    assert build_name("sluicegate") == f"sluicegate {version('sluicegate')}{said}"
