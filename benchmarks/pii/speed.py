"""What the detector costs beside `AnalyzerEngine`, on a stream, and on texts of growing length."""

from __future__ import annotations

import gc
import random
import time
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.detectors import detector_cost
from benchmarks.pii.least_hold import least_held
from benchmarks.prose import PROSE, tokens
from benchmarks.report import Table
from benchmarks.stats import Target
from detectors.pii.presidio import DEFAULT_ENTITIES
from detectors.types import ChannelKind, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.pii.parties import Party
    from detectors.types import Detector

TEXT_CHARS: Final = 200
LENGTHS: Final = (10_000, 100_000, 1_000_000)
_VALUES: Final = (
    "jane.roe@example.com",
    "212-555-0142",
    "4111 1111 1111 1111",
    "536-90-4399",
    "GB82 WEST 1234 5698 7654 32",
    "203.0.113.7",
)

TEXT_LIMIT_MS: Final = 0.15
FASTER_LIMIT: Final = 20.0
DELTA_LIMIT_US: Final = 30.0
HELD_LIMIT: Final = 4.0
NOTHING_HELD_LIMIT: Final = 50.0
VAIN_LIMIT: Final = 0.05

_STREAMS: Final = (
    "entities",
    "a delta of 4 characters",
    "mean held",
    "least possible",
    "most held",
    "tokens after which nothing is held",
    "most possible",
)
_STREAMS_NOTE: Final = (
    "Ordinary English, held characters counted after each token. An e-mail address can begin with any word, so "
    "that the word which is still growing is held; entities of digits hold nothing on words. *Possible* is what "
    "somebody could do who knew all texts that may follow: a character is held if with one of them it is part of a "
    "value (`benchmarks/pii/least_hold.py`)."
)


def prose_texts(count: int) -> list[str]:
    """Return texts of ordinary English of `TEXT_CHARS` characters."""
    starts = range(0, len(PROSE) - TEXT_CHARS, max(1, (len(PROSE) - TEXT_CHARS) // count))
    return [PROSE[at : at + TEXT_CHARS] for at in starts][:count]


def texts_with_values(count: int) -> list[str]:
    """Return such texts with two values in each."""
    chance = random.Random(count)
    texts = []
    for text in prose_texts(count):
        one, other = chance.sample(_VALUES, 2)
        words = text[: TEXT_CHARS - len(one) - len(other) - 2].split(" ")
        for value in (one, other):
            words.insert(chance.randrange(1, len(words)), value)
        texts.append(" ".join(words))
    return texts


def ms_a_text(find: Callable[[str], object], texts: Sequence[str], rounds: int) -> float:
    """Return the median over rounds of the mean time for a text: of the processor, which others use too."""
    for text in texts:
        find(text)
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        for text in texts:
            find(text)
        times.append(1e3 * (time.process_time() - begin) / len(texts))
    return median(times)


class TextCost(NamedTuple):
    """Milliseconds for a text of both parties, and how many times the detector is faster: median of rounds.

    The milliseconds are those of the best round: others use the machine too, and only take from it.
    """

    plain_ms: float
    ours_ms: float
    faster: float


def text_cost(plain: Party, ours: Party, texts: Sequence[str], rounds: int) -> TextCost:
    """Measure both by turns."""
    gc.collect()
    gc.freeze()  # as the server does when it has started
    pairs = [
        (
            ms_a_text(lambda text: plain.find(text, DEFAULT_ENTITIES), texts, 1),
            ms_a_text(lambda text: ours.find(text, DEFAULT_ENTITIES), texts, 1),
        )
        for _ in range(rounds)
    ]
    gc.unfreeze()
    plain_ms, ours_ms = (min(pair[at] for pair in pairs) for at in (0, 1))
    return TextCost(plain_ms, ours_ms, median(theirs / own for theirs, own in pairs))


def speed_table(plain: Party, ours: Party, rounds: int) -> tuple[Table, list[Target]]:
    """Return times for short texts, and what was promised of them."""
    costs = {
        "ordinary English": text_cost(plain, ours, prose_texts(20), rounds),
        "English with two values": text_cost(plain, ours, texts_with_values(20), rounds),
    }
    rows = [
        (name, f"{cost.plain_ms:.2f} ms", f"{cost.ours_ms:.3f} ms", f"{cost.faster:.0f}x")
        for name, cost in costs.items()
    ]
    note = (
        f"Texts of {TEXT_CHARS} characters, the default entities, by turns in one process: processor time of the "
        "best round. Presidio is `AnalyzerEngine` with a blank pipeline and only these recognizers."
    )
    targets = []
    for name, cost in costs.items():
        what = f"{name}, {TEXT_CHARS} characters"
        targets += [
            Target(what, TEXT_LIMIT_MS, cost.ours_ms, unit=" ms"),
            Target(f"{what}: as fast as AnalyzerEngine", FASTER_LIMIT, cost.faster, at_least=True, unit="x"),
        ]
    return Table("Speed", ("text", plain.name, ours.name, "faster"), rows, note), targets


def held_by_token(detector: Detector, text: str = PROSE) -> list[int]:
    """Return how many characters lie past the watermark after each token of ordinary English."""
    watermark, end, held = 0, 0, []
    for piece in tokens(text):
        end += len(piece)
        context = text[max(0, watermark - detector.context_chars) : watermark]
        window = Window(ChannelKind.TEXT, context, text[watermark:end], watermark, end == len(text))
        watermark = detector.scan(window).watermark
        held.append(end - watermark)
    return held


def stream_table(detectors: dict[str, Detector]) -> tuple[Table, list[Target]]:
    """Return what a stream costs and holds; what is promised is promised of the first detector."""
    rows, targets = [], list[Target]()
    for name, detector in detectors.items():
        cost, held = detector_cost(detector), held_by_token(detector)
        least = least_held(detector, PROSE, held)
        mean, none = sum(held) / len(held), held.count(0) / len(held)
        rows.append(
            (
                name,
                f"{cost.delta_us:.1f} us",
                f"{mean:.2f}",
                f"{sum(least) / len(least):.2f}",
                str(max(held)),
                f"{none:.1%}",
                f"{least.count(0) / len(least):.1%}",
            )
        )
        targets = targets or [
            Target("a delta of four characters", DELTA_LIMIT_US, cost.delta_us, unit=" us"),
            Target("mean held characters on ordinary English", HELD_LIMIT, mean),
            Target(
                "tokens of it after which nothing is held", NOTHING_HELD_LIMIT, 100 * none, at_least=True, unit="%"
            ),
            Target(
                "characters held beyond the least possible, a token",
                VAIN_LIMIT,
                (sum(held) - sum(least)) / len(held),
            ),
        ]
    return Table("Streams", _STREAMS, rows, _STREAMS_NOTE), targets


def long_table(detector: Detector) -> Table:
    """Return the time for long texts, whole: a character costs the same in all of them."""
    rows = []
    with_values = " ".join(texts_with_values(40))
    for kind, source in (("ordinary English", PROSE), ("English full of values", with_values)):
        cells = [kind]
        for length in LENGTHS:
            text = (source * (length // len(source) + 1))[:length]
            window = Window(ChannelKind.TEXT, "", text, 0, final=True)
            begin = time.perf_counter()
            detector.scan(window)
            cells.append(f"{1e9 * (time.perf_counter() - begin) / length:.0f} ns")
        rows.append(tuple(cells))
    header = ("text", *(f"{length:,} characters" for length in LENGTHS))
    return Table("Long texts", header, rows, "Time for one character of a text that comes whole.")
