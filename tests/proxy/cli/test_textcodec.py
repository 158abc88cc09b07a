from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind
from proxy.cli.textcodec import TextCodec
from proxy.wire.types import Channel, WireError
from tests.support.wire import nothing_said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.types import Frame


texts = st.text()


def frame_of(codec: TextCodec, text: str, cuts: Sequence[int] = ()) -> Frame:
    data = text.encode("utf-8", "surrogatepass")
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        assert codec.receive(data[start:end]) == []
    (frame,) = codec.receive_end()
    return frame


@given(texts, st.lists(st.integers(0, 50), max_size=4))
def test_a_text_is_one_frame_with_one_slot_however_it_is_cut(text: str, cuts: list[int]) -> None:
    codec = TextCodec(ChannelKind.REASONING)
    frame = frame_of(codec, text, cuts)
    (slot,) = frame.slots
    assert (slot.channel, slot.text) == (Channel(ChannelKind.REASONING), text)
    assert codec.encode(frame, {}) == frame.raw == text.encode("utf-8", "surrogatepass")


@given(texts, texts)
def test_an_edit_is_written_in_place_of_the_text(text: str, edited: str) -> None:
    codec = TextCodec(ChannelKind.TEXT)
    frame = frame_of(codec, text)
    assert codec.encode(frame, {0: edited}) == edited.encode("utf-8", "surrogatepass")


def test_a_block_is_what_may_leave_and_then_the_message() -> None:
    codec = TextCodec(ChannelKind.TEXT)
    frame = frame_of(codec, "good bad")
    assert codec.encode_blocked(frame, {0: "good "}, 0, "Stopped.", nothing_said) == b"good Stopped."
    assert codec.encode_blocked(frame, {0: None}, 0, "Stopped.", nothing_said) == b"Stopped."
    assert codec.end_failed("Broken.", "code") == b"Broken."


def test_what_is_no_text_is_the_senders_fault() -> None:
    codec = TextCodec(ChannelKind.TEXT)
    codec.receive(b"\xff")
    with pytest.raises(WireError, match="not UTF-8"):
        codec.receive_end()
