"""One JSON array as a layout: any cut, any white space, what is no array of objects, limits, endings."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.array_framing import ArrayFraming
from proxy.wire.gemini import GEMINI
from proxy.wire.types import Codec, Form, FrameRole, WireError
from tests.support.gemini import RECORDINGS, array, chunk, says, text
from tests.support.wire import cut_at, cuts, frames_of, nothing_said, read

TRICKY = [
    chunk(text('} ] , "\\" {')),
    chunk(text("\\")),
    chunk(text("é\u2028\\u005d")),
    {"a": [{"b": {}}], "c": "[{"},
]
LAYOUTS = {
    "as Google writes it": array(TRICKY),
    "on one line": array(TRICKY, None, ",").replace(b"\n", b""),
    "white space everywhere": b" \r\n\t" + array(TRICKY, 4, " \t,\n\n") + b" \n\n",
    "byte order mark": b"\xef\xbb\xbf" + array(TRICKY),
    "escapes": b"[" + json.dumps(TRICKY[2]).encode() + b"]",
    "empty": b"[ \n]",
}


def codec(max_frame_bytes: int = 1 << 20) -> Codec:
    return GEMINI.stream_codec(max_frame_bytes, Form.ARRAY)


@pytest.mark.parametrize("data", LAYOUTS.values(), ids=list(LAYOUTS))
def test_the_same_frames_at_every_cut(data: bytes) -> None:
    """Joined again, the frames are the input; the values in them are the elements."""
    for parts in cuts(data):
        frames, fault = read(codec(), parts)
        assert fault is None
        assert b"".join(frame.raw for frame in frames) == data
        values = [frame.payload for frame in frames if frame.role is not FrameRole.KEEPALIVE]
        assert values == json.loads(data.removeprefix(b"\xef\xbb\xbf"))


def test_an_element_is_a_frame_as_soon_as_its_brace_is_there() -> None:
    stream = codec()
    data = array(RECORDINGS["text"])
    first = data.index(b"\n,\r\n")
    assert len(stream.receive(data[:first])) == 1
    assert stream.receive(data[first : first + 4]) == []


BROKEN = {
    "numbers": b"[1, 2]",
    "strings": b'["jane.roe@example.com"]',
    "a list": b"[[{}]]",
    "no comma": b"[{} {}]",
    "a comma too many": b"[{},]",
    "two commas": b"[{},,{}]",
    "text behind": b'[{}] "x"',
    "a second array": b"[{}][{}]",
    "an object": b"{}",
    "no array": b"x",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=list(BROKEN))
def test_what_is_no_array_of_objects_is_refused(data: bytes) -> None:
    """Elements before the fault are handed out, the same at every cut; nothing of the fault is shown."""
    expected = None
    for parts in cuts(data):
        frames, fault = read(codec(), parts)
        assert fault == "the upstream sent an array that is not one of JSON objects"
        values = [frame.payload for frame in frames]
        assert values == (values if expected is None else expected)
        expected = values


@pytest.mark.parametrize("data", [b"", b"[", b"[{}", b'[{"a": "}', b'[{"a": "\\', b"[{},", b"\xef\xbb", b" \n"])
def test_an_array_that_is_not_closed_is_cut(data: bytes) -> None:
    for parts in cuts(data) if data else ([],):
        frames, fault = read(codec(), parts)
        assert fault == "the upstream ended the stream before the end of its array"
        assert all(frame.payload == {} for frame in frames)


def test_elements_have_a_limit() -> None:
    """Complete or not, and white space counts."""
    element = json.dumps(chunk(text("x" * 500))).encode()
    for data in (b"[" + element, b"[" + element[:450], b"[" + b" " * 401):
        for parts in ([data], [data[i : i + 7] for i in range(0, len(data), 7)]):
            frames, fault = read(codec(400), parts)
            assert (frames, fault) == ([], "the upstream sent an event longer than 400 bytes")


def test_an_edited_element_keeps_what_stands_before_it() -> None:
    """The array stays valid, and the other elements are the bytes that came."""
    stream = codec()
    data = array([chunk(text("good")), chunk(text("bad")), chunk(text("good"))])
    out = b""
    for frame in frames_of(stream, data):
        edits: dict[int, str | None] = {n: "fine" for n, slot in enumerate(frame.slots) if slot.text == "bad"}
        out += stream.encode(frame, edits)
    assert json.loads(out) == [chunk(text("good")), chunk(text("fine")), chunk(text("good"))]
    assert out.startswith(data[: data.index(b",\r\n") + 3])


def test_duplicate_keys_are_written_once() -> None:
    stream = codec()
    (frame, end) = frames_of(stream, b'[{"a": "1", "a": "2"}\n]')
    assert frame.must_encode
    assert stream.encode(frame, {}) + end.raw == b'[{"a":"2"}\n]'


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_an_ending_closes_the_array(sent: int) -> None:
    """Whether anything left before or not."""
    stream = codec()
    frames = frames_of(stream, array(says(["One ", "two ", "three."])))[:sent]
    for frame in frames:
        stream.sent(frame, {})
    out = b"".join(frame.raw for frame in frames) + stream.end_failed("Broken.", "x")
    values = json.loads(out)
    assert len(values) == sent + 1
    assert values[-1]["error"]["message"] == "Broken."


def test_a_block_closes_the_array() -> None:
    stream = codec()
    frames = frames_of(stream, array(says(["One ", "two ", "three."])))
    stream.sent(frames[0], {})
    number = next(n for n, slot in enumerate(frames[1].slots) if slot.text == "two ")
    out = frames[0].raw + stream.encode_blocked(frames[1], {number: "tw"}, number, "Stopped.", nothing_said)
    first, *_, last = json.loads(out)
    assert first["candidates"][0]["content"]["parts"] == [text("One ")]
    assert last["candidates"][0]["finishReason"] == "SAFETY"


def test_framing_by_itself() -> None:
    """It has no terminator and no names."""
    framing = ArrayFraming()
    assert framing.receive(b"[{}\n") == [b"[{}"]
    assert (framing.open_bytes, framing.take_open(b"x"), framing.terminator) == (1, None, None)
    assert framing.write([], None, b"\n]") == b"\n]"
    with pytest.raises(WireError):
        framing.receive_end()


_PIECES = [b"[", b"]", b",", b"{", b"}", b"{}", b'"', b"\\", b" ", b"\r\n", b"\xef\xbb\xbf", b"x", b"{" * 20]
_PIECES.append(b'{"a":"}"}')


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map(b"".join), st.booleans(), st.integers(0))
def test_what_is_taken_back_has_the_same_elements(tail: bytes, is_long: bool, seed: int) -> None:
    """Taken or not, what comes out is the input in the same blocks, and the same fault."""
    stream = b"[{},\r\n" + (b'{"a":{"b":[{}]}},' if is_long else b"") + tail
    expected, taken = ArrayFraming(), ArrayFraming()
    blocks, found = expected.receive(stream), list[bytes]()
    for part in cut_at(stream, random.Random(seed)):
        whole, at = taken.take_open(part), 0
        assert whole is None or taken.open_bytes == 0
        while whole is not None and (end := taken.end_of(whole, at)) >= 0:
            found.append(whole[at:end])
            at = end
        found += taken.receive(part if whole is None else whole[at:])
    assert found == blocks
    assert _outcome(taken) == _outcome(expected)


def _outcome(framing: ArrayFraming) -> bytes | str:
    try:
        return framing.receive_end()
    except WireError as error:
        return error.public


def test_an_element_that_goes_on_for_long_is_read_once() -> None:
    """What is open is not taken back when there is much of it, however often a brace comes."""
    framing = ArrayFraming()
    framing.receive(b'[{},{"a":"' + b"}" * 20000)
    assert framing.take_open(b"}") is None
    assert framing.is_steady(b" ,{}")
    assert not framing.is_steady(b"[{}")
