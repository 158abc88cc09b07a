"""The dialect openai-responses: routes, requests, edits over cuts and snapshots, interleaving."""

from __future__ import annotations

import json
import random
from typing import Any

import openai
import pytest

from policies.loader import load_policy_text
from proxy.guard.api import GuardState
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.types import Codec
from tests.proxy.wire.test_openai_endings import client
from tests.support import generated
from tests.support.guards import played
from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.responses import (
    RECORDINGS,
    Call,
    Message,
    Text,
    Thought,
    framed,
    item_events,
    says,
    sse,
    stream,
    stream_events,
    thinks,
    whole,
)
from tests.support.responses_reader import Reader, spoken, strict_events
from tests.support.wire import cuts, frames_of

POLICY = load_policy_text(
    "version: 1\nname: t\ndetectors:\n  mail: {type: presidio, entities: [EMAIL_ADDRESS]}\n"
    'rules:\n  - {id: mail, detector: mail, action: redact, replacement: "<{category}>"}\n'
)


def guarded(codec: Codec, reads: list[bytes]) -> tuple[bytes, GuardState]:
    guard = StreamGuard(codec, POLICY)
    return played(guard, reads), guard.state


def test_what_it_is() -> None:
    """Where it is spoken, and when a stream is asked for."""
    assert {route.path for route in RESPONSES.routes} == {
        "/v1/responses",
        "/responses",
        "/openai/v1/responses",
        "/openai/responses",
        "/v1/responses/input_tokens",
    }
    assert RESPONSES.wants_stream({"stream": True}, "/v1/responses")
    assert not RESPONSES.wants_stream({"stream": "yes", "background": True}, "/v1/responses")


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_breaks_no_rule_is_not_touched(name: str) -> None:
    """Same bytes out as in; a `[DONE]` that the format does not have is no fault."""
    events = stream_events(RECORDINGS[name])
    strict_events(stream(events))
    data = stream(events) + b"data: [DONE]\n\n"
    assert guarded(RESPONSES.stream_codec(), [data]) == (data, GuardState.STATE_DONE)
    body = json.dumps(whole(RECORDINGS[name])).encode()
    assert guarded(RESPONSES.body_codec(), [body]) == (body, GuardState.STATE_DONE)


def test_cuts() -> None:
    """The bytes may come in any pieces."""
    data = stream(stream_events([thinks("Ask ", MAIL), says("Write to ", *cut_in(MAIL, 3), ".")]))
    outcomes = {guarded(RESPONSES.stream_codec(), reads) for reads in cuts(data, rounds=3)}
    assert len(outcomes) == 1


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_a_value_is_taken_out_wherever_it_is_said(parts: int) -> None:
    """In pieces and in all that repeats them: texts, reasoning, arguments, input, code, log-probabilities."""
    pieces = ["Write to ", *cut_in(MAIL, parts), " today."]
    arguments = cut_in(json.dumps({"to": MAIL, "n": 3}), parts + 1)
    items = [
        Thought([Text(pieces, "summary_text")], [Text(pieces, "reasoning_text")]),
        Message([Text(pieces, has_logprobs=True), Text(pieces, "refusal")]),
        Call(arguments),
        Call(pieces, "custom_tool_call", {"call_id": "c", "name": "ask"}),
        Call(arguments, "mcp_call", {"name": "look", "server_label": "sea"}, {"output": "".join(pieces)}),
        Call(pieces, "code_interpreter_call", {"container_id": "cntr_1", "outputs": []}),
    ]
    out, state = guarded(RESPONSES.stream_codec(), [stream(stream_events(items))])
    body, _ = guarded(RESPONSES.body_codec(), [json.dumps(whole(items)).encode()])
    assert state is GuardState.STATE_DONE
    assert runs_left(MAIL, out + body) == []
    final = Reader(strict_events(out)).final
    assert final == json.loads(body)
    assert spoken(final) == "Write to <EMAIL_ADDRESS> today.|Write to <EMAIL_ADDRESS> today."
    assert json.loads(final["output"][2]["arguments"]) == {"to": "<EMAIL_ADDRESS>", "n": 3}
    assert final["output"][4]["output"] == "Write to <EMAIL_ADDRESS> today."
    assert final["output"][1]["content"][0]["logprobs"] == []


def test_a_snapshot_that_says_something_else() -> None:
    """It is judged as a text of its own."""
    events = stream_events([says("Hello.")])
    last = json.loads(json.dumps(events[-1]))
    last["response"]["output"][0]["content"][0]["text"] = f"Write to {MAIL}."
    out, _ = guarded(RESPONSES.stream_codec(), [stream([*events[:-1], last])])
    assert runs_left(MAIL, out) == []
    assert b"Write to <EMAIL_ADDRESS>." in out


