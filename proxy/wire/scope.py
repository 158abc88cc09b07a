"""Where a walk over a payload is: what the texts found there belong to, and how elements of lists are numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from proxy.wire.fields import Numbering, Within
from proxy.wire.types import NO_ENDS, PATH_NAME, Ended, SlotMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from proxy.wire.fields import Each, Ends, Obj, Series
    from proxy.wire.jsontext import Json
    from proxy.wire.series import SeriesState
    from proxy.wire.types import Path, Slot

MAX_NUMBER = 10**12
"""Above any count, time in seconds or in milliseconds of a listed number; more digits are text."""


class Scope(NamedTuple):
    """Where the walk is: what the texts found here belong to."""

    choice: int
    part: int
    mode: SlotMode
    """Of listed texts."""
    unknown: SlotMode
    """Of unknown strings."""
    base: str
    """Name of the place at depth `depth`, without positions that choice and part already say."""
    depth: int
    name: str = ""
    """Of listed texts that have no name of their own."""


class Walked(NamedTuple):
    """What a walk found."""

    slots: tuple[Slot, ...]
    payload: Json
    """The value without the members that were taken out: the same object when there are none."""
    must_encode: bool
    ends: tuple[Ended, ...] = NO_ENDS
    """Texts that the value says are complete."""


_MODES = {Within.SNAPSHOT: SlotMode.CONSTANT, Within.REPEAT: SlotMode.REPEAT}

TOP = Scope(0, 0, SlotMode.APPEND, SlotMode.CONSTANT, "", 0)


def is_small(value: Json) -> bool:
    """Whether a value is an integer that a listed number may be without another look."""
    return value.__class__ is int and -MAX_NUMBER < value < MAX_NUMBER


def number_of(item: Json, position: int, member: str | None = "index") -> int:
    """Return the number an element gives itself, or its position."""
    index = item.get(member) if item.__class__ is dict else None
    return index if index.__class__ is int and 0 <= index < MAX_NUMBER else position


def numbers_in(node: Obj, value: Json, choice: int, part: int, name: str) -> tuple[int, int, str]:
    """Return choice, part and name of the texts in an object: those around it, where its members say no other."""
    for member, numbering in node.numbers.items():
        number = value.get(member)
        if numbering is Numbering.NAME:
            name = PATH_NAME + number.removeprefix(PATH_NAME) if isinstance(number, str) else name
        elif number.__class__ is not int or not 0 <= number < MAX_NUMBER:
            continue
        elif numbering is Numbering.CHOICE:
            choice = number
        else:
            part = number
    return choice, part, name


def numbered(node: Obj, value: Json, scope: Scope) -> Scope:
    """Return the scope with the choice, part and name that members of `value` give."""
    choice, part, name = numbers_in(node, value, scope.choice, scope.part, scope.name)
    return scope._replace(choice=choice, part=part, name=name)


def marked(slots: Sequence[Slot], node: Obj, value: Json, path: Path, state: SeriesState) -> list[Slot]:
    """Return the slots of an object as what they are in it.

    Members that vouch for the texts in it are their dependents, the texts of members that are echoes are such, and
    texts that go on from object to object have the number of their series.
    """
    if node.series is not None and node.series.of_texts:
        slots = [_in_series(slot, node.series, state) for slot in slots]
    depth = len(path)
    echoes = [slot.path[depth] in node.echoes for slot in slots]
    slots = [
        slot._replace(channel=slot.channel._replace(is_echo=True)) if is_echo else slot
        for slot, is_echo in zip(slots, echoes, strict=True)
    ]
    places = [(*path, member) for member in node.vouchers if value.get(member) is not None]
    return [
        slot._replace(
            dependents=(*slot.dependents, *(place for place in places if slot.path[: depth + 1] != place))
        )
        for slot in slots
    ]


def _in_series(slot: Slot, series: Series, state: SeriesState) -> Slot:
    channel = slot.channel
    if slot.mode is not SlotMode.APPEND or (channel.kind, channel.name) != (series.kind, series.text_name):
        return slot
    return slot._replace(channel=channel._replace(part=state.part_of(series, channel.choice)))


def element_scope(node: Each, item: Json, position: int, path: Path, scope: Scope) -> Scope:
    """Return the scope of an element of the list at `path`."""
    if node.numbering is Numbering.NOTHING:
        return scope
    number = number_of(item, position, node.number_member)
    choice = number if node.numbering is Numbering.CHOICE else scope.choice
    part = number if node.numbering is Numbering.PART else scope.part
    return Scope(choice, part, scope.mode, scope.unknown, name_of(path, scope), len(path) + 1)


def entered(within: Within, path: Path, scope: Scope, *, is_stream: bool) -> Scope:
    """Return the scope inside an object."""
    mode = _MODES.get(within, scope.mode)
    grows = within is Within.DELTA and is_stream
    unknown = SlotMode.APPEND if grows else SlotMode.CONSTANT
    return Scope(scope.choice, scope.part, mode, unknown, "message", len(path))


def name_of(path: Path, scope: Scope) -> str:
    """Return the dotted path of a place; the same in a stream and in a whole body."""
    if len(path) == 1:
        return str(path[0])
    steps = [str(step) for step in path[scope.depth :]]
    return ".".join([scope.base, *steps] if scope.base else steps)


def ends_of(ends: Ends, node: Obj, value: Json, scope: Scope) -> tuple[Ended, ...]:
    """Return what is complete with an object: nothing when it does not say its choice, or no reason."""
    if not all(member in value for member, what in node.numbers.items() if what is Numbering.CHOICE):
        return NO_ENDS
    if ends.reason and not (isinstance(reason := value.get(ends.reason), str) and reason):
        return NO_ENDS
    part = None if ends.whole_choice else scope.part
    return (Ended(scope.choice, part, ends.kind, ends.name, ends.but, ends.if_others),)


def reordered(first: tuple[str, ...], value: Json) -> Iterator[tuple[str, Json]]:
    """Go through the members of an object, those named in `first` before the others."""
    for key in first:
        if key in value:
            yield key, value[key]
    for key, child in value.items():
        if key not in first:
            yield key, child


def member_of(path: Path) -> Path:
    """Return the path of the nearest member of an object at or above `path`."""
    while path and path[-1].__class__ is int:
        path = path[:-1]
    return path
