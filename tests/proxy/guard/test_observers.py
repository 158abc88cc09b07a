"""Detectors that only tell."""

from detectors.types import ChannelKind
from policies.types import Action, Direction
from proxy.guard.api import GuardStats
from proxy.guard.buffer import TextBuffer
from proxy.guard.observers import OBSERVED_STEP_CHARS, Observers
from proxy.guard.readings import Readings
from proxy.guard.rules import ChannelRules
from tests.support.toy import WordDetector, policy, rule

UNDER = policy(
    [WordDetector("w", ("bad",)), WordDetector("ok", ("bad luck",))],
    [rule("ok", Action.ALLOW), rule("w", Action.FLAG)],
)


def observers(text: str) -> Observers:
    """Observers of a text."""
    rules = ChannelRules(UNDER, Direction.RESPONSE, ChannelKind.TEXT)
    return Observers(rules, Readings(TextBuffer(text)), GuardStats())


def told(text: str, emitted: int, *, closed: bool = False) -> list[tuple[str, int]]:
    """What is said of the first characters of a text."""
    watching = observers(text)
    acted = []
    for cursor, window in list(watching.windows(emitted, whole=emitted == len(text), closed=closed)):
        acted += watching.receive(cursor, cursor.detector.scan(window), [])
    return [(a.action.value, a.finding.start) for a in acted]


def test_they_see_only_what_has_left() -> None:
    """Text that is held is not looked at, and a word that could go on is not reported yet."""
    assert told("a bad day, a bad", 8) == [("flag", 2)]
    assert told("a bad day, a bad", 3) == []
    assert told("a bad day, a bad", 16, closed=True) == [("flag", 2), ("flag", 13)]


def test_exceptions_count_for_flags_too() -> None:
    """A finding inside an allowed one is not flagged."""
    assert told("what bad luck", 13, closed=True) == [("allow", 5)]


def test_they_look_in_steps() -> None:
    """Not at every frame."""
    watching = observers("x" * 1000)
    assert not watching.wants(OBSERVED_STEP_CHARS - 1)
    assert watching.wants(OBSERVED_STEP_CHARS)
    list(watching.windows(OBSERVED_STEP_CHARS, whole=False, closed=False))
    assert not watching.wants(OBSERVED_STEP_CHARS + 1)
