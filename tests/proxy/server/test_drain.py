"""B7: SIGTERM on the real process, with and without workers."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.support.gateway import POLICY, parse_answer
from tests.support.process import Process, product
from tests.support.upstream import Call, delta, finish, payloads_of, says, scripted, texts_of

STREAMS = 100
BODY = b'{"model":"m","stream":true,"messages":[]}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


class Streams:
    """Streams that go on until they are told to finish."""

    def __init__(self) -> None:
        self.finish = asyncio.Event()

    async def script(self, call: Call) -> None:
        await call.start_stream()
        await call.chunk(delta("tick "))
        await self.finish.wait()
        await call.chunk(delta("tock") + finish() + b"data: [DONE]\n\n")
        await call.end_stream()


async def _open_streams(port: int, count: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]]:
    opened = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        opened.append((reader, writer, await reader.readuntil(b"tick ")))
    return opened


@pytest.mark.parametrize("workers", [1, 2])
async def test_sigterm_lets_streams_finish(tmp_path: Path, workers: int) -> None:
    """Live streams finish, new connections are refused, readiness is gone, exit code 0."""
    streams = Streams()
    async with scripted(streams.script) as upstream, product(tmp_path, upstream.url, workers=workers) as running:
        await _ready(running)
        opened = await _open_streams(running.port, STREAMS)
        running.terminate()
        if workers == 1:
            await running.line("draining")
            assert (await running.admin("/readyz"))[0] == 503
        await _refused(running.port)
        streams.finish.set()
        for reader, writer, first in opened:
            answer = parse_answer(first + await reader.read())
            assert answer.complete
            assert texts_of(answer.body) == "tick tock"
            writer.close()
        assert await asyncio.wait_for(running.process.wait(), 10) == 0


async def test_sigterm_ends_streams_that_do_not_finish(tmp_path: Path) -> None:
    """Streams that outlast the drain get the dialect's ending, before the time is up."""
    streams = Streams()
    async with (
        scripted(streams.script) as upstream,
        product(tmp_path, upstream.url, drain_timeout_s=0.6) as running,
    ):
        opened = await _open_streams(running.port, STREAMS)
        running.terminate()
        for reader, writer, first in opened:
            answer = parse_answer(first + await asyncio.wait_for(reader.read(), 3))
            assert answer.complete
            assert payloads_of(answer.body)[-1]["error"]["code"] == "shutting_down"
            writer.close()
        assert await asyncio.wait_for(running.process.wait(), 5) == 0


async def test_workers_share_the_address_and_are_replaced(tmp_path: Path) -> None:
    """Both serve one port; metrics are added up; one that is killed comes back."""
    async with scripted(says("ok")) as upstream, product(tmp_path, upstream.url, workers=2) as running:
        await _ready(running)
        for _ in range(30):
            assert b"[DONE]" in await _once(running.port)
        name = b'sluicegate_exchanges_total{decision="allow",dialect="openai-chat",mode="stream"} 30.0'
        async with asyncio.timeout(8):  # workers write what they counted four times a second
            while name not in (await running.admin("/metrics"))[1]:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.05)
        children = [int(pid) for pid in _children(running.process.pid) if b"spawn_main" in _command(pid)]
        os.kill(children[0], signal.SIGKILL)
        await running.line("worker_died")
        await _ready(running)
        assert b"[DONE]" in await _once(running.port)


async def test_sighup_reloads(tmp_path: Path) -> None:
    """SIGHUP puts a changed policy in force; a broken one is reported and changes nothing."""
    async with scripted(says("say zebra-47")) as upstream, product(tmp_path, upstream.url) as running:
        assert b"[hidden]" in await _once(running.port)
        (tmp_path / "policy.yaml").write_text(POLICY.replace("[hidden]", "[gone]"))
        running.process.send_signal(signal.SIGHUP)
        await running.line("policy_reloaded")
        assert b"[gone]" in await _once(running.port)
        (tmp_path / "policy.yaml").write_text("version: 7\nrules: what")
        running.process.send_signal(signal.SIGHUP)
        failed = await running.line("policy_reload_failed")
        assert "policy.yaml:1:1 " in failed["problem"]
        assert b"[gone]" in await _once(running.port)


async def _once(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(b"Host: x", b"Host: x\r\nConnection: close"))
    data = await reader.read()
    writer.close()
    return data


async def _ready(running: Process) -> None:
    async with asyncio.timeout(20):
        while (await running.admin("/readyz"))[0] != 200:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def _refused(port: int) -> None:
    async with asyncio.timeout(3):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.02)


def _children(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _command(pid: str) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
