"""Runs detectors where their cost allows: on the event loop, in a thread, in a process, beside a model.

Each scan has a deadline. It decides nothing: an answer, or why there is none, goes back to the guard that asked.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final, cast

import structlog

from detectors.turns import turns_of
from detectors.types import CostClass
from proxy.guard.api import ScanFailureReason

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from detectors.turns import Turns
    from detectors.types import Detector, ModelDetector, ScanResult, Window
    from proxy.guard.api import ScanRequest
    from proxy.guard.stream import StreamGuard
    from proxy.server.lanes import ScanLanes

MAX_INLINE_CHARS: Final = 8192
"""Longest window that is scanned on the event loop: about 0.3 ms for the slowest inline detector. Longer ones go
to a thread so that no other stream waits for them."""

MAX_RUN_S: Final = 0.004
"""Longest time for which one message keeps the event loop with its scans; a long conversation has thousands, and a
list of values in one window may take more by itself."""

MIN_TURN_S: Final = 0.001
"""What a look has before it is interrupted, even one that begins late: nearly all need less."""

MAX_ASKING: Final = 16
"""Windows of one message that wait for a model at a time. A conversation of a thousand messages has a thousand
windows at once: asked all together, most would be late for no fault of the model's, and others would wait too."""

_log = structlog.get_logger("sluicegate.scanning")


