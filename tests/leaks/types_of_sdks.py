"""Makes a value of any type that an SDK declares, with every field and every variant somewhere in it.

It reads pydantic models, typed dictionaries and what they are made of. The values are plain JSON, but each object
remembers the class it was made for, so that a place in it can be named as the SDK names it.
"""

from __future__ import annotations

import datetime as dt
import enum
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import is_typeddict

PLAIN = "plain"
"""What every string says before something is planted there."""

BYTES = list(b"plain")

_SCALARS: dict[Any, Any] = {str: PLAIN, int: 7, float: 0.5, bool: True, bytes: PLAIN, dt.datetime: PLAIN}
_WRAPPERS = (Required, NotRequired, typing.Annotated)
_LISTS = (list, tuple, set, Sequence, Iterable)

Path = tuple[str | int, ...]


class Made(dict[str, Any]):
    """An object made for a class of the SDK."""

    owner = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a value."""

    path: Path
    name: str
    """`Class.field`, with `[]` for an element and `{}` for a value of a dictionary."""
    value: Any


def value_of(  # noqa: PLR0911 - one line for each sort of type
    kind: Any, leave_out: frozenset[str] = frozenset(), above: tuple[Any, ...] = ()
) -> list[Any]:
    """Return values of a type that have every field and variant between them; [] where the type contains itself.

    `leave_out` are names of fields that are not on the wire.
    """
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or is_typeddict(kind)):
        return [] if kind in above else _objects(kind, leave_out, (*above, kind))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [next(iter(kind)).value]
    if origin is Literal:
        return [args[0]]
    if origin in (Union, types.UnionType):
        return [value for arg in args if arg is not type(None) for value in value_of(arg, leave_out, above)]
    if origin in _WRAPPERS:
        return value_of(args[0], leave_out, above)
    if origin in _LISTS:
        return [list(BYTES)] if args[0] is int else [value_of(args[0], leave_out, above)]
    if origin in (dict, Mapping):
        return [{PLAIN: value} for value in value_of(args[1], leave_out, above)] or [{}]
    return [_SCALARS.get(kind, PLAIN)]


def _objects(kind: Any, leave_out: frozenset[str], above: tuple[Any, ...]) -> list[Any]:
    fields: dict[str, list[Any]] = {}
    for name, annotation in _fields(kind):
        values = value_of(annotation, leave_out, above) if name not in leave_out else []
        if values:
            fields[name] = values
    made = []
    for number in range(max((len(values) for values in fields.values()), default=1)):
        one = Made({name: values[number % len(values)] for name, values in fields.items()})
        one.owner = kind.__name__
        made.append(one)
    return made


def _fields(kind: Any) -> list[tuple[str, Any]]:
    if issubclass(kind, BaseModel):
        return [(field.alias or name, field.annotation) for name, field in kind.model_fields.items()]
    return list(get_type_hints(kind, include_extras=True).items())


def places(value: Any, path: Path = (), name: str = "") -> list[Place]:
    """Return every place in a value, objects and lists too."""
    found = [Place(path, name, value)]
    if isinstance(value, dict):
        owner = value.owner if isinstance(value, Made) else ""
        for key, child in value.items():
            found += places(child, (*path, key), f"{owner}.{key}" if owner else f"{name}{{}}")
    elif isinstance(value, list) and not is_bytes(value):
        for index, child in enumerate(value):
            found += places(child, (*path, index), f"{name}[]")
    return found


def is_bytes(value: Any) -> bool:
    """Whether a value is a list of integers."""
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


def with_planted(value: Any, path: Path, new: Any) -> Any:
    """Return the value with another one at `path`, and no more in it than what leads there.

    Plain members beside the way stay, since they say what an object is; of a list only the one element stays.
    """
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [with_planted(value[int(step)], rest, new)]
    kept = {key: child for key, child in value.items() if key == step or not isinstance(child, (dict, list))}
    kept[str(step)] = with_planted(value[step], rest, new)
    return kept
