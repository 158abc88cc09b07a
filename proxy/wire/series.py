"""Numbers texts that follow one another in a choice where the format does not: runs of thoughts, tool calls.

It remembers, for one message, which part of each series is the present one and whether it is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, Self, TypeAlias, TypeVar

from proxy.wire.types import Ended

if TYPE_CHECKING:
    from proxy.wire.fields import Series
    from proxy.wire.jsontext import Json

MAX_SERIES = 1024
"""More than 128 choices with every series there is. Beyond it the texts of a series are judged as one."""

Standing: TypeAlias = "tuple[tuple[tuple[int, str], tuple[int, bool]], ...]"
"""How all series of a message stand, to be compared."""


class Numbered(Protocol):
    """What texts belong to: a choice, and a part of it that can be another."""

    @property
    def choice(self) -> int:
        """Number of the choice."""

    def _replace(self, *, part: int) -> Self:
        """Return the same with another part."""


_Scope = TypeVar("_Scope", bound=Numbered)


class Step(NamedTuple, Generic[_Scope]):
    """What an object does to its series."""

    scope: _Scope
    """Of the texts in the object."""
    ends: tuple[Ended, ...]
    changed: bool
    """Whether another object with the same bytes would mean another part."""


class SeriesState:
    """All series of one message."""

    __slots__ = ("_parts",)

    def __init__(self, standing: Standing = ()) -> None:
        self._parts: dict[tuple[int, str], tuple[int, bool]] = dict(standing)

    @property
    def standing(self) -> Standing:
        """How they stand. Of a state that begins so the next steps are the same."""
        return tuple(self._parts.items()) if self._parts else ()

    def step(self, series: Series, value: Json, scope: _Scope) -> Step[_Scope]:
        """Take the next object that is of the series, or that closes it."""
        key = (scope.choice, series.name)
        part, is_open = self._parts.get(key, (-1, False))
        if series.closes:
            return Step(scope, self._close(series, key) if is_open else (), is_open)
        if part < 0 and len(self._parts) >= MAX_SERIES:
            return Step(scope, (), changed=False)
        begins = not is_open
        part += begins
        self._parts[key] = (part, True)
        goes_on = series.stays_open or any(value.get(member) is True for member in series.goes_on)
        ends = () if goes_on else self._close(series, key)
        inside = scope if series.of_texts else scope._replace(part=part)
        return Step(inside, ends, begins or not goes_on)

    def part_of(self, series: Series, choice: int) -> int:
        """Return the part to which the last object of a series belongs."""
        return max(self._parts.get((choice, series.name), (0, False))[0], 0)

    def _close(self, series: Series, key: tuple[int, str]) -> tuple[Ended, ...]:
        part, _ = self._parts[key]
        self._parts[key] = (part, False)
        return (Ended(key[0], part, series.kind, series.text_name),)
