"""Which values of a payload machines make and nothing else depends on: listed numbers and times, ids and padding.

They say no text, whatever they are within their class, and no text belongs elsewhere because of them. So frames
that differ in them are read alike. Ids and padding are judged, each as a text of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from proxy.wire.fields import NUMBER, Dictionary, Each, Either, FieldClass, Leaf, Numbering, Obj, Tagged
from proxy.wire.holes import Hole, Sort
from proxy.wire.jsontext import Json
from proxy.wire.scope import is_small
from proxy.wire.shapes import ID_SHAPED, PADDING_SHAPED, TIME_SHAPED
from proxy.wire.types import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from proxy.wire.fields import Node

    Values = dict[Path, int | str]

_SHAPES: dict[FieldClass, tuple[Sort, Callable[[str], object]]] = {
    FieldClass.ID: (Sort.ID, ID_SHAPED),
    FieldClass.PADDING: (Sort.PADDING, PADDING_SHAPED),
    FieldClass.TIME: (Sort.TIME, TIME_SHAPED),
}
_SAID = frozenset({Sort.ID, Sort.PADDING})


class _Listed(NamedTuple):
    """A value that stands where the table has a leaf."""

    path: Path
    value: Json
    leaf: Leaf
    is_fixed: bool = False
    """Whether it says what other values are, or whose."""

    @property
    def sort(self) -> Sort | None:
        """What else may stand in its place; None when it is not loose."""
        if self.is_fixed:
            return None
        if self.value.__class__ is str:
            sort, is_shaped = _SHAPES.get(self.leaf.cls, (None, bool))
            return sort if is_shaped(self.value) else None
        is_number = self.leaf.cls is FieldClass.NUMBER and is_small(self.value) and self.value >= 0
        return Sort.NUMBER if is_number else None


def loose_values(table: Node, payload: Json) -> Values:
    """Return the loose values of a payload by path: numbers from 0 to the limit of a listed one, and times."""
    listed = _find(table, payload, ())
    return {one.path: one.value for one in listed if (sort := one.sort) is not None and sort not in _SAID}


def loose_holes(table: Node, payload: Json) -> list[Hole]:
    """Return the places of loose values in a payload, those of ids and padding, too."""
    listed = _find(table, payload, ())
    return [Hole(one.path, one.value, sort) for one in listed if (sort := one.sort) is not None]


def listed_words(table: Node, payload: Json) -> set[Path]:
    """Return the places of words that the table lists."""
    listed = _find(table, payload, ())
    return {one.path for one in listed if one.value.__class__ is str and one.value in one.leaf.values}


def _find(node: Node, value: Json, path: Path) -> Iterator[_Listed]:
    if isinstance(node, Leaf):
        yield _Listed(path, value, node)
    elif isinstance(node, Either):
        chosen = {list: node.items, dict: node.members}.get(value.__class__)
        if chosen is not None:
            yield from _find(chosen, value, path)
    elif isinstance(node, Each):
        yield from _find_in_list(node, value, path)
    elif value.__class__ is dict:
        yield from _find_in_object(node, value, path)


def _find_in_list(node: Each, value: Json, path: Path) -> Iterator[_Listed]:
    if value.__class__ is not list or node.item is NUMBER:
        return  # A list of numbers may spell a text.
    is_numbered = node.numbering in {Numbering.CHOICE, Numbering.PART}
    number = node.number_member if is_numbered else None
    for position, item in enumerate(value):
        place = (*path, position)
        yield from _fixed((*place, number), _find(node.at.get(position, node.item), item, place))


def _find_in_object(node: Node, value: Json, path: Path) -> Iterator[_Listed]:
    if isinstance(node, Tagged):
        tag = value.get(node.tag)
        chosen = node.variants.get(tag, node.other) if isinstance(tag, (str, bool)) else node.other
        yield from _fixed((*path, node.tag), _find(chosen, value, path))
    elif isinstance(node, Dictionary):
        for key, child in value.items():
            yield from _find(node.value, child, (*path, key))
    elif isinstance(node, Obj):
        for key, child in value.items():
            if key in node.members:
                found = _find(node.members[key], child, (*path, key))
                yield from _fixed((*path, key), found) if key in node.numbers else found


def _fixed(path: tuple[str | int | None, ...], listed: Iterator[_Listed]) -> Iterator[_Listed]:
    """Yield values, the one at `path` as one on which others depend."""
    for one in listed:
        yield one._replace(is_fixed=True) if one.path == path else one
