"""A child process that scans for one lane: for detectors whose cost class is `process`.

Such a detector must be picklable; it is sent once to each process. Not a pool: one process serves one thread.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any, Final, cast

from detectors.types import ScanResult

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from detectors.types import Detector, Window

MAX_DETECTORS: Final = 32
"""Detectors sent to one child before it is replaced: policies have a few, reloads add more."""


class LaneProcessError(Exception):
    """The child died or the detector raised in it. `kind` is the name of the error's class."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class LaneProcess:
    """One child. `scan` blocks its caller's thread; `kill` may come from any thread."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, child = context.Pipe()
        self._process = context.Process(target=_serve, args=(child,), name="sluicegate-scan", daemon=True)
        self._process.start()
        child.close()
        self._known: dict[int, Detector] = {}

    def is_usable(self) -> bool:
        """Whether the child runs, and does not keep the detectors of many policies that were reloaded since."""
        return self._process.is_alive() and len(self._known) < MAX_DETECTORS

    def scan(self, detector: Detector, window: Window) -> ScanResult:
        """Have a window judged. Raises `LaneProcessError` when the child raised, died or was killed."""
        key = id(detector)
        fresh = None if self._known.get(key) is detector else detector
        try:
            self._connection.send((key, fresh, window))
            self._known[key] = detector
            outcome = self._connection.recv()
        except (OSError, EOFError) as error:
            self.kill()
            raise LaneProcessError(type(error).__name__) from error
        if isinstance(outcome, str):
            raise LaneProcessError(outcome)
        return cast("ScanResult", outcome)

    def kill(self) -> None:
        """End the child now. A caller that waits in `scan` gets its error."""
        if self._process.is_alive():
            self._process.kill()


def _serve(connection: Connection) -> None:
    """Scan until the pipe closes (in the child)."""
    detectors: dict[int, Any] = {}
    while True:
        try:
            key, fresh, window = connection.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            return
        if fresh is not None:
            detectors[key] = fresh
        outcome: object
        try:
            outcome = detectors[key].scan(window)
        except Exception as error:  # noqa: BLE001 - reported by name; on_error follows in the parent
            outcome = type(error).__name__
        if not isinstance(outcome, ScanResult | str):
            outcome = ScanResult((), -1)  # not an answer: the guard will find it to be garbage
        connection.send(outcome)
