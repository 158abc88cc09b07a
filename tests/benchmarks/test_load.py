"""Load generator, mock model and relay together, in one process: the measurement measures what it says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from benchmarks import load, relay, upstream
from benchmarks.payloads import BURST, PACED, SINGLE, WHOLE, WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FEW = 3


@pytest.fixture
async def model_port() -> AsyncIterator[int]:
    """The mock model."""
    server = await upstream.start()
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def relay_port(model_port: int) -> AsyncIterator[int]:
    """The relay before the mock model."""
    runner = web.AppRunner(relay.application(f"http://127.0.0.1:{model_port}"), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize("workload", [BURST, WHOLE, SINGLE], ids=lambda one: one.name)
async def test_all_answers_arrive_through_the_relay(relay_port: int, workload: Workload) -> None:
    """Every answer through the relay is, byte for byte, one that the model sends."""
    measured = await load.run_load(relay_port, replace(workload, clients=FEW), seconds=0.2, warmup_s=0.0)
    assert measured.failed == 0
    assert measured.answers == len(measured.whole_ms) == len(measured.first_byte_ms) > 0
    assert measured.gap_ms == []
    assert all(first <= whole for first, whole in zip(measured.first_byte_ms, measured.whole_ms, strict=True))


async def test_paced_streams_give_one_gap_between_any_two_events(
    relay_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paced stream of n events is seen as n arrivals, the first not before its time."""
    quick = replace(PACED, pace_s=0.002, clients=FEW)
    monkeypatch.setitem(WORKLOADS, PACED.name, quick)
    measured = await load.run_load(relay_port, quick, seconds=0.01, warmup_s=0.0)
    assert measured.failed == 0
    assert len(measured.gap_ms) == measured.answers * (PACED.events - 1)
    assert min(measured.first_byte_ms) >= 1e3 * quick.pace_s


async def test_a_wrong_answer_is_counted() -> None:
    """A server that answers something else is found out."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    measured = await load.run_load(port, replace(WHOLE, clients=FEW), seconds=0.05, warmup_s=0.0)
    server.close()
    assert measured.failed >= FEW