def test_a_clean_stream_is_not_held() -> None:
    """Every event leaves when it came, but for the word that may go on."""
    guard = StreamGuard(RESPONSES.stream_codec(), POLICY)
    late = []
    for event in stream_events(RECORDINGS["parallel tools"] + RECORDINGS["reasoning"]):
        guard.receive(sse(event))
        scan_inline(guard)
        if not guard.take().endswith(sse(event)):
            late.append(event["type"])
    assert all(kind.endswith(".delta") for kind in late)


@pytest.mark.parametrize("seed", range(30))
def test_items_do_not_mask_each_other(seed: int) -> None:
    """Items and parts in any interleaving: no planted value in any byte, and each text is its own."""
    chance = random.Random(seed)
    texts = [f"{number} {generated.prose(chance, [MAIL], 4)} end" for number in range(4)]
    items = [
        says(*generated.pieces(chance, texts[0])),
        Thought([Text(generated.pieces(chance, texts[1]), "summary_text")]),
        Call(generated.pieces(chance, json.dumps({"to": texts[2]}, ensure_ascii=False))),
        Message([Text(generated.pieces(chance, texts[3]), "refusal")]),
    ]
    events = framed(generated.interleaved(chance, item_events(items)), items)
    out, _ = guarded(RESPONSES.stream_codec(), generated.cut(chance, stream(events)))
    assert runs_left(MAIL, out) == []
    output = Reader(strict_events(out)).final["output"]
    masked = [text.replace(MAIL, "<EMAIL_ADDRESS>") for text in texts]
    assert output[0]["content"][0]["text"] == masked[0]
    assert output[1]["summary"][0]["text"] == masked[1]
    assert json.loads(output[2]["arguments"]) == {"to": masked[2]}
    assert output[3]["content"][0]["refusal"] == masked[3]


def test_indexes_that_a_server_leaves_out() -> None:
    """Texts of several items then run into one, are guarded all the same, and break nothing."""
    items = [Call(cut_in(json.dumps({"to": MAIL}), 4)), Call(cut_in(json.dumps({"cc": MAIL}), 4))]
    events = [
        {key: value for key, value in event.items() if key not in {"output_index", "content_index"}}
        for event in stream_events(items)
    ]
    out, state = guarded(RESPONSES.stream_codec(), [stream(events)])
    assert state is GuardState.STATE_DONE
    assert runs_left(MAIL, out) == []


REQUEST: dict[str, Any] = {
    "model": "toy-model",
    "instructions": "text 0",
    "input": [
        {"role": "user", "content": "text 1"},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "text 2"}]},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_file", "filename": "text 3", "file_id": "f"}],
        },
        {"type": "function_call", "call_id": "c", "name": "text 4", "arguments": '{"a":"text 5"}'},
        {"type": "function_call_output", "call_id": "c", "output": "text 6"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "text 7"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "text 8"}]},
        {"type": "mcp_call", "id": "m", "name": "n", "server_label": "s", "arguments": "{}", "output": "text 9"},
    ],
    "tools": [{"type": "function", "name": "f", "description": "text 10", "parameters": {"d": "text 11"}}],
    "text": {"format": {"type": "json_schema", "name": "x", "schema": {"title": "text 12"}}},
    "metadata": {"k": "text 13"},
    "prompt": {"id": "p", "variables": {"v": "text 14"}},
    "user": "text 15",
    "stream": True,
    "background": True,
    "previous_response_id": "resp_1",
    "include": ["reasoning.encrypted_content"],
}


def test_requests() -> None:
    """Every role, tool result, document name, schema and variable of a prompt is text; settings pass."""
    frame = frames_of(RESPONSES.request_codec(), json.dumps(REQUEST).encode())[0]
    seen = "\n".join(slot.text for slot in frame.slots)
    assert [number for number in range(16) if f"text {number}" not in seen] == []
    unlisted = [slot.text for slot in frame.slots if slot.channel.name.endswith("{}")]
    assert unlisted == ["v"]  # the name of a variable; every other member is listed
    assert not any(slot.text in {"toy-model", "resp_1", "reasoning.encrypted_content"} for slot in frame.slots)


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (429, openai.RateLimitError),
        (502, openai.InternalServerError),
    ],
)
def test_the_sdk_raises_its_own_error(status: int, raised: type[openai.APIStatusError]) -> None:
    """The envelope carries our message and code into the SDK's exception."""
    envelope = RESPONSES.error_body(status, "content_filter", "No.")
    with client(status, envelope, "application/json") as sdk, pytest.raises(raised, match=r"No\.") as caught:
        sdk.responses.create(model="m", input="hi")
    assert caught.value.code == "content_filter"
