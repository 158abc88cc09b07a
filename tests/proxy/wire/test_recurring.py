"""Frames remembered from stream to stream mean what the walk says they mean, and near misses are not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire import recurring
from proxy.wire.jsontext import loads
from proxy.wire.openai_chat import STREAM
from proxy.wire.recurring import RecurringFrames
from proxy.wire.types import WireError
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from proxy.wire.types import Slot

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1754000000, "model": "m-1"}


def chunk(delta: dict[str, object], finish: str | None = None, **more: object) -> bytes:
    """A frame as servers write it."""
    payload = {**HEAD, **more, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
    return b"data: " + orjson.dumps(payload) + b"\n\n"


USAGE = {
    "prompt_tokens": 4,
    "completion_tokens": 9,
    "total_tokens": 13,
    "prompt_tokens_details": {"cached_tokens": 0},
}
FRAMES = [
    chunk({"role": "assistant", "content": "", "refusal": None}),
    chunk({"content": "Hello"}),
    chunk({}, "stop"),
    chunk({}, "stop", usage=USAGE),
    chunk({"content": "Hello"}).replace(b'":', b'": ').replace(b',"', b', "'),
]


def walked(block: bytes) -> tuple[tuple[Slot, ...], object] | None:
    """What parsing and walking say; None for what must not be remembered."""
    try:
        parsed = loads(block.removeprefix(b"data: ").removesuffix(b"\n\n"))
    except WireError:
        return None
    walker = Walker(is_stream=True)
    found = walker.walk(STREAM, parsed.value)
    if found.must_encode or found.ends or walker.changes or parsed.is_ambiguous or parsed.value.get("error"):
        return None
    return found.slots, found.payload


def taught(*blocks: bytes) -> RecurringFrames:
    """Molds of these frames."""
    known = RecurringFrames(STREAM)
    for block in blocks:
        meaning = walked(block)
        assert meaning is not None
        known.learn(block, meaning[1], meaning[0])
    return known


@pytest.mark.parametrize("block", FRAMES)
def test_a_frame_is_known_again_with_other_ids_numbers_and_text(block: bytes) -> None:
    other = block.replace(b"chatcmpl-1", b"X.y/7").replace(b"1754000000", b"0").replace(b"Hello", b"[so] it's")
    other = other.replace(b"13", b"99999999999")
    found = taught(block).read(other)
    assert found is not None
    assert found == walked(other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"chatcmpl-1", b"two words"),
        (b"chatcmpl-1", b""),
        (b"chatcmpl-1", b"a" * 129),
        (b"chatcmpl-1", b'a","id":"b'),
        (b'"chatcmpl-1"', b"7"),
        (b"1754000000", b"01"),
        (b"1754000000", b"-1"),
        (b"1754000000", b"1.5"),
        (b"1754000000", b"4111111111111111"),
        (b"1754000000", b'"1754000000"'),
        (b"Hello", b""),
        (b"Hello", b'a","content":"b'),
        (b"Hello", b"a\\nb"),
        (b"Hello", b"a\\"),
        (b"Hello", b"a\nb"),
        (b"Hello", b"a\x01b"),
        (b"Hello", "\u00e9".encode()),
        (b"Hello", b"\xff"),
        (b'"m-1"', b'"m-1","note":"x"'),
        (b'"m-1"', b'"m-1","model":"m-2"'),
        (b'"index":0', b'"index":1'),
        (b"\n\n", b"\n"),
        (b"data: ", b"data:"),
        (b"data: ", b"event: message\ndata: "),
    ],
)
def test_near_misses_are_not_taken(old: bytes, new: bytes) -> None:
    known = taught(*FRAMES)
    for block in FRAMES:
        if old in block:
            assert known.read(block.replace(old, new)) is None


BYTES = st.sampled_from(
    [*map(bytes, zip(b'"\\{}[]:,019aZ \n-.')), b"\xc3\xa9", b'","id":"', b"\\u0041", b"null", b"true"]
)


@given(
    st.sampled_from(FRAMES),
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 12), st.lists(BYTES, max_size=4).map(b"".join)), max_size=3
    ),
)
def test_whatever_is_taken_means_what_the_walk_says(block: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    """Bytes are put in the place of others anywhere in a frame."""
    known = taught(*FRAMES)
    for at, size, new in changes:
        block = block[: at % len(block)] + new + block[at % len(block) + size :]
    found = known.read(block)
    if found is not None:
        assert found == walked(block)


@pytest.mark.parametrize(
    "block",
    [
        chunk({"content": "a"}, note="what a person wrote"),
        chunk({"content": "a", "reasoning": "b"}),
        chunk({"content": "a", "new": "b"}),
        chunk({"content": "a"}, citations=["https://example.org"]),
        chunk({"content": "a" * 3000}),
        chunk({"content": "aB/3:x"}, id="two words"),
    ],
)
def test_what_people_wrote_is_not_remembered(block: bytes) -> None:
    known = RecurringFrames(STREAM)
    payload = loads(block[6:-2]).value
    found = Walker(is_stream=True).walk(STREAM, payload)
    known.learn(block, payload, found.slots)
    assert known.read(block) is None
    assert b"person" not in repr([mold.tail for mold in known._molds]).encode()


def test_memory_and_lessons_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurring, "MAX_MOLDS", 2)
    monkeypatch.setattr(recurring, "MAX_VAIN_MOLDS", 3)
    known = RecurringFrames(STREAM)
    for number in range(9):
        block = FRAMES[1].replace(b'"index":0', b'"index":%d' % number)
        meaning = walked(block)
        assert meaning is not None
        known.learn(block, meaning[1], meaning[0])
        assert len(known._molds) <= 2
    assert known._vain == 3
    assert known.read(FRAMES[1].replace(b'"index":0', b'"index":8')) is None
    assert known.read(FRAMES[1].replace(b'"index":0', b'"index":4')) is not None
