"""How a filtered or broken answer ends: at every place of every recording, streamed and whole."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response

from detectors.types import ChannelKind as K
from policies.loader import load_policy_text
from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.responses_endings import MESSAGE_ID, ResponsesStreamEnding
from proxy.wire.responses_events import ECHOES
from proxy.wire.types import Channel, Slot, SlotMode, each_frame
from tests.proxy.wire.test_openai_endings import client
from tests.support.guards import played
from tests.support.responses import (
    RECORDINGS,
    WEATHER,
    Call,
    Message,
    Text,
    numbered,
    response,
    says,
    sse,
    stream,
    stream_events,
    thinks,
    whole,
)
from tests.support.responses_reader import MODELS, Reader, spoken, strict_events
from tests.support.wire import nothing_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.wire.types import Codec

POLICY = load_policy_text(
    "version: 1\nname: t\ndetectors:\n  stop: {type: keywords, words: [Project Orion]}\n"
    "  names: {type: keywords, words: [resp_68a1f0c3d4e5]}\n"
    'rules:\n  - {id: stop, detector: stop, action: block, message: "Stopped."}\n'
    '  - {id: names, detector: names, action: redact, replacement: "resp_other", channels: [id]}\n'
)
PLAIN = load_policy_text(
    "version: 1\nname: t\ndetectors:\n  stop: {type: keywords, words: [Project Orion]}\n"
    'rules:\n  - {id: stop, detector: stop, action: block, message: "Stopped."}\n'
)

NOT_TEXT = frozenset(
    {
        "type", "id", "item_id", "status", "object", "model", "role", "call_id", "obfuscation", "encrypted_content",
        "container_id", "effort", "summary", "verbosity", "service_tier", "truncation", "tool_choice", "file_id",
    }
)  # fmt: skip
"""Members in which a codename makes a value of another sort; each of them is judged like any text."""


def guarded(codec: Codec, data: bytes, policy: Any = PLAIN) -> tuple[bytes, GuardState]:
    guard = StreamGuard(codec, policy)
    return played(guard, [data]), guard.state


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every text in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        yield from places(child, (*path, step))
    if isinstance(value, str) and value and path[-1] not in NOT_TEXT:
        yield path


def planted(value: Any, path: tuple[Any, ...]) -> Any:
    """The value with a codename inside the text at `path`."""
    value = holder = copy.deepcopy(value)
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    holder[path[-1]] = f"{old[:2]} Project Orion {old[2:]}"
    return value


def check_filtered(out: bytes) -> Reader:
    """A careful client, the SDK's types and its own accumulator are content, and the end is a filtered one."""
    events = strict_events(out)
    reader = Reader(events)
    assert (reader.final["status"], reader.final["incomplete_details"]) == (
        "incomplete",
        {"reason": "content_filter"},
    )
    assert spoken(reader.final).endswith("Stopped.")
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        state.handle_event(MODELS[event["type"]].model_validate(event))
    return reader


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_block_at_every_text_of_every_event(name: str) -> None:
    """In deltas, in what repeats them, in snapshots: the stream ends as filtered. Echoes stop nothing."""
    events = stream_events(RECORDINGS[name], instructions="Be brief.", tools=[WEATHER], metadata={"k": "v"})
    output, count = Reader(events).final["output"], 0
    for number, event in enumerate(events):
        for path in places(event):
            told = [*events[:number], planted(event, path), *events[number + 1 :]]
            out, state = guarded(RESPONSES.stream_codec(), stream(told))
            assert b"Orion" not in out
            count += 1
            if path[0] == "response" and path[1] in ECHOES:
                assert (state, Reader(strict_events(out)).final["output"]) == (GuardState.STATE_DONE, output)
                continue
            assert state is GuardState.STATE_BLOCKED, (number, path)
            check_filtered(out)
    assert count > len(events)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_block_at_every_text_of_a_whole_answer(name: str) -> None:
    """What came before stays, what comes after goes, the SDK's types take the answer. Echoes stop nothing."""
    answer = whole(RECORDINGS[name], instructions="Be brief.", tools=[WEATHER], metadata={"k": "v"})
    for path in places(answer):
        out, state = guarded(RESPONSES.body_codec(), json.dumps(planted(answer, path)).encode())
        assert b"Orion" not in out
        if path[0] in ECHOES:
            assert (state, json.loads(out)["output"]) == (GuardState.STATE_DONE, answer["output"])
            continue
        assert state is GuardState.STATE_BLOCKED
        final = Response.model_validate(json.loads(out))
        assert (final.status, final.incomplete_details and final.incomplete_details.reason) == (
            "incomplete",
            "content_filter",
        )
        assert final.output_text.endswith("Stopped.")
        if path[0] == "output":
            assert json.loads(out)["output"][: path[1]] == answer["output"][: path[1]]
            assert len(final.output) <= path[1] + 2
        else:
            assert [item.id for item in final.output if item.type == "message"] == [MESSAGE_ID]