class ScanDriver:
    """Gets one guard's windows judged. Lives on the event loop, as long as its exchange."""

    __slots__ = (
        "_asking",
        "_begun",
        "_deadline_s",
        "_guard",
        "_lanes",
        "_later",
        "_loop",
        "_pending",
        "_until_s",
        "_wake",
        "answered",
        "holding",
        "paused",
        "seconds",
    )

    def __init__(
        self, guard: StreamGuard, lanes: ScanLanes, loop: asyncio.AbstractEventLoop, deadline_s: float
    ) -> None:
        self._guard = guard
        self._lanes = lanes
        self._loop = loop
        self._deadline_s = deadline_s
        self._pending: dict[int, bool] = {}
        self._asking: set[int] = set()
        self._later: deque[ScanRequest] = deque()
        self._begun: dict[int, Turns[ScanResult]] = {}  # by the identity of the window, until its request is known
        self._until_s = 0.0
        self._wake: asyncio.Future[None] | None = None
        self.holding = 0
        """Scans in other threads, or that go on later, that text waits for."""
        self.answered = False
        """Whether an answer came from elsewhere since the last `run`."""
        self.paused = False
        """Whether `run` stopped so that other exchanges have their turn, and is to be called again."""
        self.seconds: dict[str, float] = {}
        """By detector: time spent scanning."""

    @property
    def pending(self) -> int:
        """Scans in other threads, awaited by text or not."""
        return len(self._pending)

    def run(self) -> None:
        """Have every wanted window judged, here and now or elsewhere. It may stop for breath: see `paused`."""
        self.answered = False
        clock = time.perf_counter
        self._until_s = until_s = clock() + MAX_RUN_S
        for request in self._guard.judge(self._scan_here, lambda: clock() >= until_s):
            self._start(request)
        self.paused = self._guard.has_unjudged

    def wait(self) -> asyncio.Future[None]:
        """Return a future that is done at the next answer from elsewhere."""
        if self._wake is None or self._wake.done():
            self._wake = self._loop.create_future()
        return self._wake

    def cancel(self) -> None:
        """Forget the scans under way: nobody needs them any more."""
        self._pending.clear()
        self._later.clear()
        self._begun.clear()
        self.holding = 0
        self._ring()

    def _scan_here(self, detector: Detector, window: Window) -> ScanResult | ScanFailureReason | None:
        if detector.cost_class is CostClass.MODEL:
            return self._lanes.models.known(cast("ModelDetector", detector), window)
        if detector.cost_class is not CostClass.INLINE or len(window.text) > MAX_INLINE_CHARS:
            return None
        turns = turns_of(detector)
        if turns is not None:
            begun = turns(window)
            outcome = self._go_on(detector, begun, max(self._until_s, time.perf_counter() + MIN_TURN_S))
            if outcome is None:
                self._begun[id(window)] = begun
            return outcome
        began_s = time.perf_counter()
        try:
            result: ScanResult | None = detector.scan(window)
        except Exception as error:  # noqa: BLE001 - whatever a detector raises is a failed scan, see on_error
            log_scan_error(detector.name, error)
            return ScanFailureReason.ERROR
        self._note(detector.name, time.perf_counter() - began_s)
        return ScanFailureReason.GARBAGE if result is None else result

    def _go_on(
        self, detector: Detector, begun: Turns[ScanResult], until_s: float
    ) -> ScanResult | ScanFailureReason | None:
        """Run a scan on to its answer, None when it has none by then: the rest of it waits for another turn."""
        clock = time.perf_counter
        began_s = clock()
        outcome: ScanResult | ScanFailureReason | None = None
        try:
            next(begun)
            while clock() < until_s:
                next(begun)
        except StopIteration as done:
            outcome = ScanFailureReason.GARBAGE if done.value is None else done.value
        except Exception as error:  # noqa: BLE001 - whatever a detector raises is a failed scan, see on_error
            log_scan_error(detector.name, error)
            return ScanFailureReason.ERROR
        self._note(detector.name, clock() - began_s)
        return outcome

    def _note(self, name: str, spent_s: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + spent_s

    def _start(self, request: ScanRequest) -> None:
        self._pending[request.id] = request.holding
        self.holding += request.holding
        begun = self._begun.pop(id(request.window), None)
        if begun is not None:
            self._loop.call_soon(self._resume, request, begun, self._loop.time() + self._deadline_s)
            return
        if request.detector.cost_class is CostClass.MODEL:
            if len(self._asking) >= MAX_ASKING:
                self._later.append(request)
                return
            self._asking.add(request.id)
        self._submit(request)

    def _resume(self, request: ScanRequest, begun: Turns[ScanResult], deadline_s: float) -> None:
        """Go on with a scan that others were let before; one that is late by now is not interrupted again."""
        if request.id not in self._pending:
            return  # the exchange is over
        until_s = time.perf_counter() + MAX_RUN_S if self._loop.time() < deadline_s else float("inf")
        outcome = self._go_on(request.detector, begun, until_s)
        if outcome is None:
            self._loop.call_soon(self._resume, request, begun, deadline_s)
        else:
            self._answer(request, outcome, 0.0)

    def _submit(self, request: ScanRequest) -> None:
        answer: Callable[[ScanResult | ScanFailureReason, float], None]
        answer = lambda outcome, spent_s: self._answer(request, outcome, spent_s)  # noqa: E731
        self._lanes.submit(request.detector, request.window, self._deadline_s, answer, owner=self)

    def _answer(self, request: ScanRequest, outcome: ScanResult | ScanFailureReason, spent_s: float) -> None:
        holding = self._pending.pop(request.id, None)
        if holding is None:
            return  # the exchange is over
        if request.id in self._asking:
            self._asking.discard(request.id)
            if self._later:
                waiting = self._later.popleft()
                self._asking.add(waiting.id)
                self._submit(waiting)
        self.holding -= holding
        self._note(request.detector.name, spent_s)
        if isinstance(outcome, ScanFailureReason):
            self._guard.receive_scan_failure(request.id, outcome)
        else:
            self._guard.receive_scan(request.id, outcome)
        self._ring()

    def _ring(self) -> None:
        self.answered = True
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def log_scan_error(detector: str, error: BaseException) -> None:
    """Log that a detector failed: the kind of error and where, never its message, which may quote the text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace is not None else ""
    _log.error("scan_failed", detector=detector, error=type(error).__name__, where=where)
