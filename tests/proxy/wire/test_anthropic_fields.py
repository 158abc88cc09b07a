"""The blocks of the Messages API: every type that the SDK knows has a table, and what its members are."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from anthropic.types import ContentBlock
from anthropic.types.beta import BetaContentBlock, BetaContentBlockParam
from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict

from detectors.types import ChannelKind as K
from proxy.wire.anthropic_fields import ASKED_BLOCK, BLOCK, STARTED_BLOCK
from proxy.wire.fields import Tagged
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Slot
from tests.support.anthropic_messages import SIGNATURE, whole
from tests.support.wire import frames_of

DIALECT = DIALECTS["anthropic-messages"]


def types_of(union: Any) -> set[str]:
    """Return the tags of a union of the SDK's types, models and dictionaries alike."""
    if get_args(union):
        return {tag for member in get_args(union) for tag in types_of(member)}
    if isinstance(union, type) and issubclass(union, BaseModel):
        return set(get_args(union.model_fields["type"].annotation))
    return set(get_args(get_type_hints(union)["type"])) if is_typeddict(union) else set()


@pytest.mark.parametrize(
    ("union", "table"),
    [
        (ContentBlock, BLOCK),
        (BetaContentBlock, BLOCK),
        (BetaContentBlock, STARTED_BLOCK),
        (BetaContentBlockParam, ASKED_BLOCK),
    ],
)
def test_every_block_of_the_sdk_has_its_table(union: Any, table: Tagged) -> None:
    """A new type in the SDK makes itself known here; until then all of it is text."""
    found = types_of(union)
    assert {"text", "thinking", "tool_use", "web_fetch_tool_result"} <= found
    assert found - table.variants.keys() == set()


def slots_of(block: dict[str, Any]) -> list[Slot]:
    (frame,) = frames_of(DIALECT.body_codec(), json.dumps(whole(block)).encode())
    return [slot for slot in frame.slots if slot.path[:1] == ("content",)]


def test_a_block_of_an_unknown_type_is_text() -> None:
    """Its keys too."""
    found = slots_of({"type": "hologram", "caption": "words", "deep": [{"note": "more"}]})
    assert [slot.text for slot in found] == ["hologram", "caption", "words", "deep", "note", "more"]


def test_documents_by_the_kind_of_their_source() -> None:
    """Text is text; bytes pass, unless they are text after all."""
    for source, expected in (
        ({"type": "text", "media_type": "text/plain", "data": "plain words"}, {"plain words"}),
        ({"type": "base64", "media_type": "application/pdf", "data": SIGNATURE}, set()),
        ({"type": "base64", "media_type": "application/pdf", "data": "plain words"}, {"plain words"}),
        ({"type": "odd", "data": "plain words"}, {"data", "plain words"}),
    ):
        content = {"type": "web_fetch_result", "content": {"type": "document", "source": source}}
        block = {"type": "web_fetch_tool_result", "tool_use_id": "t", "content": content}
        found = {slot.text for slot in slots_of(block) if "source" in slot.path}
        assert found - {"base64", "text", "odd", "text/plain", "application/pdf"} == expected


def test_tools_of_the_provider() -> None:
    """What they print, find and say when they fail is text; seals and ids are not."""
    ran = {"type": "code_execution_result", "stdout": "out", "stderr": "err", "return_code": 0, "content": []}
    sealed = {"type": "encrypted_code_execution_result", "encrypted_stdout": SIGNATURE, "stderr": "err"}
    failed = {"type": "tool_search_tool_result_error", "error_code": "unavailable", "error_message": "no words"}
    for kind, content, expected in (
        ("code_execution_tool_result", ran, {"out", "err"}),
        ("code_execution_tool_result", sealed, {"err"}),
        ("tool_search_tool_result", failed, {"no words"}),
        ("mcp_tool_result", "plain", {"plain"}),
        (
            "advisor_tool_result",
            {"type": "advisor_result", "text": "advice", "stop_reason": "end_turn"},
            {"advice"},
        ),
        ("web_search_tool_result", "odd", {"odd"}),
    ):
        found = slots_of({"type": kind, "tool_use_id": "t", "content": content})
        assert {slot.text for slot in found if slot.channel.kind is not K.ID} == expected
