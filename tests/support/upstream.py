"""A scripted model API on a raw loopback socket: it sends exactly the bytes a test says, with every fault there is.

It parses requests strictly by Content-Length, so that what a proxy smuggles shows as a second request or as a
request that does not parse. Not an HTTP server for anything else.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    Script = Callable[["Call"], Awaitable[None]]


@dataclass(slots=True)
class Received:
    """One request as it came."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, f"{name} came {len(found)} times"
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Call:
    """One request and the connection to answer it on."""

    request: Received
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gone: asyncio.Event
    close: bool = False

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(
        self, status: str = "200 OK", content_type: str | None = "text/event-stream", *more: tuple[str, str]
    ) -> None:
        lines = [f"HTTP/1.1 {status}"]
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"{name}: {value}" for name, value in more]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def whole(
        self,
        body: bytes,
        status: str = "200 OK",
        content_type: str | None = "application/json",
        *more: tuple[str, str],
    ) -> None:
        await self.head(status, content_type, ("Content-Length", str(len(body))), *more)
        await self.send(body)

    async def start_stream(self, *more: tuple[str, str]) -> None:
        await self.head("200 OK", "text/event-stream", ("Transfer-Encoding", "chunked"), *more)

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end_stream(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def stream(self, *pieces: bytes) -> None:
        await self.start_stream()
        for piece in pieces:
            await self.chunk(piece)
        await self.end_stream()

    def reset(self) -> None:
        """Close with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def hang_up(self) -> None:
        """Close properly, in the middle of whatever was being sent."""
        self.close = True

    async def wait_gone(self, timeout_s: float = 5.0) -> None:
        """Wait until the proxy closed its end."""
        async with asyncio.timeout(timeout_s):
            while await self.reader.read(65536):
                pass
        self.gone.set()


@dataclass(slots=True)
class Upstream:
    """A listening script."""

    url: str
    script: Script
    requests: list[Received] = field(default_factory=list)
    broken: list[bytes] = field(default_factory=list)
    """What came that was not a request."""
    connections: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a script saw the proxy close its end."""


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Upstream]:
    """Run a script for every request on an own port."""
    upstream = Upstream("", script)
    live: set[asyncio.StreamWriter] = set()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        upstream.connections += 1
        live.add(writer)
        try:
            await _serve(upstream, reader, writer)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass  # a cancelled one would be reported by asyncio
        finally:
            live.discard(writer)
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield upstream
    finally:
        server.close()
        for writer in list(live):
            writer.transport.abort()
        pending = [task for task in tasks if not task.done()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _serve(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                upstream.broken.append(error.partial)
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)]
        request = Received(lines[0], headers, b"")
        if request.header("transfer-encoding") is not None:
            upstream.broken.append(head)
            return
        length = int(request.header("content-length") or 0)
        request.body = await reader.readexactly(length)
        upstream.requests.append(request)
        call = Call(request, reader, writer, upstream.gone)
        await upstream.script(call)
        if call.close or writer.is_closing():
            return


# The dialect, written down once for all tests.


def event(payload: Any) -> bytes:
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


def delta(text: str, index: int = 0) -> bytes:
    """An event of a chat stream that brings text."""
    return _chunk({"index": index, "delta": {"content": text}, "finish_reason": None})


def finish(reason: str = "stop", index: int = 0) -> bytes:
    return _chunk({"index": index, "delta": {}, "finish_reason": reason})


def _chunk(choice: dict[str, Any]) -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return event({**head, "choices": [choice]})


DONE = b"data: [DONE]\n\n"


def chat_stream(*texts: str) -> list[bytes]:
    return [*(delta(text) for text in texts), finish(), DONE]


def completion(text: str) -> bytes:
    """A whole chat answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    payload = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return json.dumps(payload, separators=(",", ":")).encode()


def says(*texts: str) -> Script:
    """Answer as asked: streamed in these pieces, or whole."""

    async def script(call: Call) -> None:
        if call.request.body and call.request.json().get("stream") is True:
            await call.stream(*chat_stream(*texts))
        else:
            await call.whole(completion("".join(texts)))

    return script


def texts_of(body: bytes, index: int = 0) -> str:
    """The text a client reads from a chat stream."""
    found = []
    for payload in payloads_of(body):
        for choice in payload.get("choices", ()):
            if choice["index"] == index:
                found += [choice["delta"].get("content") or ""]
    return "".join(found)


def payloads_of(body: bytes) -> Sequence[dict[str, Any]]:
    """The JSON of every event of a stream, which must be whole."""
    assert body.endswith(b"\n\n"), "the stream ends inside an event"
    datas = [block.removeprefix(b"data: ") for block in body.split(b"\n\n") if block.startswith(b"data: ")]
    return [json.loads(data) for data in datas if data != b"[DONE]"]
