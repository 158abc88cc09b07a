"""What judging meaning costs: time by length of a window, streams on one core, the wait for the first character.

python -m benchmarks.toxicity [--onnx DIR | --detoxify-size] [--seconds 16]

Streams are simulated around the real guard, the real driver and the real process of a model; their tokens come
20 a second. A verdict's wait is what a reader waits beyond the end of a sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import uvloop
from rich.console import Console

from benchmarks.machine import available_cores, pin
from benchmarks.prose import PROSE, tokens
from benchmarks.report import Table
from benchmarks.stats import quantile
from detectors.toxicity.detector import ToxicityDetector
from detectors.toxicity.sources import BUNDLED, CascadeSource, DetoxifySource, OnnxSource
from detectors.types import DetectorConfigError
from policies.types import Action, Limits, Mode, Policy, Rule
from proxy.guard.sentences import MAX_SENTENCE_CHARS, SEGMENT_RAMP_CHARS, Splitter
from proxy.guard.stream import StreamGuard
from proxy.server.lanes import ScanLanes
from proxy.server.models import Models
from proxy.server.scanning import ScanDriver
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.types import Engine, ModelSource

LENGTHS = (8, 16, 32, 64)
"""Words of a window; the tokenizer of the bundled model makes about one token of each."""

TOKENS_PER_S = 20
P99_LIMIT_MS = 250.0
LAG_LIMIT_MS = 10.0
_LAG_SAMPLE_S = 0.01
_TOKENS = tokens(PROSE)
_GEMM = """
import time, numpy
a = numpy.random.default_rng(0).random((768, 768), numpy.float32)
a @ a
best = min((lambda t: (a @ a, time.perf_counter() - t)[1])(time.perf_counter()) for _ in range(20))
print(2 * 768**3 / best / 1e9)
"""


class Party(NamedTuple):
    """An engine that is measured."""

    name: str
    source: ModelSource


@dataclass(frozen=True, slots=True)
class Streams:
    """What a number of live streams saw."""

    streams: int
    waits_ms: list[float]
    lags_ms: list[float]
    failed: int
    is_enough: bool
    """Whether so many verdicts came as so much text needs."""

    @property
    def holds(self) -> bool:
        """Whether the core carried them."""
        return self.failed == 0 and self.is_enough and quantile(self.waits_ms, 0.99) <= P99_LIMIT_MS


def gemm_rate() -> float:
    """Return what one core multiplies, in GFLOP/s: figures of models are read beside it."""
    one = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    ran = subprocess.run([sys.executable, "-c", _GEMM], env=one, capture_output=True, text=True, check=True)
    return float(ran.stdout)


def window_of(words: int, salt: int = 0) -> str:
    """Return ordinary English of so many words."""
    every = PROSE.split()
    start = salt * 7 % (len(every) - words)
    return " ".join(every[start : start + words])


def score_ms(engine: Engine, words: int, rounds: int) -> float:
    """Return the median time of scoring one window."""
    spent = []
    for number in range(rounds):
        text = window_of(words, number)
        began_s = time.perf_counter()
        engine.scores([text])
        spent.append(1000 * (time.perf_counter() - began_s))
    return statistics.median(spent)


def lengths_table(parties: Sequence[Party], rounds: int, gemm: float) -> Table:
    """Measure each engine on one thread."""
    rows = []
    for party in parties:
        engine = party.source.load()
        rows.append((party.name, *(f"{score_ms(engine, words, rounds):.2f}" for words in LENGTHS)))
        del engine
        gc.collect()
    header = ("engine", *(f"{words} words, ms" for words in LENGTHS))
    note = (
        f"One thread, one text at a time, medians of {rounds}. numpy multiplies matrices of 32-bit floats with "
        f"{gemm:.0f} GFLOP/s on one thread here, measured in the same run."
    )
    return Table("Judging one window", header, rows, note)


def policy_with(source: ModelSource, labels: tuple[str, ...]) -> Policy:
    """Return a policy that stops on what ordinary prose is not."""
    detector = ToxicityDetector("tox", source, labels, dict.fromkeys(labels, 0.999))
    rule = Rule(id="tox", detector="tox", action=Action.BLOCK)
    return Policy("bench", "0" * 64, Mode.ENFORCE, Limits(deadline_s=10.0), {"tox": detector}, (rule,))


class Load:
    """Live streams in one event loop, and the model's process beside it."""

    def __init__(self, policy: Policy, core: int | None) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._policy = policy
        self._core = core
        self._models = Models(loop)
        self._lanes = ScanLanes(loop, 1, models=self._models)
        self.waits_ms: list[float] = []
        self.lags_ms: list[float] = []
        self.failed = 0
        self._runs = 0

    async def ready(self) -> None:
        """Wait until the model is loaded, and give its process a core."""
        detector = self._policy.detectors["tox"]
        await self._models.prepare([detector])
        (lane,) = self._models.lanes
        if self._core is not None and lane.pid is not None:
            os.sched_setaffinity(lane.pid, {self._core})

    async def run(self, streams: int, seconds: float) -> Streams:
        """Feed streams for a while. No text comes twice: what was judged before would be remembered."""
        self.waits_ms, self.lags_ms, self.failed = [], [], 0
        self._runs += 1
        guards = [StreamGuard(DIALECTS["openai-chat"].stream_codec(), self._policy) for _ in range(streams)]
        gc.collect()
        lag = self._loop.create_task(self._sample_lag(seconds))
        await asyncio.gather(*(self._stream(number, guard, seconds) for number, guard in enumerate(guards)))
        await lag
        wanted = streams * seconds / 4  # a sentence or a part of one every second or two, but for the first
        return Streams(streams, self.waits_ms, self.lags_ms, self.failed, len(self.waits_ms) >= wanted)

    def close(self) -> None:
        """End the model's process."""
        self._lanes.close()

    async def _sample_lag(self, seconds: float) -> None:
        end_s = self._loop.time() + seconds
        while (now_s := self._loop.time()) < end_s:
            await asyncio.sleep(_LAG_SAMPLE_S)
            self.lags_ms.append(1000 * max(0.0, self._loop.time() - now_s - _LAG_SAMPLE_S))

    async def _stream(self, number: int, guard: StreamGuard, seconds: float) -> None:
        """One answer: the prose from another place, with words of its own in every sentence."""
        driver = ScanDriver(guard, self._lanes, self._loop, self._policy.limits.deadline_s)
        salt = f" {self._runs} and {number}"
        at = number * 37 % len(_TOKENS)
        began_s = self._loop.time() + number % TOKENS_PER_S / TOKENS_PER_S**2
        verdict: asyncio.Task[None] | None = None
        for beat in range(int(seconds * TOKENS_PER_S)):
            await asyncio.sleep(max(0.0, began_s + beat / TOKENS_PER_S - self._loop.time()))
            text = _TOKENS[(at + beat) % len(_TOKENS)]
            guard.receive(event(text if "." not in text else text.replace(".", salt + ".", 1)))
            driver.run()
            if driver.pending and verdict is None:
                verdict = self._loop.create_task(self._verdict(driver))
            elif verdict is not None and verdict.done():
                verdict = None
            guard.take()
        if verdict is not None:
            await verdict
        self.failed += len(guard.take_events())

    async def _verdict(self, driver: ScanDriver) -> None:
        began_s = time.perf_counter()
        while driver.pending:
            await driver.wait()
            self.waits_ms.append(1000 * (time.perf_counter() - began_s))
            began_s = time.perf_counter()
            driver.run()


