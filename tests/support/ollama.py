"""Answers of Ollama as its server writes them: lines, whole bodies, and recordings of every kind of answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.dialect_case import Answer
from tests.support.model import Script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.dialect_case import Prose

JsonObject = dict[str, Any]

HEAD = {"model": "llama3.2", "created_at": "2025-07-07T20:22:19.184789Z"}
COUNTS = {
    "total_duration": 10706818083,
    "load_duration": 6338219291,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 130079000,
    "eval_count": 259,
    "eval_duration": 4232710000,
}


def line(**members: Any) -> JsonObject:
    """Return one line, its members between the head and `done`."""
    return {**HEAD, **members, "done": False}


def says(content: str = "", **members: Any) -> JsonObject:
    """Return a line of a chat."""
    return line(message={"role": "assistant", "content": content, **members})


def generates(response: str = "", **members: Any) -> JsonObject:
    """Return a line of a generation."""
    return line(response=response, **members)


def closed(event: JsonObject, reason: str = "stop", **members: Any) -> JsonObject:
    """Return a line as the last one."""
    return {**event, "done": True, "done_reason": reason, **COUNTS, **members}


def call(name: str, arguments: JsonObject, index: int | None = None) -> JsonObject:
    """Return a tool call; `index` as newer servers number them."""
    numbered = {} if index is None else {"index": index}
    return {"function": {**numbered, "name": name, "arguments": arguments}}


def written(events: Iterable[JsonObject]) -> bytes:
    """Return lines as bytes."""
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


def read(data: bytes) -> list[JsonObject]:
    """Read lines by the simplest means."""
    return [json.loads(part) for part in data.split(b"\n") if part]


def script(events: list[Any]) -> Script:
    """Return the script that streams the lines, or sends what they add up to."""
    sent = tuple(written([event]) if isinstance(event, dict) else event for event in events)
    whole = whole_of([event for event in events if isinstance(event, dict)])
    return Script(sent, whole, ends_with_done=False, media_type="application/x-ndjson", streams_unasked=True)


def whole_of(events: list[JsonObject]) -> JsonObject:
    """Return the whole answer that the lines of a stream add up to."""
    whole: JsonObject = {}
    for event in events:
        for key, value in event.items():
            if key == "message":
                _add(whole.setdefault("message", {}), value)
            elif key in {"response", "thinking", "logprobs"}:
                whole[key] = whole[key] + value if key in whole else value
            else:
                whole[key] = value
    return whole


def _add(message: JsonObject, more: JsonObject) -> None:
    for key, value in more.items():
        message[key] = value if key == "role" or key not in message else message[key] + value


def shown(data: bytes) -> dict[str, str]:
    """Return what a client reads, of a stream or of a whole answer."""
    whole = whole_of(read(data))
    place = whole.get("message", whole)
    found = {key: place[key] for key in ("content", "response", "thinking") if place.get(key)}
    for position, one in enumerate(place.get("tool_calls") or []):
        function = one["function"]
        found[f"name{position}"] = function["name"]
        found[f"args{position}"] = json.dumps(function["arguments"], ensure_ascii=False)
    return found


def chat_answer(prose: Prose) -> Answer:
    """Make a chat: thinking now and then, text, tool calls."""
    chance = prose.chance
    thought = prose.text() if chance.random() < 0.4 else ""
    events = [says(thinking=piece) for piece in prose.pieces(thought) if piece]
    events += map(says, prose.pieces(prose.text()))
    for index in range(chance.choice([0, 0, 1, 2])):
        arguments = {"to": prose.text(5), "n": chance.randrange(99), "more": [{"k": prose.text(3)}, None]}
        events.append(says(tool_calls=[call("send", arguments, index)]))
    return _answer(prose, [*events, closed(says())])


def generate_answer(prose: Prose) -> Answer:
    """Make a generation."""
    thought = prose.text() if prose.chance.random() < 0.4 else ""
    events = [generates(thinking=piece) for piece in prose.pieces(thought) if piece]
    return _answer(prose, [*events, *map(generates, prose.pieces(prose.text())), closed(generates())])


def _answer(prose: Prose, events: list[JsonObject]) -> Answer:
    end = prose.chance.choice(["\n", "\n", "\r\n"])
    is_ascii = prose.chance.random() < 0.5
    lines = [json.dumps(event, ensure_ascii=is_ascii, separators=(",", ":")) + end for event in events]
    if prose.chance.random() < 0.2:
        lines[-1] = lines[-1].rstrip()
    return Answer("".join(lines).encode(), json.dumps(whole_of(events)).encode(), prose.planted)


def _logprob(token: str) -> JsonObject:
    entry = {"token": token, "logprob": -0.25, "bytes": list(token.encode())}
    return {**entry, "top_logprobs": [entry]}


RECORDINGS: dict[str, list[JsonObject]] = {
    "chat": [*map(says, ["The", " sky", " is", " blue", "."]), closed(says())],
    "generate": [
        *map(generates, ["The", " sky", " is", " blue", "."]),
        closed(generates(), context=[1, 2, 3, 4155550142, 6, 7]),
    ],
    "chat, thinking": [
        says(thinking="Why"),
        says(thinking=" blue?"),
        says("Light"),
        says(" scatters."),
        closed(says()),
    ],
    "generate, thinking": [generates(thinking="Why"), generates("Light scatters."), closed(generates())],
    "chat, tools": [
        says("I will look."),
        says(tool_calls=[call("get_weather", {"city": "Tōkyō", "days": 2}, 0), call("get_time", {}, 1)]),
        closed(says()),
    ],
    "chat, tools without numbers": [
        says(tool_calls=[call("get_weather", {"city": "Rome"})]),
        says(tool_calls=[call("get_weather", {"city": "Oslo", "at": [1.5, {"k": None}]})]),
        closed(says()),
    ],
    "chat, log-probabilities": [
        {**says("Hi"), "logprobs": [_logprob("Hi")]},
        {**says(" you"), "logprobs": [_logprob(" you")]},
        closed(says()),
    ],
    "generate, picture": [
        {**HEAD, "response": "", "completed": 1, "total": 2, "done": False},
        closed(
            generates(
                image="iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
            )
        ),
    ],
    "structured output": [*map(says, ['{"sky"', ': "bl', 'ue"}']), closed(says())],
    "load": [closed(says(), "load")],
    "cloud model": [
        {**says("Hi"), "remote_model": "gpt-oss:20b", "remote_host": "https://ollama.com"},
        closed(says()),
    ],
    "error": [says("The"), {"error": "an error was encountered while running the model"}],
}
"""Whole conversations, line by line."""
