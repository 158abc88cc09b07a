"""Work on a body that is large enough to stop the event loop is done in a thread, so that other exchanges go on.

Small ones are done at once, where they are cheapest.
The interpreter is shared: what it does in one go (parsing is such a step) still stops the loop, the rest does not.
It knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from proxy.server.faults import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.server.watchdog import Watchdog

_T = TypeVar("_T")

MAX_BYTES_HERE: Final = 256 << 10
"""Longest body that is worked on here: a few milliseconds. Nearly all are a hundredth of it."""

LIMIT_S: Final = 60.0
"""Longest wait for a thread: the longest body that is taken needs a second, and there are few threads."""


async def aside(watchdog: Watchdog, size: int, work: Callable[[], _T]) -> _T:
    """Do work on a body of so many bytes, and return what comes of it. Raises what it raises, `ExchangeTimeout`.

    When the exchange ends first, the work ends by itself, and nobody sees what comes of it: it must not touch
    anything that somebody else uses.
    """
    if size <= MAX_BYTES_HERE:
        return work()
    return await watchdog.within(Phase.SCAN, LIMIT_S, asyncio.to_thread(work))