def event(text: str) -> bytes:
    """Return an event of a stream."""
    import orjson  # noqa: PLC0415 - as the mock model writes them

    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return b"data: " + orjson.dumps({"id": "x", "object": "chat.completion.chunk", "choices": [choice]}) + b"\n\n"


async def _carried(party: Party, labels: tuple[str, ...], start: int, seconds: float) -> Streams:
    """Return the largest number of streams that one core carried, of a few that are tried."""
    cores = available_cores()
    load = Load(policy_with(party.source, labels), cores[1] if len(cores) > 1 else None)
    pin(cores[0] if len(cores) > 1 else None)
    try:
        await load.ready()
        best: Streams | None = None
        low, high, streams = 1, 0, start
        for _ in range(4):
            seen = await load.run(streams, seconds)
            if seen.holds:
                best, low = seen, streams
                streams = 2 * streams if not high else (low + high) // 2
            else:
                high = streams
                streams = (low + high) // 2
        return best if best is not None else await load.run(max(1, low), seconds)
    finally:
        load.close()
        if cores:
            os.sched_setaffinity(0, cores)


def streams_table(parties: Sequence[Party], seconds: float) -> Table:
    """Measure how many streams one core carries with each engine."""
    rows = []
    for party in parties:
        engine = party.source.load()
        labels, cost_ms = engine.labels, score_ms(engine, 16, 20)
        del engine
        start = max(1, int(0.5 * 1000 / cost_ms))  # a window a second from each, and half of the core
        seen = uvloop.run(_carried(party, labels, start, seconds))
        rows.append(
            (
                party.name,
                str(seen.streams) if seen.holds else "none",
                f"{quantile(seen.waits_ms, 0.5):.1f} / {quantile(seen.waits_ms, 0.99):.1f}",
                f"{quantile(seen.lags_ms, 0.5):.1f} / {quantile(seen.lags_ms, 0.99):.1f}",
                str(len(seen.waits_ms)),
                str(seen.failed),
            )
        )
    header = ("engine", "streams", "wait for a verdict, ms", "event loop late, ms", "verdicts", "failed")
    note = (
        f"Answers of {TOKENS_PER_S} tokens a second, no text twice; the model's process has one core, guards "
        "and streams share the other. Shown is the largest number of those tried (four for each engine) whose p99 "
        f"of the wait is at most {P99_LIMIT_MS:.0f} ms, with as many verdicts as its text needs; `none`: no number "
        f"tried held, and the row is of the last. The loop should lag by {LAG_LIMIT_MS:.0f} ms at most. p50 / p99."
    )
    return Table("Live streams judged on one core", header, rows, note)


