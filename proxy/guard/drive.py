"""Drives a guard with nothing else running: every wanted scan is done here and now.

For tests, the command line and replays. The server has its own driver with threads and deadlines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.guard.api import ScanFailureReason

if TYPE_CHECKING:
    from detectors.types import Detector, ScanResult, Window
    from proxy.guard.stream import StreamGuard


def scan_inline(guard: StreamGuard) -> None:
    """Run wanted scans until none is left. A detector that raises has failed; its rule's `on_error` decides."""
    guard.judge(_scan_now)


def _scan_now(detector: Detector, window: Window) -> ScanResult | ScanFailureReason:
    try:
        result: ScanResult | None = detector.scan(window)
    except Exception:  # noqa: BLE001 - whatever a detector raises, the policy decides
        return ScanFailureReason.ERROR
    return ScanFailureReason.GARBAGE if result is None else result
