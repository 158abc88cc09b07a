"""How a filtered or broken answer ends: what the official SDK reads, and what is left of the blocked frame."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from detectors.types import ChannelKind
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Codec, Frame, each_frame
from tests.support.wire import DONE, body, chunk, delta, frames_of, message, nothing_said, payloads, sse

MESSAGE = "Stopped by a policy."
CHAT = DIALECTS["openai-chat"]
COMPLETIONS = DIALECTS["openai-completions"]


def number_of(frame: Frame, text: str) -> int:
    """Return the number of the slot that says `text`."""
    return next(number for number, slot in enumerate(frame.slots) if slot.text == text)


def through(stream: Codec, events: list[dict[str, Any]]) -> bytes:
    """Send events through a codec, unedited."""
    out = b""
    for frame in each_frame(stream.receive(b"".join(map(sse, events)))):
        out += stream.encode(frame, {})
        if frame.payload is not None:
            stream.sent(frame, {})
    return out


def block(stream: Codec, event: dict[str, Any], text: str, kept: str = "", said: str = MESSAGE) -> bytes:
    """Block at the slot that says `text`, of which `kept` was released; later slots are cut."""
    frame = next(each_frame(stream.receive(sse(event))))
    at = number_of(frame, text)
    edits: dict[int, str | None] = {at: kept}
    for later in range(at + 1, len(frame.slots)):
        if frame.slots[later].channel.kind is not ChannelKind.ID:
            edits[later] = ""
    return stream.encode_blocked(frame, edits, at, said, nothing_said)


def strict_chunks(out: bytes) -> list[ChatCompletionChunk]:
    """Read a stream with the SDK's types, which must take every chunk as it is."""
    events = payloads(out)
    assert events[-1] == "[DONE]"
    return [ChatCompletionChunk.model_validate(event, strict=True) for event in events[:-1]]


@pytest.mark.parametrize("identity", [["x"], {"x": 1}, 5])
def test_an_id_that_is_no_string_is_not_repeated(identity: Any) -> None:
    """The ending is written all the same, with a neutral one."""
    stream = CHAT.stream_codec()
    through(stream, [{**chunk(delta(content="fine ")), "id": identity}])
    *events, _ = payloads(block(stream, {"choices": [delta(content="bad")]}, "bad"))
    assert {event["id"] for event in events if "id" in event} == {"chatcmpl-sluicegate"}


def test_block_in_the_middle_of_a_stream() -> None:
    """The released part, the message, the filtered finish, the terminator, with the stream's own head."""
    stream = CHAT.stream_codec()
    out = through(stream, [chunk(delta(role="assistant", content="")), chunk(delta(content="good "))])
    out += block(
        stream, chunk(delta(content="fine bad"), system_fingerprint="fp"), "fine bad", "fine ", f"\n\n{MESSAGE}"
    )
    chunks = strict_chunks(out)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == f"good fine \n\n{MESSAGE}"
    assert [c.choices[0].finish_reason for c in chunks] == [None, None, None, None, "content_filter"]
    assert {(c.id, c.model, c.created) for c in chunks} == {("chatcmpl-1", "toy-1", 1700000000)}
    assert chunks[-1].choices[0].delta.content is None


def test_block_of_the_first_text() -> None:
    """When nothing was sent the ending is complete by itself: it has a role."""
    stream = CHAT.stream_codec()
    chunks = strict_chunks(block(stream, chunk(delta(role="assistant", content="bad")), "bad"))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == MESSAGE


def test_the_finish_of_the_blocked_frame_does_not_stand() -> None:
    """A frame that ends its choice in order does not, when its text was blocked."""
    stream = CHAT.stream_codec()
    chunks = strict_chunks(block(stream, chunk(delta(content="bad", reason="stop")), "bad"))
    assert [c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason] == ["content_filter"]


def test_every_open_choice_is_closed_once() -> None:
    """Choices that were seen and are not finished end with the blocked one; finished ones are left alone."""
    stream = CHAT.stream_codec()
    events = [chunk(delta(i, role="assistant", content="x")) for i in range(4)] + [chunk(delta(2, reason="stop"))]
    out = through(stream, events) + block(stream, chunk(delta(1, content="bad")), "bad")
    finishes = [
        (c.choices[0].index, c.choices[0].finish_reason) for c in strict_chunks(out) if c.choices[0].finish_reason
    ]
    assert finishes == [(2, "stop"), (0, "content_filter"), (1, "content_filter"), (3, "content_filter")]


