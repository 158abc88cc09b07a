"""The models of a process: which of them have a lane, and windows of `ModelDetector`s on their way through it.

Equal models share a lane, whatever detectors and policies ask them, so a reload that changes a rule loads nothing.
A new model is loaded beside the old one before its policy is in force; a model that nothing asks any more ends.
"""

from __future__ import annotations

import asyncio
import math
import os
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import structlog

from detectors.types import CostClass, ModelDetector
from proxy.guard.api import ScanFailureReason
from proxy.server.model_lane import ModelLane
from proxy.server.verdicts import VerdictCache

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from detectors.types import Detector, ModelSource, ScanResult, Scores, Window
    from proxy.server.model_lane import ModelWatch, Timing

    Answer = Callable[[ScanResult | ScanFailureReason, float], None]

RETIRE_S: Final = 60.0
"""How long a model that no policy in force names is kept for exchanges that began under an older one."""

MAX_LOOKED_UP = 64
"""Most windows whose texts are remembered between the look whether they are known and their being submitted."""

_log = structlog.get_logger("sluicegate.models")


class _LookedUp(NamedTuple):
    """The texts of a window that waits for a model. Detector and window are kept so that their ids stay theirs."""

    detector: ModelDetector
    window: Window
    texts: Sequence[str]


class NoWatch:
    """Counts nothing."""

    def count_texts(self, source: str, texts: int) -> None:
        """See `ModelWatch`."""

    def count_restart(self, reason: str) -> None:
        """See `ModelWatch`."""

    def add_waiting(self, change: int) -> None:
        """See `ModelWatch`."""


class Models:
    """The lanes of all models. Methods belong to the event loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        watch: ModelWatch | None = None,
        on_error: Callable[[str, BaseException], None] | None = None,
        timing: Timing | None = None,
    ) -> None:
        """`on_error` hears of a detector that raised."""
        self._loop = loop
        self._watch = watch if watch is not None else NoWatch()
        self._on_error = on_error
        self._timing = timing
        self._key = os.urandom(32)
        self._lanes: dict[ModelSource, ModelLane] = {}
        self._looked_up: dict[tuple[int, int], _LookedUp] = {}
        self._wanted: frozenset[ModelSource] = frozenset()
        self._closed = False

    @property
    def lanes(self) -> tuple[ModelLane, ...]:
        """The lanes there are."""
        return tuple(self._lanes.values())

    def submit(
        self, detector: ModelDetector, window: Window, deadline_s: float, answer: Answer, owner: Hashable
    ) -> None:
        """Have a window judged; `answer` is called once, on the loop, `deadline_s` from now at the latest."""
        looked_up = self._looked_up.pop((id(detector), id(window)), None)
        try:
            texts = looked_up.texts if looked_up is not None else detector.inputs(window)
        except Exception as error:  # noqa: BLE001 - whatever a detector raises is a failed scan, see on_error
            self._fail(detector, error, answer)
            return
        if not texts:
            self._loop.call_soon(self._read, detector, window, (), answer, 0.0)
            return

        def scored(outcome: Sequence[Scores] | ScanFailureReason, spent_s: float) -> None:
            if isinstance(outcome, ScanFailureReason):
                answer(outcome, spent_s)
            else:
                self._read(detector, window, outcome, answer, spent_s)

        self._lane(detector.model).submit(owner, texts, deadline_s, scored)

    def known(self, detector: ModelDetector, window: Window) -> ScanResult | None:
        """Return the answer to a window that needs no model: nothing in it to judge, or judged not long ago."""
        try:
            texts = detector.inputs(window)
            lane = self._lanes.get(detector.model)
            scores = lane.known(texts) if lane is not None and texts else None if texts else ()
            if scores is not None:
                return detector.read(window, scores)
        except Exception:  # noqa: BLE001 - it will fail again where it is asked, under on_error
            return None
        if len(self._looked_up) >= MAX_LOOKED_UP:
            del self._looked_up[next(iter(self._looked_up))]
        self._looked_up[id(detector), id(window)] = _LookedUp(detector, window, texts)
        return None

    async def prepare(self, detectors: Iterable[Detector]) -> list[str]:
        """Load the models of detectors that will be asked. Returns what is wrong with those that cannot be.

        What may pass by itself (a process that died, memory that ran out) is not among it: the lane tries again.
        """
        sources, before = _sources(detectors), self._wanted
        self._wanted = before | sources  # not retired while it is loaded
        lanes = [self._lane(source) for source in sources]
        problems = []
        for lane in lanes:
            error = await lane.ready
            if error is not None and error.kind == "config":
                problems.append(error.message)
        if problems:
            self._wanted = before
            self._retire()
        return problems

    def keep(self, detectors: Iterable[Detector]) -> None:
        """Learn which detectors are in force: models of others end after a while."""
        self._wanted = _sources(detectors)
        self._loop.call_later(RETIRE_S, self._retire)

    def close(self) -> None:
        """End all lanes."""
        self._closed = True
        for lane in self._lanes.values():
            lane.close()
        self._lanes.clear()

    def _lane(self, source: ModelSource) -> ModelLane:
        lane = self._lanes.get(source)
        if lane is None:
            cache = VerdictCache(self._key, remember_s=getattr(source, "remember_s", math.inf))
            lane = ModelLane(self._loop, source, cache, self._watch, self._timing)
            if self._closed:
                lane.close()
            self._lanes[source] = lane
        return lane

    def _retire(self) -> None:
        for source in [one for one in self._lanes if one not in self._wanted]:
            if self._lanes[source].is_idle:
                self._lanes.pop(source).close()
            else:
                self._loop.call_later(RETIRE_S, self._retire)

    def _read(
        self,
        detector: ModelDetector,
        window: Window,
        scores: Sequence[Scores],
        answer: Answer,
        spent_s: float,
    ) -> None:
        try:
            result = detector.read(window, scores)
        except Exception as error:  # noqa: BLE001 - whatever a detector raises is a failed scan, see on_error
            self._fail(detector, error, answer)
        else:
            answer(result, spent_s)

    def _fail(self, detector: Detector, error: BaseException, answer: Answer) -> None:
        if self._on_error is not None:
            self._on_error(detector.name, error)
        self._loop.call_soon(answer, ScanFailureReason.ERROR, 0.0)


def _sources(detectors: Iterable[Detector]) -> frozenset[ModelSource]:
    return frozenset(cast("ModelDetector", one).model for one in detectors if one.cost_class is CostClass.MODEL)
