"""What a command of `sluicegate` left behind, and how tests ask for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Sluicegate = Callable[..., Ran]
"""Takes the arguments of the command line, and `stdin` as bytes."""
