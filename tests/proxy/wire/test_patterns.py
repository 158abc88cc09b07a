"""Frames that differ in a text and in values that machines make, read without parsing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from proxy.wire.framing import SseFraming
from proxy.wire.holes import NUMBER_MARK
from proxy.wire.lessons import lesson_of
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.patterns import MAX_HOLES, Patterns
from proxy.wire.types import FrameRun, each_frame
from tests.support.alike import CASES
from tests.support.responses import says, sse, stream_events
from tests.support.wire import nothing_said

if TYPE_CHECKING:
    from proxy.wire.types import Path

NUMBER: Path = ("sequence_number",)


def event(number: Any, delta: str, order: int = 0, padding: str | None = None) -> bytes:
    """A piece of text, with its members in one of several orders."""
    members = {
        "type": "response.output_text.delta",
        "sequence_number": number,
        "item_id": "msg_1",
        "output_index": 0,
    }
    members |= {"content_index": 0, "delta": delta, "logprobs": []}
    if order:
        members = dict(sorted(members.items(), reverse=order > 1))
    return sse(members if padding is None else {**members, "obfuscation": padding})


def taught(raw: bytes, *changing: Path) -> Patterns:
    """Patterns that know one event."""
    (frame,) = each_frame(CASES["responses"].codec(is_fast=False).receive(raw))
    lesson = lesson_of(frame, frame.slots)
    assert lesson is not None
    patterns = Patterns()
    patterns.learn(frame, lesson, changing, SseFraming())
    return patterns


def test_an_event_is_read_where_the_holes_are_filled_as_they_may_be() -> None:
    """A percent sign between the holes is nothing special."""
    patterns = taught(event(7, "100%b of it", padding="Ab1"), NUMBER)
    frame = patterns.read(event(10**12 - 1, 'so "far"\u2028', padding="x"))
    assert frame is not None
    assert [slot.text for slot in frame.slots] == ['so "far"\u2028', "x"]
    assert patterns.latest(NUMBER) == 10**12 - 1
    assert patterns.latest(("other",)) == -1
    patterns.clear()
    assert patterns.read(event(8, "a", padding="x")) is None
    assert patterns.latest(NUMBER) == 10**12 - 1


@pytest.mark.parametrize(
    "raw",
    [
        event(10**12, "a"),
        event(-1, "a"),
        event(1.5, "a"),
        event("1", "a"),
        event(True, "a"),
        event(8, ""),
        event(8, "a", padding="x"),
        event(8, "a").replace(b":8,", b":08,"),
        event(8, "a").replace(b"delta", b"Delta"),
        event(8, "a").replace(b'"a"', b'"\\ud800"'),
        event(8, "a").replace(b'"a"', b'"\xff"'),
        event(8, "a").replace(b'"a"', b'"\\x"'),
        event(8, "a")[:-1],
        event(8, "a") + b"\n",
    ],
)
def test_an_event_that_only_looks_like_it_is_parsed(raw: bytes) -> None:
    patterns = taught(event(7, "plain"), NUMBER)
    assert patterns.read(event(8, "a")) is not None
    assert patterns.read(raw) is None


def test_no_pattern_without_proof() -> None:
    """A text not as it says, too many holes, a value that is its mark, a block that could end differently."""
    assert taught(event(7, 'a"b'), NUMBER).read(event(7, 'a"b')) is None
    assert taught(event(7, "a"), *[(str(n),) for n in range(MAX_HOLES + 1)]).read(event(7, "a")) is None
    assert taught(event(NUMBER_MARK, "a"), NUMBER).read(event(NUMBER_MARK, "a")) is None
    mixed = event(7, "a").replace(b"\n", b"\r\n", 1)
    assert taught(mixed, NUMBER).read(mixed) is None


def test_a_run_ends_where_the_next_event_is_another() -> None:
    """With as many events as fit, whatever comes behind them."""
    patterns = taught(event(1, "a", padding="Ab1"), NUMBER)
    like = [event(n, f" word{n}", padding=f"p{n}") for n in range(5)]
    for odd in (event(5, "a", order=1), event(5, "a", padding="b c"), event(5, "a", padding="x")[:-9], b": x\n\n"):
        run = patterns.read_run(b"".join([b"skipped", *like, odd, *like]), len(b"skipped"))
        assert run is not None
        assert (run.raw, len(run.sizes), run.paddings.split()) == (
            b"".join(like),
            5,
            ["p0", "p1", "p2", "p3", "p4"],
        )
        assert patterns.latest(NUMBER) == 4
        assert patterns.read_run(odd + like[0], 0) is None or odd.startswith(like[0][:20])


def test_a_run_has_a_limit() -> None:
    """Of frames, not of bytes: one may be long."""
    patterns = taught(event(1, "a"), NUMBER)
    events = [event(2, "word " * 9000), *[event(n, "b") for n in range(3, 100)]]
    run = patterns.read_run(b"".join(events), 0)
    assert run is not None
    assert (run.raw, len(run.sizes)) == (b"".join(events[:65]), 65)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("padding", [None, "pad"])
def test_numbered_events_in_a_row_are_one_run(order: int, padding: str | None) -> None:
    """From the third on: the second shows that the number changes. No other stream is known."""
    codec: Any = RESPONSES.stream_codec()
    codec._recurring = None
    _, _, *items = codec.receive(b"".join(event(n, f"piece {n} ", order, padding) for n in range(40)))
    assert [type(item) for item in items] == [FrameRun]
    assert len(list(each_frame(items))) == 38


def test_endings_go_on_with_the_numbers() -> None:
    """After events that nobody parsed, too."""
    events = stream_events([says(*["word "] * 30)])[:30]
    codec = RESPONSES.stream_codec()
    for frame in each_frame(codec.receive(b"".join(map(sse, events)))):
        if frame.payload is not None:
            codec.sent(frame, {})
    assert b'"sequence_number":30' in codec.end_failed("broken", "x")
    (comment,) = codec.receive(b": x\n\n")
    frame = next(each_frame([comment]))
    assert b'"sequence_number":32' in codec.encode_blocked(frame, {0: None}, 0, "Stopped.", nothing_said)
    assert json.loads(sse(events[-1]).split(b"data: ")[1])["sequence_number"] == 29
