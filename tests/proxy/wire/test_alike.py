"""What is read without parsing is what the parser gives, in every dialect and layout, whatever the cut."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.wire.recurring import RecurringFrames
from proxy.wire.types import FrameRun
from tests.support.alike import CASES
from tests.support.scale import examples
from tests.support.wire import cut_at, read

if TYPE_CHECKING:
    from proxy.wire.types import Frame
    from tests.support.alike import Frames

ODD = [
    "a", " word", "é", "🌊", "\u2028", '"', "\\", "\n", "\r", "{", "}", "[", ",", "%b", "%", "\x7f", "\ud800", "",
    '","delta":"', '"sequence_number":7', "data: x", "1", "2025-07-07T20:22:19Z",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(ODD), max_size=3).map("".join)
CHANGES = st.one_of(
    st.integers(0, 40),
    st.sampled_from([10**12 - 1, 10**12, -1, 1.5, 2**63 - 1, 2**64, True, None, "7", "x y", [], {"a": 1}]),
)
SNIPPETS = st.sampled_from(
    [
        *(b"\r", b"\n", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\x00", b"\xff", b" ", b": x\n\n"),
        *(b'"', b"\\", b"}", b"{", b",", b"0", b"-", b".5", b"e9", b"%b", b"\\u0022", b"\\ud83c"),
        *(b'"x":1,', b'"index":1,', b'"done":true,'),
    ]
)


def comparable(frames: list[Frame]) -> list[Any]:
    """Frames without the payload, which is parsed later where it was left out."""
    return [frame._replace(payload=None) for frame in frames]


def assert_same(case: Frames, stream: bytes, seed: int, known: RecurringFrames | None = None) -> list[Frame]:
    """Read a stream both ways and compare, the faults too. `known`: from other streams."""
    codec = case.codec()
    codec._recurring = known or codec._recurring
    fast, fast_fault = read(codec, cut_at(stream, random.Random(seed)))
    slow, slow_fault = read(case.codec(is_fast=False), [stream])
    assert comparable(fast) == comparable(slow)
    assert fast_fault == slow_fault
    for ours, theirs in zip(fast, slow, strict=True):
        assert ours.payload is None or ours.payload == theirs.payload
    return fast


@st.composite
def _written(draw: st.DrawFn, case: Frames) -> str:
    """One frame that is like the others, or nearly."""
    payload = case.payload(draw(TEXTS), draw(CHANGES))
    match draw(st.integers(0, 9)):
        case 0:
            payload = dict(reversed(payload.items()))
        case 1:
            payload |= {draw(st.sampled_from(["more", "index", "obfuscation", "created_at", "error"])): "x1"}
        case 2:
            payload.pop(draw(st.sampled_from(list(payload))))
    written = case.written(payload, is_ascii="\\ud800" in json.dumps(payload) or draw(st.booleans()))
    if draw(st.integers(0, 9)) == 0:  # A key that stands twice.
        first = written.index('"')
        written = written[:first] + '"model":"a",' + written[first:]
    return written


@pytest.mark.parametrize("name", CASES)
def test_frames_that_look_alike_or_nearly(name: str) -> None:
    """Texts with anything in them, values out of their class, other members and orders, keys that stand twice."""
    case = CASES[name]

    @given(st.lists(_written(case), min_size=1, max_size=8), st.integers(0, 40), st.integers(0, 2**32))
    def check(odd: list[str], start: int, seed: int) -> None:
        like = [case.written(case.payload(f" word{n}", start + n), is_ascii=True) for n in range(6)]
        chance = random.Random(seed)
        written = like[:4] + [
            one for pair in zip(odd, chance.choices(like, k=len(odd)), strict=True) for one in pair
        ]
        assert_same(case, case.stream([*written, *like[4:]]), seed)

    check()


IDS = [b'"c-1"', b'"msg_1"', b'"mAI"', b'"toy-1"', b'"llama3.2"', b'"gemini-2.5-flash"']


@pytest.mark.parametrize("name", CASES)
def test_frames_like_those_of_another_stream(name: str) -> None:
    """A stream begins with frames like those of an earlier one, or nearly, with ids and numbers of its own."""
    case = CASES[name]

    @given(
        st.lists(_written(case), min_size=1, max_size=4),
        st.sampled_from([b'"a/9"', b'"two words"', b'"\\u0061"', b"7", b'"a","id":"b"', b'""']),
        st.integers(0, 40),
        st.integers(0, 2**32),
    )
    @settings(max_examples=examples(60))
    def check(odd: list[str], other_id: bytes, start: int, seed: int) -> None:
        known = RecurringFrames(case.codec()._table)
        taught = [case.written(case.payload(f" word{n}", start + n), is_ascii=True) for n in range(4)]
        assert_same(case, case.stream(taught), seed, known)
        chance = random.Random(seed)
        stream = case.stream([*chance.sample([*odd, taught[0]], len(odd) + 1), *taught])
        for one in chance.sample(IDS, 3):
            stream = stream.replace(one, other_id)
        assert_same(case, stream, seed, known)

    check()


@pytest.mark.parametrize("name", CASES)
def test_bytes_put_anywhere(name: str) -> None:
    """Bytes put into a stream at any place, also those that end a string, a line, an event or an element."""
    case = CASES[name]

    @given(st.lists(st.tuples(st.integers(0, 10**6), SNIPPETS), min_size=1, max_size=3), st.integers(0, 2**32))
    def check(snippets: list[tuple[int, bytes]], seed: int) -> None:
        stream = case.stream([case.written(case.payload(f" word{n}", n)) for n in range(9)])
        for place, snippet in snippets:
            at = place % (len(stream) + 1)
            stream = stream[:at] + snippet + stream[at:]
        assert_same(case, stream, seed)

    check()


@pytest.mark.parametrize("name", CASES)
def test_like_frames_are_not_parsed(name: str) -> None:
    """The point of it: of sixty frames a few are parsed, together and one by one."""
    case = CASES[name]
    written = [case.written(case.payload(f" word{n}", 11 + n % 3)) for n in range(60)]
    stream = case.stream(written)
    for parts in ([stream], [stream[at : at + 100] for at in range(0, len(stream), 100)]):
        frames, fault = read(case.codec(), parts)
        assert fault is None
        data = [frame for frame in frames if frame.slots]
        assert (len(data), sum(frame.payload is not None for frame in data) <= 6) == (60, True)
    assert any(isinstance(item, FrameRun) for item in case.codec().receive(stream))


def test_frames_that_never_look_alike_stop_the_lessons() -> None:
    """A stream with an id of its own in each frame is parsed, without a proof per frame."""
    case = CASES["chat"]
    codec = case.codec()
    for n in range(50):
        codec.receive(case.stream([case.written({**case.payload("a", 1), "id": f"c-{n}"})]))
    assert codec._alike._lessons == 8


def test_values_are_remembered_up_to_a_limit() -> None:
    """Of a frame with very many numbers none is."""
    case = CASES["gemini"]
    details = [{"modality": "TEXT", "tokenCount": n} for n in range(200)]
    payloads = [case.payload(f" word{n}", n) for n in range(5)]
    for payload in payloads:
        payload["usageMetadata"]["promptTokensDetails"] = details
    codec = case.codec()
    codec.receive(case.stream([case.written(payload) for payload in payloads]))
    assert len(codec._alike._changing) <= 64
