"""The fast path changes the time a stream takes, and nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.anthropic_messages import MESSAGES
from proxy.wire.framing import SseFraming
from proxy.wire.openai_chat import STREAM
from proxy.wire.openai_endings import CHAT_SHAPE, OpenAiStreamEnding
from proxy.wire.sse import parse_event
from proxy.wire.stream import StreamCodec
from proxy.wire.templates import _TEXT_MARK
from proxy.wire.types import Frame, each_frame
from tests.support.wire import DONE, chunk, cut_at, delta, frames_of, read, sse


def codec(*, use_templates: bool = True) -> StreamCodec:
    return StreamCodec(STREAM, OpenAiStreamEnding(CHAT_SHAPE), SseFraming(), use_templates=use_templates)


def comparable(frames: list[Frame]) -> list[Any]:
    """Frames without the payload, which a template leaves to be parsed later."""
    return [(frame.raw, frame.slots, frame.role, frame.must_encode) for frame in frames]


def assert_same(stream: bytes, seed: int = 0) -> list[Frame]:
    """Read a stream both ways and compare, the faults too."""
    parts = cut_at(stream, random.Random(seed))
    fast, fast_fault = read(codec(), parts)
    slow, slow_fault = read(codec(use_templates=False), [stream])
    assert comparable(fast) == comparable(slow)
    assert fast_fault == slow_fault
    for ours, theirs in zip(fast, slow, strict=True):
        assert ours.payload is None or ours.payload == theirs.payload
    return fast


_WORDS = st.text(max_size=6) | st.sampled_from(
    [
        "",
        ":",
        '"',
        "\\",
        "\n",
        "content",
        '"content":"',
        " a",
        "\u2028",
        "\x7f",
        "\u200b",
        "é",
        "🌊",
        "null",
        "[DONE]",
    ]
)


@st.composite
def _events(draw: st.DrawFn) -> bytes:
    text = draw(_WORDS)
    ascii_only = draw(st.booleans())
    choice: dict[str, Any] = {"index": draw(st.integers(0, 2)), "delta": {}, "finish_reason": None}
    field = draw(st.sampled_from(["content", "reasoning_content", "refusal", "foo", "tool"]))
    if field == "tool":
        choice["delta"] = {"tool_calls": [{"index": draw(st.integers(0, 1)), "function": {"arguments": text}}]}
    else:
        choice["delta"] = {field: text}
    if draw(st.booleans()):
        choice["delta"]["bar"] = draw(st.sampled_from(["x", "y"]))
    if draw(st.booleans()):
        choice["logprobs"] = draw(st.sampled_from([None, {"content": []}, {"content": [{"token": text}]}]))
    value = {"id": draw(st.sampled_from(["c-1", "c-2"])), "choices": [choice]}
    if draw(st.booleans()):
        value["obfuscation"] = draw(st.sampled_from(["abc", "x9", "not alnum", ""]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    head = draw(st.sampled_from([b"data: ", b"data:", b"event: message\ndata: ", b"id: 5\ndata: ", b": c\ndata: "]))
    ending = draw(st.sampled_from([b"\n\n", b"\n\n", b"\r\n\r\n"]))
    return head + json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode() + ending


@given(st.lists(_events(), min_size=2, max_size=8), st.integers(1, 3), st.integers(0, 2**32))
def test_same_frames_with_and_without(events: list[bytes], times: int, seed: int) -> None:
    """Whatever shapes a stream mixes, both ways give the same frames."""
    assert_same(b"".join(events * times) + DONE, seed)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=6))
def test_same_frames_for_any_bytes_in_the_hole(middles: list[bytes]) -> None:
    """Bytes put raw into the string, also those that end it or the event, read the same both ways."""
    prefix, suffix = sse(chunk(delta(content="MIDDLE"))).split(b"MIDDLE")
    first = prefix + b"plain" + suffix
    assert_same(first + b"".join(prefix + middle + suffix for middle in middles))


@given(
    st.lists(_WORDS.filter(bool), min_size=2, max_size=6),
    st.lists(st.sampled_from(["a1", "b!", "", "c" * 300]), min_size=2),
)
def test_same_frames_with_padding(words: list[str], paddings: list[str]) -> None:
    """Padding of changing length, and padding that is none, read the same both ways."""
    events = [
        sse(chunk(delta(content=word), obfuscation=paddings[i % len(paddings)])) for i, word in enumerate(words * 3)
    ]
    assert_same(b"".join(events))


def test_a_burst_is_not_parsed() -> None:
    """The point of it: of a hundred like events one is parsed."""
    stream = b"".join(sse(chunk(delta(content=f" word{i}"))) for i in range(100))
    frames = assert_same(stream)
    assert [frame.payload is None for frame in frames] == [False] + [True] * 99


def test_interleaved_choices_are_not_parsed() -> None:
    """Shapes that take turns each have their template."""
    stream = b"".join(sse(chunk(delta(i % 3, content=f" word{i}"))) for i in range(30))
    frames = assert_same(stream)
    assert sum(frame.payload is not None for frame in frames) == 3


def test_padded_events_are_not_parsed() -> None:
    """OpenAI pads each event with random letters; two of them show what changes, the others are not parsed."""
    stream = b"".join(sse(chunk(delta(content=f" w{i}"), obfuscation="aZ9" * (i % 4 + 1))) for i in range(30))
    frames = assert_same(stream)
    assert sum(frame.payload is not None for frame in frames) == 2
    assert [slot.text for slot in frames[7].slots] == [" w7", "aZ9" * 4]


def test_a_text_that_stands_twice_is_not_mistaken() -> None:
    """The hole is proved to be the text, not another string that says the same."""
    twins = chunk(delta(content="a"), provider="a")
    turned = {"provider": "a", **chunk(delta(content="a"))}
    for value in (twins, turned):
        later = json.loads(json.dumps(value).replace('"provider": "a"', '"provider": "b"'))
        later_text = chunk(delta(content="b"), provider="a")
        assert_same(sse(value) + sse(later) + sse(value) + sse(later_text))


def test_the_mark_of_a_proof_is_no_proof() -> None:
    """A text that is the mark itself, beside another one that says the same."""
    turned = {"provider": _TEXT_MARK, **chunk(delta(content=_TEXT_MARK))}
    assert_same(sse(turned) + sse(turned | {"provider": "b"}))


def test_quotes_of_two_places_are_no_place() -> None:
    """The text `:` between its quotes stands first where a key ends and its value begins."""
    events = [b'data: {"choices":[{"delta":{"content"%b:"}}]}\n\n' % middle for middle in (b':"', b': "', b"zz")]
    assert len(assert_same(b"".join(events))) == 2


def test_another_line_that_says_the_same_is_not_the_payload() -> None:
    """It may look like a payload, and the text in the payload itself may be written in another way."""
    written = b'{"choices":[{"delta":{"content":"%b"}}]}'
    lines = [written % rb"h\u0069" + b"\n: data: " + written % said for said in (b"hi", b"no", b"yes")]
    assert_same(b"".join(b"data: %b\n\n" % line for line in lines))


def test_a_value_that_is_no_string_is_not_looked_for_between_quotes() -> None:
    """A number as input of a tool, beside a name that says the same: the next name is read."""
    block = {"type": "tool_use", "id": "toolu_1", "input": 5}
    start = {"type": "content_block_start", "index": 0}
    events = [sse({**start, "content_block": {**block, "name": name}}) for name in ("5", "rm")]
    fast, _ = read(MESSAGES.stream_codec(), events)
    assert [slot.text for slot in fast[1].slots] == ["rm", "5"]


def test_prefix_and_suffix_do_not_overlap() -> None:
    """An event shorter than its template's two ends is parsed."""
    prefix, suffix = sse(chunk(delta(content="MIDDLE"))).split(b"MIDDLE")
    short = prefix[:-1] + suffix
    _, fault = read(codec(), [prefix + b"a" + suffix + short])
    assert fault == read(codec(use_templates=False), [prefix + b"a" + suffix + short])[1]
    assert fault is not None


def test_a_template_event_can_be_edited() -> None:
    """A frame without payload is parsed when it has to be changed."""
    stream = codec()
    frames = list(each_frame(stream.receive(sse(chunk(delta(content="a"))) + sse(chunk(delta(content="b"))))))
    assert frames[1].payload is None
    edited = stream.encode(frames[1], {0: 'x"\n'})
    assert json.loads(parse_event(edited).data or b"") == chunk(delta(content='x"\n'))
    assert len(frames_of(codec(), edited)) == 1
