"""Whether a service that failed is asked again: the circuit breaker, pure. Who asks tells it the time."""

from __future__ import annotations


class Breaker:
    """Closed while a service answers; after failures in a row it lets nothing through for a while, then one try."""

    def __init__(self, max_failures: int, pause_s: float) -> None:
        self._max_failures = max_failures
        self._pause_s = pause_s
        self._failures = 0
        self._open_until_s: float | None = None

    def allows(self, now_s: float) -> bool:
        """Whether to ask now. After the pause one question is allowed, and the next ones wait for its outcome."""
        if self._open_until_s is None:
            return True
        if now_s < self._open_until_s:
            return False
        self._open_until_s = now_s + self._pause_s
        return True

    def succeeded(self) -> None:
        """Learn that the service answered."""
        self._failures = 0
        self._open_until_s = None

    def failed(self, now_s: float) -> None:
        """Learn that it did not."""
        self._failures += 1
        if self._failures >= self._max_failures:
            self._open_until_s = now_s + self._pause_s
