"""One timer bounds every wait of a task."""

from __future__ import annotations

import asyncio

import pytest

from proxy.server.faults import ExchangeTimeout, Phase
from proxy.server.watchdog import Watchdog


async def test_result_in_time() -> None:
    """A wait that ends in time gives its result, and leaves no cancellation behind."""
    dog = Watchdog(asyncio.get_running_loop(), 5)
    for _ in range(3):
        assert await dog.within(Phase.IDLE, 1, asyncio.sleep(0, "x")) == "x"
    dog.close()


async def test_phase_of_the_wait_that_was_too_long() -> None:
    """The fault names what was waited for; the task can wait again afterwards."""
    dog = Watchdog(asyncio.get_running_loop(), 5)
    for phase in (Phase.CONNECT, Phase.IDLE):
        with pytest.raises(ExchangeTimeout) as caught:
            await dog.within(phase, 0.01, asyncio.sleep(5))
        assert caught.value.phase is phase
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    dog.close()


async def test_total_bounds_all_but_the_last_write() -> None:
    """When the total is used up every wait is too long, but writing the ending is not."""
    dog = Watchdog(asyncio.get_running_loop(), 0.02)
    with pytest.raises(ExchangeTimeout) as caught:
        await dog.within(Phase.IDLE, 5, asyncio.sleep(5))
    assert caught.value.phase is Phase.TOTAL
    with pytest.raises(ExchangeTimeout):
        await dog.within(Phase.IDLE, 5, asyncio.sleep(1))
    assert await dog.within(Phase.SLOW_CLIENT, 1, asyncio.sleep(0.01, "written")) == "written"
    dog.close()


async def test_shorter_wait_after_a_longer_one() -> None:
    """The timer of a long wait does not hide the end of a short one."""
    dog = Watchdog(asyncio.get_running_loop(), 60)
    await dog.within(Phase.IDLE, 30, asyncio.sleep(0))
    with pytest.raises(ExchangeTimeout):
        await dog.within(Phase.SLOW_CLIENT, 0.01, asyncio.sleep(5))
    dog.close()


async def test_cancellation_from_outside_wins() -> None:
    """A client that leaves cancels the task, whatever the timer does at that moment."""
    entered = asyncio.Event()

    async def work() -> None:
        dog = Watchdog(asyncio.get_running_loop(), 5)
        entered.set()
        try:
            await dog.within(Phase.IDLE, 0.01, asyncio.sleep(5))
        finally:
            dog.close()

    task = asyncio.ensure_future(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("before", [True, False])
async def test_shut_down_ends_present_and_later_waits(before: bool) -> None:
    """At shut-down a task stops waiting for others, now or at its next wait, and may still write."""
    dog = Watchdog(asyncio.get_running_loop(), 5)
    if before:
        dog.shut_down()
    else:
        asyncio.get_running_loop().call_soon(dog.shut_down)
    with pytest.raises(ExchangeTimeout) as caught:
        await dog.within(Phase.IDLE, 5, asyncio.sleep(5))
    assert caught.value.phase is Phase.SHUTDOWN
    assert await dog.within(Phase.SLOW_CLIENT, 1, asyncio.sleep(0, "x")) == "x"
    dog.close()
