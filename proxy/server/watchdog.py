"""One timer for all the waits of one task. It knows no sockets; it cancels the task that waits.

`asyncio.timeout` sets and clears a timer for every wait; an exchange waits once for every network read. Here the
timer stays and only the time it stands for moves, so a wait costs two attribute writes. It stays from one exchange
to the next of the same connection, too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from proxy.server.faults import ExchangeTimeout, Phase

if TYPE_CHECKING:
    from collections.abc import Awaitable

_T = TypeVar("_T")

_NEVER = float("inf")


class Watchdog:
    """Bounds the waits of the task that created it. `close` it when the task is done."""

    __slots__ = ("_deadline", "_end", "_fired", "_loop", "_phase", "_shutdown", "_task", "_timer", "_timer_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, total_s: float) -> None:
        """`total_s` bounds all waits together, from now."""
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a Watchdog is made inside the task it watches")
        self._loop = loop
        self._task = task
        self._end = loop.time() + total_s
        self._deadline = _NEVER
        self._phase = Phase.TOTAL
        self._fired: Phase | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER
        self._shutdown = False

    async def within(self, phase: Phase, seconds: float, awaitable: Awaitable[_T]) -> _T:
        """Await for at most `seconds`, or to the end of the total. Raises `ExchangeTimeout`."""
        if self._shutdown and phase is not Phase.SLOW_CLIENT:
            _discard(awaitable)
            raise ExchangeTimeout(Phase.SHUTDOWN)
        self._arm(phase, seconds)
        try:
            return await awaitable
        except asyncio.CancelledError:
            fired, self._fired = self._fired, None
            if fired is None or self._task.uncancel() > 0:
                raise  # the client left, perhaps at the same moment
            raise ExchangeTimeout(fired) from None
        finally:
            self._deadline = _NEVER

    def restart(self, total_s: float) -> None:
        """Begin to watch another exchange of the same task. `total_s` bounds all its waits together, from now."""
        self._end = self._loop.time() + total_s
        self._deadline = _NEVER
        self._fired = None
        self._shutdown = False

    def shut_down(self) -> None:
        """End the present wait, and every later one but writes to the client, with `Phase.SHUTDOWN`."""
        self._shutdown = True
        if self._deadline != _NEVER and self._fired is None and self._phase is not Phase.SLOW_CLIENT:
            self._fire(Phase.SHUTDOWN)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deadline = _NEVER

    def _arm(self, phase: Phase, seconds: float) -> None:
        deadline = self._loop.time() + seconds
        self._phase = phase
        if phase is not Phase.SLOW_CLIENT and deadline > self._end:
            # Writing the ending must stay possible once the total is used up.
            deadline = self._end
            self._phase = Phase.TOTAL
        self._deadline = deadline
        if self._timer is None or deadline < self._timer_at:
            self._set_timer(deadline)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._timer_at = _NEVER
        if self._deadline == _NEVER:
            return
        # The clock of a timer is coarser than `time()`: half a millisecond early is on time.
        if self._loop.time() + 0.0005 >= self._deadline:
            self._fire(self._phase)
        else:
            self._set_timer(self._deadline)

    def _fire(self, phase: Phase) -> None:
        self._fired = phase
        self._deadline = _NEVER
        self._task.cancel()


def _discard(awaitable: Awaitable[object]) -> None:
    """Close a coroutine that will not be awaited, so that Python does not warn of it."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()
