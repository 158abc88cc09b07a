"""A scripted model that speaks the OpenAI chat API on loopback, in place of a real one.

It knows the answers of `proxy.demo.script`. To anything else it repeats what it was told, a few letters at a time,
so that a user can try texts of their own.
It is for demonstrations and tests: it checks no key, and it does what its script says, faults included.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from proxy.demo.script import SCENARIOS, Answer, Scenario

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MODEL_NAME = "scripted"
PACE_S = 0.012
"""Time between two events: about 80 words a second, as a fast model sends them."""
CREATED_S = 1_700_000_000
"""The time that every answer gives for its creation, in seconds since 1970."""
ECHO_CHARS = 4
"""Length of the events that an unscripted answer is cut into: about that of a token."""

_PACE = web.AppKey("pace", float)


def model_app(pace_s: float = PACE_S) -> web.Application:
    """Return the application. `pace_s`: seconds between two events of a stream."""
    app = web.Application()
    app[_PACE] = pace_s
    app.router.add_post("/v1/chat/completions", _complete)
    app.router.add_get("/v1/models", _models)
    return app


@asynccontextmanager
async def running_model(pace_s: float = PACE_S) -> AsyncIterator[str]:
    """Run the model on a free loopback port for as long as the context lasts. Gives its URL."""
    runner = web.AppRunner(model_app(pace_s), access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def scenario_for(prompt: str) -> Scenario:
    """Return the scenario that begins with `prompt`, or one that repeats it."""
    for scenario in SCENARIOS:
        if scenario.prompt == prompt:
            return scenario
    echo = f"You said: {prompt}"
    return Scenario(
        "echo", prompt, (Answer(tuple(echo[at : at + ECHO_CHARS] for at in range(0, len(echo), ECHO_CHARS))),)
    )


async def _models(_request: web.Request) -> web.Response:
    entry = {"id": MODEL_NAME, "object": "model", "created": CREATED_S, "owned_by": "sluicegate"}
    return _json({"object": "list", "data": [entry]})


async def _complete(request: web.Request) -> web.StreamResponse:
    try:
        asked = orjson.loads(await request.read())
        prompt = _last_prompt(asked["messages"])
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return _json(_error("The request is not a chat completion.", "invalid_request_error"), 400)
    scenario = scenario_for(prompt)
    if asked.get("stream") is not True:
        await asyncio.sleep(request.app[_PACE])
        if scenario.fails:
            return _json(_error("The model ran out of memory.", "server_error"), 500)
        return _json(whole_answer(scenario))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    try:
        for event in stream_events(scenario):
            await asyncio.sleep(request.app[_PACE])
            await response.write(b"data: " + event + b"\n\n")
        await response.write_eof()
    except ConnectionResetError:
        pass  # the proxy closed: the answer was blocked, or its client left
    return response


def _last_prompt(messages: list[dict[str, Any]]) -> str:
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def whole_answer(scenario: Scenario) -> dict[str, Any]:
    """Return the answer as one JSON body."""
    return _head("chat.completion") | {
        "choices": [
            _whole_choice(i, answer, logprobs=scenario.logprobs) for i, answer in enumerate(scenario.answers)
        ],
        "usage": {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40},
    }


def stream_events(scenario: Scenario) -> Iterator[bytes]:
    """Return the data of each event of a streamed answer, the choices taking turns."""
    per_choice = [
        _choice_events(i, answer, logprobs=scenario.logprobs) for i, answer in enumerate(scenario.answers)
    ]
    in_turn = [one for one in chain.from_iterable(zip_longest(*per_choice)) if one is not None]
    if scenario.fails:
        for choice in in_turn[: len(in_turn) // 2]:
            yield _chunk(choice)
        yield orjson.dumps(_error("The model ran out of memory.", "server_error"))
        return
    for choice in in_turn:
        yield _chunk(choice)
    yield b"[DONE]"


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-demo", "object": kind, "created": CREATED_S, "model": MODEL_NAME}


def _chunk(choice: dict[str, Any]) -> bytes:
    return orjson.dumps(_head("chat.completion.chunk") | {"choices": [choice]})


def _choice_events(index: int, answer: Answer, *, logprobs: bool) -> Iterator[dict[str, Any]]:
    yield _delta(index, {"role": "assistant", "content": "" if answer.text else None})
    for piece in answer.reasoning:
        yield _delta(index, {"reasoning_content": piece})
    for piece in answer.text:
        event = _delta(index, {"content": piece})
        if logprobs:
            event["logprobs"] = _logprobs((piece,))
        yield event
    if answer.tool is not None:
        function = {"name": answer.tool.name, "arguments": ""}
        yield _delta(
            index, {"tool_calls": [{"index": 0, "id": "call_demo", "type": "function", "function": function}]}
        )
        for piece in answer.tool.arguments:
            yield _delta(index, {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield _delta(index, {}) | {"finish_reason": finish_reason(answer)}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}


def _whole_choice(index: int, answer: Answer, *, logprobs: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.text) or None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.tool is not None:
        function = {"name": answer.tool.name, "arguments": "".join(answer.tool.arguments)}
        message["tool_calls"] = [{"id": "call_demo", "type": "function", "function": function}]
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(answer.text) if logprobs else None,
        "finish_reason": finish_reason(answer),
    }


def finish_reason(answer: Answer) -> str:
    """Return why the model stops."""
    return "tool_calls" if answer.tool is not None else "stop"


def _logprobs(tokens: tuple[str, ...]) -> dict[str, Any]:
    entries = [{"token": one, "logprob": -0.25, "bytes": list(one.encode())} for one in tokens]
    return {"content": [entry | {"top_logprobs": [entry]} for entry in entries], "refusal": None}


def _error(message: str, kind: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
