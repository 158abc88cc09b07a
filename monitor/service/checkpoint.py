"""A share's checkpoint: the engine's state and the places in the event streams that it stands for, in one file.

The file is written beside its place, made durable and renamed, so that there is the old one or the new one. It is
signed, because a state is a pickle and a pickle is code: nothing of it is read before the signature is right.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import MonitorSettings

MAGIC: Final = b"sluicegate-monitor-checkpoint 1\n"
KEY_NAME: Final = "monitor.key"
KEY_BYTES: Final = 32
_HASH_CHARS: Final = 64


class CheckpointError(ValueError):
    """The file is no checkpoint that may be used. `offsets` are those that it vouches for all the same."""

    def __init__(self, why: str, offsets: dict[str, int] | None = None) -> None:
        super().__init__(why)
        self.offsets = offsets or {}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is kept."""

    generation: int
    """Grows by one with each checkpoint of a share."""
    offsets: dict[str, int]
    """By stream: where to go on."""
    state: bytes
    """The engine's snapshot."""


def settings_hash(settings: MonitorSettings, reference: object = None) -> str:
    """Return what changes when the settings do, or the shape that they name: a state was learned under both."""
    return hashlib.sha256(f"{settings!r} {reference!r}".encode()).hexdigest()


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions that a state can be read by."""
    return {"river": version("river"), "python": ".".join(platform.python_version_tuple()[:2])}


def signing_key(folder: Path) -> bytes:
    """Return the key of a folder's checkpoints, made once. Raises OSError."""
    path = folder / KEY_NAME
    with suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise OSError(f"{path} is damaged: expected {KEY_BYTES} bytes, found {len(key)}. Delete it for a new key.")
    return key


def write(path: Path, checkpoint: Checkpoint, learned_under: str, key: bytes) -> None:
    """Put a checkpoint in the place of the one before, durably. Raises OSError.

    `learned_under`: what `settings_hash` says of the settings.
    """
    header: dict[str, Any] = {
        "format": 1,
        **versions(),
        "settings": learned_under,
        "generation": checkpoint.generation,
        "offsets": checkpoint.offsets,
        "sha256": hashlib.sha256(checkpoint.state).hexdigest(),
    }
    line = orjson.dumps(header) + b"\n"
    signature = hmac.new(key, MAGIC + line, hashlib.sha256).hexdigest().encode() + b"\n"
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(MAGIC + signature + line + checkpoint.state)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def read(path: Path, learned_under: str, key: bytes) -> Checkpoint | None:
    """Return the checkpoint; None where there is none yet.

    Raises `CheckpointError` when it may not be used: it is damaged or forged, or was made by other versions or
    under other settings. The last two still say up to where alarms were told.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    rest = data.removeprefix(MAGIC)
    signature, line, state = rest[: _HASH_CHARS + 1], *_two(rest[_HASH_CHARS + 1 :])
    expected = hmac.new(key, MAGIC + line, hashlib.sha256).hexdigest().encode() + b"\n"
    if len(rest) == len(data) or not hmac.compare_digest(signature, expected):
        raise CheckpointError("its signature is not ours")
    header = orjson.loads(line)
    if hashlib.sha256(state).hexdigest() != header["sha256"]:
        raise CheckpointError("it is damaged", header["offsets"])
    found = {name: header[name] for name in versions()}
    if found != versions():
        raise CheckpointError(f"it was made by {found}", header["offsets"])
    if header["settings"] != learned_under:
        raise CheckpointError("the settings have changed", header["offsets"])
    return Checkpoint(header["generation"], header["offsets"], state)


def _two(rest: bytes) -> tuple[bytes, bytes]:
    line, newline, state = rest.partition(b"\n")
    return line + newline, state


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
