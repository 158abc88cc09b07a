"""Frames on their way out."""

from detectors.types import ChannelKind
from policies.types import Direction
from proxy.guard.api import GuardStats
from proxy.guard.queue import FrameQueue, Place, WaitingFrame, WaitingRun
from proxy.guard.rules import ChannelRules
from proxy.guard.timeline import Timeline
from proxy.wire.types import PADDING_SEPARATOR, Channel, Frame, FrameRun, Slot
from tests.support.toy import policy

CHANNEL = Channel(ChannelKind.TEXT)
TIMELINE = Timeline(CHANNEL, ChannelRules(policy([], []), Direction.RESPONSE, ChannelKind.TEXT), GuardStats())
RUN = FrameRun(b"<ab><><cde><f>", Slot(CHANNEL, "", ()), "abcdef", [2, 0, 3, 1], [4, 2, 5, 3])


def test_a_run_gives_back_the_frames_before_a_limit() -> None:
    """Whole frames only, in order, empty ones with those before them."""
    waiting = WaitingRun(RUN, (Place(TIMELINE, 10, 16),))
    assert waiting.take_before(11) == (b"", 10)
    assert waiting.take_before(14) == (b"<ab><>", 12)
    frame, places = waiting.first()
    assert (frame.raw, frame.slots[0].text, places) == (b"<cde>", "cde", (Place(TIMELINE, 12, 15),))
    waiting.skip_first()
    assert waiting.take_before(99) == (b"<f>", 16)
    assert waiting.is_empty


def test_a_whole_run_leaves_as_the_bytes_it_came_in() -> None:
    """Nothing is cut when nothing has to be."""
    waiting = WaitingRun(RUN, (Place(TIMELINE, 0, 6),))
    assert waiting.take_before(6)[0] is RUN.raw
    assert [frame.raw for frame in RUN.frames()] == [b"<ab>", b"<>", b"<cde>", b"<f>"]


def test_the_padding_of_a_run_has_a_place_in_every_frame() -> None:
    """Also in one without a piece of text."""
    padding, quiet = Slot(Channel(ChannelKind.ID), "", ("obfuscation",)), Place(TIMELINE, 0, 0)
    run = RUN._replace(padding=padding, paddings=PADDING_SEPARATOR.join("pqrs"))
    waiting = WaitingRun(run, (Place(TIMELINE, 0, 6), quiet))
    frame, places = waiting.first()
    assert ([slot.text for slot in frame.slots], places) == (["ab", "p"], (Place(TIMELINE, 0, 2), quiet))
    waiting.skip_first()
    frame, places = waiting.first()
    assert ([slot.text for slot in frame.slots], places) == (["q"], (quiet,))


def test_bytes_are_counted_until_they_leave() -> None:
    """The limit on held bytes sees what waits."""
    queue = FrameQueue()
    frame = Frame(b"abc", (Slot(CHANNEL, "abc", ()),))
    queue.append(frame, (Place(TIMELINE, 0, 3),))
    assert queue.is_single
    queue.append_run(RUN, (Place(TIMELINE, 3, 9),))
    assert (queue.is_single, queue.bytes_waiting) == (False, 17)
    assert queue.head == WaitingFrame(frame, (Place(TIMELINE, 0, 3),))
    queue.left(3)
    assert queue.bytes_waiting == 14
    assert isinstance(queue.head, WaitingRun)
    queue.clear()
    assert not queue
    assert queue.bytes_waiting == 0
