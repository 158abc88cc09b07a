"""Tools and settings: no text of the SDK's types is unseen, keys for others do not come back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses import Response
from openai.types.responses.tool import Tool

from proxy.wire.body import BodyCodec
from proxy.wire.fields import Each, Obj
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.responses_endings import ResponsesBodyEnding
from proxy.wire.responses_events import RESPONSE
from proxy.wire.responses_fields import TOOL
from tests.support.responses import response
from tests.support.responses_types import CANARY, planted, samples
from tests.support.wire import frames_of

SECRETS = ("authorization", "headers", "domain_secrets")


def unseen(table: Obj, value: Any, *, more: bool) -> list[str]:
    """The canaries in a value that are in no slot and would be written."""
    told, count = planted(value, more=more)
    codec = BodyCodec(table, ending=ResponsesBodyEnding())
    frame = frames_of(codec, json.dumps({"x": told}).encode())[0]
    seen = "\n".join(slot.text for slot in frame.slots)
    written = codec.encode(frame, {}).decode()
    names = [f"{CANARY} {number}." for number in range(count)]
    return [name for name in names if name not in seen and name in written]


@pytest.mark.parametrize("more", [False, True])
def test_no_text_of_a_tool_is_unseen(more: bool) -> None:
    """In listed places, and in unlisted members of every object in it."""
    tools = samples(Tool)
    assert len(tools) == 36
    for tool in tools:
        assert unseen(Obj({"x": TOOL}), tool, more=more) == [], tool["type"]


@pytest.mark.parametrize("more", [False, True])
def test_no_text_of_a_setting_is_unseen(more: bool) -> None:
    """What a response echoes, and what it says of itself."""
    found = [unseen(Obj({"x": Each(RESPONSE)}), [sample], more=more) for sample in settings()]
    assert found == [[] for _ in found]


def settings() -> list[Any]:
    """Every variant of every member of a response but for the items."""
    fields = {
        name: samples(field.annotation)
        for name, field in Response.model_fields.items()
        if name not in {"output", "tools", "instructions"}
    }
    count = max(map(len, fields.values()))
    return [{name: values[n % len(values)] for name, values in fields.items()} for n in range(count)]


def test_keys_for_others_do_not_come_back() -> None:
    """They pass to the API in a request, and are taken out of every response."""
    tool = {
        "type": "mcp",
        "server_label": "sea",
        "authorization": "key-1",
        "headers": {"x-key": "key-2"},
        "require_approval": "never",
    }
    container = {
        "type": "auto",
        "network_policy": {
            "type": "allowlist",
            "allowed_domains": ["sea.example"],
            "domain_secrets": [{"domain": "sea.example", "name": "K", "value": "key-3"}],
        },
    }
    tools = [tool, {"type": "code_interpreter", "container": container}]
    body = RESPONSES.body_codec()
    written = body.encode(frames_of(body, json.dumps(response([], tools=tools)).encode())[0], {})
    assert b"key-" not in written
    kept = json.loads(written)["tools"]
    assert kept[0] == {key: value for key, value in tool.items() if key not in SECRETS}
    assert kept[1]["container"]["network_policy"] == {"type": "allowlist", "allowed_domains": ["sea.example"]}
    asked = RESPONSES.request_codec()
    raw = json.dumps({"model": "m", "input": "hi", "tools": tools}).encode()
    frame = frames_of(asked, raw)[0]
    assert asked.encode(frame, {}) == raw
    assert not any("key-" in slot.text for slot in frame.slots)
