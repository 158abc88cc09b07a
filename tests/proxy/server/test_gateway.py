"""Admission and drain: too many are shed, live ones finish or are ended, and every exchange is counted."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.gateway import guarded, until
from tests.support.upstream import Call, completion, delta, payloads_of, says


async def test_a_draining_gateway_takes_nothing_new() -> None:
    """A request on a connection that is still open is told to go elsewhere."""
    async with guarded(says("ok")) as proxy:
        proxy.server.services.draining = True
        answer = await proxy.chat(stream=False)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "shutting_down", "1")
        assert proxy.metric("sluicegate_exchanges_total", dialect="none", mode="whole", decision="overload") == 1
    assert proxy.upstream.requests == []


@pytest.mark.parametrize("finishes", [True, False])
async def test_drain(finishes: bool) -> None:
    """A live exchange finishes within the time; past it, it gets a proper ending."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.chunk(delta("tick "))
        begun.set()
        await go.wait()
        await call.chunk(b"data: [DONE]\n\n")
        await call.end_stream()

    async with guarded(script) as proxy:
        busy = asyncio.ensure_future(proxy.chat(stream=True))
        await begun.wait()
        await until(lambda: proxy.server.gateway.active)
        if finishes:
            drain = asyncio.ensure_future(proxy.server.gateway.drain(5.0))
            await asyncio.sleep(0)
            go.set()
        else:
            drain = asyncio.ensure_future(proxy.server.gateway.drain(0.1))
        answer = await busy
        await drain
        assert proxy.server.gateway.active == 0
        go.set()
    assert answer.complete
    last = payloads_of(answer.body)[-1]
    assert (last.get("error", {}).get("code") == "shutting_down") is not finishes


async def test_live_exchanges_are_counted() -> None:
    """The gauge is up while one is under way and down afterwards, whatever came of it."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(call: Call) -> None:
        begun.set()
        await go.wait()
        await call.whole(completion("ok"))

    async with guarded(script) as proxy:
        busy = asyncio.ensure_future(proxy.chat(stream=False))
        await begun.wait()
        assert proxy.metric("sluicegate_active_exchanges") == proxy.server.gateway.active == 1
        go.set()
        await busy
        refused = await proxy.get("/nowhere")
        assert proxy.metric("sluicegate_active_exchanges") == 0
        assert proxy.metric("sluicegate_exchanges_total", dialect="none", mode="whole", decision="refused") == 1
    assert refused.status == 403
