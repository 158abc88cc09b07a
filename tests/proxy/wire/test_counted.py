"""Numbered events read without parsing: what comes out is what the parser gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.wire.counted import CountedTemplates
from proxy.wire.framing import SseFraming
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.responses_endings import ResponsesStreamEnding
from proxy.wire.responses_events import KNOWN_EVENTS, STREAM
from proxy.wire.stream import StreamCodec
from proxy.wire.types import FrameRun, each_frame
from tests.support.responses import says, sse, stream_events
from tests.support.wire import nothing_said, read

ODD = ["a", "é", "\u2028", '"', "\\", "\n", "{", '","delta":"', '"sequence_number":7', "\x7f", " ", ""]


def slow_codec() -> StreamCodec:
    """A codec that parses every event."""
    framing = SseFraming(writes_terminator=False, name_member="type", known_events=KNOWN_EVENTS)
    return StreamCodec(STREAM, ResponsesStreamEnding(), framing, use_templates=False, repeats_text=True)


def event(number: Any, delta: Any, order: int, padding: str | None, item: str = "msg_1") -> bytes:
    """A piece of text, with its members in one of several orders."""
    members = {"type": "response.output_text.delta", "sequence_number": number, "item_id": item, "output_index": 0}
    members |= {"content_index": 0, "delta": delta, "logprobs": []}
    if order:
        members = dict(sorted(members.items(), reverse=order > 1))
    if padding is not None:
        members["obfuscation"] = padding
    return sse(members)


EVENTS = st.builds(
    event,
    st.one_of(st.integers(0, 30), st.sampled_from([10**11, 10**12, -1, 1.5, "1", None, True])),
    st.lists(st.sampled_from(ODD), max_size=3).map("".join),
    st.integers(0, 2),
    st.sampled_from([None, None, "Ab1", "b c", ""]),
    st.sampled_from(["msg_1", "msg_1", "msg_1", "msg_2"]),
)


@given(st.lists(EVENTS, max_size=12), st.integers(1, 400))
@settings(max_examples=150)
def test_what_comes_out_is_what_the_parser_gives(events: list[bytes], size: int) -> None:
    """The same bytes, texts and places, whatever the cut; only the payload is left out."""
    data = b"".join(events)
    reads = [data[at : at + size] for at in range(0, len(data), size)]
    fast, fault = read(RESPONSES.stream_codec(), reads)
    slow, slow_fault = read(slow_codec(), [data])
    assert fault == slow_fault
    assert [frame._replace(payload=None) for frame in fast] == [frame._replace(payload=None) for frame in slow]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_events_in_a_row_are_one_run(order: int) -> None:
    """From the second on, without padding; with padding they are frames without a payload."""
    codec = RESPONSES.stream_codec()
    _, *items = codec.receive(b"".join(event(n, f"piece {n} ", order, None) for n in range(40)))
    assert [type(item) for item in items] == [FrameRun]
    assert len(list(each_frame(items))) == 39
    padded = codec.receive(b"".join(event(n, f"piece {n} ", order, f"pad{n}") for n in range(40, 60)))
    assert [frame.payload is None for frame in each_frame(padded)] == [False, *[True] * 19]


def test_what_is_not_listed_as_a_number_is_text() -> None:
    """A number that can name somebody is no counter."""
    templates = CountedTemplates()
    frame = next(each_frame(slow_codec().receive(event(3, "hello", 0, None))))
    unlisted = frame.slots[0]._replace(path=("sequence_number",))
    templates.learn(frame, (unlisted, *frame.slots))
    assert templates.read(event(4155550142, "hello", 0, None)) is None
    templates.learn(frame, frame.slots)
    assert templates.read(event(4, "there", 0, None)) is not None
    templates.clear()
    assert templates.read(event(4, "there", 0, None)) is None


def test_endings_go_on_with_the_numbers() -> None:
    """After events that nobody parsed, too."""
    events = stream_events([says(*["word "] * 30)])[:30]
    codec = RESPONSES.stream_codec()
    for frame in each_frame(codec.receive(b"".join(map(sse, events)))):
        if frame.payload is not None:
            codec.sent(frame, {})
    assert b'"sequence_number":30' in codec.end_failed("broken", "x")
    (comment,) = codec.receive(b": x\n\n")
    assert isinstance(comment, tuple)
    frame = next(each_frame([comment]))
    assert b'"sequence_number":32' in codec.encode_blocked(frame, {0: None}, 0, "Stopped.", nothing_said)
    assert json.loads(sse(events[-1]).split(b"data: ")[1])["sequence_number"] == 29
