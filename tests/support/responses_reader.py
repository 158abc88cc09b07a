"""Reads what a client gets of the Responses API, as the official SDK and a careful client do.

And makes the generated answers of `dialects`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from openai.types.responses import Response
from openai.types.responses.response_stream_event import ResponseStreamEvent
from pydantic import BaseModel, ValidationError

from tests.support.dialect_case import Answer
from tests.support.responses import INPUTS, Call, Message, Text, Thought, stream, stream_events, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.dialect_case import Prose
    from tests.support.responses import Json, Scripted


def parse(data: bytes) -> list[Json]:
    """Read a stream back: every event has its name and its number follows the one before."""
    events = []
    for block in data.split(b"\n\n"):
        lines = [line for line in block.split(b"\n") if line and not line.startswith(b":")]
        if not lines or lines == [b"data: [DONE]"]:
            continue
        name, payload = lines
        event = json.loads(payload.removeprefix(b"data: "))
        assert name == b"event: " + event["type"].encode()
        events.append(event)
    numbers = [event["sequence_number"] for event in events]
    assert numbers == list(range(len(events)))
    return events


def _models() -> dict[str, type[BaseModel]]:
    kinds = get_args(get_args(ResponseStreamEvent)[0])
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in kinds}


MODELS = _models()
"""The SDK's types of events, by their tag."""


def strict_events(data: bytes) -> list[Json]:
    """Read a stream back, and see that the SDK's types take every event of it."""
    events = parse(data)
    for event in events:
        try:
            MODELS[event["type"]].model_validate(event)
        except ValidationError as error:
            raise AssertionError(f"{event}: {str(error)[:600]}") from None
    return events


class Reader:
    """Reads a stream as a careful client does: what is opened is closed, and what is repeated is what was said."""

    def __init__(self, events: Sequence[Json]) -> None:
        self.events = events
        self.texts: dict[tuple[Any, ...], str] = {}
        """By number of the item, list in it, number in that."""
        self._items: dict[int, Json] = {}
        self._open_parts: set[tuple[Any, ...]] = set()
        for event in events:
            self._read(event)
        assert events[0]["type"] == "response.created"
        self.final: Json = events[-1]["response"]
        assert events[-1]["type"] == f"response.{self.final['status']}"
        assert not self._open_parts
        assert [self._items[n] for n in sorted(self._items)] == self.final["output"]
        assert all(item is not None for item in self._items.values())

    def _read(self, event: Json) -> None:
        kind, number = event["type"].removeprefix("response."), event.get("output_index")
        place = next((name for name in ("content_index", "summary_index", "command_index") if name in event), "")
        key = (number, place.partition("_")[0], event.get(place, 0))
        if kind == "output_item.added":
            assert number not in self._items
            self._items[number] = {}
        elif kind == "output_item.done":
            assert not any(part[0] == number for part in self._open_parts)
            self._check_item(number, event["item"])
            self._items[number] = event["item"]
        elif kind.endswith("part.added"):
            assert key not in self._open_parts
            self._open_parts.add(key)
        elif kind.endswith("part.done"):
            self._open_parts.remove(key)
            self._check_text(key, event["part"])
        elif kind.endswith(".delta"):
            self.texts[key] = self.texts.get(key, "") + event["delta"]
        elif kind.endswith(".done"):
            self._check_text(key, event)

    def _check_item(self, number: int, item: Json) -> None:
        for place in ("content", "summary"):
            for index, part in enumerate(item.get(place) or []):
                self._check_text((number, place, index), part)
        if item["type"] in INPUTS:
            self._check_text((number, "", 0), item)

    def _check_text(self, key: tuple[Any, ...], value: Json) -> None:
        said = next(value[name] for name in ("text", "refusal", "arguments", "input", "code") if name in value)
        assert said == self.texts.get(key, ""), key
        if value.get("logprobs"):
            assert "".join(one["token"] for one in value["logprobs"]) == said


def spoken(final: Json) -> str:
    """Return what a person reads of an answer: the texts of its messages."""
    parts = [part for item in final["output"] if item["type"] == "message" for part in item["content"]]
    return "|".join(part.get("text") or part.get("refusal") or "" for part in parts)


def answer(prose: Prose) -> Answer:
    """Make an answer: reasoning now and then, messages of some parts, calls."""
    chance = prose.chance
    items: list[Scripted] = []
    if chance.random() < 0.4:
        items.append(
            Thought([Text(prose.pieces(prose.text()), "summary_text") for _ in range(chance.choice([1, 1, 2]))])
        )
    for _ in range(chance.choice([1, 1, 2])):
        kinds = chance.choices(["output_text", "output_text", "refusal"], k=chance.choice([1, 1, 2]))
        items.append(Message([Text(prose.pieces(prose.text()), kind) for kind in kinds]))
    for number in range(chance.choice([0, 0, 1, 2])):
        arguments = {"to": prose.text(5), "n": chance.randrange(99), "more": [{"k": prose.text(3)}, None]}
        written = json.dumps(arguments, ensure_ascii=chance.random() < 0.5)
        items.append(Call(prose.pieces(written), first={"call_id": f"call_{number}", "name": "send"}))
    chance.shuffle(items)
    data = stream(stream_events(items))
    end = chance.choice([b"\n", b"\n", b"\r\n"])
    if chance.random() < 0.2:
        data += b"data: [DONE]\n\n"
    return Answer(data.replace(b"\n", end), json.dumps(whole(items)).encode(), prose.planted)


def texts_of(final: Json) -> dict[str, str]:
    """Return the texts of a response object under names; arguments under names that begin with `args`.

    A call that was cut off is nothing to act on: whole answers leave it out, streams have begun it.
    """
    found: dict[str, str] = {}
    finished = [item for item in final["output"] if item["type"] not in INPUTS or item["status"] == "completed"]
    for number, item in enumerate(finished):
        for place in ("summary", "content"):
            for index, part in enumerate(item.get(place) or []):
                found[f"{place}{number}.{index}"] = part.get("text") or part.get("refusal") or ""
        if item["type"] == "function_call":
            found[f"args{number}"] = item["arguments"]
    return {name: text for name, text in found.items() if text}


def shown(data: bytes) -> dict[str, str]:
    """Return what a client is shown of a stream: a careful one, which compares all that is said twice."""
    events = parse(data.replace(b"\r\n", b"\n"))
    return texts_of(Reader(events).final)


def shown_whole(data: bytes) -> dict[str, str]:
    """Return what a client is shown of a whole answer."""
    return texts_of(Response.model_validate(json.loads(data)).model_dump())
