"""Frames remembered from stream to stream mean what the walk says they mean, and near misses are not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire import recurring
from proxy.wire.framing import SseFraming
from proxy.wire.jsontext import loads
from proxy.wire.openai_chat import STREAM
from proxy.wire.recurring import MAX_CREDIT, MOLD_COST, TRY_EVERY, RecurringFrames
from proxy.wire.series import SeriesState
from proxy.wire.types import Form, Frame, FrameRun, WireError
from proxy.wire.walk import Walker
from tests.support.alike import CASES

if TYPE_CHECKING:
    from proxy.wire.fields import Node
    from proxy.wire.framing import Framing
    from proxy.wire.series import Standing
    from tests.support.alike import Frames

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


def walked(
    block: bytes, table: Node = STREAM, framing: Framing | None = None, standing: Standing = ()
) -> Frame | None:
    """What parsing and walking say; None for what must not be remembered."""
    event = (framing or SseFraming()).parse(block, first=False)
    if event.data is None or event.data == b"[DONE]":
        return None
    try:
        parsed = loads(event.data)
    except WireError:
        return None
    walker = Walker(is_stream=True)
    walker.series = SeriesState(standing)
    found = walker.walk(table, parsed.value)
    if found.must_encode or walker.changes or parsed.is_ambiguous or parsed.value.get("error"):
        return None
    return Frame(block, found.slots, payload=found.payload, ends=found.ends)


def taught(
    *blocks: bytes, table: Node = STREAM, framing: Framing | None = None, standing: Standing = ()
) -> RecurringFrames:
    """Molds of these frames."""
    known = RecurringFrames(table)
    for block in blocks:
        meaning = walked(block, table, framing, standing)
        assert meaning is not None
        known.learn(meaning, meaning.slots, framing or SseFraming(), standing)
    return known


def taken(known: RecurringFrames, block: bytes, standing: Standing = ()) -> Frame | None:
    """What is known of a frame, as a frame."""
    found = known.read(block, standing)
    return None if found is None else Frame(block, found.slots, payload=found.payload, ends=found.ends)


@pytest.mark.parametrize("block", FRAMES)
def test_a_frame_is_known_again_with_other_ids_numbers_and_text(block: bytes) -> None:
    other = block.replace(b"chatcmpl-1", b"X.y/7").replace(b"1754000000", b"0").replace(b"Hello", b"[so] it's")
    other = other.replace(b"13", b"99999999999")
    found = taken(taught(block), other)
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
            assert taken(known, block.replace(old, new)) is None


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
    found = taken(known, block)
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
        chunk({"content": "a", "audio": {"data": "AAECAwQF"}}),
    ],
)
def test_what_people_wrote_is_not_remembered(block: bytes) -> None:
    known = RecurringFrames(STREAM)
    found = Walker(is_stream=True).walk(STREAM, loads(block[6:-2]).value)
    known.learn(Frame(block, found.slots, payload=found.payload), found.slots, SseFraming(), ())
    assert taken(known, block) is None
    assert not known._molds


def test_a_mold_does_not_know_what_its_frame_said() -> None:
    (mold,) = taught(FRAMES[1])._molds
    assert b"Hello" not in mold.layout
    assert {slot.text for slot, _ in mold.slots} == {""}
    assert mold.lesson is not None
    assert mold.lesson.slot.text == ""


def test_memory_and_lessons_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurring, "MAX_MOLDS", 2)
    monkeypatch.setattr(recurring, "MAX_CREDIT", 5 * MOLD_COST)
    known = RecurringFrames(STREAM)
    for number in range(9):
        block = FRAMES[1].replace(b'"index":0', b'"index":%d' % number)
        meaning = walked(block)
        assert meaning is not None
        known.learn(meaning, meaning.slots, SseFraming(), ())
        assert len(known._molds) <= 2
    assert known._credit == 0
    assert taken(known, FRAMES[1].replace(b'"index":0', b'"index":8')) is None
    assert taken(known, FRAMES[1].replace(b'"index":0', b'"index":4')) is not None


def test_after_many_vain_molds_one_frame_of_many_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where frames fit what was learned then, learning goes on as before."""
    monkeypatch.setattr(recurring, "TRY_EVERY", 5)
    known = RecurringFrames(STREAM)
    known._credit = 0
    meaning, other = walked(FRAMES[1]), walked(FRAMES[1].replace(b'"index":0', b'"index":7'))
    assert meaning is not None
    assert other is not None
    for _ in range(4):
        known.learn(meaning, meaning.slots, SseFraming(), ())
    assert not known._molds
    known.learn(meaning, meaning.slots, SseFraming(), ())
    for _ in range(MOLD_COST):
        assert len(known._molds) == 1
        assert taken(known, FRAMES[1]) is not None
        known.learn(other, other.slots, SseFraming(), ())
    assert len(known._molds) == 2


