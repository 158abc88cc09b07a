"""The longest time for which a text keeps the event loop with one look of the detector.

A text is looked at in windows, between which others have their turn (`proxy.guard.cursor`). Lists of nothing but
values are what takes longest for a character, and what somebody would send who wants to slow a proxy down.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.report import Table
from benchmarks.stats import Target
from detectors.turns import finished, scanned
from detectors.types import ChannelKind, Window
from proxy.guard.cursor import next_stop, window_chars
from proxy.server.scanning import MAX_RUN_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from detectors.turns import Turns
    from detectors.types import Detector, ScanResult

LIST_CHARS: Final = 8_192
STEP_LIMIT_MS: Final = 4.0
_ROUNDS: Final = 5
LISTS: Final = {
    "social security numbers, each after its word": "ssn 219-09-9999 ",
    "payment cards, each after its word": "card 4111 1111 1111 1111 ",
    "account numbers": "iban GB82 WEST 1234 5698 7654 32 ",
    "e-mail addresses": "a@b.co,",
    "phone numbers": "212-555-0123 ",
    "phone numbers, bare": "2125550142 4930901820 ",
    "phone numbers with extensions": "2125550123 x12 ",
    "phone numbers in Arabic digits": "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0663 ",
    "digits": "1234567890",
    "digits and points": "1.1.",
    "digits and colons": "1:",
    "all of them": "phone 212-555-0142 ssn 536-90-4399 card 4111 1111 1111 1111 jane.roe@example.com ",
}


def steps_ms(detector: Detector, text: str) -> list[float]:
    """Return the processor time of each look at a whole text, window by window."""
    times = []
    for seen, begun in _looks(detector, text):
        begin = time.thread_time()  # another process may have the core in between
        seen.watermark = finished(begun).watermark
        times.append(1e3 * (time.thread_time() - begin))
    return times


@dataclass(slots=True)
class _Seen:
    """How far a text was seen."""

    watermark: int = 0
    scanned: int = 0


def _looks(detector: Detector, text: str) -> Iterator[tuple[_Seen, Turns[ScanResult]]]:
    """Yield each look at a text as the guard has it, to be run to its end and its watermark noted."""
    seen = _Seen()
    while seen.scanned < len(text):
        watermark = seen.watermark
        stop = next_stop(watermark, seen.scanned, len(text), window_chars(detector))
        context = text[max(0, watermark - detector.context_chars) : watermark]
        window = Window(ChannelKind.TEXT, context, text[watermark:stop], watermark, stop == len(text))
        yield seen, scanned(detector, window)
        seen.scanned = stop


def turns_ms(detector: Detector, text: str) -> list[float]:
    """Return the processor time for which the server's loop is kept at a time: long looks take several turns."""
    times = []
    for seen, begun in _looks(detector, text):
        while True:
            begin = time.thread_time()
            try:
                next(begun)
                while time.thread_time() - begin < MAX_RUN_S:
                    next(begun)
            except StopIteration as done:
                times.append(1e3 * (time.thread_time() - begin))
                seen.watermark = done.value.watermark
                break
            times.append(1e3 * (time.thread_time() - begin))
    return times


def step_table(detectors: dict[str, Detector]) -> tuple[Table, list[Target]]:
    """Return the longest look of each list; what is promised is promised of the first detector."""
    gc.collect()
    gc.freeze()  # as the server does when it has started
    rows, longest = [], 0.0
    for name, unit in LISTS.items():
        text = (unit * (LIST_CHARS // len(unit) + 1))[:LIST_CHARS]
        worst = [_worst(steps_ms, detector, text) for detector in detectors.values()]
        longest = max(longest, worst[0])
        kept = max(max(turns_ms(detector, text)) for detector in detectors.values())
        rows.append((name, *(f"{each:.1f} ms" for each in (*worst, kept))))
    gc.unfreeze()
    note = (
        f"Lists of {LIST_CHARS:,} characters that come at once, with nothing else in them: processor time of the "
        "longest look, and for how long the server's event loop is kept at a time at most, by the detector that "
        "keeps it longest: between two looks, and in a look of more than 4 ms, others have their turn. Twelve "
        "countries: Australia, Finland, Germany, India, Italy, Korea, Poland, Singapore, Spain, Thailand, the "
        "United Kingdom and the United States."
    )
    targets = [Target("longest look at a list of values", STEP_LIMIT_MS, longest, unit=" ms")]
    return Table("Lists of values", ("list of", *detectors, "loop kept for"), rows, note), targets


def _worst(times: Callable[[Detector, str], list[float]], detector: Detector, text: str) -> float:
    """Return the longest of the times that are measured, each the median of some rounds."""
    rounds = [times(detector, text) for _ in range(_ROUNDS)]
    return max(float(median(each)) for each in zip(*rounds, strict=True))
