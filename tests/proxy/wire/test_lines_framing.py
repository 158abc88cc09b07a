"""Lines of JSON as a layout: any cut, any line ending, a last line without one, limits."""

from __future__ import annotations

import json

import pytest

from proxy.wire.lines_framing import LinesFraming
from proxy.wire.ollama import OLLAMA
from proxy.wire.types import FrameRole, WireError
from tests.support import ollama
from tests.support.ollama import RECORDINGS, says, written
from tests.support.wire import cuts, frames_of, nothing_said, read

LINES = written(RECORDINGS["chat, tools"])
LAYOUTS = {
    "LF": LINES,
    "CR LF": LINES.replace(b"\n", b"\r\n"),
    "no ending": LINES.rstrip(b"\n"),
    "no ending but a CR": LINES.rstrip(b"\n") + b"\r",
    "blank lines": b"\n" + LINES.replace(b"\n", b"\n \r\n"),
    "byte order mark": b"\xef\xbb\xbf" + LINES,
}


@pytest.mark.parametrize("data", LAYOUTS.values(), ids=list(LAYOUTS))
def test_the_same_frames_at_every_cut(data: bytes) -> None:
    """Joined again, the frames are the input; the values in them do not depend on endings or cuts."""
    for parts in cuts(data):
        frames, fault = read(OLLAMA.stream_codec(), parts)
        assert fault is None
        assert b"".join(frame.raw for frame in frames) == data
        values = [frame.payload for frame in frames if frame.role is not FrameRole.KEEPALIVE]
        assert values == RECORDINGS["chat, tools"]


def test_blank_lines_hold_no_frame() -> None:
    """They pass as they came."""
    frames = frames_of(OLLAMA.stream_codec(), b"\r\n" + written([says("x")]) + b" \t\n")
    assert [frame.role for frame in frames] == [FrameRole.KEEPALIVE, FrameRole.DATA, FrameRole.KEEPALIVE]


def test_an_edited_line_keeps_its_ending() -> None:
    """Open stays open, so that what follows finds the line as it expects it."""
    for ending in (b"\n", b"\r\n", b""):
        codec = OLLAMA.stream_codec()
        frame = frames_of(codec, json.dumps(says("bad")).encode() + ending)[0]
        at = next(number for number, slot in enumerate(frame.slots) if slot.text == "bad")
        out = codec.encode(frame, {at: "good"})
        assert json.loads(out)["message"]["content"] == "good"
        assert out.endswith(b"}" + ending)
        codec.sent(frame, {at: "good"})
        assert codec.end_failed("broken", "x") == (b"" if ending else b"\n") + b'{"error":"broken"}\n'


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1} {"b": 2}\n',
        b'{"a": 1}\r{"b": 2}\n',
        b"[1]\n",
        b'"text"\n',
        b"data: {}\n",
        b'{"a": "\xff"}\n',
        b"\xef\xbb\xbf\xef\xbb\xbf{}\n",
    ],
)
def test_a_line_is_one_object(data: bytes) -> None:
    """What another reader could take for more than that is a fault; the lines before it came whole."""
    for parts in cuts(written([says("x")]) + data):
        frames, fault = read(OLLAMA.stream_codec(), parts)
        assert fault is not None
        assert [frame.payload for frame in frames] == [says("x")]


def test_a_stream_cut_inside_a_line() -> None:
    """A last line that is no JSON is a fault, and no frame."""
    frames, fault = read(OLLAMA.stream_codec(), [LINES[:-9]])
    assert fault == "the upstream ended the stream inside an event"
    assert len(frames) == 2


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_line_has_a_longest_length(ending: bytes) -> None:
    """Also one that never ends, whatever the cut."""
    long = written([says("x" * 300)]).rstrip() + ending
    for parts in cuts(written([says("ok")]) + long):
        codec = OLLAMA.stream_codec(200)
        frames, fault = read(codec, parts)
        assert fault == "the upstream sent an event longer than 200 bytes"
        assert [frame.payload for frame in frames] == [says("ok")]


def test_the_parts_of_the_protocol() -> None:
    """What the codec asks a layout for."""
    framing = LinesFraming(10)
    assert framing.receive(b'{"a"') == []
    assert framing.open_bytes == 4
    assert framing.take_open(b":1}") is None
    assert framing.take_open(b":1}\n") == b'{"a":1}\n'
    assert (framing.end_of(b'{"a":1}\n{', 0), framing.end_of(b'{"a":1}\n{', 8)) == (8, -1)
    assert (framing.is_steady(b"{}\n"), framing.is_steady(b"{}")) == (True, False)
    assert framing.write([], None, b"\n") == b"\n"
    assert framing.receive(b'{"a":1}\n\n{"b":2}\n{') == [b'{"a":1}\n', b"\n", b'{"b":2}\n']
    framing.receive(b"x" * 10)
    with pytest.raises(WireError):
        framing.check_open()
    assert framing.receive_end() == b"{" + b"x" * 10
    assert framing.receive_end() == b""


def test_a_block_in_a_last_line_without_ending() -> None:
    """The ending begins on a line of its own, and there is no blank one that a client would stumble over."""
    codec = OLLAMA.stream_codec()
    data = written([says("good")]) + written([says("bad")]).rstrip()
    good, bad = frames_of(codec, data)
    codec.sent(good, {})
    at = next(number for number, slot in enumerate(bad.slots) if slot.text == "bad")
    out = good.raw + codec.encode_blocked(bad, {at: ""}, at, "stopped", nothing_said)
    assert b"\n\n" not in out
    assert ollama.shown(out) == {"content": "goodstopped"}
