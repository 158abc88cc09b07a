"""The codec of streams: any cut, exact bytes, edits that change what they should and nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.types import ChannelKind
from proxy.wire.registry import DIALECTS
from proxy.wire.sse import parse_event
from proxy.wire.types import Channel, Codec, FrameRole, SlotMode, WireError
from tests.support.scale import examples
from tests.support.wire import DONE, chunk, cut_at, cuts, delta, frames_of, nothing_said, payloads, read, sse, texts

TEXT = Channel(ChannelKind.TEXT)


def codec(max_frame_bytes: int = 1 << 20) -> Codec:
    return DIALECTS["openai-chat"].stream_codec(max_frame_bytes)


CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}

STREAM = (
    b": keep-alive\n\n"
    + sse(chunk(prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}]))
    + sse(chunk(delta(role="assistant", content="")))
    + b"".join(sse(chunk(delta(content=word))) for word in ["Grüße", " an", " 🌊", '"\n\\', " end"])
    + sse(chunk(delta(1, content="two")), before=b"event: message\nid: 17\n")
    + sse(chunk(delta(tool_calls=[CALL])))
    + b"data:"
    + json.dumps(chunk(delta(reasoning_content="h\u00e4"))).encode()
    + b"\r\n\r\n"
    + sse(chunk(delta(reason="stop")))
    + sse(chunk(usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}))
    + DONE
)


def test_any_cut_gives_the_same_frames() -> None:
    """Whole, byte by byte and at random cuts; the raw bytes of the frames are the input."""
    whole = frames_of(codec(), STREAM)
    assert b"".join(frame.raw for frame in whole) == STREAM
    assert texts(whole)[TEXT] == 'Grüße an 🌊"\n\\ end'
    for parts in cuts(STREAM, rounds=30):
        frames, fault = read(codec(), parts)
        assert fault is None
        assert [(f.raw, f.slots, f.role, f.must_encode) for f in frames] == [
            (f.raw, f.slots, f.role, f.must_encode) for f in whole
        ]


def test_identity() -> None:
    """Without edits every frame leaves as it came."""
    stream = codec()
    assert b"".join(stream.encode(frame, {}) for frame in frames_of(stream, STREAM)) == STREAM


def test_every_slot_can_be_edited_alone() -> None:
    """One edit changes its own place and no other; what is written is one event that reads back."""
    for position, frame in enumerate(frames_of(codec(), STREAM)):
        for number, slot in enumerate(frame.slots):
            stream = codec()
            frames_of(stream, STREAM)
            edited = stream.encode(frame, {number: "X\n\ndata: {}\n\n"})
            again = codec().receive(edited)
            assert len(again) <= 1, position
            if slot.drop or not slot.path:
                assert slot.text not in [s.text for f in again for s in f.slots]
                continue
            payload = frame.payload or json.loads(parse_event(frame.raw).data or b"")
            expected = json.loads(json.dumps(payload))
            holder = expected
            for step in slot.path[:-1]:
                holder = holder[step]
            holder[slot.path[-1]] = "X\n\ndata: {}\n\n"
            for dependent in slot.dependents:
                set_null(expected, dependent)
            assert again[0].payload == expected


def set_null(value: Any, path: tuple[str | int, ...]) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = None


_EVIL = st.text(
    alphabet=st.sampled_from(list('\n\r\x0b\x0c\x1c\x85\u2028\u2029 :"\\{}[]dataevntDONE')), max_size=30
)


@settings(max_examples=examples(1500))
@given(st.lists(_EVIL, min_size=1, max_size=4), st.integers(0, 2**32))
def test_edits_create_no_events(evil: list[str], seed: int) -> None:
    """D2: whatever an edit or a message writes, every reader finds the events that were there.

    Two texts and more in each example, so `make fuzz` tries more than the 100,000 that are promised.
    """
    stream = codec()
    data = b"".join(sse(chunk(delta(content=f"word{i}"))) for i in range(len(evil)))
    frames = frames_of(stream, data)
    numbers = [next(n for n, s in enumerate(f.slots) if s.channel == TEXT) for f in frames]
    out = b"".join(stream.encode(f, {n: text}) for f, n, text in zip(frames, numbers, evil, strict=True))
    frames[0].payload and stream.sent(frames[0], {})
    out += stream.encode_blocked(frames[-1], {numbers[-1]: ""}, numbers[-1], evil[0], nothing_said)
    events = payloads(out)
    assert [event["choices"][0]["delta"]["content"] for event in events[: len(evil)]] == evil
    assert events[-1] == "[DONE]"
    assert all(event["object"] == "chat.completion.chunk" for event in events[:-1])
    assert len(events) <= len(evil) + 4
    # A reader that takes every Unicode line ending for one sees the same lines.
    lines = [line for line in out.decode().splitlines() if line]
    assert len(lines) == len(events)
    assert all(line.startswith("data: ") for line in lines)
    # And our own, at any cut.
    again, fault = read(codec(), cut_at(out, random.Random(seed)))
    assert fault is None
    assert [frame.raw for frame in again] == [frame.raw for frame in frames_of(codec(), out)]
    assert len(again) == len(events)


@given(st.binary(max_size=60), st.integers(0, 2**32))
def test_fuzzed_payloads_never_pass_unread(noise: bytes, seed: int) -> None:
    """Noise in a stream is a fault, or frames whose bytes are the input; the same at any cut."""
    data = sse(chunk(delta(content="a"))) + noise + sse(chunk(delta(content="b")))
    frames, fault = read(codec(), [data])
    assert data.startswith(b"".join(frame.raw for frame in frames))
    if fault is None and not any(f.role is FrameRole.TERMINATOR for f in frames):
        assert b"".join(frame.raw for frame in frames) == data
    again, again_fault = read(codec(), cut_at(data, random.Random(seed)))
    assert ([f.raw for f in again], again_fault) == ([f.raw for f in frames], fault)


def test_nothing_follows_the_terminator() -> None:
    """Bytes after [DONE] are discarded, whether they came with it or later."""
    stream = codec()
    frames = stream.receive(sse(chunk(delta(content="a"))) + DONE + sse(chunk(delta(content="late"))) + b"data: {")
    assert [frame.role for frame in frames] == [FrameRole.DATA, FrameRole.TERMINATOR]
    assert stream.receive(b"data: nonsense\n\n") == []
    assert stream.receive_end() == []


def test_text_in_the_terminator_is_a_fault() -> None:
    """SDKs stop at anything that begins with [DONE]; text behind it would pass unseen."""
    _, fault = read(codec(), [b"data: [DONE] by the way\n\n"])
    assert fault is not None


def test_the_end_of_input_may_replace_the_last_blank_line() -> None:
    """A whole event without its blank line is a frame, and an ending after it stands apart."""
    stream = codec()
    frames = frames_of(stream, sse(chunk(delta(content="a")))[:-2])
    assert texts(frames) == {TEXT: "a"}
    stream.sent(frames[0], {})
    out = frames[0].raw + stream.end_failed("upstream closed", "upstream_closed")
    assert len(payloads(out)) == 3


@pytest.mark.parametrize(
    "rest", [b"data: {", b"data", b"data:", b"data:\n", b"event: x", b'data: {"a":1}x', b"data: [DON", b"data: 1"]
)
def test_a_cut_event_is_a_fault(rest: bytes) -> None:
    """What was inside an event when the input ended is a fault; what came before is not lost."""
    frames, fault = read(codec(), [sse(chunk(delta(content="a"))) + rest])
    assert fault == "the upstream ended the stream inside an event"
    assert texts(frames) == {TEXT: "a"}


@pytest.mark.parametrize("rest", [b"", b"\n", b": bye", b": bye\n", b"data: [DONE]", b"data: [DONE]\n"])
def test_a_quiet_end_is_no_fault(rest: bytes) -> None:
    """Comments and a terminator need no blank line."""
    _, fault = read(codec(), [sse(chunk(delta(content="a"))) + rest])
    assert fault is None


@pytest.mark.parametrize(
    "bad",
    [
        b"data: nonsense\n\n",
        b"data: 1\n\n",
        b"data: []\n\n",
        b"data: null\n\n",
        b'data: {"a":1}\ndata: {"b":1}\n\n',
        b'data: {"a":"\xff"}\n\n',
        b"data: <html>\n\n",
    ],
)
def test_a_bad_event_is_a_fault_after_the_good_ones(bad: bytes) -> None:
    """Frames before the fault come with it at every cut, and the codec stays broken."""
    data = sse(chunk(delta(content="a"))) + bad + sse(chunk(delta(content="b")))
    for parts in cuts(data):
        frames, fault = read(codec(), parts)
        assert fault is not None
        assert texts(frames) == {TEXT: "a"}
    stream = codec()
    with pytest.raises(WireError):
        stream.receive(data)
    with pytest.raises(WireError):
        stream.receive(sse(chunk(delta(content="b"))))
    with pytest.raises(WireError):
        stream.receive_end()


def test_the_limit_is_the_same_at_every_cut() -> None:
    """An event of the limit's length passes, one byte more is a fault, also when it fits a template."""
    small, fits = (sse(chunk(delta(content=text))) for text in ("a", "a" * 100))
    long = sse(chunk(delta(content="a" * 101)))
    for parts in cuts(small + fits + small):
        assert len(read(codec(len(fits)), parts)[0]) == 3
    for parts in cuts(small + long + small):
        frames, fault = read(codec(len(fits)), parts)
        assert len(frames) == 1
        assert fault == f"the upstream sent an event longer than {len(fits)} bytes"
    _, fault = read(codec(100), [b"data: " + b"x" * 200])
    assert fault is not None


