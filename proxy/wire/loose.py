"""Which values of a payload machines make and nothing else depends on: listed numbers and times.

They say no text, whatever they are within their class, and no text belongs elsewhere because of them. So frames
that differ in them are read alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.fields import NUMBER, Dictionary, Each, Either, FieldClass, Leaf, Numbering, Obj, Tagged
from proxy.wire.scope import is_small
from proxy.wire.shapes import TIME_SHAPED

if TYPE_CHECKING:
    from proxy.wire.fields import Node
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Path

    Values = dict[Path, int | str]


def loose_values(table: Node, payload: Json) -> Values:
    """Return the loose values of a payload by path: numbers from 0 to the limit of a listed one, and times."""
    found: Values = {}
    _find(table, payload, (), found)
    return found


def _find(node: Node, value: Json, path: Path, found: Values) -> None:
    if isinstance(node, Leaf):
        is_number = node.cls is FieldClass.NUMBER and is_small(value) and value >= 0
        if is_number or (node.cls is FieldClass.TIME and value.__class__ is str and TIME_SHAPED(value)):
            found[path] = value
    elif isinstance(node, Either):
        chosen = {list: node.items, dict: node.members}.get(value.__class__)
        if chosen is not None:
            _find(chosen, value, path, found)
    elif isinstance(node, Each):
        _find_in_list(node, value, path, found)
    elif value.__class__ is dict:
        _find_in_object(node, value, path, found)


def _find_in_list(node: Each, value: Json, path: Path, found: Values) -> None:
    if value.__class__ is not list or node.item is NUMBER:
        return  # A list of numbers may spell a text.
    for position, item in enumerate(value):
        _find(node.at.get(position, node.item), item, (*path, position), found)
        if node.numbering in {Numbering.CHOICE, Numbering.PART}:
            found.pop((*path, position, node.number_member or ""), None)


def _find_in_object(node: Node, value: Json, path: Path, found: Values) -> None:
    if isinstance(node, Tagged):
        tag = value.get(node.tag)
        _find(
            node.variants.get(tag, node.other) if isinstance(tag, (str, bool)) else node.other, value, path, found
        )
    elif isinstance(node, Dictionary):
        for key, child in value.items():
            _find(node.value, child, (*path, key), found)
    elif isinstance(node, Obj):
        for key, child in value.items():
            if key in node.members and key not in node.numbers:
                _find(node.members[key], child, (*path, key), found)
