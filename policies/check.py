"""Holds a node of a file against a pydantic model, and says in a user's words what does not fit, and where."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from policies.document import NOWHERE, MappingNode, Mark, Node, mark_of, plain
from policies.fields import written_like
from policies.problems import Problem, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

VERSION = "1"
"""Version of the format of all our files."""
_FIRST_LINE = f" Begin with 'version: {VERSION}'."

Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[str | int, ...]

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
"""What the error types of pydantic wanted to see."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a file: what a problem with it is attached to."""

    path: str
    mark: Mark = NOWHERE
    trail: str = ""
    """What the value belongs to, in front of every message: `rule "tox"`."""

    def problem(self, message: str, *, keys: str = "") -> Problem:
        """Return a problem at this place; `keys` names the value below the trail: `channels[1]`."""
        head = [part for part in (self.trail, keys) if part]
        # `rule "tox": action: ...`, and `rule "tox": 'detector' is missing.`
        return Problem(self.path, self.mark.line, self.mark.column, ": ".join([*head, message]))


@dataclass(frozen=True, slots=True)
class Checked(Generic[Model]):
    """What could be made of a mapping."""

    value: Model | None
    """None when too little is sound. Fields in `broken` have their defaults."""
    broken: frozenset[str] = frozenset()
    """Keys that are in the file with a value that cannot be used."""
    problems: tuple[Problem, ...] = field(default=())

    @property
    def given(self) -> frozenset[str]:
        """Keys that are in the file with a sound value."""
        return frozenset() if self.value is None else frozenset(self.value.model_fields_set)


def check_node(model: type[Model], node: Node, path: str, trail: str = "") -> Checked[Model]:
    """Validate the mapping at `node`. After a failure what is sound is kept, so that later checks can go on."""
    if not isinstance(node, MappingNode):
        place = Place(path, node.mark, trail)
        return Checked(None, problems=(place.problem(f"{shown(plain(node))} is not a mapping of 'key: value'."),))
    data = plain(node)
    assert isinstance(data, dict)  # noqa: S101 - a mapping node becomes a dict
    try:
        return Checked(validated(model, data))
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [problem_of(model, detail, node, path, trail) for detail in details]
        broken = frozenset(str(detail["loc"][0]) for detail in details if detail["loc"])
    sound = {key: value for key, value in data.items() if key not in broken}
    if "version" in model.model_fields:
        sound["version"] = int(VERSION)
    try:
        value = validated(model, sound)
    except ValidationError:
        value = None
    return Checked(value, broken & data.keys(), tuple(problems))


def validated(model: type[Model], data: Mapping[str, Any]) -> Model:
    """Validate plain data as JSON is: strictly, but for lists that become tuples or sets, and texts enums."""
    return model.model_validate_json(json.dumps(data), strict=True)


def problem_of(model: type[BaseModel], detail: ErrorDetails, node: Node, path: str, trail: str) -> Problem:
    """Return what pydantic found wrong, at its place in the file."""
    place = Place(path, mark_of(node, detail["loc"]), trail)
    return place.problem(message_of(model, detail), keys=keys_of(node, _owner(detail)))


def keys_of(node: Node | None, loc: Sequence[str | int]) -> str:
    """Return the steps of `loc` as a user writes them, `channels[1]`, without those that are not in the file."""
    written = ""
    for step in loc:
        if isinstance(node, MappingNode):
            if str(step) not in node.members:
                continue
            written += f".{step}" if written else str(step)
            node = node.members[str(step)].node
        elif node is not None and hasattr(node, "items") and isinstance(step, int) and step < len(node.items):
            written += f"[{step}]"
            node = node.items[step]
    return written


def message_of(model: type[BaseModel], detail: ErrorDetails) -> str:
    """Return what is wrong and what to do, without the place."""
    kind, context = detail["type"], detail.get("ctx", {})
    value, key = detail.get("input"), str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        return unknown_key(key, known_keys(model, detail["loc"][:-1]))
    if kind == "missing":
        return f"{key!r} is missing.{_FIRST_LINE if key == 'version' else ''}"
    if kind in {"enum", "literal_error"}:
        return not_one_of(value, re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]])
    if kind in _EXPECTED:
        return _type_message(value, _EXPECTED[kind])
    return _limit_message(kind, context, value) or _other_message(detail)


def unknown_key(key: str, known: Sequence[str]) -> str:
    """Return the message for a key that means nothing."""
    return f"unknown key {key!r}.{did_you_mean(key, known) or ' Known keys: ' + ', '.join(known) + '.'}"


def not_one_of(value: object, allowed: Sequence[str]) -> str:
    """Return the message for a value outside a fixed set."""
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    if list(allowed) == [VERSION]:
        return f"{shown(value)} is no version that this program reads. Write 'version: {VERSION}'."
    return f"{shown(value)} is not one of {', '.join(allowed)}.{hint}"


def _type_message(value: object, expected: str) -> str:
    if value is None:
        return f"has no value. It should be {expected}."
    needs_quotes = expected == "a text" and isinstance(value, (bool, int, float))
    return f"{shown(value)} is not {expected}.{' Put quotes around it.' if needs_quotes else ''}"


def _other_message(detail: ErrorDetails) -> str:
    said = str(detail["msg"])
    if detail["type"] in {"value_error", "sluicegate"}:
        return said.removeprefix("Value error, ")
    return f"{shown(detail.get('input'))}: {said[:1].lower()}{said[1:]}."


def known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Return the keys of the model that `loc` leads to."""
    for step in loc:
        inner = model.model_fields.get(str(step))
        model = (_model_in(inner.annotation) if inner else None) or model
    return list(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that an annotation is, or that it has elements of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)


def _owner(detail: ErrorDetails) -> Loc:
    """Return the place whose name goes in front: for a key that is missing or unknown, the mapping around it."""
    return detail["loc"][:-1] if detail["type"] in {"missing", "extra_forbidden"} else detail["loc"]


def _limit_message(kind: str, context: Mapping[str, Any], value: object) -> str | None:
    if kind in {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}:
        bound = next(iter(context.values()))
        side = {"greater_than_equal": "at least", "less_than_equal": "at most", "greater_than": "more than"}.get(
            kind
        )
        side = side or "less than"
        return f"{shown(value)} is out of range: {side} {written_like(value, bound)} is allowed."
    if kind in {"too_short", "string_too_short"}:
        wanted = "Write something" if isinstance(value, str) else "Give at least one value"
        return f"is empty. {wanted}, or leave the key out."
    if kind in {"too_long", "string_too_long"}:
        return f"is longer than {context.get('max_length')}."
    return None
