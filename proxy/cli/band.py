"""The command `sluicegate models band`: which doubts of the quick model are worth asking the larger one about."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from detectors.toxicity.band import Judged, choose, frontier
from detectors.toxicity.detector import ToxicityDetector
from detectors.toxicity.inputs import pieces_of
from detectors.toxicity.sources import CascadeSource
from detectors.types import DetectorConfigError, ModelUnavailableError
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.inputs import input_name, open_input
from proxy.cli.loading import load
from proxy.cli.score import MAX_LINE_BYTES, find_detector, read_lines
from proxy.cli.terminal import console, say, write

if TYPE_CHECKING:
    from detectors.toxicity.band import Choice, Row
    from detectors.types import Engine

_SHAPE = '{"text": "...", "toxic": true}'


class Labelled(NamedTuple):
    """A text and whether people call it toxic."""

    text: str
    is_toxic: bool


def run_band(policy: str, detector_name: str, path: str, threshold: float, tolerance: float) -> int:
    """Compare bands on a labelled file. Raises `CommandError`."""
    detector = find_detector(load(policy), detector_name)
    source = detector.model if isinstance(detector, ToxicityDetector) else None
    if not isinstance(source, CascadeSource):
        raise CommandError(f"Detector '{detector_name}' is no cascade: it needs model: cascade and larger.")
    texts = _read(path)
    quick, quick_ms = _scored("the quick model", source.quick.load(), texts)
    try:
        larger, larger_ms = _scored("the larger model", source.larger.load(), texts)
    except (ModelUnavailableError, DetectorConfigError) as error:
        raise CommandError(f"The larger model cannot be asked: {error}.") from error
    judged = [Judged(one.is_toxic, *both) for one, *both in zip(texts, quick, larger, strict=True)]
    _show(choose(judged, threshold, tolerance), quick_ms, larger_ms)
    return ExitCode.OK


def _read(path: str) -> list[Labelled]:
    texts: list[Labelled] = []
    with open_input(path) as file:
        for line in read_lines(file):
            try:
                value: Any = json.loads(line.data) if len(line.data) <= MAX_LINE_BYTES else None
                text, is_toxic = value["text"], value["toxic"]
            except (ValueError, KeyError, TypeError):
                text, is_toxic = None, None
            if not isinstance(text, str) or not isinstance(is_toxic, bool):
                raise CommandError(f"{input_name(path)}:{line.number}: write {_SHAPE} on each line.")
            texts.append(Labelled(text, is_toxic))
    if len({one.is_toxic for one in texts}) < 2:  # noqa: PLR2004 - both kinds
        raise CommandError(f"{input_name(path)}: there must be texts that are toxic, and texts that are not.")
    return texts


def _scored(name: str, engine: Engine, texts: list[Labelled]) -> tuple[list[float], float]:
    """Return the highest score in each text, judged in its pieces, and the milliseconds for one text."""
    say(f"Asking {name} about {len(texts)} texts ...")
    began_s = time.perf_counter()
    found = []
    for one in texts:
        shown = [piece.shown for piece in pieces_of("", one.text)]
        found.append(max((max(scores) for scores in engine.scores(shown)), default=0.0) if shown else 0.0)
    return found, (time.perf_counter() - began_s) * 1000 / len(texts)


def _show(choice: Choice, quick_ms: float, larger_ms: float) -> None:
    from rich.table import Table  # noqa: PLC0415 - only where a table is drawn

    def cells(name: str, row: Row, ms: float) -> tuple[str, ...]:
        shares = (row.asked, row.recall, row.false_positive_rate)
        return (name, *(f"{100 * share:.1f} %" for share in shares), f"{ms:.2f}")

    table = Table("band", "asked", "recall", "false positives", "ms a text", box=None, header_style="bold")
    table.add_row(*cells("quick alone", choice.quick, quick_ms))
    for row in frontier(choice.rows):
        table.add_row(*cells(_band(row), row, quick_ms + row.asked * larger_ms))
    table.add_row(*cells("larger alone", choice.larger, larger_ms))
    console().print(table)
    write(f"band: {_band(choice.best)}    # the cheapest that is good enough\n")


def _band(row: Row) -> str:
    return f"[{row.low:g}, {row.high:g}]"
