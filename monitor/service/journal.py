"""What a share has done since its checkpoint, in order: which records it took, when time passed, what people said.

Records come from several partitions, whose order among each other is chance. A share that goes on after a crash
takes them in the order that the journal says, and comes to the same state, bit for bit. A line is written before
what it says is done, and lasts through the death of the process; what people said, through that of the machine.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Took(NamedTuple):
    """The records of a stream up to an offset."""

    stream: str
    last: int


class Passed(NamedTuple):
    """Time."""

    now_s: float


class Said(NamedTuple):
    """What a person did about an alarm."""

    what: str
    """`acknowledge` or `close`."""
    alarm_id: str
    now_s: float


class Told(NamedTuple):
    """The event of an alarm is on its way: it is not told again."""

    event_id: str


class Ahead(NamedTuple):
    """A record said that it came in later than it was: its time is not believed."""

    stream: str
    offset: int


Line = Took | Passed | Said | Told | Ahead
_KINDS = {"took": Took, "passed": Passed, "said": Said, "told": Told, "ahead": Ahead}
_NAMES = {kind: name for name, kind in _KINDS.items()}


class Journal:
    """The open file of one generation."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it; what is there stays. Raises OSError."""
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, line: Line, *, durable: bool = False) -> None:
        """Add a line. Raises OSError."""
        data = orjson.dumps([_NAMES[type(line)], *line]) + b"\n"
        written = os.write(self._file, data)
        if written != len(data):  # the next line would be glued to this stump
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        if durable:
            os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def journal_path(folder: Path, share: str, generation: int) -> Path:
    """Return where the journal after a share's checkpoint is."""
    return folder / f"{share}.journal.{generation}"


def read_journal(path: Path) -> list[Line]:
    """Return the lines; none where there is no file. A last line that a crash cut was never acted on.

    Only a machine that went down leaves another line damaged. Then it and what follows are given up: what people
    said made everything before it durable, so it stands before the damage.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    lines: list[Line] = []
    end = 0
    while newline := raw.find(b"\n", end) + 1:
        try:
            lines.append(_line(raw[end:newline]))
        except (ValueError, KeyError, TypeError):
            break
        end = newline
    if end < len(raw):
        os.truncate(path, end)
    return lines


def drop_others(folder: Path, share: str, keep: int) -> None:
    """Delete the journals of other generations of a share."""
    for path in _all(folder, share):
        if path != journal_path(folder, share, keep):
            with suppress(FileNotFoundError):
                path.unlink()


def _all(folder: Path, share: str) -> Iterable[Path]:
    return sorted(folder.glob(f"{share}.journal.*"))


def _line(raw: bytes) -> Line:
    name, *values = orjson.loads(raw)
    kind: type[Line] = _KINDS[name]
    return kind(*values)
