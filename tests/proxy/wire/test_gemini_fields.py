"""The tables know every field and every word of the official SDK's types."""

from __future__ import annotations

import enum
import typing
from typing import Any

import pydantic
import pytest
from google.genai import types

from proxy.wire.fields import Each, Either, FieldClass, Leaf, Logprobs, Obj, Tagged
from proxy.wire.gemini import REQUEST, STREAM
from proxy.wire.gemini_fields import snake

OF_THE_SDK = {"sdk_http_response", "automatic_function_calling_history", "parsed"}
"""What the SDK adds to an answer itself; on the wire it would be unlisted, and text."""


def models_of(annotation: Any) -> list[Any]:
    """Return classes of models and enums in an annotation."""
    inner = typing.get_args(annotation)
    if inner:
        return [found for one in inner for found in models_of(one)]
    is_known = isinstance(annotation, type) and issubclass(annotation, (pydantic.BaseModel, enum.Enum))
    return [annotation] if is_known else []


def inside(node: Any) -> Any:
    """Return what holds the members of a place: through lists, choices of form and tags."""
    while not isinstance(node, (Obj, Leaf, Logprobs)):
        node = node.item if isinstance(node, Each) else node.members if isinstance(node, Either) else node.other
    return node


def missing(node: Any, model: type[pydantic.BaseModel], where: str) -> list[str]:
    """Return fields of a model, and words of enums in it, that the table does not list, in either spelling."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        if name in OF_THE_SDK:
            continue
        camel = field.alias or "".join(part.title() if at else part for at, part in enumerate(name.split("_")))
        place = f"{where}.{camel}"
        if camel not in node.members or name not in node.members:
            found.append(place)
            continue
        for kind in models_of(field.annotation):
            found += _below(node.members[camel], kind, place)
    return found


def _below(node: Any, kind: Any, place: str) -> list[str]:
    if isinstance(node, Either) and issubclass(kind, enum.Enum):
        node = node.text
    inner = inside(node)
    if issubclass(kind, enum.Enum):
        if not isinstance(inner, Leaf) or inner.cls is not FieldClass.ENUM:
            return []
        return [f"{place}={word.value}" for word in kind if word.value not in inner.values]
    return missing(inner, kind, place) if isinstance(inner, Obj) else []


def test_responses_are_listed() -> None:
    """An upgrade of the SDK that adds a field or a word fails here until someone has looked at it."""
    assert missing(STREAM, types.GenerateContentResponse, "") == []


def test_contents_of_requests_are_listed() -> None:
    contents = inside(REQUEST.members["contents"])
    assert missing(contents, types.Content, "contents") == []
    assert missing(inside(REQUEST.members["systemInstruction"]), types.Content, "system") == []
    settings = inside(REQUEST.members["safetySettings"])
    assert missing(settings, types.SafetySetting, "safety") == []
    assert missing(inside(REQUEST.members["toolConfig"]), types.ToolConfig, "toolConfig") == []
    assert missing(inside(REQUEST.members["tools"]), types.Tool, "tools") == []


def test_both_sorts_of_parts_have_the_same_members() -> None:
    """A thought can hold whatever another part can."""
    content = inside(inside(STREAM.members["candidates"]).members["content"])
    parts = content.members["parts"].items.item
    assert isinstance(parts, Tagged)
    thought = parts.variants[True]
    assert isinstance(thought, Obj)
    assert thought.members.keys() == inside(parts).members.keys()


@pytest.mark.parametrize(
    ("camel", "expected"),
    [("finishReason", "finish_reason"), ("text", "text"), ("topK", "top_k"), ("sdkBlob", "sdk_blob")],
)
def test_spellings(camel: str, expected: str) -> None:
    assert snake(camel) == expected
