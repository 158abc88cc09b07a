"""One upstream connection: when it may be used again, and how far it reads ahead."""

from __future__ import annotations

import asyncio

import pytest

from proxy.server import upstream_connection
from proxy.server.upstream import Http1Upstream
from tests.support.gateway import guarded, until
from tests.support.upstream import Call, delta


@pytest.mark.parametrize("tail", ["end", "text", "nothing"])
async def test_the_end_of_the_framing_may_come_later(tail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream whose last chunk is a write of its own does not cost its connection; text behind it does."""
    monkeypatch.setattr(upstream_connection, "TAIL_S", 0.05 if tail == "nothing" else 5.0)
    released = asyncio.Event()

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.chunk(delta("ok") + b"data: [DONE]\n\n")
        await released.wait()
        if tail == "text":
            await call.chunk(delta("said after the end"))
        if tail != "nothing":
            await call.end_stream()
        else:
            await asyncio.Event().wait()

    async with guarded(script) as proxy:
        pool = proxy.server.services.upstreams[""].client
        assert isinstance(pool, Http1Upstream)
        for expected in (1, 1 if tail == "end" else 2):
            released.clear()
            answer = await proxy.chat(stream=True)
            assert answer.body.endswith(b"data: [DONE]\n\n")
            assert b"said" not in answer.body
            released.set()
            await until(lambda: len(pool._idle) == len(pool._live) == (tail == "end"))
            assert proxy.upstream.connections == expected
