"""What a client has of a stream, and the events that close what is open."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.types import ChannelKind as K
from proxy.wire.responses_seen import PART_TEXTS, Seen
from proxy.wire.types import Channel
from tests.support.responses import RECORDINGS, stream_events
from tests.support.responses_reader import MODELS, Reader


def said_in(events: list[dict[str, Any]]) -> Any:
    """The texts of the pieces in events, by channel: what the guard knows."""
    texts: dict[Channel, str] = {}
    for event in events:
        kind = event["type"].removeprefix("response.")
        if not kind.endswith(".delta"):
            continue
        name = {"reasoning_summary_text.delta": "summary_text", "shell_call_command.delta": "command"}
        where = PART_TEXTS.get(name.get(kind, kind.removesuffix(".delta")))
        part = event.get("content_index", event.get("summary_index", event.get("command_index", 0)))
        of_kind, of_name = (where.kind, where.name) if where else (K.TOOL_ARGUMENTS, "")
        channel = Channel(of_kind, event["output_index"], part, of_name)
        texts[channel] = texts.get(channel, "") + event["delta"]
    return lambda channel: texts.get(channel, "")


@pytest.mark.parametrize("name", RECORDINGS)
def test_whatever_is_open_is_closed(name: str) -> None:
    """A stream that stops after any event is closed so that a careful client is content."""
    events = stream_events(RECORDINGS[name])
    for stop in range(2, len(events)):
        seen, said = Seen(), said_in(events[:stop])
        for event in events[:stop]:
            seen.learn(event)
        assert seen.number == stop - 1
        closing = [
            e for index in sorted(seen.items) if not seen.items[index].is_done for e in seen.close(index, said)
        ]
        for number, event in enumerate(closing):
            MODELS[event["type"]].model_validate({**event, "sequence_number": stop + number})
        output = seen.output(said)
        assert seen.response is not None
        ended = {**seen.response, "status": "incomplete", "output": output}
        Reader([*events[:stop], *closing, {"type": "response.incomplete", "response": ended}])


def test_reasoning_parts_of_vllm_are_closed_in_their_own_way() -> None:
    """By the event that goes with the one that opened them."""
    about = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    events = [
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"id": "rs_1", "type": "reasoning", "summary": []},
        },
        {"type": "response.reasoning_part.added", **about, "part": {"type": "reasoning_text", "text": ""}},
        {"type": "response.reasoning_text.delta", **about, "delta": "Hm."},
    ]
    seen = Seen()
    for event in events:
        seen.learn(event)
    closing = list(seen.close(0, said_in(events)))
    assert [event["type"].removeprefix("response.") for event in closing] == [
        "reasoning_text.done",
        "reasoning_part.done",
        "output_item.done",
    ]
    assert closing[-1]["item"]["content"] == [{"type": "reasoning_text", "text": "Hm."}]


def test_commands_of_a_shell_are_closed() -> None:
    """They grow like parts, and end up in the action of their item."""
    item = {
        "id": "sh_1",
        "type": "shell_call",
        "status": "in_progress",
        "action": {"commands": [], "timeout_ms": 5},
    }
    events = [
        {"type": "response.output_item.added", "output_index": 3, "item": item},
        {"type": "response.shell_call_command.added", "output_index": 3, "command_index": 0, "command": ""},
        {"type": "response.shell_call_command.delta", "output_index": 3, "command_index": 0, "delta": "ls "},
    ]
    seen = Seen()
    for event in events:
        seen.learn(event)
    done, closed = seen.close(3, said_in(events))
    assert done == {
        "type": "response.shell_call_command.done",
        "output_index": 3,
        "command_index": 0,
        "command": "ls ",
    }
    assert closed["item"]["action"] == {"commands": ["ls "], "timeout_ms": 5}
    assert closed["item"]["status"] == "incomplete"


@pytest.mark.parametrize(
    "event",
    [
        {"type": 5},
        {"type": "response.created", "response": []},
        {"type": "response.output_item.added", "item": "x"},
        {"type": "response.content_part.added", "part": {"type": "future"}, "output_index": 0},
        {"type": "response.output_text.delta", "delta": "x", "output_index": 9},
        {"type": "response.function_call_arguments.done", "output_index": 9},
        {"type": "response.output_text.annotation.added", "output_index": 9},
    ],
)
def test_odd_events_teach_nothing(event: dict[str, Any]) -> None:
    """A server that breaks the format breaks nothing here."""
    seen = Seen()
    seen.learn(event)
    assert (seen.items, seen.response, seen.number) == ({}, None, -1)
