"""Where the text of the Messages API is: answers streamed and whole, requests, errors; routes and envelopes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from anthropic._error_classes import make_status_error
from anthropic.types.beta import BetaMessage

from detectors.types import ChannelKind as K
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Channel, Ended, FrameRole, FrameRun, Slot, SlotMode
from tests.support.anthropic_messages import (
    FAILED_STREAM,
    RECORDINGS,
    SEALED,
    SIGNATURE,
    Recording,
    begin,
    delta,
    payloads,
    say,
    sse,
    start,
    stream,
    stream_events,
    text,
    thinking,
    tool,
    whole,
)
from tests.support.wire import cuts, frames_of, read, texts

if TYPE_CHECKING:
    from anthropic import APIStatusError

DIALECT = DIALECTS["anthropic-messages"]

each_recording = pytest.mark.parametrize("recording", RECORDINGS.values(), ids=list(RECORDINGS))


def letters(value: str) -> list[str]:
    return list(value)


def constants(slots: list[Slot]) -> set[tuple[K, int, str]]:
    return {
        (slot.channel.kind, slot.channel.part, slot.text)
        for slot in slots
        if slot.mode is SlotMode.CONSTANT and slot.channel.kind is not K.ID
    }


def whole_slots(recording: Recording) -> list[Slot]:
    return list(frames_of(DIALECT.body_codec(), recording.whole())[0].slots)


@each_recording
def test_the_recordings_are_answers_of_the_api(recording: Recording) -> None:
    """The SDK takes each of them strictly."""
    BetaMessage.model_validate_json(recording.whole(), strict=True)


@each_recording
def test_a_stream_and_a_whole_answer_say_the_same(recording: Recording) -> None:
    """The same texts on the same channels, and the same complete values, however the deltas are cut."""
    expected = texts(frames_of(DIALECT.body_codec(), recording.whole()))
    for cut in (letters, lambda value: [value]):
        frames = frames_of(DIALECT.stream_codec(), recording.stream(cut))
        said = texts(frames)
        assert {c: t for c, t in said.items() if t not in {"", "{}"}} == {c: t for c, t in expected.items() if t}
        assert constants([slot for frame in frames for slot in frame.slots]) == constants(whole_slots(recording))


@each_recording
def test_the_cut_of_the_bytes_makes_no_difference(recording: Recording) -> None:
    """The same frames, and the same bytes back."""
    data = recording.stream()
    expected = read(DIALECT.stream_codec(), [data])
    assert b"".join(frame.raw for frame in expected[0]) == data
    assert expected[1] is None
    for parts in cuts(data, rounds=2):
        frames, fault = read(DIALECT.stream_codec(), parts)
        assert [(f.raw, f.slots, f.ends) for f in frames] == [(f.raw, f.slots, f.ends) for f in expected[0]]
        assert fault is None


@each_recording
def test_nothing_but_text_is_held(recording: Recording) -> None:
    """What the API itself makes up (ids, counts, seals) needs no encoding and is no text for a reader."""
    frames = frames_of(DIALECT.stream_codec(), recording.stream())
    assert not any(frame.must_encode for frame in frames)
    machine_made = {SIGNATURE, SEALED, "direct", recording.answer["stop_reason"], "cyber"}
    for frame in frames:
        machine_made.add(frame.payload["type"] if frame.payload else "content_block_delta")
        machine_made |= {value.get("type") for value in (frame.payload or {}).values() if isinstance(value, dict)}
        said = {slot.text for slot in frame.slots if slot.channel.kind is not K.ID}
        assert not said & machine_made


def test_each_text_has_its_channel() -> None:
    """Kind by member, part by block; texts are numbered apart, as blocks of text in a row are one text."""
    answer = whole(thinking("hm"), text("hello"), tool("send", {"to": "x"}), stop_reason="tool_use")
    expected = {
        Channel(K.REASONING, 0, 0, "", is_signed=True): "hm",
        Channel(K.TEXT): "hello",
        Channel(K.TOOL_ARGUMENTS, 0, 2): '{"to":"x"}',
    }
    assert texts(frames_of(DIALECT.body_codec(), json.dumps(answer).encode())) == expected
    assert texts(frames_of(DIALECT.stream_codec(), stream(stream_events(answer, letters)))) == expected


def test_a_block_that_stops_ends_its_texts() -> None:
    """Only its own, and not its text, which may go on; what is no text ends that, the end of the message all."""
    answer = whole(text("a"), text("b"), tool("f", {"a": 1}), text("c"))
    frames = frames_of(DIALECT.stream_codec(), stream(stream_events(answer)))
    blocks = [(Ended(0, number, but=(K.TEXT, "")),) for number in range(4)]
    said = (Ended(0, 0, K.TEXT, ""),)
    assert [frame.ends for frame in frames if frame.ends] == [*blocks[:2], said, *blocks[2:], (Ended(0),)]
    assert [(channel.part, one) for channel, one in texts(frames).items() if channel.kind is K.TEXT] == [
        (0, "ab"),
        (1, "c"),
    ]


def test_a_block_may_begin_with_text() -> None:
    """What the start of a block holds is the first piece of its text; whole input is a text of its own."""
    events = [begin(0, type="text", text="jane@"), say(0, "example.com"), begin(1, **tool("f", {"a": 1}))]
    frames = frames_of(DIALECT.stream_codec(), stream(events))
    assert texts(frames) == {
        Channel(K.TEXT, 0, 0): "jane@example.com",
        Channel(K.TOOL_ARGUMENTS, 0, 1, "start"): '{"a":1}',
    }


def test_a_message_may_begin_with_text() -> None:
    """The blocks of the first event are blocks like others."""
    frames = frames_of(DIALECT.stream_codec(), sse(start(content=[text("one"), text("two")])))
    assert texts(frames) == {Channel(K.TEXT): "onetwo"}


def test_unlisted_text_of_deltas_grows() -> None:
    """In a known delta, in one of an unknown type and in an unknown event."""
    for kind in ("text_delta", "odd_delta"):
        frames = frames_of(DIALECT.stream_codec(), stream([delta(1, kind, foo=one) for one in ("jane@", "x.org")]))
        assert texts(frames)[Channel(K.OTHER, 0, 1, "message.foo")] == "jane@x.org"
    events = [{"type": "odd", "index": 1, "foo": one} for one in ("jane@", "x.org")]
    assert texts(frames_of(DIALECT.stream_codec(), stream(events)))[Channel(K.OTHER, 0, 1, "foo")] == ("jane@x.org")


def test_citations_are_judged_after_their_text() -> None:
    """As they were streamed, also where the whole answer has them before it."""
    cited = {"type": "text", "citations": [{"type": "char_location", "cited_text": "c"}], "text": "t"}
    (frame,) = frames_of(DIALECT.body_codec(), json.dumps(whole(cited)).encode())
    assert [slot.text for slot in frame.slots if slot.channel.kind in {K.TEXT, K.ANNOTATION}] == ["t", "c"]


def test_named_events_are_read_in_runs() -> None:
    """Deltas that follow one another are one run, also where the last one is not complete; no text is lost."""
    spoken = [say(0, f"word {number} é ") for number in range(40)]
    data = stream([start(), begin(0, type="text", text=""), *spoken])
    for last in (len(data), len(data) - 1, len(data) - 20):
        codec = DIALECT.stream_codec()
        runs = [item for item in codec.receive(data[:last]) if isinstance(item, FrameRun)]
        complete = 39 if last == len(data) else 38  # The first was parsed.
        assert [len(run.sizes) for run in runs] == [complete]
        assert runs[0].text == "".join(event["delta"]["text"] for event in spoken[1 : complete + 1])


def test_a_signature_shares_the_fate_of_its_text() -> None:
    """It has a slot without text on the channel of the thinking, whichever stands first."""
    for block in (thinking("hm"), dict(reversed(thinking("hm").items()))):
        (frame,) = frames_of(DIALECT.body_codec(), json.dumps(whole(block)).encode())
        signed = [slot for slot in frame.slots if slot.channel.is_signed]
        assert {(slot.text, slot.path[-1]) for slot in signed} == {("hm", "thinking"), ("", "signature")}
        assert len({slot.channel for slot in signed}) == 1


def test_errors_are_failures() -> None:
    """In a stream and in a body; their words are text."""
    frames = frames_of(DIALECT.stream_codec(), FAILED_STREAM)
    assert [frame.role for frame in frames] == [FrameRole.DATA] * 3 + [FrameRole.FAILURE]
    assert "Overloaded" in {slot.text for slot in frames[-1].slots}
    (frame,) = frames_of(DIALECT.body_codec(), json.dumps(payloads(FAILED_STREAM)[-1]).encode())
    assert frame.role is FrameRole.FAILURE


def test_a_count_of_tokens_is_no_text() -> None:
    """The answer of count_tokens is a number."""
    for answer in ({"input_tokens": 2095}, {"input_tokens": 7, "context_management": {"original_input_tokens": 9}}):
        (frame,) = frames_of(DIALECT.body_codec(), json.dumps(answer).encode())
        assert frame.slots == ()


REQUEST: dict[str, Any] = {
    "model": "claude-opus-5",
    "max_tokens": 1024,
    "stream": True,
    "temperature": 0.5,
    "metadata": {"user_id": "T-user"},
    "stop_sequences": ["T-stop"],
    "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "summarized"},
    "tool_choice": {"type": "tool", "name": "T-choice", "disable_parallel_tool_use": True},
    "system": [{"type": "text", "text": "T-system", "cache_control": {"type": "ephemeral", "ttl": "5m"}}],
    "tools": [
        {
            "name": "T-tool",
            "description": "T-description",
            "input_schema": {"type": "object", "properties": {"T-key": {"description": "T-schema"}}},
            "cache_control": {"type": "ephemeral"},
        },
        {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["T-domain"], "max_uses": 3},
    ],
    "mcp_servers": [{"type": "url", "name": "m", "url": "https://T-server.example", "authorization_token": "abc"}],
    "messages": [
        {"role": "user", "content": "T-string"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "T-text"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": SIGNATURE}},
                {"type": "image", "source": {"type": "url", "url": "https://T-image.example"}},
                {
                    "type": "document",
                    "title": "T-title",
                    "context": "T-context",
                    "citations": {"enabled": True},
                    "source": {"type": "text", "media_type": "text/plain", "data": "T-document"},
                },
                {
                    "type": "document",
                    "source": {"type": "content", "content": [{"type": "text", "text": "T-part"}]},
                },
                {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
                {
                    "type": "search_result",
                    "source": "T-source",
                    "title": "T-found",
                    "content": [{"type": "text", "text": "T-passage"}],
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                thinking("T-thinking"),
                {"type": "redacted_thinking", "data": SIGNATURE},
                text("T-answer"),
                tool("T-used", {"T-argument": "T-value"}),
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01",
                    "is_error": False,
                    "content": [
                        {"type": "text", "text": "T-result"},
                        {
                            "type": "search_result",
                            "source": "T-inner",
                            "title": "x",
                            "content": [{"type": "text", "text": "T-deep"}],
                        },
                    ],
                },
                {"type": "tool_result", "tool_use_id": "toolu_02", "content": "T-plain"},
            ],
        },
        {"role": "system", "content": "T-late"},
    ],
}


def test_every_text_of_a_request_is_found() -> None:
    """System, all roles, parts, results, documents, tools, stop sequences, the user's id; settings are no text."""
    raw = json.dumps(REQUEST).encode()
    (frame,) = frames_of(DIALECT.request_codec(), raw)
    said = " ".join(slot.text for slot in frame.slots)
    planted = [word for word in json.dumps(REQUEST).replace('"', " ").split() if "T-" in word]
    assert [word for word in planted if word.strip(",:{}[]") not in said] == []
    assert len(planted) == 30
    unplanted = {slot.text for slot in frame.slots if "T-" not in slot.text and slot.channel.kind is not K.ID}
    assert unplanted == {"web_search", "x", ""}  # the last is the place of the signature
    assert not frame.must_encode


