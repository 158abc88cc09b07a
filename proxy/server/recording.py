"""Opt-in recordings of what upstreams sent, with times, for `sluicegate replay`. Off unless a folder is named.

A recording holds the model's unguarded answer: it is written for its owner's eyes (mode 0600), one file for an
exchange, JSON lines:

    {"version": 1, "request_id": "...", "dialect": "openai-chat", "stream": true, "status": 200,
     "content_type": "text/event-stream", "policy": "acme@0123456789ab", "began": "2026-01-02T03:04:05+00:00"}
    {"t": 0.0123, "data": "<base64 of the bytes of one read, content encoding undone>"}
    {"t": 0.4567, "end": "eof"}          or "aborted": the upstream broke off, or the exchange ended first

`t` is seconds since the answer's head came.
"""

from __future__ import annotations

import base64
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION: Final = 1

_log = structlog.get_logger("sluicegate.exchange")


class RecordingError(ValueError):
    """A file is not a recording. The message says where and why."""


@dataclass(frozen=True, slots=True)
class RecordingHead:
    """What a recording says about its exchange."""

    request_id: str
    dialect: str
    stream: bool
    status: int
    content_type: str
    policy: str
    began: str


@dataclass(frozen=True, slots=True)
class RecordedRead:
    """Bytes of one read."""

    t_s: float
    data: bytes


@dataclass(frozen=True, slots=True)
class RecordedEnd:
    """The end of a recording."""

    t_s: float
    end: str
    """eof or aborted."""


class RecordingStore:
    """A folder of recordings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(
        self, *, request_id: str, dialect: str, stream: bool, status: int, content_type: str, policy: str
    ) -> Recorder:
        """Start a recording. Raises OSError when the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{request_id}.jsonl"
        head = {
            "version": VERSION,
            "request_id": request_id,
            "dialect": dialect,
            "stream": stream,
            "status": status,
            "content_type": content_type,
            "policy": policy,
            "began": datetime.now(UTC).isoformat(),
        }
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return Recorder(os.fdopen(opened, "wb"), head)


class Recorder:
    """Writes one recording. The file is buffered; its lines are on disk after `close`.

    A disk that takes no more ends the recording with a line in the log, and not the exchange.
    """

    def __init__(self, file: BinaryIO, head: dict[str, object]) -> None:
        self._file = file
        self._began_s = time.monotonic()
        self._request_id = head.get("request_id")
        self._failed = False
        self._write(head)

    def add(self, data: bytes) -> None:
        """Record the bytes of one read."""
        self._write({"t": self._now(), "data": base64.b64encode(data).decode()})

    def close(self, end: str) -> None:
        """Record the end (`eof` or `aborted`) and close the file. Later calls do nothing."""
        if self._file.closed:
            return
        self._write({"t": self._now(), "end": end})
        try:
            self._file.close()
        except OSError as error:
            self._fail(error)

    def _now(self) -> float:
        return round(time.monotonic() - self._began_s, 6)

    def _write(self, line: dict[str, object]) -> None:
        if self._failed:
            return
        try:
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not self._failed:
            self._failed = True
            _log.error("recording_failed", request_id=self._request_id, error=type(error).__name__)


def read_recording(path: Path) -> tuple[RecordingHead, Iterator[RecordedRead | RecordedEnd]]:
    """Read a recording: its head, and its lines as they are asked for.

    Raises OSError, and `RecordingError` with the line that is wrong.
    """
    lines = _parsed_lines(path)
    _, first = next(lines, (1, {}))
    if first.get("version") != VERSION:
        raise RecordingError(f"{path}:1: not a recording of version {VERSION}")
    try:
        head = RecordingHead(
            request_id=str(first["request_id"]),
            dialect=str(first["dialect"]),
            stream=first["stream"] is True,
            status=int(str(first["status"])),
            content_type=str(first["content_type"]),
            policy=str(first["policy"]),
            began=str(first["began"]),
        )
    except (KeyError, ValueError) as error:
        raise RecordingError(f"{path}:1: the head lacks {error}") from error
    return head, _parts(path, lines)


def _parts(path: Path, lines: Iterator[tuple[int, dict[str, object]]]) -> Iterator[RecordedRead | RecordedEnd]:
    for number, line in lines:
        match line:
            case {"t": float() | int() as t_s, "data": str() as data}:
                yield RecordedRead(float(t_s), base64.b64decode(data, validate=True))
            case {"t": float() | int() as t_s, "end": str() as end}:
                yield RecordedEnd(float(t_s), end)
            case _:
                raise RecordingError(f'{path}:{number}: expected "t" with "data" or "end"')


def _parsed_lines(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                parsed = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                raise RecordingError(f"{path}:{number}: not JSON") from error
            if not isinstance(parsed, dict):
                raise RecordingError(f"{path}:{number}: not a JSON object")
            yield number, parsed