def test_a_blocked_tool_call_is_not_begun() -> None:
    """Calls before the blocked one stay, it and later ones go when nothing of them was released."""
    calls = [
        {"index": i, "id": f"call_{i}", "type": "function", "function": {"name": f"f{i}", "arguments": f"{{{i}}}"}}
        for i in range(3)
    ]
    stream = CHAT.stream_codec()
    chunks = strict_chunks(block(stream, chunk(delta(role="assistant", tool_calls=calls)), "f1"))
    kept = chunks[0].choices[0].delta.tool_calls or []
    assert [call.function.name for call in kept if call.function] == ["f0"]
    stream = CHAT.stream_codec()
    chunks = strict_chunks(block(stream, chunk(delta(role="assistant", tool_calls=calls)), "{1}", "{"))
    kept = chunks[0].choices[0].delta.tool_calls or []
    assert [call.function.arguments for call in kept if call.function] == ["{0}", "{"]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (chunk(delta(content="fine"), note="bad"), "bad"),
        (chunk(note="bad"), "bad"),
        ({"error": {"message": "bad"}}, "bad"),
        (chunk(delta(0, content="fine", foo="bad")), "bad"),
        (chunk(delta(content="fine", audio={"id": "a", "data": "zz" * 20, "transcript": "bad"})), "bad"),
    ],
)
def test_block_of_any_text(event: dict[str, Any], text: str) -> None:
    """Whatever field it was, the stream ends as filtered, and the text is not in it."""
    stream = CHAT.stream_codec()
    out = through(stream, [chunk(delta(role="assistant", content="x"))])
    ending = block(stream, event, text)
    chunks = strict_chunks(out + ending)
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    assert b"bad" not in ending
    assert b"zz" not in ending


def test_block_in_a_comment() -> None:
    """Text outside any payload blocks too."""
    stream = CHAT.stream_codec()
    frame = stream.receive(b": bad\n\n")[0]
    chunks = strict_chunks(stream.encode_blocked(frame, {0: None}, 0, MESSAGE, nothing_said))
    assert [c.choices[0].delta.content for c in chunks] == [MESSAGE, None]
    assert chunks[0].id == "chatcmpl-sluicegate"


def test_block_without_message() -> None:
    """An empty message adds no text."""
    stream = CHAT.stream_codec()
    out = through(stream, [chunk(delta(role="assistant", content="x"))])
    frame = frames_of(stream, sse(chunk(delta(content="bad"))))[0]
    at = next(n for n, slot in enumerate(frame.slots) if slot.text == "bad")
    out += stream.encode_blocked(frame, {at: ""}, at, "", nothing_said)
    assert [c.choices[0].delta.content for c in strict_chunks(out)] == ["x", "", None]


def test_completions_end_with_the_message_and_the_reason() -> None:
    """The older API says both in one chunk, as its types want."""
    stream = COMPLETIONS.stream_codec()
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "toy-1"}
    choice = {"index": 0, "text": "good", "logprobs": None, "finish_reason": None}
    other = {"index": 1, "text": "two", "logprobs": None, "finish_reason": None}
    out = through(stream, [{**head, "choices": [choice]}, {**head, "choices": [other]}])
    ending = block(stream, {**head, "choices": [{**choice, "text": "bad"}]}, "bad")
    events = payloads(out + ending)
    ended = [Completion.model_validate(event, strict=True).choices[0] for event in events[-3:-1]]
    assert [(c.index, c.text, c.finish_reason) for c in ended] == [
        (0, MESSAGE, "content_filter"),
        (1, "", "content_filter"),
    ]


# --- Whole answers


def block_whole(answer: dict[str, Any], text: str, kept: str = "", dialect: str = "openai-chat") -> dict[str, Any]:
    whole = DIALECTS[dialect].body_codec()
    frame = frames_of(whole, json.dumps(answer).encode())[0]
    at = number_of(frame, text)
    edits: dict[int, str | None] = {at: kept}
    edits |= {n: "" for n in range(at + 1, len(frame.slots)) if frame.slots[n].channel.kind is not ChannelKind.ID}
    return json.loads(whole.encode_blocked(frame, edits, at, MESSAGE, nothing_said))


def calls_of(*names: str) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": f'{{"{name}":1}}'}}
        for name in names
    ]


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def test_block_in_a_whole_answer() -> None:
    """Earlier choices stay, the blocked one keeps what was released, later ones are emptied."""
    logprobs = {
        "content": [{"token": "two bad", "logprob": -1, "bytes": None, "top_logprobs": []}],
        "refusal": None,
    }
    blocked = {**message(1, content="two bad", tool_calls=calls_of("f")), "logprobs": logprobs}
    answer = body(message(0, content="one"), blocked, message(2, content="three"), usage=USAGE)
    ended = ChatCompletion.model_validate(block_whole(answer, "two bad", "two "), strict=True)
    assert [choice.message.content for choice in ended.choices] == ["one", f"two {MESSAGE}", ""]
    assert [choice.finish_reason for choice in ended.choices] == ["stop", "content_filter", "content_filter"]
    assert [choice.index for choice in ended.choices] == [0, 1, 2]
    assert ended.choices[1].logprobs is None
    assert ended.choices[1].message.tool_calls is None
    assert (ended.id, ended.model, ended.usage and ended.usage.total_tokens) == ("chatcmpl-1", "toy-1", 3)


