"""The two ends of the terminal: data goes to standard output, everything said about it to standard error.

It knows nothing of policies or texts.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

REPORT_TEXT_CHARS = 200
"""Longest cause shown in an error line: enough to recognise it, short enough to stay one line."""


def use_utf8() -> None:
    """Write UTF-8 whatever the locale says: what is written is data, and the data is UTF-8.

    A lone surrogate, which JSON can carry, is written as its escape, which JSON reads back.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="")


def write(text: str) -> None:
    """Write data to standard output."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write_json(value: object, *, indent: int | None = None) -> None:
    """Write one JSON value and a line end to standard output."""
    write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def say(*lines: str) -> None:
    """Write lines about the work to standard error."""
    for line in lines:
        sys.stderr.write(line + "\n")
    sys.stderr.flush()


def say_errors(lines: Iterable[str]) -> None:
    """Write errors to standard error, each on one line whatever it quotes."""
    say(*(" ".join(line.split()) if "\n" in line else line for line in lines))


def console(*, stderr: bool = False) -> Console:
    """Return a Rich console. Colours only on a terminal; 80 columns where the width is unknown."""
    from rich.console import Console  # noqa: PLC0415 - `--help` does not pay for it

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


def drop_output() -> None:
    """Send what is still buffered nowhere: whoever read it went away, and Python flushes once more at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):  # a stream without a descriptor cannot complain at exit
            continue
