"""The threads (and the processes behind them) that scan off the event loop. They know detectors, not guards.

Windows for a model go another way: see `proxy.server.models`.

A lane is one thread that takes one scan at a time. A scan past its deadline is answered as failed at once; its lane
is written off and replaced, because a Python thread cannot be stopped. When too many lanes hang, scans fail at once
instead of waiting for a lane that does not come. A lane's process is killed when it hangs, so it costs nothing.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from detectors.types import CostClass
from proxy.guard.api import ScanFailureReason
from proxy.server.lane_process import LaneProcess, LaneProcessError
from proxy.server.models import Models

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Hashable

    from detectors.types import Detector, ModelDetector, ScanResult, Window

    Outcome = ScanResult | ScanFailureReason
    Answer = Callable[[Outcome, float], None]

MAX_LOST_LANES: Final = 16
"""Hanging threads that are put up with: each costs a stack and perhaps a core until the process is restarted."""

MAX_QUEUED: Final = 1024
"""Scans that may wait for a lane. At the deadline each fails anyway; this bounds the windows kept in memory."""


@dataclass(slots=True, eq=False)
class _Job:
    detector: Detector
    window: Window
    deadline_at: float
    answer: Answer
    lane: _Lane | None = None
    timer: asyncio.TimerHandle | None = None
    answered: bool = False


@dataclass(slots=True, eq=False)
class _Lane:
    thread: threading.Thread | None = None
    lost: bool = False
    process: LaneProcess | None = None
    jobs: queue.SimpleQueue[_Job | None] = field(default_factory=queue.SimpleQueue)


class ScanLanes:
    """A fixed number of lanes. All methods belong to the event loop's thread; `close` it at the end."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        lanes: int,
        on_lost: Callable[[int], None] | None = None,
        on_error: Callable[[str, BaseException], None] | None = None,
        models: Models | None = None,
    ) -> None:
        """`on_lost` hears how many lanes hang; `on_error` of a detector's exception (from a lane's thread)."""
        self.models = models if models is not None else Models(loop, on_error=on_error)
        self._loop = loop
        self._wanted = lanes
        self._on_lost = on_lost
        self._on_error = on_error
        self._idle: list[_Lane] = []
        self._working: set[_Lane] = set()
        self._lost = 0
        self._queue: dict[_Job, None] = {}
        self._closed = False

    @property
    def lost(self) -> int:
        """How many lanes hang past their deadline."""
        return self._lost

    def submit(
        self, detector: Detector, window: Window, deadline_s: float, answer: Answer, owner: Hashable = None
    ) -> None:
        """Scan a window elsewhere.

        `answer` is called once, on the loop, with the outcome and the seconds used; no later than `deadline_s`
        from now. Owners take turns where windows of many wait for one model.
        """
        if detector.cost_class is CostClass.MODEL:
            self.models.submit(cast("ModelDetector", detector), window, deadline_s, answer, owner)
            return
        job = _Job(detector, window, self._loop.time() + deadline_s, answer)
        if self._closed or self._lost >= MAX_LOST_LANES or len(self._queue) >= MAX_QUEUED:
            job.timer = self._loop.call_later(0, self._expire, job)
            return
        job.timer = self._loop.call_later(deadline_s, self._expire, job)
        self._queue[job] = None
        self._assign()

    def close(self) -> None:
        """End the idle lanes. Those that hang are daemons and end with the process."""
        self._closed = True
        self.models.close()
        for job in list(self._queue):
            self._expire(job)
        for lane in (*self._idle, *self._working):
            lane.jobs.put(None)
            if lane.process is not None:
                lane.process.kill()
        for lane in self._idle:
            if lane.thread is not None:
                lane.thread.join(timeout=1.0)
        self._idle.clear()

    def _assign(self) -> None:
        while self._queue:
            if not self._idle:
                if len(self._working) >= self._wanted:
                    return
                self._idle.append(self._new_lane())
            job = next(iter(self._queue))
            del self._queue[job]
            lane = self._idle.pop()
            self._working.add(lane)
            job.lane = lane
            lane.jobs.put(job)

    def _new_lane(self) -> _Lane:
        lane = _Lane()
        lane.thread = threading.Thread(target=self._work, args=(lane,), name="sluicegate-scan", daemon=True)
        lane.thread.start()
        return lane

    def _expire(self, job: _Job) -> None:
        """The deadline came first."""
        if job.answered:
            return
        job.answered = True
        self._queue.pop(job, None)
        if job.lane is not None:
            self._write_off(job.lane)
        job.answer(ScanFailureReason.DEADLINE, 0.0)
        self._assign()

    def _write_off(self, lane: _Lane) -> None:
        lane.lost = True
        self._working.discard(lane)
        if lane.process is not None:
            lane.process.kill()
        self._count_lost(1)

    def _count_lost(self, change: int) -> None:
        self._lost += change
        if self._on_lost is not None:
            self._on_lost(self._lost)

    def _finish(self, lane: _Lane, job: _Job, outcome: Outcome, spent_s: float) -> None:
        """A lane came back, in time or not."""
        if lane.lost:
            lane.jobs.put(None)
            self._count_lost(-1)
            return
        self._working.discard(lane)
        if self._closed:
            lane.jobs.put(None)
        else:
            self._idle.append(lane)
        if not job.answered:
            job.answered = True
            if job.timer is not None:
                job.timer.cancel()
            job.answer(outcome, spent_s)
        self._assign()

    # In the lane's own thread.

    def _work(self, lane: _Lane) -> None:
        while (job := lane.jobs.get()) is not None:
            began_s = time.perf_counter()
            outcome = self._scan(lane, job)
            spent_s = time.perf_counter() - began_s
            try:
                self._loop.call_soon_threadsafe(self._finish, lane, job, outcome, spent_s)
            except RuntimeError:
                break  # the loop is closed
            del job, outcome
        if lane.process is not None:
            lane.process.kill()

    def _scan(self, lane: _Lane, job: _Job) -> Outcome:
        try:
            if job.detector.cost_class is not CostClass.PROCESS:
                return job.detector.scan(job.window)
            if lane.process is not None and not lane.process.is_usable():
                lane.process.kill()
                lane.process = None
            if lane.process is None:
                lane.process = LaneProcess()
            return lane.process.scan(job.detector, job.window)
        except LaneProcessError as error:
            lane.process = None
            self._tell(job, error)
        except Exception as error:  # noqa: BLE001 - whatever a detector raises is a failed scan, see on_error
            self._tell(job, error)
        return ScanFailureReason.ERROR

    def _tell(self, job: _Job, error: BaseException) -> None:
        if self._on_error is not None:
            self._on_error(job.detector.name, error)