def test_text_outside_the_payload_is_a_slot_and_can_go() -> None:
    """Comments, names, ids, retry times and unknown fields are judged; an edit removes the line."""
    lines = b": note\nevent: secret\nid: jane@example.com\nretry: 12345678\nfoo: bar\n"
    stream = codec()
    frame = stream.receive(sse(chunk(delta(content="a")), before=lines))[0]
    said = {slot.channel.name: slot.text for slot in frame.slots if not slot.path}
    assert said == {
        "sse.comment": "note",
        "sse.event": "secret",
        "sse.id": "jane@example.com",
        "sse.retry": "12345678",
        "sse.field": "foo: bar",
    }
    numbers = {slot.channel.name: n for n, slot in enumerate(frame.slots)}
    out = stream.encode(frame, {numbers["sse.event"]: None, numbers["sse.field"]: "x"})
    assert out == sse(chunk(delta(content="a")), before=b": note\nid: jane@example.com\nretry: 12345678\n")
    everything = dict.fromkeys((n for n, slot in enumerate(frame.slots) if not slot.path), None)
    assert codec().encode(frame, everything) == sse(chunk(delta(content="a")))


def test_a_comment_alone_can_vanish() -> None:
    """A keep-alive whose text is edited leaves nothing."""
    stream = codec()
    frame = stream.receive(b": call jane\n\n")[0]
    assert frame.role is FrameRole.KEEPALIVE
    assert stream.encode(frame, {0: "x"}) == b""
    assert codec().encode(frame, {}) == b": call jane\n\n"


