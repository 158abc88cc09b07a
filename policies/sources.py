"""Where policies come from: bundled names, paths, what `extends` names; the only code here that reads files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from policies.document import MAX_FILE_BYTES
from policies.problems import did_you_mean

Reader = Callable[[Path, int], bytes]
"""Returns at most so many bytes of a file and one more. Raises OSError."""

MAX_WORD_FILE_BYTES = 64 << 20
"""Longest file that a parameter of a detector names: several times the longest word list that one takes."""

_BUNDLED = Path(__file__).parent / "bundled"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when it was read."""

    path: Path
    sha256: str
    """Of the bytes read; empty when the file could not be read."""
    limit: int
    """How many bytes were read at most, less one."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where to read one policy file."""

    path: Path
    display: str
    """How messages name it."""


class SourceError(Exception):
    """There is nothing to read; the message says why and what to do."""


def bundled_names() -> tuple[str, ...]:
    """Return the names of the policies that come with Sluicegate."""
    return tuple(sorted(path.stem for path in _BUNDLED.glob("*.yaml")))


def find_source(name: str | Path, folder: Path | None = None) -> Source:
    """Return the bundled policy called `name`, else the file at that path, taken from `folder` when relative.

    A file that has the name of a bundled policy is reached as `./default`. Raises `SourceError`.
    """
    if isinstance(name, str) and name in bundled_names():
        return Source(_BUNDLED / f"{name}.yaml", f"bundled/{name}.yaml")
    path = Path(name) if folder is None else folder / name
    if not path.exists() and path.suffix not in {".yaml", ".yml"}:
        known = ", ".join(bundled_names())
        hint = did_you_mean(name, bundled_names())
        raise SourceError(f"{str(name)!r} is neither a bundled policy ({known}) nor a file.{hint}")
    return Source(path, str(path))


def read_bytes(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a regular file, at most `limit` + 1 bytes of it. Raises OSError."""
    if path.exists() and not path.is_dir() and not path.is_file():
        raise OSError(None, "not a regular file")
    with path.open("rb") as file:
        return file.read(limit + 1)


def read_source(source: Source, read: Reader) -> bytes:
    """Read a policy file. Raises `SourceError` in a user's words."""
    try:
        return read(source.path, MAX_FILE_BYTES)
    except FileNotFoundError:
        raise SourceError("there is no such file. Check the path.") from None
    except IsADirectoryError:
        raise SourceError("is a directory. Name a file in it.") from None
    except PermissionError:
        raise SourceError("cannot be read: permission denied. Let the user that runs Sluicegate read it.") from None
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}.") from None


def digest_of(data: bytes) -> str:
    """Return the sha256 of some bytes in hex."""
    return hashlib.sha256(data).hexdigest()


def stamp(path: Path, read: Reader, limit: int) -> SourceFile:
    """Return what a file holds now, by its digest."""
    try:
        return SourceFile(path, digest_of(read(path, limit)), limit)
    except OSError:
        return SourceFile(path, "", limit)
