"""What a frame teaches about those that look like it."""

from __future__ import annotations

import pytest

from detectors.types import ChannelKind
from proxy.wire.lessons import PADDING_PATH, is_left_out, lesson_of, sound_pieces
from proxy.wire.types import Channel, Ended, Frame, Slot, SlotMode

TEXT = Slot(Channel(ChannelKind.TEXT), "a", ("t",))
OTHER = Slot(Channel(ChannelKind.OTHER), "x", ("o",))
ID = Slot(Channel(ChannelKind.ID), "i1", ("id",), SlotMode.CONSTANT)
PADDING = Slot(Channel(ChannelKind.ID), "Ab1", PADDING_PATH, SlotMode.CONSTANT)
TITLE = Slot(Channel(ChannelKind.ANNOTATION), "t", ("title",), SlotMode.CONSTANT)


def test_a_text_between_constants() -> None:
    """Ids are handed out once, so no frame has them again; padding is apart."""
    lesson = lesson_of(Frame(b"x", ()), (TITLE, ID, TEXT, TITLE, PADDING))
    assert lesson is not None
    assert lesson == (TEXT, PADDING, (TITLE,), (TITLE,))
    assert not lesson.is_alone
    alone = lesson_of(Frame(b"x", ()), (ID, TEXT))
    assert alone is not None
    assert alone.is_alone
    assert [is_left_out(slot) for slot in (ID, PADDING, TITLE, TEXT)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("frame", "slots"),
    [
        (Frame(b"x", ()), (ID,)),
        (Frame(b"x", ()), (TEXT, TEXT)),
        (Frame(b"x", ()), (OTHER,)),
        (Frame(b"x", ()), (TEXT._replace(mode=SlotMode.REPEAT),)),
        (Frame(b"x", ()), (TEXT._replace(dependents=(("l",),)),)),
        (Frame(b"x", ()), (TEXT._replace(is_json=True),)),
        (Frame(b"x", ()), (TEXT._replace(drop=True),)),
        (Frame(b"x", ()), (TEXT._replace(text=""),)),
        (Frame(b"x", ()), (TEXT, PADDING._replace(text="not letters"))),
        (Frame(b"x", ()), (TEXT, PADDING._replace(drop=True))),
        (Frame(b"x", ()), (PADDING, TEXT)),
        (Frame(b"x", (), must_encode=True), (TEXT,)),
        (Frame(b"x", (), ends=(Ended(0),)), (TEXT,)),
        (Frame(b"\xef\xbb\xbfx", ()), (TEXT,)),
    ],
)
def test_what_teaches_nothing(frame: Frame, slots: tuple[Slot, ...]) -> None:
    assert lesson_of(frame, slots) is None


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"ab", b"", b"c"], ("abc", [2, 0, 1])),
        ([b"a\\n", b"c"], ("a\nc", [2, 1])),
        ([b"a", b"\\x", b"c"], ("a", [1])),
        ([b"\xc3\xa9", b"\x7f"], ("\xe9\x7f", [1, 1])),
        ([b"\xc3", b"\xa9"], None),
        ([b"a", b'"', b"c"], ("a", [1])),
        ([b"\\ud800"], None),
        ([], None),
    ],
)
def test_pieces_are_read_up_to_the_first_that_is_no_content_of_a_string(
    pieces: list[bytes], expected: tuple[str, list[int]] | None
) -> None:
    assert sound_pieces(pieces) == expected
