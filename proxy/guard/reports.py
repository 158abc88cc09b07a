"""What a guard has to tell of its message, and of which text each of it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.schema import Bypass, Failure, Incident
from policies.types import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.guard.timeline import Timeline


GuardEvent = Incident | Bypass | Failure


class Reports:
    """Events in the order in which they happened, taken from time to time."""

    __slots__ = ("_events", "_origins", "decision", "origins", "touched")

    def __init__(self) -> None:
        self.decision = Action.ALLOW
        """The most severe action told so far."""
        self.origins: Sequence[Timeline] = ()
        """The texts that the events last taken speak of, one for each."""
        self.touched: dict[Timeline, None] = {}
        """All texts that events spoke of."""
        self._events: list[GuardEvent] = []
        self._origins: list[Timeline] = []

    def tell(self, timeline: Timeline, incidents: Sequence[Incident]) -> None:
        """Tell of incidents in a text that has left."""
        if not incidents:
            return
        self._events += incidents  # of thousands, one step for all
        self._origins += [timeline] * len(incidents)
        self.touched[timeline] = None
        actions = {Action(name) for name in {incident.action for incident in incidents}}
        self.decision = max(self.decision, *actions, key=lambda action: action.severity)

    def add(self, timeline: Timeline, event: GuardEvent) -> None:
        """Tell of something else about a text."""
        self._events.append(event)
        self._origins.append(timeline)
        self.touched[timeline] = None

    def take(self) -> list[GuardEvent]:
        """Return what happened since the last call."""
        events, self._events = self._events, []
        self.origins, self._origins = self._origins, []
        return events
