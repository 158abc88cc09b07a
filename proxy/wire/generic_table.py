"""Makes the table of a described dialect out of its selectors: the same vocabulary as that of every other dialect.

A list in the path of a text numbers it: the elements of the outermost are choices, those of the next are parts. So
texts beside one another are never taken for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    OPAQUE_TOKENS,
    TIME,
    TOKENS,
    Each,
    Either,
    FieldClass,
    Leaf,
    Node,
    Numbering,
    Obj,
    Within,
    constant,
    enum,
    text,
)
from proxy.wire.selectors import EVERY, Selector, Step, Wild, write_selector

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LISTS: Final = 2
"""Lists above a growing text: choices and parts."""

GROWING: Final = {
    "text": ChannelKind.TEXT,
    "reasoning": ChannelKind.REASONING,
    "refusal": ChannelKind.REFUSAL,
    "tool_name": ChannelKind.TOOL_NAME,
    "tool_arguments": ChannelKind.TOOL_ARGUMENTS,
    "annotation": ChannelKind.ANNOTATION,
}
"""Words for texts that grow from frame to frame."""

OTHER_KINDS: Final[dict[str, Leaf]] = {
    "full_text": constant(ChannelKind.TEXT),
    "constant": constant(),
    "data": Leaf(FieldClass.WHOLE_DATA, ChannelKind.TOOL_ARGUMENTS),
    "structure": BAG,
    "id": ID,
    "number": NUMBER,
    "time": TIME,
    "opaque": OPAQUE,
    "drop": TOKENS,
    "tokens": OPAQUE_TOKENS,
}
"""Words for other places. `tokens` is for requests: in an answer token ids are text that nobody can read here."""


class Field(NamedTuple):
    """What stands at a place."""

    selector: Selector
    kind: str
    """A word of `GROWING` or `OTHER_KINDS`, or `words` or `repeat`."""
    words: tuple[str, ...] = ()
    """Of `words`: those that pass."""
    repeats: Selector = ()
    """Of `repeat`: the place of the growing text that is here once more, whole."""
    repeats_kind: str = "text"
    """The kind of that text."""


@dataclass(slots=True)
class _Place:
    """A place in the tree of selectors, and what is below it."""

    leaf: Leaf | None = None
    below: dict[Step, _Place] = field(default_factory=dict)
    numbers: dict[str, Numbering] = field(default_factory=dict)

    def at(self, selector: Selector) -> _Place:
        place = self
        for step in selector:
            place = place.below.setdefault(step, _Place())
        return place


def table_of(fields: Iterable[Field], choice: Selector | None, *, is_stream: bool) -> Node:
    """Return the table. `choice` is the place of the number of a choice, where elements have one of their own.

    What no field selects is unknown, and so text: growing text in a stream.
    """
    root = _Place()
    for one in fields:
        root.at(one.selector).leaf = _leaf(one, is_stream=is_stream)
    if choice is not None:
        owner, member = choice[:-1], choice[-1]
        root.at(choice).leaf = NUMBER
        root.at(owner).numbers[str(member)] = Numbering.CHOICE
    return _node(root, 0, Within.DELTA if is_stream else Within.MESSAGE)


def _leaf(one: Field, *, is_stream: bool) -> Leaf:
    if one.kind in GROWING:
        return text(GROWING[one.kind], write_selector(one.selector))
    if one.kind == "words":
        return enum(*one.words)
    if one.kind == "repeat":
        name, kind = write_selector(one.repeats), GROWING[one.repeats_kind]
        return Leaf(FieldClass.REPEAT, kind, name) if is_stream else text(kind, name)
    return OTHER_KINDS[one.kind]


def _node(place: _Place, lists: int, within: Within = Within.SAME) -> Node:
    """Return the table at a place below so many lists."""
    members = {step: _node(below, lists) for step, below in place.below.items() if isinstance(step, str)}
    is_object = bool(members) or within is not Within.SAME
    listed = Obj(members, within, place.numbers) if is_object else None
    items = _items(place, lists)
    if items is None and (listed is None or place.leaf is None):
        return place.leaf or listed or Obj()
    return Either(text=place.leaf or Obj(), items=items, members=listed)


def _items(place: _Place, lists: int) -> Each | None:
    """Return the table of a list at a place, None when no selector goes into one."""
    inner = {step: _node(below, lists + 1) for step, below in place.below.items() if not isinstance(step, str)}
    if not inner:
        return None
    numbering = (Numbering.CHOICE, Numbering.PART, Numbering.NOTHING)[min(lists, MAX_LISTS)]
    positions = {step: node for step, node in inner.items() if isinstance(step, int) and not isinstance(step, Wild)}
    return Each(inner.get(EVERY, Obj()), numbering, number_member=None, at=positions)


def text_names(fields: Iterable[Field]) -> tuple[str, ...]:
    """Return the names of the channels of growing texts."""
    return tuple(write_selector(one.selector) for one in fields if one.kind == "text")


def lists_above(selector: Selector) -> int:
    """Return how many lists are in a path."""
    return sum(not isinstance(step, str) for step in selector)
