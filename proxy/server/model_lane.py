"""One model and the texts that wait for it: a thread that speaks with the model's process.

It knows texts, not windows or policies. A text is answered once, on the event loop: with its scores, or with the
reason why there are none. What the process does wrong ends here: it is replaced, sooner the first time than later.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from proxy.guard.api import ScanFailureReason
from proxy.server.batching import FairQueue
from proxy.server.model_process import ModelProcess, ModelProcessError, Reply

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Hashable, Sequence

    from detectors.types import ModelSource, Scores
    from proxy.server.verdicts import VerdictCache

    Outcome = Sequence[Scores] | ScanFailureReason
    Answer = Callable[[Outcome, float], None]

MAX_WAITING: Final = 2048
"""Windows that may wait for one model. At their deadlines they fail anyway; this bounds the memory they take."""

PIPELINE: Final = 2
"""Batches under way: while one is scored the next lies ready, so that the model never waits for the event loop."""

HANG_S: Final = 10.0
"""A batch takes milliseconds. A process that is silent for so long is killed; texts have failed long before."""

LOAD_S: Final = 120.0
"""Longest time to load a model: half a gigabyte from a slow disk."""

CHECK_S: Final = 1.0
"""How often a process that nobody asks is looked after, so that it is replaced before somebody does."""

FIRST_PAUSE_S: Final = 1.0
LAST_PAUSE_S: Final = 30.0
"""Between two attempts to start a process that does not stay up; the first is at once, then it doubles."""

_log = structlog.get_logger("sluicegate.models")


class ModelWatch(Protocol):
    """Counts what models do."""

    def count_texts(self, source: str, texts: int) -> None:
        """Count texts that were answered by the `model` or from the `cache`. From any thread."""

    def count_restart(self, reason: str) -> None:
        """Count the loss of a model's process. From any thread."""

    def add_waiting(self, change: int) -> None:
        """Count windows that wait."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take; tests make it short."""

    hang_s: float = HANG_S
    load_s: float = LOAD_S
    first_pause_s: float = FIRST_PAUSE_S
    last_pause_s: float = LAST_PAUSE_S


USUAL: Final = Timing()


@dataclass(slots=True, eq=False)
class _Job:
    texts: Sequence[str]
    answer: Answer
    timer: asyncio.TimerHandle | None = None
    answered: bool = False


@dataclass(slots=True, eq=False)
class _Batch:
    jobs: list[_Job]
    reply: Reply = field(default_factory=lambda: Reply([], []))
    failed: bool = False
    spent_s: float = 0.0