def final_of(items: list[Any], **members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last snapshot of a blocked stream, and the same answer blocked whole."""
    out, _ = guarded(RESPONSES.stream_codec(), stream(stream_events(items, **members)))
    body, _ = guarded(RESPONSES.body_codec(), json.dumps(whole(items, **members)).encode())
    return check_filtered(out).final, json.loads(body)


def test_the_message_goes_on_in_the_blocked_text() -> None:
    """After the clean text, in the same part, streamed and whole."""
    streamed, body = final_of([thinks("Hm."), says("All about ", "Project", " Orion and more.")])
    for final in (streamed, body):
        message = final["output"][1]
        assert [part["text"] for part in message["content"]] == ["All about \n\nStopped."]
        assert message["status"] == "incomplete"
        assert final["output"][0]["summary"][0]["text"] == "Hm."


def test_the_message_is_a_part_after_a_refusal() -> None:
    """A refusal that was blocked is closed; the message is a text beside it."""
    streamed, body = final_of([Message([Text(["No: ", "Project Orion "], "refusal")])])
    for final in (streamed, body):
        parts = final["output"][0]["content"]
        assert [part["type"] for part in parts] == ["refusal", "output_text"]
        assert (parts[0]["refusal"], parts[1]["text"]) == ("No: ", "Stopped.")


def test_the_message_is_an_item_after_reasoning_and_calls() -> None:
    """A call that was cut is closed as incomplete in a stream and left out of a whole answer."""
    streamed, body = final_of([thinks("On ", "Project Orion.")])
    for final in (streamed, body):
        thought, message = final["output"]
        assert thought["summary"][0]["text"] == "On "
        assert message["content"][0]["text"] == "Stopped."
    streamed, body = final_of([Call(['{"city":"', 'Project Orion"}'])])
    call, message = streamed["output"]
    assert (call["arguments"], call["status"]) == ('{"city":"', "incomplete")
    assert message["content"][0]["text"] == "Stopped."
    assert [item["type"] for item in body["output"]] == ["message"]


def test_a_call_of_a_blocked_name_is_never_opened() -> None:
    """Nothing of it reaches the client."""
    streamed, body = final_of([Call(["{}"], first={"call_id": "c", "name": "Project Orion"})])
    for final in (streamed, body):
        assert [item["type"] for item in final["output"]] == ["message"]


def test_a_text_that_came_without_pieces() -> None:
    """Servers that send an item at its end only: its clean beginning stays."""
    item = says("All about Project Orion.").value(0, full=True)
    events = numbered(
        [
            {"type": "response.created", "response": response([], "in_progress")},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
        ]
    )
    out, _ = guarded(RESPONSES.stream_codec(), stream(events))
    final = strict_events(out)[-1]["response"]
    assert spoken(final) == "All about |Stopped."


@pytest.mark.parametrize("wrong", [[], ["Project Orion"], {"type": "message"}, None, 7], ids=repr)
def test_types_that_are_no_words(wrong: Any) -> None:
    """Of the blocked event, and of its item: what is said of it is little, and the response ends as any other."""
    item = says("All about Project Orion.").value(0, full=True)
    for about in (
        {"type": wrong, "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item | {"type": wrong}},
    ):
        events = [{"type": "response.created", "response": response([], "in_progress")}, about]
        out, state = guarded(RESPONSES.stream_codec(), stream(numbered(events)))
        assert state is GuardState.STATE_BLOCKED
        check_filtered(out)


def test_a_stream_that_never_said_what_it_is() -> None:
    """A block before everything else opens a response of its own."""
    for first in (b": Project Orion\n\n", sse({"type": "response.future", "x": "Project Orion"})):
        out, state = guarded(RESPONSES.stream_codec(), first)
        assert state is GuardState.STATE_BLOCKED
        assert check_filtered(out).final["id"] == "resp_sluicegate"


def test_edited_ids_do_not_come_back() -> None:
    """Neither from the events that were sent with the edit, nor from those that were not sent at all."""
    events = stream_events([says("All about ", "Project Orion.")])
    out, _ = guarded(RESPONSES.stream_codec(), stream(events), POLICY)
    assert b"resp_68a1f0c3d4e5" not in out
    assert check_filtered(out).final["id"] == "resp_other"


def test_too_many_edited_ids() -> None:
    """Then nothing of the answer is said again."""
    ending = ResponsesStreamEnding()
    ending.sent({"type": "response.created", "sequence_number": 4, "response": response([])})
    for number in range(65):
        ending.rename(Slot(Channel(K.ID), f"id_{number}", ("x",), SlotMode.CONSTANT), "edited")
    blocked = Slot(Channel(K.TEXT), "x", ("delta",))
    (last,) = ending.blocked(None, [], blocked, "Stopped.", nothing_said)
    assert (last["type"], last["sequence_number"]) == ("response.incomplete", 5)
    assert last["response"]["id"] == "resp_sluicegate"


def test_the_sdk_raises_on_a_broken_stream() -> None:
    """After the events that came: its own error with our message; others see a failed response."""
    codec = RESPONSES.stream_codec()
    events = stream_events([says("The ", "tide")])[:5]
    sent = b""
    for frame in each_frame(codec.receive(stream(events))):
        sent += codec.encode(frame, {})
        if frame.payload is not None:
            codec.sent(frame, {})
    out = sent + codec.end_failed("upstream died", "upstream_reset")
    assert strict_events(out)[-1]["response"]["error"] == {"code": "server_error", "message": "upstream died"}
    seen: list[Any] = []
    with (
        client(200, out, "text/event-stream") as sdk,
        pytest.raises(openai.APIError, match="upstream died") as caught,
    ):
        seen.extend(sdk.responses.create(model="m", input="hi", stream=True))
    assert [event.type for event in seen] == [event["type"] for event in events]
    assert caught.value.code == "upstream_reset"


def test_a_stream_that_broke_before_it_began() -> None:
    """An error is all there is to say."""
    (event,) = strict_events(RESPONSES.stream_codec().end_failed("upstream died", "upstream_reset"))
    assert event["type"] == "error"


def test_a_whole_answer_that_is_none() -> None:
    """An error object instead of an answer is replaced by a response that was filtered."""
    out, state = guarded(RESPONSES.body_codec(), b'{"error": {"message": "Project Orion"}}')
    assert state is GuardState.STATE_BLOCKED
    final = Response.model_validate(json.loads(out))
    assert (final.status, final.output_text) == ("incomplete", "Stopped.")
    assert json.loads(RESPONSES.body_codec().end_failed("no", "x"))["error"]["code"] == "x"
