"""What a whole body says, without where it stands: enough to ask whether anything is found in it.

`proxy.wire.walk` says where each text is, so that it can be edited. Nearly every body is left as it is, and there a
walk costs more than all other steps of guarding it. A skim is a walk that makes no paths and no slots. It knows the
usual places only: at anything that would be taken out, read in two ways or bound to another text it gives up, and
the walk is done. What it returns is what the walk would find, text for text; a test holds both against each other.
"""

# ruff: noqa: SLF001 - the dispatch tables at the end name private methods of the class in this file

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from detectors.types import ChannelKind
from proxy.wire.bags import bag_text, bytes_text, decimal_text, is_token_ids, readable_text
from proxy.wire.fields import (
    NUMBER,
    Dictionary,
    Each,
    Either,
    FieldClass,
    Leaf,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Tagged,
    Within,
)
from proxy.wire.jsontext import Json, dumps
from proxy.wire.scope import MAX_NUMBER, number_of, numbers_in, reordered
from proxy.wire.series import SeriesState
from proxy.wire.shapes import ID_SHAPED, TIME_SHAPED
from proxy.wire.types import Channel

if TYPE_CHECKING:
    from collections.abc import Callable


_ID, _OTHER = ChannelKind.ID, ChannelKind.OTHER
_NUMBERS = frozenset({int, float})
_SCALARS: frozenset[type] = frozenset({bool, type(None)})
_new = tuple.__new__


class Skimmed(NamedTuple):
    """The texts of a body."""

    pieces: dict[Channel, list[str]]
    """Of growing texts: what stands in the body of each, in order."""
    complete: dict[ChannelKind, list[str]]
    """Values complete in themselves, by kind, in order."""


class _Place(NamedTuple):
    """What the texts found here belong to: a `Scope` without what only paths need."""

    choice: int
    part: int
    name: str
    grows: bool
    """Whether listed texts are pieces of growing ones."""


class _UnusualError(Exception):
    """The walk has to look at this body."""


_TOP = _Place(0, 0, "", grows=True)


def skim(table: Node, payload: Json, *, is_request: bool = False) -> Skimmed | None:
    """Return the texts that a walk would find in a body that may leave as it came; None: do the walk."""
    skimmer = _Skimmer(is_request=is_request)
    try:
        skimmer.visit(table, payload, _TOP)
    except _UnusualError:
        return None
    return Skimmed(skimmer.pieces, skimmer.complete)