def test_block_in_a_tool_call_of_a_whole_answer() -> None:
    """Calls before the blocked one stay."""
    answer = body(message(content="I will", tool_calls=calls_of("f", "g", "h"), audio={"id": "a", "data": "z"}))
    ended = block_whole(answer, '{"g":1}')
    said = ended["choices"][0]["message"]
    assert said["content"] == f"I will{MESSAGE}"
    assert [call["function"]["name"] for call in said["tool_calls"]] == ["f"]
    assert "audio" not in said


def test_block_in_a_list_of_parts() -> None:
    """Content as a list gets the message as one more part."""
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "bad"}]
    ended = block_whole(body(message(content=parts)), "bad")
    assert [part["text"] for part in ended["choices"][0]["message"]["content"]] == ["one", "", MESSAGE]


@pytest.mark.parametrize("answer", [{"error": {"message": "bad"}}, body(note="bad"), {"note": "bad", "choices": 5}])
def test_block_where_no_choice_is(answer: dict[str, Any]) -> None:
    """The ending is a complete answer of its own."""
    ended = ChatCompletion.model_validate(block_whole(answer, "bad"), strict=True)
    assert ended.choices[0].message.content == MESSAGE
    assert ended.choices[0].finish_reason == "content_filter"


def test_block_before_and_after_the_choices() -> None:
    """Text before the choices takes all of them along; text after them ends the first and leaves the rest."""
    answer = {"note": "bad", **body(message(0, content="one"), message(1, content="two"))}
    assert [c["message"]["content"] for c in block_whole(answer, "bad")["choices"]] == [MESSAGE, ""]
    answer = body(message(0, content="one"), message(1, content="two"), note="bad")
    assert [c["message"]["content"] for c in block_whole(answer, "bad")["choices"]] == [f"one{MESSAGE}", "two"]


def test_block_in_a_whole_completion() -> None:
    """The older API likewise."""
    choices = [
        {"index": i, "text": text, "logprobs": None, "finish_reason": "stop"}
        for i, text in enumerate(["ok bad", "x"])
    ]
    answer = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "toy-1", "choices": choices}
    ended = Completion.model_validate(block_whole(answer, "ok bad", "ok ", "openai-completions"), strict=True)
    assert [(c.text, c.finish_reason) for c in ended.choices] == [
        (f"ok {MESSAGE}", "content_filter"),
        ("", "content_filter"),
    ]


# --- The official client

http: Any = vars(openai._streaming).get("httpx2") or vars(openai._streaming)["httpx"]
"""The HTTP library that the SDK is built on."""


def client(status: int, content: bytes, media_type: str) -> openai.OpenAI:
    """Return an SDK client whose server answers with `content`."""
    transport = http.MockTransport(
        lambda _: http.Response(status, headers={"content-type": media_type}, content=content)
    )
    return openai.OpenAI(
        api_key="none", base_url="http://test/v1", max_retries=0, http_client=http.Client(transport=transport)
    )


def ask(answer: openai.OpenAI, *, stream: bool) -> Any:
    return answer.chat.completions.create(
        model="toy-1", messages=[{"role": "user", "content": "hi"}], stream=stream
    )


def test_the_sdk_reads_a_blocked_stream() -> None:
    """It iterates to the end, and sees the filter as the reason."""
    stream = CHAT.stream_codec()
    out = through(stream, [chunk(delta(role="assistant", content="good"))]) + block(
        stream, chunk(delta(content="bad")), "bad"
    )
    with client(200, out, "text/event-stream") as sdk:
        chunks = list(ask(sdk, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == f"good{MESSAGE}"
    assert chunks[-1].choices[0].finish_reason == "content_filter"


def test_the_sdk_reads_a_blocked_answer() -> None:
    """Whole answers likewise."""
    with client(
        200, json.dumps(block_whole(body(message(content="bad")), "bad")).encode(), "application/json"
    ) as sdk:
        answer = ask(sdk, stream=False)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == (MESSAGE, "content_filter")


def test_the_sdk_raises_on_a_broken_stream() -> None:
    """A stream that broke is an exception with our message, after the chunks that came."""
    stream = CHAT.stream_codec()
    out = through(stream, [chunk(delta(role="assistant", content="good"))]) + stream.end_failed(
        "upstream died", "upstream_reset"
    )
    assert out.endswith(DONE)
    seen = []
    with (
        client(200, out, "text/event-stream") as sdk,
        pytest.raises(openai.APIError, match="upstream died") as caught,
    ):
        seen.extend(ask(sdk, stream=True))
    assert caught.value.code == "upstream_reset"


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (502, openai.InternalServerError),
        (504, openai.InternalServerError),
    ],
)
def test_the_sdk_raises_its_own_error(status: int, raised: type[openai.APIStatusError]) -> None:
    """The envelope carries our message and code into the SDK's exception."""
    envelope = CHAT.error_body(status, "content_filter", MESSAGE)
    assert set(json.loads(envelope)["error"]) == {"message", "type", "param", "code"}
    with client(status, envelope, "application/json") as sdk, pytest.raises(raised, match=MESSAGE) as caught:
        ask(sdk, stream=False)
    assert caught.value.code == "content_filter"
