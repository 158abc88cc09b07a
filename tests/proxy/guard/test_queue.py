"""Frames on their way out."""

from detectors.types import ChannelKind
from policies.types import Direction
from proxy.guard.api import GuardStats
from proxy.guard.queue import FrameQueue, Place
from proxy.guard.rules import ChannelRules
from proxy.guard.timeline import Timeline
from proxy.wire.types import Channel, Frame, Slot
from tests.support.toy import policy

CHANNEL = Channel(ChannelKind.TEXT)
TIMELINE = Timeline(CHANNEL, ChannelRules(policy([], []), Direction.RESPONSE, ChannelKind.TEXT), GuardStats())


def frame(text: str) -> Frame:
    """A frame of one text."""
    return Frame(text.encode(), (Slot(CHANNEL, text, ()),))


def test_a_run_gives_back_the_frames_before_a_limit() -> None:
    """Whole frames only, in order, empty ones with those before them."""
    queue = FrameQueue()
    frames = [frame("ab"), frame(""), frame("cde"), frame("f")]
    queue.append(frames, (Place(TIMELINE, 10, 16),))
    head = queue.head
    assert head.is_run
    assert head.take_before(11) == ([], 10)
    assert head.take_before(14) == (frames[:2], 12)
    assert head.first() == (frames[2], (Place(TIMELINE, 12, 15),))
    head.skip_first()
    assert head.take_before(99) == (frames[3:], 16)
    assert head.is_empty


def test_bytes_are_counted_until_they_leave() -> None:
    """The limit on held bytes sees what waits."""
    queue = FrameQueue()
    queue.append([frame("abc")], (Place(TIMELINE, 0, 3),))
    queue.append([frame("de")], (Place(TIMELINE, 3, 5),))
    assert (len(queue), queue.bytes_waiting) == (2, 5)
    queue.head.skip_first()
    queue.left(3)
    assert (len(queue), queue.bytes_waiting) == (1, 2)
    queue.clear()
    assert not queue
    assert queue.bytes_waiting == 0
