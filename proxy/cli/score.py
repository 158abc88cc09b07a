"""The command `sluicegate score`: one detector over many texts, a JSON line each.

It asks the detector itself: no rule, no score limit and no action of the policy has a part in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from detectors.types import Window
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.inputs import STDIN, input_name, open_input
from proxy.cli.loading import load
from proxy.cli.terminal import console, say, say_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.types import ChannelKind, Detector, Finding
    from policies.types import Policy

BATCH_LINES = 64
"""Lines read, scored and written together: often enough for a pipe, seldom enough to cost nothing."""
MAX_LINE_BYTES = 32 << 20
"""Longest line: the longest answer the proxy takes."""


class LineError(Exception):
    """A line cannot be scored. The message says why, and quotes no text of the line."""


class Line(NamedTuple):
    """One line of the input."""

    number: int
    """From 1."""
    data: bytes


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    scored: int = 0
    failed: int = 0
    read_bytes: int = 0


def run_score(policy: str, detector_name: str, path: str, kind: ChannelKind) -> int:
    """Score every line of `path`. Returns the exit code; raises `CommandError` when nothing can be scored."""
    detector = find_detector(load(policy), detector_name)
    if kind not in detector.kinds:
        kinds = ", ".join(sorted(detector.kinds))
        raise CommandError(f"Detector '{detector_name}' does not look at {kind.value}. It looks at {kinds}.")
    tally = Tally()
    with open_input(path) as file, _progress(path) as progress:
        for batch in batches(read_lines(file)):
            written, errors = score_batch(detector, batch, kind)
            write("".join(written))
            say_errors(f"{input_name(path)}:{error}" for error in errors)
            tally.scored += len(written)
            tally.failed += len(errors)
            tally.read_bytes += sum(len(line.data) for line in batch)
            progress.update(tally)
    say(f"{tally.scored} texts scored by {detector_name}, {tally.failed} lines could not be.")
    return ExitCode.CONFIG if tally.failed else ExitCode.OK


def find_detector(policy: Policy, name: str) -> Detector:
    """Return the policy's detector called `name`. Raises `CommandError` when it has none."""
    if name in policy.detectors:
        return policy.detectors[name]
    known = ", ".join(policy.detectors) or "none"
    close = get_close_matches(name, policy.detectors, 1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise CommandError(f"Policy {policy.name} has no detector '{name}'. It has: {known}.{hint}")


def read_lines(file: Iterable[bytes]) -> Iterator[Line]:
    """Number the lines of a file, leaving out empty ones."""
    for number, data in enumerate(file, 1):
        if data.strip():
            yield Line(number, data)


def batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Group lines by `BATCH_LINES`."""
    while batch := list(islice(lines, BATCH_LINES)):
        yield batch


def score_batch(detector: Detector, batch: Iterable[Line], kind: ChannelKind) -> tuple[list[str], list[str]]:
    """Return the output lines of a batch, and its errors as `NUMBER: message`."""
    written: list[str] = []
    errors: list[str] = []
    for line in batch:
        try:
            text_id, text = parse_line(line.data)
            written.append(json.dumps(score_text(detector, text_id, text, kind), ensure_ascii=False) + "\n")
        except LineError as error:
            errors.append(f"{line.number}: {error}")
    return written, errors


def parse_line(data: bytes) -> tuple[str | int, str]:
    """Return id and text of a line. Raises `LineError`."""
    if len(data) > MAX_LINE_BYTES:
        raise LineError(f"is longer than {MAX_LINE_BYTES >> 20} MiB. Split its text.")
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LineError(f"is not UTF-8 (byte {error.start} of the line).") from error
    except (ValueError, RecursionError) as error:
        column = getattr(error, "colno", 1)
        raise LineError(f'is not JSON (column {column}). Write {{"id": ..., "text": ...}} on each line.') from error
    if not isinstance(value, dict):
        raise LineError('is not an object. Write {"id": ..., "text": ...} on each line.')
    text_id, text = value.get("id"), value.get("text")
    if not isinstance(text_id, str | int) or isinstance(text_id, bool):
        raise LineError('"id" is missing, or neither a string nor an integer.')
    if not isinstance(text, str):
        raise LineError('"text" is missing or not a string.')
    return text_id, text


def score_text(detector: Detector, text_id: str | int, text: str, kind: ChannelKind) -> dict[str, Any]:
    """Return the answer for one text. Raises `LineError` when the detector fails."""
    try:
        findings = detector.scan(Window(kind, "", text, 0, final=True)).findings
    except Exception as error:
        raise LineError(f"the detector failed ({type(error).__name__}).") from error
    scores: dict[str, float] = {}
    for one in findings:
        scores[one.category] = max(one.score, scores.get(one.category, 0.0))
    in_order = sorted(findings, key=lambda one: (one.start, one.end, one.category))
    return {"id": text_id, "scores": scores, "findings": [_finding_json(one) for one in in_order]}


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "detector": finding.detector,
        "category": finding.category,
        "start": finding.start,
        "end": finding.end,
        "score": finding.score,
    }


class _progress:  # noqa: N801 - reads as the context it is
    """A progress bar on standard error while a terminal is there; measured in bytes when the size is known."""

    def __init__(self, path: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        out = console(stderr=True)
        columns = (TextColumn("{task.fields[count]} texts"), BarColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=out, disable=not out.is_terminal, transient=True)
        total = None if path == STDIN or not Path(path).is_file() else Path(path).stat().st_size
        self._task = self._bar.add_task("", total=total, count=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, tally: Tally) -> None:
        """Show how far the work is."""
        self._bar.update(self._task, completed=tally.read_bytes, count=tally.scored + tally.failed)