def test_shapes_that_are_too_many_to_remember_cost_no_more_than_they_save(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They come in turn, so that each is forgotten just before it recurs; later ones find what stayed."""
    monkeypatch.setattr(recurring, "MAX_MOLDS", 3)
    known = RecurringFrames(STREAM)
    shapes = [FRAMES[1].replace(b'"index":0', b'"index":%d' % number) for number in range(5)]
    meanings = [walked(block) for block in shapes]
    made, fits = 0, 0
    for _ in range(300):
        for block, meaning in zip(shapes, meanings, strict=True):
            assert meaning is not None
            if taken(known, block) is not None:
                fits += 1
                continue
            before = list(known._molds)
            known.learn(meaning, meaning.slots, SseFraming(), ())
            made += known._molds != before
    assert made * MOLD_COST <= MAX_CREDIT + fits + MOLD_COST * 1500 // TRY_EVERY
    assert fits > 500


def blocks_of(case: Frames, *numbers: int) -> list[bytes]:
    """Frames of a case, each as its layout cuts it; of an array without the first, which has another beginning."""
    written = [case.written(case.payload(f"word {number}", number)) for number in numbers]
    blocks = case.codec()._framing.receive(case.stream([written[0], *written]))
    return blocks[1:] if case.form is Form.ARRAY else blocks


MARKS = [b"sluicegateHole0", b"918273645000", b"word 7", b'"text":"x",', b'\n\ndata: {"a":1}\n\n', b"%b", b"%"]


@pytest.mark.parametrize("name", CASES)
def test_in_every_layout_what_is_taken_means_what_the_walk_says(name: str) -> None:
    """Bytes are put in the place of others anywhere in a frame of any dialect; most of the time some are taken."""
    case = CASES[name]
    codec = case.codec()
    table, framing = codec._table, codec._framing
    codec.receive(case.stream([case.written(case.payload("a", 6))]))
    standing = codec._walker.series.standing  # as behind a first frame of text
    frames = blocks_of(case, 6, 7, 8)
    known = taught(frames[0], table=table, framing=framing, standing=standing)
    assert [taken(known, one, standing) for one in frames] == [
        walked(one, table, framing, standing) for one in frames
    ]

    @given(
        st.sampled_from(frames),
        st.lists(
            st.tuples(st.integers(0, 900), st.integers(0, 9), st.one_of(st.sampled_from(MARKS), BYTES)), max_size=3
        ),
    )
    def check(block: bytes, changes: list[tuple[int, int, bytes]]) -> None:
        for at, size, new in changes:
            block = block[: at % len(block)] + new + block[at % len(block) + size :]
        found = taken(known, block, standing)
        if found is not None:
            assert found == walked(block, table, framing, standing)

    check()


def test_a_frame_is_known_only_where_the_same_texts_are_open() -> None:
    """Gemini's thoughts end where a part is none: that part says more than the same part where none is open."""
    case = CASES["gemini"]
    codec = case.codec()
    block = blocks_of(case, 7)[0]
    known = taught(block, table=codec._table, framing=codec._framing)
    thoughts = SeriesState((((0, "thoughts"), (0, True)),)).standing
    assert known.read(block, ()) is not None
    assert known.read(block, thoughts) is None


def test_what_changes_in_one_stream_is_known_in_the_next() -> None:
    """The second frame of the first stream shows it; of the second stream all but the first are one run."""
    case = CASES["gemini"]
    stream = case.stream([case.written(case.payload(f"word {number}", number)) for number in range(9)])
    known = RecurringFrames(case.codec()._table)
    runs = []
    for _ in range(2):
        codec = case.codec()
        codec._recurring = known
        runs.append([len(item.sizes) for item in codec.receive(stream) if isinstance(item, FrameRun)])
    assert runs == [[7], [8]]
