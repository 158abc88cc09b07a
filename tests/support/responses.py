"""Answers of the Responses API as the API sends them: the same items streamed and whole.

An item is written as the pieces in which its texts arrive; `stream_events` and `whole` make the answer of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Json = dict[str, Any]

RESPONSE_ID = "resp_68a1f0c3d4e5"
CREATED_S = 1754000000.0
USAGE = {
    "input_tokens": 37,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 11,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 48,
}
WEATHER: Json = {
    "type": "function",
    "name": "get_weather",
    "description": "Says the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}


def response(output: list[Json], status: str = "completed", **members: Any) -> Json:
    """Return a response object."""
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": CREATED_S,
        "status": status,
        "background": False,
        "completed_at": CREATED_S + 2 if status == "completed" else None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": "gpt-5-mini-2025-08-07",
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "low", "summary": "auto"},
        "safety_identifier": None,
        "service_tier": "default",
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": USAGE if status == "completed" else None,
        "user": None,
        "metadata": {},
        **members,
    }


def token(piece: str) -> Json:
    """Return the log-probability of a token."""
    return {
        "token": piece,
        "bytes": list(piece.encode()),
        "logprob": -0.25,
        "top_logprobs": [{"token": piece, "bytes": list(piece.encode()), "logprob": -0.25}],
    }


@dataclass(frozen=True)
class Text:
    """A part of a message: `output_text`, `refusal`, or of reasoning: `reasoning_text`, `summary_text`."""

    pieces: Sequence[str]
    kind: str = "output_text"
    citations: Sequence[Json] = ()
    has_logprobs: bool = False

    def value(self, *, full: bool) -> Json:
        text = "".join(self.pieces) if full else ""
        if self.kind != "output_text":
            return {"type": self.kind, "refusal" if self.kind == "refusal" else "text": text}
        logprobs = [token(piece) for piece in self.pieces] if full and self.has_logprobs else []
        citations = list(self.citations) if full else []
        return {"type": self.kind, "annotations": citations, "logprobs": logprobs, "text": text}

    def events(self, about: Json) -> Iterator[Json]:
        family = "response.reasoning_summary_part" if self.kind == "summary_text" else "response.content_part"
        name = "response.reasoning_summary_text" if self.kind == "summary_text" else f"response.{self.kind}"
        is_text = self.kind == "output_text"
        yield {"type": f"{family}.added", **about, "part": self.value(full=False)}
        for piece in self.pieces:
            event = {"type": f"{name}.delta", **about, "delta": piece}
            logprobs = [token(piece)] if self.has_logprobs else []
            yield event | ({"logprobs": logprobs, "obfuscation": "Zx81kQpLm"} if is_text else {})
        for number, citation in enumerate(self.citations):
            added = "response.output_text.annotation.added"
            yield {"type": added, **about, "annotation_index": number, "annotation": citation}
        whole = self.value(full=True)
        said = {key: whole[key] for key in ("text", "refusal", "logprobs") if key in whole}
        yield {"type": f"{name}.done", **about, **said}
        yield {"type": f"{family}.done", **about, "part": whole}


@dataclass(frozen=True)
class Message:
    """What the model says."""

    parts: Sequence[Text]

    def value(self, number: int, *, full: bool) -> Json:
        content = [part.value(full=True) for part in self.parts] if full else []
        status = "completed" if full else "in_progress"
        return {
            "id": f"msg_{number}a7",
            "type": "message",
            "status": status,
            "content": content,
            "role": "assistant",
        }

    def events(self, number: int) -> Iterator[Json]:
        for index, part in enumerate(self.parts):
            yield from part.events({"item_id": f"msg_{number}a7", "output_index": number, "content_index": index})


@dataclass(frozen=True)
class Thought:
    """What the model thinks."""

    summary: Sequence[Text] = ()
    content: Sequence[Text] = ()
    encrypted: str | None = None

    def value(self, number: int, *, full: bool) -> Json:
        item: Json = {"id": f"rs_{number}b2", "type": "reasoning"}
        item["summary"] = [part.value(full=True) for part in self.summary] if full else []
        if self.content:
            item["content"] = [part.value(full=True) for part in self.content] if full else []
        if self.encrypted is not None:
            item["encrypted_content"] = self.encrypted
        return item

    def events(self, number: int) -> Iterator[Json]:
        about = {"item_id": f"rs_{number}b2", "output_index": number}
        for index, part in enumerate(self.summary):
            yield from part.events({**about, "summary_index": index})
        for index, part in enumerate(self.content):
            yield from part.events({**about, "content_index": index})


INPUTS = {
    "function_call": ("arguments", "function_call_arguments"),
    "custom_tool_call": ("input", "custom_tool_call_input"),
    "mcp_call": ("arguments", "mcp_call_arguments"),
    "code_interpreter_call": ("code", "code_interpreter_call_code"),
}


@dataclass(frozen=True)
class Call:
    """A call of a tool whose input is streamed."""

    pieces: Sequence[str]
    kind: str = "function_call"
    first: Json = field(default_factory=lambda: {"call_id": "call_9Kd", "name": "get_weather"})
    """Members that are there from the beginning."""
    last: Json = field(default_factory=dict)
    """Members that come with the end."""

    def value(self, number: int, *, full: bool) -> Json:
        item = {"id": f"fc_{number}c4", "type": self.kind, "status": "completed" if full else "in_progress"}
        item[INPUTS[self.kind][0]] = "".join(self.pieces) if full else ""
        return {**item, **self.first, **(self.last if full else {})}

    def events(self, number: int) -> Iterator[Json]:
        about = {"item_id": f"fc_{number}c4", "output_index": number}
        member, name = INPUTS[self.kind]
        for piece in self.pieces:
            yield {"type": f"response.{name}.delta", **about, "delta": piece, "obfuscation": "a81Bq"}
        yield {"type": f"response.{name}.done", **about, member: "".join(self.pieces)}


@dataclass(frozen=True)
class Finished:
    """An item that comes whole, with the states it goes through."""

    item: Json
    states: Sequence[str] = ()

    def value(self, number: int, *, full: bool) -> Json:
        begun = {key: [] if isinstance(value, list) else value for key, value in self.item.items()}
        begun["status"] = "in_progress"
        if "action" in begun:
            begun["action"] = {"type": begun["action"]["type"]}
        return {"id": f"it_{number}d5", **(self.item if full else begun)}

    def events(self, number: int) -> Iterator[Json]:
        for state in self.states:
            yield {"type": f"response.{state}", "item_id": f"it_{number}d5", "output_index": number}


Scripted = Message | Thought | Call | Finished


def says(*pieces: str) -> Message:
    """Return a message of one text."""
    return Message([Text(pieces)])


def refuses(*pieces: str) -> Message:
    """Return a message that refuses."""
    return Message([Text(pieces, "refusal")])


def thinks(*pieces: str, encrypted: str | None = None) -> Thought:
    """Return reasoning with a summary."""
    return Thought([Text(pieces, "summary_text")], encrypted=encrypted)


def numbered(events: Iterable[Json]) -> list[Json]:
    """Return events with the numbers of a stream."""
    return [
        {"type": event["type"], "sequence_number": n, **{k: v for k, v in event.items() if k != "type"}}
        for n, event in enumerate(events)
    ]


def item_events(items: Sequence[Scripted]) -> list[list[Json]]:
    """Return the events of each item."""
    return [
        [
            {"type": "response.output_item.added", "output_index": n, "item": item.value(n, full=False)},
            *item.events(n),
            {"type": "response.output_item.done", "output_index": n, "item": item.value(n, full=True)},
        ]
        for n, item in enumerate(items)
    ]


def framed(events: Iterable[Json], items: Sequence[Scripted], **members: Any) -> list[Json]:
    """Return a stream of which `events` are the middle."""
    begun = response([], "in_progress", **members)
    ended = whole(items, **members)
    return numbered(
        [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
            *events,
            {"type": f"response.{ended['status']}", "response": ended},
        ]
    )


def stream_events(items: Sequence[Scripted], **members: Any) -> list[Json]:
    """Return the events of an answer."""
    return framed([event for one in item_events(items) for event in one], items, **members)


def whole(items: Sequence[Scripted], **members: Any) -> Json:
    """Return the same answer whole."""
    return response([item.value(n, full=True) for n, item in enumerate(items)], **members)


def sse(event: Json) -> bytes:
    """Return an event in bytes, with its name as the API writes it."""
    data = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def stream(events: Iterable[Json]) -> bytes:
    """Return a stream in bytes."""
    return b"".join(map(sse, events))


CITATION = {
    "type": "url_citation",
    "start_index": 0,
    "end_index": 4,
    "title": "Tides",
    "url": "https://tides.example.net/",
}

RECORDINGS: dict[str, list[Scripted]] = {
    "plain text": [says("The ", "tide ", "rises ", "twice ", "a day.")],
    "reasoning": [thinks("**Think", "ing**", " of tides", encrypted="gAAAAABo" + "Qx3_-9zT" * 12), says("Twice.")],
    "open reasoning": [
        Thought(content=[Text(["Let me ", "see."], "reasoning_text")], encrypted=None),
        says("Twice."),
    ],
    "parallel tools": [
        Call(['{"ci', 'ty":"Ber', 'lin"}']),
        Call(['{"city":"Ro', 'me"}'], first={"call_id": "call_2", "name": "get_weather"}),
        Call(["tides ", "in Rome"], "custom_tool_call", {"call_id": "call_3", "name": "ask"}),
    ],
    "hosted tools": [
        Finished(
            {
                "type": "web_search_call",
                "status": "completed",
                "action": {
                    "type": "search",
                    "query": "tides",
                    "sources": [{"type": "url", "url": "https://a.example/"}],
                },
            },
            ["web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"],
        ),
        Finished(
            {
                "type": "file_search_call",
                "status": "completed",
                "queries": ["tides", "moon"],
                "results": [
                    {
                        "file_id": "file-1",
                        "filename": "tides.txt",
                        "score": 0.9,
                        "text": "Twice.",
                        "attributes": {"a": "b"},
                    }
                ],
            },
            ["file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed"],
        ),
        Call(
            ['{"q":', '"tides"}'],
            "mcp_call",
            {"name": "look", "server_label": "sea", "approval_request_id": None},
            {"output": "Twice a day.", "error": None},
        ),
        Call(
            ["print(", "2)"],
            "code_interpreter_call",
            {"container_id": "cntr_1", "outputs": None},
            {"outputs": [{"type": "logs", "logs": "2"}]},
        ),
        says("Twice."),
    ],
    "two messages and citations": [
        Message([Text(["Tides", " rise."], citations=[CITATION]), Text(["And ", "fall."])]),
        says("That is all."),
    ],
    "log-probabilities": [Message([Text(["The ", "tide ", "rises."], has_logprobs=True)])],
    "refusal": [refuses("I can", "not help ", "with that.")],
}
"""Named conversations."""
