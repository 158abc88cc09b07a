"""A scripted OpenAI-compatible model, and a tap that records what a client's socket receives.

Both run on the loop of a background thread, so that blocking clients can be tested too. A test registers a
script under a name and asks for the model of that name.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

RUN_LIMIT_S = 20.0
HANG = object()
"""In a script: send nothing more until the proxy closes the connection."""
CUT = object()
"""In a script: break the connection without the end of the body."""

T = TypeVar("T")
Event = dict[str, Any] | bytes | object
JsonObject = dict[str, Any]


def chunk(choices: list[JsonObject], **members: Any) -> JsonObject:
    """Return one event of a chat stream."""
    return {
        "id": "chatcmpl-test1",
        "object": "chat.completion.chunk",
        "created": 1754000000,
        "model": "scripted-1",
        "choices": choices,
        **members,
    }


def delta(index: int = 0, finish_reason: str | None = None, logprobs: Any = None, **fields: Any) -> JsonObject:
    """Return an event with one choice, whose delta has the given fields."""
    return chunk([{"index": index, "delta": fields, "logprobs": logprobs, "finish_reason": finish_reason}])


def says(pieces: Iterable[str], index: int = 0, finish_reason: str = "stop") -> list[JsonObject]:
    """Return the events of a choice that says the pieces and finishes."""
    spoken = [delta(index, content=piece) for piece in pieces]
    return [delta(index, role="assistant", content=""), *spoken, delta(index, finish_reason)]


def interleaved(*streams: list[JsonObject]) -> list[JsonObject]:
    """Return the events of several choices in turn."""
    longest = max(map(len, streams))
    return [stream[at] for at in range(longest) for stream in streams if at < len(stream)]


@dataclass(frozen=True, slots=True)
class Script:
    """What the model answers: events when it is asked for a stream, `whole` when it is not."""

    events: tuple[Event, ...] = ()
    whole: JsonObject = field(default_factory=dict)
    status: int = 200
    ends_with_done: bool = True
    media_type: str = "text/event-stream"
    streams_unasked: bool = False
    """Whether a request that says nothing of a stream gets one."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of the answer."""


def script(events: list[JsonObject]) -> Script:
    """Return the script that streams the events, or sends what they add up to as a whole answer."""
    return Script(tuple(events), whole_of(events))


def whole_of(events: list[JsonObject]) -> JsonObject:
    """Return the whole chat answer that the events of a stream add up to."""
    choices: dict[int, JsonObject] = {}
    for one in (choice for event in events for choice in event["choices"]):
        whole = choices.setdefault(
            one["index"],
            {
                "index": one["index"],
                "message": {"role": "assistant", "content": None, "refusal": None},
                "logprobs": None,
                "finish_reason": None,
            },
        )
        whole["finish_reason"] = one["finish_reason"] or whole["finish_reason"]
        if one["logprobs"]:
            whole["logprobs"] = whole["logprobs"] or {"content": [], "refusal": None}
            whole["logprobs"]["content"] += one["logprobs"]["content"]
        for name, value in one["delta"].items():
            _add_field(whole["message"], name, value)
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    ordered = [choices[index] for index in sorted(choices)]
    return {**chunk(ordered), "object": "chat.completion", "usage": usage}


def _add_field(message: JsonObject, name: str, value: Any) -> None:
    if name == "role":
        return
    if name != "tool_calls":
        message[name] = (message.get(name) or "") + value
        return
    calls = message.setdefault("tool_calls", [])
    for part in value:
        if part["index"] == len(calls):
            calls.append({"id": part["id"], "type": "function", "function": {"name": "", "arguments": ""}})
        function = calls[part["index"]]["function"]
        for key in ("name", "arguments"):
            function[key] += part["function"].get(key, "")


class BackgroundLoop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(RUN_LIMIT_S)

    def close(self) -> None:
        """Stop the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(RUN_LIMIT_S)
        self.loop.close()


class ScriptedModel:
    """The model APIs of OpenAI, Anthropic, Gemini and Ollama."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.requests: list[JsonObject] = []
        """Parsed bodies, in the order in which they came."""
        self.headers: list[dict[str, str]] = []
        """Of each request, with names in lower case."""
        self.url = ""
        self._closed_at: dict[str, float] = {}
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        """Listen on a port of loopback."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_post("/v1/completions", self._answer)
        app.router.add_post("/v1/messages", self._answer)
        app.router.add_post("/v1/messages/count_tokens", self._answer)
        app.router.add_post("/v1/responses", self._answer)
        app.router.add_post("/v1/responses/input_tokens", self._answer)
        app.router.add_post("/api/chat", self._answer)
        app.router.add_post("/api/generate", self._answer)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/{place:(?:v1|v1beta|v1beta1)/(?:[^:]+/)?models}/{call}", self._answer_named)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        """Close everything."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def closed_at(self, model: str) -> float:
        """Return when (`time.monotonic`) the proxy closed the connection of a script that hangs; waits for it."""
        async with asyncio.timeout(RUN_LIMIT_S / 2), self._changed:
            await self._changed.wait_for(lambda: model in self._closed_at)
        return self._closed_at[model]

    async def _models(self, _: web.Request) -> web.Response:
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self.scripts]
        return web.json_response({"object": "list", "data": listed})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return await self._play(request, await request.json())

    async def _answer_named(self, request: web.Request) -> web.StreamResponse:
        """Answer a request whose path says the model and whether to stream, as Gemini's do."""
        model, _, method = request.match_info["call"].partition(":")
        asked = await request.json()
        return await self._play(request, {**asked, "model": model, "stream": method == "streamGenerateContent"})

    async def _play(self, request: web.Request, asked: JsonObject) -> web.StreamResponse:
        self.requests.append(asked)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        chosen = self.scripts[asked["model"]]
        if chosen.status != 200 or not asked.get("stream", chosen.streams_unasked):
            return web.json_response(chosen.whole, status=chosen.status, headers=chosen.headers)
        response = web.StreamResponse(headers={"Content-Type": chosen.media_type, **chosen.headers})
        await response.prepare(request)
        try:
            return await self._stream(request, response, chosen)
        except (asyncio.CancelledError, ConnectionError):
            async with self._changed:
                self._closed_at[asked["model"]] = time.monotonic()
                self._changed.notify_all()
            raise

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, chosen: Script
    ) -> web.StreamResponse:
        for event in chosen.events:
            if event is HANG:
                await asyncio.sleep(RUN_LIMIT_S)
            elif event is CUT:
                if request.transport is not None:
                    request.transport.close()
                return response
            elif isinstance(event, bytes):
                await response.write(event)
            else:
                await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        if chosen.ends_with_done:
            await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


class Tap:
    """A TCP relay before the proxy that keeps every byte the client receives."""

    def __init__(self, port: int) -> None:
        self._to_port = port
        self._server: asyncio.Server | None = None
        self._pumps: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self.received = bytearray()
        self.port = 0

    async def start(self) -> Self:
        """Listen on a port of loopback."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Close every connection."""
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._writers += [writer, up_writer]
        for pump in (self._pump(reader, up_writer, None), self._pump(up_reader, writer, self.received)):
            self._pumps.append(asyncio.ensure_future(pump))

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: bytearray | None) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if keep is not None:
                    keep += data
                writer.write(data)
                await writer.drain()
        writer.close()
