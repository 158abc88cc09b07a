"""Texts from files and from standard input: what can be read, and a clear word about what cannot.

Not the formats of what is read: a recording or a JSON line is parsed by the command that asked for it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from proxy.cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"

MAX_INPUT_BYTES = 32 << 20
"""Longest text taken as one response: the longest whole body that the proxy itself takes."""


def input_name(path: str) -> str:
    """Return how messages call an input."""
    return "<stdin>" if path == STDIN else path


@contextmanager
def open_input(path: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input for `-`. Raises `CommandError` when it cannot be opened or read."""
    try:
        if path == STDIN:
            yield sys.stdin.buffer
        else:
            with Path(path).open("rb") as file:
                yield file
    except FileNotFoundError as error:
        raise CommandError(f"{path}: no such file. Give a path, or - for standard input.") from error
    except IsADirectoryError as error:
        raise CommandError(f"{path}: is a directory. Give the path of a file.") from error
    except PermissionError as error:
        raise CommandError(
            f"{path}: may not be read. Change its permissions, or read it as another user."
        ) from error


def read_bytes(path: str) -> bytes:
    """Return the whole input. Raises `CommandError` when it cannot be read or is too long."""
    with open_input(path) as file:
        data = file.read(MAX_INPUT_BYTES + 1)
    if len(data) > MAX_INPUT_BYTES:
        limit = MAX_INPUT_BYTES >> 20
        raise CommandError(f"{input_name(path)}: is longer than {limit} MiB, the longest answer taken. Split it.")
    return data


def read_text(path: str) -> str:
    """Return the whole input as text, line ends untouched. Raises `CommandError` when it is not UTF-8."""
    return decode(read_bytes(path), input_name(path))


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8. Raises `CommandError` that names the first byte that is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise CommandError(
            f"{name}: is not UTF-8 text (byte 0x{byte:02x} at offset {error.start})."
            " Convert it first, for example with iconv -f latin1 -t utf-8."
        ) from error
