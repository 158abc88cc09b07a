"""Takes log-probabilities out of a payload: the text once more, token by token, with those that might have been.

For answers whose policy lets none out. Where they stay, `walk` binds them to the text that they repeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.fields import Dictionary, Each, Either, Logprobs, Obj, Tagged
from proxy.wire.jsontext import Editor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.wire.fields import Node
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Path


def without_details(table: Node, payload: Json) -> Json:
    """Return a payload without log-probabilities, the same object if it has none.

    A list of them becomes empty, anything else null.
    """
    found = list(_places(table, payload, ()))
    if not found:
        return payload
    editor = Editor(payload)
    for path in found:
        editor.set(path, [] if isinstance(editor.get(path), list) else None)
    return editor.value


def _places(node: Node, value: Json, path: Path) -> Iterator[Path]:
    """Yield the places of log-probabilities that say something."""
    if isinstance(node, Logprobs):
        if value:
            yield path
    elif isinstance(node, Either):
        chosen = {list: node.items, dict: node.members}.get(value.__class__)
        if chosen is not None:
            yield from _places(chosen, value, path)
    elif isinstance(node, Each):
        for position, item in enumerate(value if value.__class__ is list else ()):
            yield from _places(node.at.get(position, node.item), item, (*path, position))
    elif value.__class__ is dict:
        for key, child, known in _members(node, value):
            yield from _places(known, child, (*path, key))


def _members(node: Node, value: dict[str, Json]) -> Iterator[tuple[str, Json, Node]]:
    """Yield the members of an object that the table lists, each with what the table has there."""
    while isinstance(node, Tagged):
        tag = value.get(node.tag)
        node = node.variants.get(tag, node.other) if isinstance(tag, (str, bool)) else node.other
    if isinstance(node, Dictionary):
        yield from ((key, child, node.value) for key, child in value.items())
    elif isinstance(node, Obj):
        yield from ((key, child, node.members[key]) for key, child in value.items() if key in node.members)
