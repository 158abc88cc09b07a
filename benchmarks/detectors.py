"""What each detector of a policy costs and holds on ordinary English, measured without sockets.

Two figures for holding, because two things wait: *by watermark* is how many characters a detector still cannot
judge after each token, on average; *by frame* is how many characters are in the frames that the guard keeps back
after each token, which is what a reader waits for (a frame leaves whole or not at all).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.payloads import BURST, PACED, VARIANTS, stream_events
from benchmarks.prose import PROSE, passage, tokens
from benchmarks.report import Table
from benchmarks.stats import Target
from detectors.types import ChannelKind, Window
from policies.loader import load_policy
from policies.types import Direction
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from detectors.types import Detector
    from policies.types import Policy
    from proxy.guard.api import GuardStats

_DELTA_CHARS = 4
_WHOLE_CHARS = 2048
_WHOLE_REPEATS = 20
HELD_LIMIT = 4.0
SCANNED_LIMIT = 2.5


@dataclass(frozen=True, slots=True)
class DetectorCost:
    """What one detector costs by itself."""

    delta_us: float
    """Time to judge the text after each delta of four characters."""
    whole_us: float
    """Time to judge a text of 2,048 characters at once."""
    held_chars: float
    """Mean over tokens of the characters past the watermark."""


def _windows_cost(detector: Detector, pieces: list[str]) -> tuple[float, float]:
    """Feed a text piece by piece as the guard does. Returns microseconds a piece and mean characters held."""
    text = "".join(pieces)
    watermark, end, held, spent_s = 0, 0, 0, 0.0
    for number, piece in enumerate(pieces):
        end += len(piece)
        context = text[max(0, watermark - detector.context_chars) : watermark]
        final = number == len(pieces) - 1
        window = Window(ChannelKind.TEXT, context, text[watermark:end], watermark, final)
        begin = time.perf_counter()
        watermark = detector.scan(window).watermark
        spent_s += time.perf_counter() - begin
        held += end - watermark
    return 1e6 * spent_s / len(pieces), held / len(pieces)


def detector_cost(detector: Detector) -> DetectorCost:
    """Measure one detector on the benchmark's prose."""
    fours = [PROSE[at : at + _DELTA_CHARS] for at in range(0, len(PROSE), _DELTA_CHARS)]
    _windows_cost(detector, fours)
    delta_us, _ = _windows_cost(detector, fours)
    _, held_chars = _windows_cost(detector, tokens(PROSE))
    times = []
    for variant in range(_WHOLE_REPEATS):
        window = Window(ChannelKind.TEXT, "", passage(variant, _WHOLE_CHARS), 0, final=True)
        begin = time.perf_counter()
        detector.scan(window)
        times.append(time.perf_counter() - begin)
    return DetectorCost(delta_us, 1e6 * sorted(times)[_WHOLE_REPEATS // 2], held_chars)


def guard_stats(policy: Policy, events: tuple[bytes, ...], *, together: bool) -> GuardStats:
    """Play a stream through a guard, an event at a time or all together, and return its counters.

    Raises RuntimeError when the guard changed a byte: the prose breaks no rule.
    """
    guard = StreamGuard(DIALECTS["openai-chat"].stream_codec(), policy, Direction.RESPONSE)
    left = bytearray()
    for data in (b"".join(events),) if together else events:
        guard.receive(data)
        scan_inline(guard)
        left += guard.take()
    guard.receive_end()
    scan_inline(guard)
    left += guard.take()
    if bytes(left) != b"".join(events):
        raise RuntimeError(f"the policy {policy.name} changed ordinary English")
    return guard.stats


def _total(stats: list[GuardStats], detector: str) -> float:
    return sum(one.scanned_chars.get(detector, 0) for one in stats) / sum(one.text_chars for one in stats)


def measure_policy(name: str) -> tuple[list[Table], list[Target]]:
    """Measure the detectors of a bundled policy, alone and in a guard."""
    policy = load_policy(name)
    single = [guard_stats(policy, stream_events(PACED, variant), together=False) for variant in range(VARIANTS)]
    burst = [guard_stats(policy, stream_events(BURST, variant), together=True) for variant in range(VARIANTS)]
    rows, ratios = [], []
    for detector in policy.detectors.values():
        cost = detector_cost(detector)
        scanned = _total(single, detector.name)
        ratios.append(max(scanned, _total(burst, detector.name)))
        figures = (cost.delta_us, cost.whole_us, cost.held_chars, scanned, _total(burst, detector.name))
        rows.append((detector.name, *(f"{figure:.2f}" for figure in figures)))
    by_frame = sum(one.held_chars_sum for one in single) / sum(one.frames for one in single)
    peak = max(one.held_chars_peak for one in single)
    header = (
        "detector",
        "us per 4-char delta",
        "us per 2 KB text",
        "mean held by watermark",
        "scanned/char, token by token",
        "scanned/char, burst",
    )
    note = (
        f"On ordinary English. Together they hold {by_frame:.2f} characters by frame on average after each event, "
        f"{peak} at most. By watermark: characters past the detector's watermark after each token. By frame: "
        "characters in frames that have not left. Scanned: characters shown in windows for one character of the "
        "response, context not counted."
    )
    targets = [
        Target("mean held characters on ordinary English, by frame", HELD_LIMIT, by_frame),
        Target("characters scanned per character, worst detector", SCANNED_LIMIT, max(ratios), unit="x"),
    ]
    return [Table(f"Detectors of the policy `{name}`", header, rows, note)], targets


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What each detector costs and holds on ordinary English.")
    parser.add_argument("--policy", default="default", help="a bundled policy or a file")
    tables, targets = measure_policy(parser.parse_args().policy)
    console = Console()
    for table in tables:
        table.show(console)
    for target in targets:
        console.print(f"{target.what}: {target.measured:.2f}{target.unit} (promised {target.promise})")


if __name__ == "__main__":
    main()
