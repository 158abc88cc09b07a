"""What a guard tells, and of which text."""

from detectors.types import ChannelKind
from events.schema import Incident
from policies.types import Action, Direction
from proxy.guard.api import GuardStats
from proxy.guard.reports import Reports
from proxy.guard.texts import Texts
from proxy.wire.types import Channel
from tests.support.toy import policy


def incident(action: str) -> Incident:
    return Incident("r", "d", "C", 1.0, action, "response", "text[0]", 0, 1)


def test_events_are_taken_once_with_their_texts_and_the_worst_is_remembered() -> None:
    texts = Texts(policy([], []), Direction.RESPONSE, GuardStats(), keep=False)
    one = texts.append(Channel(ChannelKind.TEXT), "a", None).timeline
    two = texts.append(Channel(ChannelKind.REASONING), "b", None).timeline
    reports = Reports()
    reports.tell(two, [incident("flag"), incident("redact"), incident("flag")])
    reports.tell(one, [incident("flag")])
    reports.tell(one, [])
    assert [event.action for event in reports.take()] == ["flag", "redact", "flag", "flag"]  # type: ignore[union-attr]
    assert list(reports.origins) == [two, two, two, one]
    assert (reports.take(), list(reports.origins)) == ([], [])
    assert list(reports.touched) == [two, one]
    assert reports.decision is Action.REDACT
