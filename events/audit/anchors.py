"""Anchors: where the chain ended at a time, kept where whoever changes the database does not reach.

They are events on the topic `sluicegate.audit-heads.v1`, and lines of a file in the state folder.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any, Final

import orjson

from events.audit.records import Head

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_LINE_BYTES: Final = 64 << 10


class AnchorError(ValueError):
    """A line that is no anchor."""


def append_anchor(path: Path, event: bytes) -> None:
    """Write an anchor's event as a line of the file, durably. A cut line is ended first. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(handle).st_size
        is_cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        line = (b"\n" if is_cut else b"") + event + b"\n"
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)


def last_anchor(path: Path) -> Head | None:
    """Return the newest anchor of the file; a line that a crash cut is passed over. Raises OSError."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MAX_LINE_BYTES))
        for line in reversed(file.read().splitlines()):
            try:
                return parse_anchor(line)
            except AnchorError:
                continue
    return None


def read_anchors(lines: Iterable[bytes]) -> tuple[list[Head], int]:
    """Return the anchors in lines of JSON, events or their data alone, and how many lines were none.

    The last line may be cut; it counts as none.
    """
    found: list[Head] = []
    broken = 0
    for line in lines:
        if line.strip():
            try:
                found.append(parse_anchor(line))
            except AnchorError:
                broken += 1
    return found, broken


def parse_anchor(line: bytes) -> Head:
    """Return the anchor in a line. Raises `AnchorError`."""
    try:
        told: Any = orjson.loads(line)
        data = told.get("data", told)
        chain, seq, value = data["chain"], data["seq"], data["hash"]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise AnchorError("not an anchor") from error
    if not (isinstance(chain, str) and isinstance(value, str) and type(seq) is int and seq >= 0):
        raise AnchorError("not an anchor")
    return Head(chain, seq, value)
