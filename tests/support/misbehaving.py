"""A detector that fails in all the ways there are. Apart from its tests: a child that scans imports all of this."""

from __future__ import annotations

import os
import threading
from typing import Any

from detectors.types import ChannelKind, CostClass, Finding, ScanResult, Stability, Window

RELEASE = threading.Event()
"""Set when a test ends: what hangs goes on."""


class Misbehaving:
    """A detector that does what its `how` says when it sees the word `now`."""

    name = "odd"
    stability = Stability.PREFIX_STABLE
    categories = ("odd",)
    kinds = frozenset({ChannelKind.TEXT})
    context_chars = 0
    max_span = 10

    def __init__(self, how: str, cost_class: CostClass) -> None:
        self.how = how
        self.cost_class = cost_class

    def scan(self, window: Window) -> ScanResult:
        if "now" in window.text:
            answer: ScanResult = self._misbehave(window)
            return answer
        return ScanResult((), window.end)

    def _misbehave(self, window: Window) -> Any:
        match self.how:
            case "raise":
                raise RuntimeError("boom: " + window.text)
            case "hang":
                RELEASE.wait(20)
                return ScanResult((), window.end)
            case "die":
                os._exit(1)
            case "none":
                return None
            case "beyond":
                return ScanResult((), window.end + 1)
            case "before":
                return ScanResult((), -1)
            case "outside":
                return ScanResult((Finding("odd", "odd", window.end, window.end + 4, 1.0),), window.end)
            case "score":
                return ScanResult((Finding("odd", "odd", window.start, window.end, float("nan")),), window.end)
        raise AssertionError(self.how)
