"""Items: every type of the SDK is known, no text in one is unseen, and growing texts have channels of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses import ResponseInputItem, ResponseOutputItem

from detectors.types import ChannelKind as K
from proxy.wire.fields import Obj, Within
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.responses_items import items
from proxy.wire.types import Channel, SlotMode
from proxy.wire.walk import Walker
from tests.proxy.wire.test_responses_fields import unseen
from tests.support.responses import RECORDINGS, whole
from tests.support.responses_types import samples, tag_of, variants
from tests.support.wire import frames_of

KNOWN = {variant for variant in items().variants if isinstance(variant, str)}


def test_every_type_of_the_sdk_is_known() -> None:
    """A new version of the SDK with a new type makes itself known."""
    answered = {tag_of(kind) for kind in variants(ResponseOutputItem)}
    asked = {tag_of(kind) for kind in variants(ResponseInputItem)}
    assert (len(answered), len(asked)) == (28, 31)
    assert answered | asked == KNOWN


@pytest.mark.parametrize("kind", variants(ResponseOutputItem), ids=tag_of)
def test_no_text_of_an_item_is_unseen(kind: Any) -> None:
    """In listed places, and in unlisted members of every object in it."""
    for sample in samples(kind)[:4] if tag_of(kind).endswith("tools") else samples(kind):
        for more in (False, True):
            assert unseen(Obj({"x": items()}), sample, more=more) == []


def test_items_of_requests_are_seen_likewise() -> None:
    """An item without a type is a message; one of an unknown type is text all over."""
    for item in ({"role": "user", "content": "hello"}, {"type": "future", "says": ["hello"]}):
        frame = frames_of(RESPONSES.request_codec(), json.dumps({"input": [item]}).encode())[0]
        assert "hello" in [slot.text for slot in frame.slots]
    channels = [slot.channel for slot in frame.slots]
    assert {channel.kind for channel in channels} == {K.OTHER}


@pytest.mark.parametrize("name", RECORDINGS)
def test_texts_of_items_have_channels_of_their_own(name: str) -> None:
    """Numbered by item and part, so that nothing of one is read as going on in another."""
    frame = frames_of(RESPONSES.body_codec(), json.dumps(whole(RECORDINGS[name])).encode())[0]
    growing = [slot.channel for slot in frame.slots if slot.mode is SlotMode.APPEND]
    assert growing
    assert len(set(growing)) == len(growing)


def test_channels() -> None:
    """Names come before what they are given; summaries and open reasoning are told apart."""
    call = {"type": "function_call", "arguments": "{}", "name": "f", "namespace": "n"}
    thought = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "s"}],
        "content": [{"type": "reasoning_text", "text": "c"}],
    }
    shell = {"type": "shell_call", "action": {"commands": ["ls", "pwd"]}}
    found = [[slot.channel for slot in Walker().walk(items(), item).slots] for item in (call, thought, shell)]
    assert found == [
        [Channel(K.TOOL_NAME, name="namespace"), Channel(K.TOOL_NAME), Channel(K.TOOL_ARGUMENTS)],
        [Channel(K.REASONING, name="summary"), Channel(K.REASONING)],
        [Channel(K.TOOL_ARGUMENTS, 0, 0), Channel(K.TOOL_ARGUMENTS, 0, 1)],
    ]


def test_how_texts_are_read_can_be_chosen() -> None:
    """When an item is opened, only what grows in events of its own is the beginning of a text."""
    table = items(Within.MESSAGE, Within.SNAPSHOT)
    opened = {"type": "function_call", "name": "f", "arguments": ""}
    done = {"type": "web_search_call", "action": {"type": "search", "query": "tides"}}
    assert [slot.mode for slot in Walker().walk(table, opened).slots] == [SlotMode.APPEND]
    assert [slot.mode for slot in Walker().walk(table, done).slots] == [SlotMode.CONSTANT]
