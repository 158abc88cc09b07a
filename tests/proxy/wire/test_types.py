"""The vocabulary of the wire."""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.types import (
    PADDING_SEPARATOR,
    Channel,
    Ended,
    Frame,
    FrameRole,
    FrameRun,
    Slot,
    SlotMode,
    WireError,
    each_frame,
)


def test_defaults() -> None:
    """The common case is short to write."""
    slot = Slot(Channel(ChannelKind.TEXT), "a", ("x",))
    assert (slot.mode, slot.drop, slot.dependents) == (SlotMode.APPEND, False, ())
    frame = Frame(b"", (slot,))
    assert (frame.role, frame.payload, frame.must_encode) == (FrameRole.DATA, None, False)


def test_faults_carry_the_frames_before_them() -> None:
    """What came whole is not lost with what did not."""
    frame = Frame(b"a", ())
    assert list(WireError("broken", (frame,)).frames) == [frame]
    assert WireError("broken").public == "broken"


def test_what_an_end_covers() -> None:
    """What it leaves open it covers all of."""
    summary = Channel(ChannelKind.REASONING, 1, 2, "summary")
    assert Ended(1).covers(summary)
    assert Ended(1, 2, ChannelKind.REASONING, "summary").covers(summary)
    assert not Ended(1, 2, ChannelKind.REASONING, "").covers(summary)
    assert not Ended(1, 3).covers(summary)


def test_tool_arguments_are_json_unless_they_are_written_apart() -> None:
    """One value under its JSON path is a text like any other."""
    arguments = Channel(ChannelKind.TOOL_ARGUMENTS)
    assert arguments.is_json
    assert not arguments._replace(name="$.to").is_json
    assert not Channel(ChannelKind.TEXT).is_json


def test_ends_can_be_of_one_name() -> None:
    ended = Ended(0, 1, ChannelKind.OTHER, "output")
    assert ended.covers(Channel(ChannelKind.OTHER, 0, 1, "output"))
    assert not ended.covers(Channel(ChannelKind.OTHER, 0, 1, "x"))
    assert Ended(0).covers(Channel(ChannelKind.OTHER, 0, 1, "x"))


def test_a_run_stands_for_its_frames() -> None:
    """Each has its piece, if it has one, and its padding."""
    slot, padding = Slot(Channel(ChannelKind.TEXT), "", ("t",)), Slot(Channel(ChannelKind.ID), "", ("p",))
    run = FrameRun(b"<ab><>", slot, "ab", [2, 0], [4, 2], padding, f"x{PADDING_SEPARATOR}y")
    frames = list(each_frame([run]))
    assert [frame.raw for frame in frames] == [b"<ab>", b"<>"]
    assert [[one.text for one in frame.slots] for frame in frames] == [["ab", "x"], ["y"]]
    assert [frame.slots for frame in run._replace(padding=None).frames()][1] == ()
