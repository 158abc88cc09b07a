"""Frames cut at their holes, and the proof that these are where the values stand."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.wire.framing import SseFraming
from proxy.wire.holes import NUMBER_MARK, TEXT_MARK, Hole, Sort, cut_at
from proxy.wire.types import Frame

TEXT, COUNT, ID = ("said", 0, "text"), ("count",), ("id",)


def frame(written: bytes) -> Frame:
    """An event."""
    return Frame(b"data: " + written + b"\n\n", (), payload=orjson.loads(written))


def hole(one: Frame, path: tuple[Any, ...], sort: Sort) -> Hole:
    """A hole at a path of a frame."""
    value = one.payload
    for step in path:
        value = value[step]
    return Hole(path, value, sort)


def all_holes(one: Frame) -> list[Hole]:
    """Holes in another order than that of the bytes."""
    return [hole(one, TEXT, Sort.TEXT), hole(one, COUNT, Sort.NUMBER), hole(one, ID, Sort.ID)]


PLAIN = frame(b'{"id": "a", "said": [{"text": "100%"}], "count": 7}')


def test_a_frame_is_cut_in_the_order_of_its_bytes() -> None:
    cut = cut_at(PLAIN, all_holes(PLAIN), SseFraming())
    assert cut is not None
    assert [one.path for one in cut.holes] == [ID, TEXT, COUNT]
    assert cut.between == (b'data: {"id": "', b'", "said": [{"text": "', b'"}], "count": ')
    assert cut.rest == b"}\n\n"
    assert cut.layout % (b"a", b"100%", b"7") == PLAIN.raw
    assert (cut.place_of(TEXT), cut.chars) == (1, len(PLAIN.raw) - len("a100%7"))


def test_a_narrowed_cut_says_what_was_said_elsewhere() -> None:
    cut = cut_at(PLAIN, all_holes(PLAIN), SseFraming())
    assert cut is not None
    narrowed = cut.narrowed((b"b%", b"word", b"8"), {TEXT})
    assert narrowed.between == (b'data: {"id": "b%", "said": [{"text": "',)
    assert narrowed.layout % b"other" == b'data: {"id": "b%", "said": [{"text": "other"}], "count": 8}\n\n'


@pytest.mark.parametrize(
    "written",
    [
        b'{"id":"a","said":[{"text":"x"}],"count":-0}',
        b'{"id":"a","id":"a","said":[{"text":"x"}],"count":7}',
        b'{"note":"\\"id\\":\\"a\\"","id":"a","said":[{"text":"\\u0078"}],"count":7}',
        b'{"id" :"a","said":[{"text":"x"}],"count":7}',
        b'{"id":"a","said":[{"text":"%b"}],"count":7}' % f"{TEXT_MARK}1".encode(),
        b'{"id":"a","said":[{"text":"x"}],"count":%d}' % (NUMBER_MARK + 2),
    ],
)
def test_no_cut_without_proof(written: bytes) -> None:
    """Values written otherwise, twice, elsewhere, or that are their marks already."""
    one = frame(written)
    assert cut_at(one, all_holes(one), SseFraming()) is None


def test_lines_around_the_payload_stay() -> None:
    """A text that also stands in a line of its own is not taken from there."""
    one = frame(b'{"id":"a","said":[{"text":"x"}],"count":7}')
    named = one._replace(raw=b'event: "text":"x"\n' + one.raw)
    cut = cut_at(named, all_holes(one), SseFraming())
    assert cut is not None
    assert cut.between[0] == b'event: "text":"x"\ndata: {"id":"'