class _Skimmer:
    __slots__ = ("_is_request", "_series", "complete", "pieces")

    def __init__(self, *, is_request: bool) -> None:
        self._is_request = is_request
        self._series: SeriesState | None = None
        self.pieces: dict[Channel, list[str]] = {}
        self.complete: dict[ChannelKind, list[str]] = {}

    def visit(self, node: Node, value: Json, place: _Place) -> None:
        """Skim `value`, which stands where the table has `node`."""
        if value.__class__ not in _SCALARS:
            _VISITS[node.__class__](self, node, value, place)

    def _obj(self, node: Obj, value: Json, place: _Place) -> None:
        if value.__class__ is not dict:
            self._unknown(value)
            return
        plan = _plans.get(id(node)) or _planned(node)
        if plan.enters:
            place = self._entered(node, value, place)
        steps = plan.steps
        for key, child in value.items() if not node.first else reordered(node.first, value):
            step = steps.get(key)
            if step is None:
                self._unknown_member(key, child)
                continue
            passes, on_text, leaf, on_other, listed = step
            cls = child.__class__
            if cls is str:
                if on_text is not None:
                    on_text(self, leaf, child, place)
                elif child not in passes:
                    self._say(_OTHER, child)
            elif not (cls in passes and (cls is not int or -MAX_NUMBER < child < MAX_NUMBER)):
                on_other(self, listed, child, place)

    def _entered(self, node: Obj, value: Json, place: _Place) -> _Place:
        """Return what the texts inside an object belong to."""
        if node.within is not Within.SAME or node.numbers:
            place = _numbered(node, value, place)
        if node.series is not None:
            if self._series is None:
                self._series = SeriesState()
            place = self._series.step(node.series, value, place).scope
            if node.series.of_texts and not node.series.closes:
                place = place._replace(part=self._series.part_of(node.series, place.choice))
        return place

    def _leaf(self, node: Leaf, value: Json, place: _Place) -> None:
        if value.__class__ is not str:
            self.take_structure(node, value, place)
        elif value not in node.values:
            _STRINGS.get(node.cls, _give_up)(self, node, value, place)

    def _tagged(self, node: Tagged, value: Json, place: _Place) -> None:
        if value.__class__ is not dict:
            self._unknown(value)
            return
        tag = value.get(node.tag)
        chosen = node.variants.get(tag, node.other) if isinstance(tag, (str, bool)) else node.other
        _VISITS[chosen.__class__](self, chosen, value, place)

    def _dictionary(self, node: Dictionary, value: Json, place: _Place) -> None:
        if value.__class__ is not dict:
            self._unknown(value)
            return
        for key, child in value.items():
            self._say(_OTHER, key)
            self.visit(node.value, child, place)

    def _each(self, node: Each, value: Json, place: _Place) -> None:
        if value.__class__ is not list:
            self._unknown(value)
            return
        item = node.item
        if item is NUMBER:
            if bytes_text(value):
                raise _UnusualError
        elif not _NUMBERS.isdisjoint(map(type, value)):
            if not (node.has_tokens and is_token_ids(value)):
                self._unknown(value)
            return
        visit = _VISITS[item.__class__]
        for position, child in enumerate(value):
            inside = place if node.numbering is Numbering.NOTHING else _inside(node, child, position, place)
            if node.at:
                self.visit(node.at.get(position, item), child, inside)
            elif child.__class__ not in _SCALARS:
                visit(self, item, child, inside)

    def _either(self, node: Either, value: Json, place: _Place) -> None:
        chosen = node.text
        if value.__class__ is list:
            chosen = node.items or node.text
        elif value.__class__ is dict:
            chosen = node.members or node.text
        _VISITS[chosen.__class__](self, chosen, value, place)

    def _logprobs(self, _node: Logprobs, _value: Json, _place: _Place) -> None:
        raise _UnusualError  # they repeat a text

    # --- Leaves

    def _text(self, node: Leaf, value: str, place: _Place) -> None:
        choice, part, name, grows = place
        if not value:
            return
        if grows:
            self._grow(_new(Channel, (node.kind, choice, part, node.name or name, node.is_signed, False)), value)
        else:
            self._say(node.kind, value)

    def _grow(self, channel: Channel, value: str) -> None:
        known = self.pieces.get(channel)
        if known is None:
            self.pieces[channel] = [value]
        else:
            known.append(value)

    def take_structure(self, node: Leaf, value: Json, place: _Place) -> None:
        """Take a number, a list or an object where a leaf stands."""
        cls = node.cls
        if cls is FieldClass.NUMBER and isinstance(value, (int, float)) and -MAX_NUMBER < value < MAX_NUMBER:
            return
        if cls is FieldClass.BAG:
            self._say(_OTHER, bag_text(value))
        elif cls in {FieldClass.DATA, FieldClass.WHOLE_DATA}:
            self._data(node, value, place)
        elif cls is FieldClass.TOKENS or cls is FieldClass.CREDENTIAL:
            self._taken_out(node, value, place)
        elif cls is not FieldClass.OPAQUE_TOKENS or not is_token_ids(value):
            self._unknown(value)

    def _data(self, node: Leaf, value: Json, place: _Place) -> None:
        if not value:
            return
        if place.grows and node.cls is FieldClass.DATA:
            self._grow(Channel(node.kind, place.choice, place.part, node.name), dumps(value).decode())
        else:
            self._say(node.kind, dumps(value).decode())

    def _id(self, _node: Leaf, value: str, _place: _Place) -> None:
        self._say(_ID if ID_SHAPED(value) else _OTHER, value)

    def _constant(self, node: Leaf, value: str, _place: _Place) -> None:
        self._say(node.kind, value)

    def _strange(self, _node: Leaf, value: str, _place: _Place) -> None:
        """Take a word that is not one of the listed, or a string where none belongs: it is text."""
        self._say(_OTHER, value)

    def _parameter(self, _node: Leaf, value: str, _place: _Place) -> None:
        if not ID_SHAPED(value):
            self._say(_OTHER, value)

    def _time(self, _node: Leaf, value: str, _place: _Place) -> None:
        if not TIME_SHAPED(value):
            self._say(_OTHER, value)

    def _opaque(self, node: Leaf, value: str, _place: _Place) -> None:
        if node.is_signed:
            raise _UnusualError  # it shares the fate of the text that it signs
        self._say(_OTHER, readable_text(value))

    def _taken_out(self, node: Leaf, value: Json, _place: _Place) -> None:
        is_kept = self._is_request if node.cls is FieldClass.CREDENTIAL else value in ("", [], {})
        if not is_kept:
            raise _UnusualError

    # --- Unlisted places

    def _say(self, kind: ChannelKind, value: str) -> None:
        if value:
            known = self.complete.get(kind)
            if known is None:
                self.complete[kind] = [value]
            else:
                known.append(value)

    def _unknown_member(self, key: str, value: Json) -> None:
        self._say(_OTHER, key)
        self._unknown(value)

    def _unknown(self, value: Json) -> None:
        """Take text wherever it may be in `value`."""
        cls = value.__class__
        if cls is str:
            self._say(_OTHER, value)
        elif cls is dict:
            for key, child in value.items():
                self._unknown_member(key, child)
        elif cls is list:
            if not _NUMBERS.isdisjoint(map(type, value)):
                if not self._is_request:
                    raise _UnusualError  # it is taken out
                self._say(_OTHER, bag_text(value))
                return
            for item in value:
                self._unknown(item)
        elif cls in _NUMBERS:
            digits, is_exact = decimal_text(value)
            if not is_exact:
                raise _UnusualError  # the wire may have said more
            self._say(_OTHER, digits)


