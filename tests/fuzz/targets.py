"""What the fuzzers feed, and what has to hold: shared by the atheris scripts and the test that replays the corpus.

Each target takes bytes and raises AssertionError, or anything unexpected, when a promise is broken.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from proxy.wire.framing import SseFraming
from proxy.wire.jsontext import dumps, loads
from proxy.wire.openai_chat import CHAT, STREAM
from proxy.wire.openai_endings import CHAT_SHAPE, OpenAiStreamEnding
from proxy.wire.registry import DIALECTS
from proxy.wire.sse import SseSplitter, parse_event
from proxy.wire.stream import StreamCodec
from proxy.wire.types import FrameRole, WireError
from tests.support.wire import cut_at, nothing_said, read


def sse(data: bytes) -> None:
    """Framing: no byte lost, no difference by the cut, no event read or made up."""
    whole = split([data])
    assert b"".join(whole) == data
    assert split(cut_at(data, random.Random(len(data)))) == whole
    assert split([data[i : i + 1] for i in range(len(data))]) == whole
    for block in whole:
        parse_event(block)


def split(parts: list[bytes]) -> list[bytes]:
    splitter = SseSplitter()
    return [block for part in parts for block in splitter.receive(part)] + [splitter.receive_end()]


def jsontext(data: bytes) -> None:
    """JSON: what is accepted is what the standard library reads, and writes back the same."""
    try:
        parsed = loads(data)
    except WireError:
        return
    again = loads(dumps(parsed.value))
    assert again.value == parsed.value
    assert not again.is_ambiguous
    repeats = False

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeats
        repeats |= len(dict(pairs)) != len(pairs)
        return dict(pairs)

    json.loads(data, object_pairs_hook=collect)
    assert parsed.is_ambiguous or not repeats


def chat(data: bytes) -> None:
    """A whole stream: the same frames at every cut and without templates; edits and endings read back."""
    frames, fault = read(StreamCodec(STREAM, OpenAiStreamEnding(CHAT_SHAPE), SseFraming()), [data])
    slow, slow_fault = read(
        StreamCodec(STREAM, OpenAiStreamEnding(CHAT_SHAPE), SseFraming(), use_templates=False),
        cut_at(data, random.Random(len(data))),
    )
    assert [(f.raw, f.slots, f.role, f.must_encode) for f in frames] == [
        (f.raw, f.slots, f.role, f.must_encode) for f in slow
    ]
    assert fault == slow_fault
    assert data.startswith(b"".join(frame.raw for frame in frames))
    codec = CHAT.stream_codec()
    read(codec, [data])
    for frame in frames:
        edits = dict.fromkeys(range(len(frame.slots)), "X\n\ndata: {}\n\n")
        written = codec.encode(frame, edits)
        assert len(read(CHAT.stream_codec(), [written])[0]) <= 1
        if frame.slots:
            ending = codec.encode_blocked(frame, edits, 0, "stopped", nothing_said)
            ended, broken = read(CHAT.stream_codec(), [ending])
            assert broken is None
            assert ended[-1].role is FrameRole.TERMINATOR


def body(data: bytes) -> None:
    """Whole bodies and requests of every dialect: a frame or a fault, and edits that read back."""
    for dialect in DIALECTS.values():
        for codec in (dialect.body_codec(), dialect.request_codec()):
            frames, _ = read(codec, [data])
            for frame in frames:
                edits = dict.fromkeys(range(len(frame.slots)), "X\n")
                json.loads(codec.encode(frame, edits))
                if frame.slots:
                    json.loads(codec.encode_blocked(frame, edits, 0, "stopped", nothing_said) or b"{}")


TARGETS: dict[str, Callable[[bytes], None]] = {"sse": sse, "jsontext": jsontext, "chat": chat, "body": body}
