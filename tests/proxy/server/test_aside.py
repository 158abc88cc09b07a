"""Work on large bodies leaves the event loop alone; on small ones it is done at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from proxy.server.aside import MAX_BYTES_HERE, aside
from proxy.server.faults import ExchangeTimeout, Phase
from proxy.server.watchdog import Watchdog


async def test_small_is_here_and_large_is_elsewhere() -> None:
    """The same comes of it."""
    dog = Watchdog(asyncio.get_running_loop(), 10)
    assert await aside(dog, MAX_BYTES_HERE, threading.get_ident) == threading.get_ident()
    assert await aside(dog, MAX_BYTES_HERE + 1, threading.get_ident) != threading.get_ident()
    dog.close()


@pytest.mark.parametrize("size", [1, MAX_BYTES_HERE + 1])
async def test_what_the_work_raises_is_raised(size: int) -> None:
    """Wherever it was done."""
    dog = Watchdog(asyncio.get_running_loop(), 10)
    with pytest.raises(ValueError, match="invalid literal"):
        await aside(dog, size, lambda: int("x"))
    dog.close()


async def test_an_exchange_that_ends_does_not_wait_for_it() -> None:
    """The work ends by itself."""
    dog = Watchdog(asyncio.get_running_loop(), 10)
    done, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        done.wait(10)

    waiting = asyncio.get_running_loop().run_in_executor(None, begun.wait, 10)
    waiting.add_done_callback(lambda _: dog.shut_down())
    with pytest.raises(ExchangeTimeout) as caught:
        await aside(dog, MAX_BYTES_HERE + 1, work)
    assert caught.value.phase is Phase.SHUTDOWN
    done.set()
    dog.close()
