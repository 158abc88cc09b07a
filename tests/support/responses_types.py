"""Values of the SDK's types for the Responses API, with a canary in every place that can hold text."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

CANARY = "canary bird"
TAGS = frozenset({"type", "object"})
"""Members that say what a value is: another word there makes it another value."""


def samples(kind: Any) -> list[Any]:
    """Return values of a type that between them have every field and every variant."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return samples(args[0])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        named = {field.alias or name: samples(field.annotation) for name, field in kind.model_fields.items()}
        count = max(len(values) for values in named.values())
        return [{name: values[n % len(values)] for name, values in named.items()} for n in range(count)]
    if origin is Literal:
        return [args[0]]
    if origin in (Union, types.UnionType):
        return [value for arg in args if arg is not type(None) for value in samples(arg)]
    if origin in (list, dict):
        return [[value] if origin is list else {"key": value} for value in samples(args[-1])]
    return [{str: "plain", int: 7, float: 0.5, bool: True, object: {"any": ["plain"]}, Any: "plain"}[kind]]


def variants(union: Any) -> list[type[BaseModel]]:
    """Return the types that a union of the SDK is made of."""
    union = get_args(union)[0] if get_origin(union) is Annotated else union
    found: list[type[BaseModel]] = []
    for arg in get_args(union):
        found += variants(arg) if get_origin(arg) in (Annotated, Union, typing.Union) else [arg]
    return found


def tag_of(kind: type[BaseModel]) -> str:
    """Return what a value of a type has as its `type`."""
    return str(samples(kind.model_fields["type"].annotation)[0])


def planted(value: Any, *, more: bool, count: int = 0) -> tuple[Any, int]:
    """Return the value with a canary in every string; with `more`, beside every string in an unlisted member.

    Also returns how many canaries there are; they are numbered from `count`.
    """
    if isinstance(value, dict):
        copy = {}
        for key, child in value.items():
            if key in TAGS and isinstance(child, str):
                copy[key] = child
            else:
                copy[key], count = planted(child, more=more, count=count)
        if more:
            copy["foo"], copy[f"{CANARY} {count + 1}."] = [{"bar": f"{CANARY} {count}."}], 1
            count += 2
        return copy, count
    if isinstance(value, list):
        items = []
        for child in value:
            item, count = planted(child, more=more, count=count)
            items.append(item)
        return items, count
    if isinstance(value, str):
        return (value, count) if more else (f"{CANARY} {count}.", count + 1)
    return value, count