def test_texts_of_a_request_are_told_apart() -> None:
    """By message and block: no text goes on in another one."""
    (frame,) = frames_of(DIALECT.request_codec(), json.dumps(REQUEST).encode())
    grown = texts([frame])
    assert grown[Channel(K.TEXT, 0)] == "T-string"
    assert grown[Channel(K.TEXT, 0, 0, "system")] == "T-system"
    assert grown[Channel(K.TEXT, 2, 2)] == "T-answer"
    assert grown[Channel(K.TOOL_ARGUMENTS, 2, 3)] == '{"T-argument":"T-value"}'
    assert grown[Channel(K.REASONING, 2, 0, "", is_signed=True)] == "T-thinking"


def test_it_wants_a_stream_when_the_body_says_so() -> None:
    assert DIALECT.wants_stream(REQUEST, "/v1/messages")
    assert not DIALECT.wants_stream({"stream": "yes"}, "/v1/messages")
    assert not DIALECT.wants_stream([], "/v1/messages")


def test_routes_and_their_spellings() -> None:
    paths = {route.path for route in DIALECT.routes}
    assert {"/v1/messages", "/messages", "/anthropic/v1/messages", "/v1/messages/count_tokens"} <= paths
    assert {route.method for route in DIALECT.routes} == {"POST"}


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", "BadRequestError"),
        (401, "authentication_error", "AuthenticationError"),
        (402, "billing_error", "PaymentRequiredError"),
        (403, "permission_error", "PermissionDeniedError"),
        (404, "not_found_error", "NotFoundError"),
        (405, "invalid_request_error", "APIStatusError"),
        (408, "timeout_error", "RequestTimeoutError"),
        (413, "request_too_large", "ContentTooLargeError"),
        (415, "invalid_request_error", "APIStatusError"),
        (429, "rate_limit_error", "RateLimitError"),
        (500, "api_error", "InternalServerError"),
        (502, "api_error", "InternalServerError"),
        (503, "overloaded_error", "ServiceUnavailableError"),
        (504, "timeout_error", "GatewayTimeoutError"),
        (529, "overloaded_error", "OverloadedError"),
    ],
)
def test_the_error_envelope(status: int, kind: str, error: str) -> None:
    """The SDK raises its own exception, with type, code and message where its users look for them."""
    body = json.loads(DIALECT.error_body(status, "content_filter", "Stopped."))
    response = httpx2.Response(status, request=httpx2.Request("POST", "http://test.invalid/v1/messages"))
    raised: APIStatusError = make_status_error(str(body), body=body, response=response)
    assert type(raised).__name__ == error
    assert (raised.type, raised.error_code, raised.api_message) == (kind, "content_filter", "Stopped.")