class ModelLane:
    """The way to one model. Methods belong to the event loop's thread unless they say otherwise."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        source: ModelSource,
        cache: VerdictCache,
        watch: ModelWatch,
        timing: Timing | None = None,
    ) -> None:
        """The process is started at once, in the thread; `ready` is done when it is, or says why not."""
        self.source = source
        self.ready: asyncio.Future[ModelProcessError | None] = loop.create_future()
        """Of the first attempt."""
        self._loop = loop
        self._cache = cache
        self._watch = watch
        self._timing = timing or USUAL
        self._queue: FairQueue[_Job] = FairQueue(source.batch_chars)
        self._under_way: dict[_Batch, None] = {}
        self._closed = False
        self._batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._process: ModelProcess | None = None
        self._loading: ModelProcess | None = None
        self._thread = threading.Thread(target=self._work, name="sluicegate-model", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The id of the model's process, where there is one."""
        return self._process.pid if self._process is not None else None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return not self._queue and not self._under_way

    def known(self, texts: Sequence[str]) -> list[Scores] | None:
        """Return the scores of texts that were all asked about not long ago."""
        found: list[Scores] = []
        for text in texts:
            scores = self._cache.get(text)
            if scores is None:
                return None
            found.append(scores)
        self._watch.count_texts("cache", len(found))
        return found

    def submit(self, owner: Hashable, texts: Sequence[str], deadline_s: float, answer: Answer) -> None:
        """Have texts scored; `answer` is called once, on the loop, `deadline_s` from now at the latest.

        It is called with the scores and the seconds that the model used for them.
        """
        job = _Job(texts, answer)
        if self._closed or len(self._queue) >= MAX_WAITING:
            self._loop.call_soon(self._settle, job, ScanFailureReason.OVERLOAD)
            return
        job.timer = self._loop.call_later(deadline_s, self._expire, job)
        self._queue.add(owner, max(map(len, texts)), job)
        self._watch.add_waiting(1)
        self._dispatch()

    def close(self) -> None:
        """Answer what waits, and end the process and the thread."""
        self._closed = True
        left = [job for batch in self._under_way for job in batch.jobs]
        while jobs := self._queue.take():
            self._watch.add_waiting(-len(jobs))
            left += jobs
        for job in left:
            self._settle(job, ScanFailureReason.ERROR)
        self._batches.put(None)
        for process in (self._process, self._loading):
            if process is not None:
                process.kill()

    def _dispatch(self) -> None:
        while len(self._under_way) < PIPELINE and self._queue:
            batch = _Batch(self._queue.take())
            self._watch.add_waiting(-len(batch.jobs))
            self._under_way[batch] = None
            self._batches.put(batch)

    def _expire(self, job: _Job) -> None:
        """The deadline came first. What waits no longer need be scored; what is being scored is thrown away."""
        before = len(self._queue)
        self._queue.discard(job)
        self._watch.add_waiting(len(self._queue) - before)
        self._settle(job, ScanFailureReason.DEADLINE)

    def _settle(self, job: _Job, outcome: Outcome, spent_s: float = 0.0) -> None:
        if job.answered:
            return
        job.answered = True
        if job.timer is not None:
            job.timer.cancel()
        job.answer(outcome, spent_s)

    def _finish(self, batch: _Batch) -> None:
        """A batch came back, with scores or without."""
        self._under_way.pop(batch, None)
        self._dispatch()
        if batch.failed:
            for job in batch.jobs:
                self._settle(job, ScanFailureReason.ERROR)
            return
        share_s = batch.spent_s / max(len(batch.reply.scored), 1)
        given = zip(*batch.reply, strict=True)
        for why, texts in Counter(one for one in batch.reply.scored if isinstance(one, str)).items():
            _log.error("model_failed", problem=why, texts=texts)
        if batch.reply.versions:
            self._learn_version(batch.reply.versions[-1])
        for job in batch.jobs:
            scored = [(text, *next(given)) for text in job.texts]
            scores: list[Scores] = []
            for text, one, version in scored:
                if not isinstance(one, str):
                    self._cache.put(text, one, version)
                    scores.append(one)
            whole = len(scores) == len(scored)
            self._settle(job, scores if whole else ScanFailureReason.ERROR, share_s * len(scored))

    def _learn_version(self, version: str) -> None:
        """The model says which one it is: what another one said of texts holds no longer."""
        self._cache.version = version

    def _tell_ready(self, error: ModelProcessError | None, version: str) -> None:
        if error is None:
            self._learn_version(version)
        if not self.ready.done():
            self.ready.set_result(error)

    # In the lane's own thread.

    def _work(self) -> None:
        pace = _Pace(self._timing)
        while not self._closed:
            self._ensure(pace)
            try:
                batch = self._batches.get(timeout=CHECK_S if self._process is not None else pace.wait_s())
            except queue.Empty:
                continue
            if batch is None:
                break
            self._ensure(pace)
            self._score(batch, pace)
            try:
                self._loop.call_soon_threadsafe(self._finish, batch)
            except RuntimeError:
                break  # the loop is closed
        if self._process is not None:
            self._process.kill()

    def _ensure(self, pace: _Pace) -> None:
        """See that there is a process, where one may be started."""
        if self._process is not None and (error := self._process.death()) is not None:
            self._process = None
            self._lost(error, pace)
        if self._process is None and pace.wait_s() == 0:
            self._start(pace)

    def _start(self, pace: _Pace) -> None:
        """Start the process and wait until the model is loaded; texts that wait meanwhile keep their deadlines."""
        problem, version = None, ""
        try:
            self._loading = ModelProcess(self.source)
            if self._closed:  # meanwhile: `close` did not see it
                self._loading.kill()
            self._loading.wait_ready(self._timing.load_s)
        except ModelProcessError as error:
            problem = error
            self._lost(error, pace)
        else:
            self._process = self._loading
            version = self._process.version
            pace.began()
        self._loading = None
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._tell_ready, problem, version)

    def _score(self, batch: _Batch, pace: _Pace) -> None:
        batch.jobs = [job for job in batch.jobs if not job.answered]
        if self._process is None:
            batch.failed = True
            return
        texts = [text for job in batch.jobs for text in job.texts]
        if not texts:
            return
        began_s = time.perf_counter()
        try:
            batch.reply = self._process.scores(texts, self._timing.hang_s)
        except ModelProcessError as error:
            batch.failed = True
            self._process = None
            self._lost(error, pace)
            return
        batch.spent_s = time.perf_counter() - began_s
        self._watch.count_texts("model", len(texts))

    def _lost(self, error: ModelProcessError, pace: _Pace) -> None:
        if self._closed:
            return
        pace.failed()
        self._watch.count_restart(error.kind)
        _log.error("model_lost", reason=error.kind, problem=error.message, next_start_s=round(pace.wait_s(), 1))


class _Pace:
    """When the next process may be started."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._pause_s = self._next_at = 0.0
        self._began_at: float | None = None
        """When the process that there is became ready."""

    def wait_s(self) -> float:
        """Return how long to wait for the next start."""
        return max(0.0, self._next_at - time.monotonic())

    def began(self) -> None:
        """Learn that a process is ready."""
        self._began_at = time.monotonic()

    def failed(self) -> None:
        """Learn that a process was lost. One that had stayed up is replaced at once."""
        now_s, timing = time.monotonic(), self._timing
        if self._began_at is not None and now_s - self._began_at > timing.last_pause_s:
            self._pause_s = 0.0
        self._began_at = None
        self._next_at = now_s + self._pause_s
        self._pause_s = min(max(timing.first_pause_s, 2 * self._pause_s), timing.last_pause_s)