def first_chars(limits: tuple[int, ...]) -> list[float]:
    """Return how many characters of an answer come before its first window is complete, from many beginnings."""
    found = []
    for start in range(0, len(PROSE) - 2 * MAX_SENTENCE_CHARS, 97):
        while start and not PROSE[start - 1].isspace():
            start += 1  # noqa: PLW2901 - to the beginning of a word
        boundary = Splitter(limits).next_boundary(PROSE[start:], 0)
        found.append(float(boundary if boundary is not None else MAX_SENTENCE_CHARS))
    return found


def first_table(ms: float) -> Table:
    """Compare the first window as it is cut with a whole sentence."""
    pieces = tokens(PROSE)
    chars_per_s = TOKENS_PER_S * sum(map(len, pieces)) / len(pieces)
    rows = []
    for name, limits in (("ramped windows", SEGMENT_RAMP_CHARS), ("whole sentences", (MAX_SENTENCE_CHARS,))):
        waits = [1000 * chars / chars_per_s + ms for chars in first_chars(limits)]
        rows.append((name, *(f"{quantile(waits, share):.0f}" for share in (0.5, 0.9, 0.99))))
    note = (
        f"Milliseconds from an answer's first token until its first characters may leave, at {TOKENS_PER_S} tokens "
        f"a second, of ordinary English begun anywhere: until the window is complete, and {ms:.1f} ms to judge it. "
        "Computed, not timed. A policy that rewrites sentences waits for whole ones in any case."
    )
    return Table("Time to the first character", ("first window", "p50", "p90", "p99"), rows, note)


def parties(onnx: Path | None, library: ModelSource | None, remarks: list[str]) -> list[Party]:
    """Return the engines that can be measured here, and say which cannot."""
    found = []
    try:
        OnnxSource(str(BUNDLED)).load()
    except DetectorConfigError as error:
        remarks.append(f"The bundled model was not measured: {error}")
    else:
        found.append(Party("bundled", OnnxSource(str(BUNDLED))))
    if onnx is None:
        remarks.append(
            "No larger model was named with `--onnx DIR` and none made with `--detoxify-size`, so neither such a "
            "model nor a cascade was measured."
        )
        return found
    larger = OnnxSource(str(onnx.absolute()))
    found.append(Party("Detoxify's size, int8", larger))
    if len(found) > 1:
        found.append(Party("cascade of the two", CascadeSource(found[0].source, larger, 0.1, 0.7)))
    if library is not None:
        found.append(Party("Detoxify's library", library))
    return found


def measure(
    onnx: Path | None, seconds: float, rounds: int, remarks: list[str], library: ModelSource | None = None
) -> list[Table]:
    """Measure everything; `seconds` for each number of streams that is tried.

    `library` is the larger model as Detoxify's own library runs it, before the export.
    """
    every = parties(onnx, library, remarks)
    if not every:
        return []
    first = every[0].source.load()
    tables = [
        lengths_table(every, rounds, gemm_rate()),
        first_table(score_ms(first, 8, rounds)),
    ]
    del first
    return [*tables, streams_table(every, seconds)]


@contextmanager
def stand_in(*, is_wanted: bool) -> Iterator[tuple[Path | None, ModelSource | None]]:
    """Make a model of Detoxify's size for as long as it is measured; None and None where it is not wanted."""
    if not is_wanted:
        yield None, None
        return
    from benchmarks.detoxify_size import LABELS, write_stand_in  # noqa: PLC0415 - needs torch

    with TemporaryDirectory() as folder:
        made = write_stand_in(Path(folder))
        yield made.onnx, DetoxifySource("original", str(made.checkpoint), str(made.config), LABELS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--onnx", type=Path, metavar="DIR", help="a larger model, as `sluicegate models export` writes"
    )
    parser.add_argument(
        "--detoxify-size",
        action="store_true",
        help="make one of Detoxify's size, with random weights; needs the extra [detoxify]",
    )
    parser.add_argument("--seconds", type=float, default=16.0, help="for each number of streams that is tried")
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    console, remarks = Console(), list[str]()
    with stand_in(is_wanted=options.detoxify_size) as (made, library):
        onnx = options.onnx or made
        for table in measure(onnx, options.seconds, options.rounds, remarks, library):
            table.show(console)
    for remark in remarks:
        console.print(f"[yellow]{remark}[/]")


if __name__ == "__main__":
    main()