def test_bytes_that_are_no_utf8_outside_the_payload_are_replaced() -> None:
    """A comment is judged with U+FFFD in it, and leaves so."""
    stream = codec()
    frame = stream.receive(b": a\xffb\n\n")[0]
    assert frame.must_encode
    assert frame.slots[0].text == "a\ufffdb"
    assert stream.encode(frame, {}) == ": a\ufffdb\n\n".encode()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"choices":[{"index":0,"delta":{"content":"bad","content":"good"}}]}', "good"),
        (b'{"choices":[{"index":0,"delta":{"content":"a\\ud800"}}]}', "a\ufffd"),
    ],
)
def test_what_can_be_read_in_two_ways_is_written_again(raw: bytes, told: str) -> None:
    """Repeated keys and lone surrogates never leave as they came."""
    stream = codec()
    frame = stream.receive(b"data: " + raw + b"\n\n")[0]
    assert frame.must_encode
    assert payloads(stream.encode(frame, {})) == [{"choices": [{"index": 0, "delta": {"content": told}}]}]


def test_ids_are_handed_out_once_and_other_constants_always() -> None:
    """An id in every event is a slot of the first event only; what people read is one of each."""
    note = {"note": "to jane"}
    frames = frames_of(
        codec(), sse(chunk(delta(content="a"), **note)) * 3 + sse(chunk(delta(content="b"), id="c-2", **note))
    )
    constants = [[slot.text for slot in f.slots if slot.mode is SlotMode.CONSTANT] for f in frames]
    always = ["note", "to jane"]
    assert constants == [["chatcmpl-1", "toy-1", *always], always, always, ["c-2", *always]]
    assert frames[1].payload is None


