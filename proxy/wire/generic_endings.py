"""How an answer of a described dialect ends before its time: by the templates of its description.

`{text}` in a template is what of the answer's text may still be said: in a stream what the last event said before
the blocked text, in a whole answer all that stood before it. `{said}` is all the text that the client then has, for
formats that repeat it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from detectors.types import ChannelKind
from proxy.wire.endings import Renames
from proxy.wire.json_templates import fill, marks_of
from proxy.wire.scope import MAX_NUMBER
from proxy.wire.selectors import Selector, parse_selector, select
from proxy.wire.types import Channel, SlotMode
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.fields import Node
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Said, Slot

MAX_CHOICES: Final = 128
"""Choices that are closed one by one; the guard allows no stream with more texts than a few thousand."""


@dataclass(frozen=True, slots=True)
class Templates:
    """What the description says of endings."""

    whole: Json
    """A whole answer that was blocked."""
    events: tuple[Json, ...]
    """The last events of a stream that was blocked. With `{choice}` in them, once for each choice."""
    failed: tuple[Json, ...]
    """The last events of a stream that broke."""
    error: Json
    """The error envelope."""
    choice: Selector | None = None
    """Where the number of a choice stands."""

    @property
    def says_all(self) -> bool:
        """Whether the end of a stream repeats its text."""
        return any("said" in marks_of(event) for event in self.events)

    def error_value(self, message: str, code: str, status: int) -> Json:
        """Return the error envelope."""
        return fill(self.error, {"message": message, "code": code, "status": status}.get)


@dataclass(slots=True)
class GenericStreamEnding:
    """Remembers of a stream what its templates may ask for. One instance for one stream."""

    templates: Templates
    table: Node
    names: tuple[str, ...]
    """Of the channels of growing text."""
    _last: Json = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _renames: Renames = field(default_factory=Renames)

    def sent(self, payload: Json) -> None:
        """Learn from the payload of an event that left."""
        self._last = payload
        if len(self._seen) < MAX_CHOICES:
            self._seen |= _choices(payload, self.templates.choice)

    def rename(self, slot: Slot, edited: str) -> None:
        """Learn that an id was edited: an ending must not bring the original back."""
        self._renames.learn(_written(slot), slot.text, edited)

    def blocked(self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said) -> list[Json]:
        """Return the last events: the blocked choice's with the message, then those that close the others."""
        del edited
        choice = blocked.channel.choice
        text = ""
        if isinstance(payload, dict):
            text = spoken(self.table, payload, choice, is_stream=True)
            self.sent(payload)
        events = self._filled(
            {"message": message, "text": text, "said": self._said(said, choice), "choice": choice}
        )
        if any("choice" in marks_of(event) for event in self.templates.events):
            for other in sorted(self._seen - {choice}):
                everything = self._said(said, other)
                events += self._filled({"message": "", "text": "", "said": everything, "choice": other})
        return events

    def failed(self, message: str, code: str) -> list[Json]:
        """Return the last events of a stream that broke."""
        return [
            fill(event, {"message": message, "code": code, "status": 502}.get) for event in self.templates.failed
        ]

    def _said(self, said: Said, choice: int) -> str:
        return "".join(said(Channel(ChannelKind.TEXT, choice, 0, name)) for name in self.names)

    def _filled(self, known: dict[str, Json]) -> list[Json]:
        def value_of(mark: str) -> Json:
            return self._member(mark) if mark.startswith("$") else known.get(mark)

        return [fill(event, value_of) for event in self.templates.events]

    def _member(self, mark: str) -> Json:
        if self._renames.is_full:
            return None
        path = ".".join(str(step) for step in parse_selector(mark))
        return self._renames.current(path, member(self._last, mark))


@dataclass(frozen=True, slots=True)
class GenericBodyEnding:
    """Ends a whole answer."""

    templates: Templates
    table: Node

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> Json:
        """Return the template of a blocked answer, filled from `payload`, which ends before the blocked text."""
        choice = slots[blocked].channel.choice
        text = spoken(self.table, payload, choice, is_stream=False)
        known = {"message": message, "text": text, "said": text, "choice": choice}

        def value_of(mark: str) -> Json:
            return member(payload, mark) if mark.startswith("$") else known.get(mark)

        return fill(self.templates.whole, value_of)

    def failed(self, message: str, code: str) -> Json:
        """Return the error envelope."""
        return self.templates.error_value(message, code, 502)


def spoken(table: Node, payload: Json, choice: int, *, is_stream: bool) -> str:
    """Return the text that `payload` says in a choice."""
    slots = Walker(is_stream=is_stream).walk(table, payload).slots
    return "".join(
        slot.text
        for slot in slots
        if slot.channel.kind is ChannelKind.TEXT and slot.channel.choice == choice and slot.mode is SlotMode.APPEND
    )


def member(payload: Json, mark: str) -> Json:
    """Return a member of the answer that a template asks for; None where it is not there or is a structure."""
    found = select(payload, parse_selector(mark))
    return found[0] if found and not isinstance(found[0], (dict, list)) else None


def _choices(payload: Json, choice: Selector | None) -> set[int]:
    """Return the numbers of the choices in an event."""
    if choice is None:
        return {0}
    found = select(payload, choice)
    return {number for number in found if number.__class__ is int and 0 <= number < MAX_NUMBER}


def _written(slot: Slot) -> str:
    return ".".join(str(step) for step in slot.path)