class _Step(NamedTuple):
    """What is done with a listed member."""

    passes: frozenset[object]
    """Types of values that say nothing (integers only while they are small), and words that need no look."""
    on_text: Callable[..., None] | None
    """For a string; None: it passes or is text of an unknown place."""
    leaf: Node
    """As what a string is read."""
    on_other: Callable[..., None]
    listed: Node
    """As what anything else is read."""


class _Plan(NamedTuple):
    """What is done with an object."""

    node: Obj
    """Kept here so that it lives, and no other object gets its id."""
    enters: bool
    """Whether the texts inside belong to something else than those around it."""
    steps: dict[str, _Step]


_plans: dict[int, _Plan] = {}
"""Of all tables that were skimmed so far, by the identity of the object."""


def _planned(node: Obj) -> _Plan:
    enters = node.within is not Within.SAME or bool(node.numbers) or node.series is not None
    plan = _plans[id(node)] = _Plan(node, enters, {key: _step_of(listed) for key, listed in node.members.items()})
    return plan


def _step_of(listed: Node) -> _Step:
    visit = _VISITS[listed.__class__]
    leaf = listed.text if isinstance(listed, Either) else listed
    if not isinstance(leaf, Leaf):
        return _Step(_SCALARS, visit, listed, visit, listed)
    on_other = _Skimmer.take_structure if listed is leaf else visit
    if leaf.cls is FieldClass.ENUM:
        return _Step(_SCALARS | leaf.values, None, leaf, on_other, listed)
    if listed is leaf and leaf.cls is FieldClass.NUMBER:
        return _Step(_SCALARS | {int}, _STRINGS[leaf.cls], leaf, on_other, listed)
    return _Step(_SCALARS, _STRINGS.get(leaf.cls, _give_up), leaf, on_other, listed)


def _inside(node: Each, child: Json, position: int, place: _Place) -> _Place:
    """Return what the texts in an element belong to."""
    number = number_of(child, position, node.number_member)
    choice = number if node.numbering is Numbering.CHOICE else place.choice
    part = number if node.numbering is Numbering.PART else place.part
    return _new(_Place, (choice, part, "", place.grows))


def _numbered(node: Obj, value: Json, place: _Place) -> _Place:
    """Return what the texts inside an object belong to, by its own members."""
    choice, part, name, grows = place
    if node.within is not Within.SAME:
        name = ""
        grows = grows and (node.within is Within.MESSAGE or node.within is Within.DELTA)
    choice, part, name = numbers_in(node, value, choice, part, name)
    return _Place(choice, part, name, grows)


def _give_up(_skimmer: _Skimmer, _node: Leaf, _value: Json, _place: _Place) -> None:
    raise _UnusualError


_VISITS: dict[type, Callable[..., None]] = {
    Leaf: _Skimmer._leaf,
    Obj: _Skimmer._obj,
    Tagged: _Skimmer._tagged,
    Dictionary: _Skimmer._dictionary,
    Each: _Skimmer._each,
    Either: _Skimmer._either,
    Logprobs: _Skimmer._logprobs,
}

_STRINGS: dict[FieldClass, Callable[..., None]] = {
    FieldClass.TEXT: _Skimmer._text,
    FieldClass.CONSTANT: _Skimmer._constant,
    FieldClass.ID: _Skimmer._id,
    FieldClass.ENUM: _Skimmer._strange,
    FieldClass.PARAMETER: _Skimmer._parameter,
    FieldClass.NUMBER: _Skimmer._strange,
    FieldClass.OPAQUE: _Skimmer._opaque,
    FieldClass.TIME: _Skimmer._time,
    FieldClass.BAG: _Skimmer._constant,
    FieldClass.TOKENS: _Skimmer._taken_out,
    FieldClass.OPAQUE_TOKENS: _Skimmer._strange,
    FieldClass.CREDENTIAL: _Skimmer._taken_out,
}
"""For strings. Those of other classes are for the walk."""