def test_an_id_edited_once_is_edited_everywhere() -> None:
    """Later frames have no slot for it, so the codec says that they have to be written, and writes them."""
    secret = {"system_fingerprint": "jane"}
    data = b"".join(sse(chunk(delta(content=word), **secret), before=b"id: jane\n") for word in ("a", "b", "c"))
    stream = codec()
    frames = frames_of(stream, data)
    assert frames[2].payload is None
    edits = {n: "X" for n, slot in enumerate(frames[0].slots) if slot.text in {"jane", "chatcmpl-1"}}
    assert not stream.edits_constants
    out = stream.encode(frames[0], edits)
    assert stream.edits_constants
    out += stream.encode(frames[1], {}) + stream.encode(frames[2], {0: "C"})
    assert b"jane" not in out
    assert [(p["system_fingerprint"], p["id"], p["choices"][0]["delta"]["content"]) for p in payloads(out)] == [
        ("X", "X", "a"),
        ("X", "X", "b"),
        ("X", "X", "C"),
    ]
    for frame in frames:
        if frame.payload is not None:
            stream.sent(frame, {})
    assert b"chatcmpl-1" not in stream.encode_blocked(frames[-1], {}, 0, "stopped", nothing_said)


def test_an_error_in_the_stream_is_a_failure() -> None:
    """Error objects are told apart, and their message is text."""
    for event in (
        sse({"error": {"message": "it broke", "type": "server_error", "code": None}}),
        sse({"error": "it broke"}),
        sse({"message": "it broke"}, before=b"event: error\n"),
    ):
        frame = codec().receive(event)[0]
        assert frame.role is FrameRole.FAILURE
        assert "it broke" in [slot.text for slot in frame.slots]


def test_several_data_lines_are_one_payload() -> None:
    """JSON over two data lines is read as one, kept as it came, and written as one line."""
    raw = b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"a"}}]}\n\n'
    stream = codec()
    frame = stream.receive(raw)[0]
    assert texts([frame]) == {TEXT: "a"}
    assert stream.encode(frame, {}) == raw
    assert stream.encode(frame, {0: "b"}) == b'data: {"choices":[{"index":0,"delta":{"content":"b"}}]}\n\n'


def test_a_byte_order_mark_stays_until_the_frame_is_edited() -> None:
    """The first event may begin with one; its raw bytes keep it, and the text is read."""
    raw = b"\xef\xbb\xbf" + sse(chunk(delta(content="a")))
    stream = codec()
    frame = stream.receive(raw)[0]
    assert frame.raw == raw
    number = next(n for n, slot in enumerate(frame.slots) if slot.channel == TEXT)
    assert stream.encode(frame, {number: "b"}) == sse(chunk(delta(content="b")))


@pytest.mark.parametrize("data", [b"\n\n", b"data:\n\n", b"data:  \n\n", b"\r\n\r\n", b":\n\n"])
def test_blank_events_pass(data: bytes) -> None:
    """Blank lines, empty comments and empty data hold no text."""
    frame = codec().receive(data)[0]
    assert (frame.role, frame.slots, frame.raw) == (FrameRole.KEEPALIVE, (), data)
