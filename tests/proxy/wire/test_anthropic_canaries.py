"""No text of the Messages API without a slot: a canary in every leaf, key and unlisted place of the SDK's types.

The numbers of places are asserted, so that a new version of the SDK with new fields makes itself known.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest
from anthropic.types.beta import BetaContentBlock, BetaMessage, BetaRawMessageStreamEvent

from proxy.wire.registry import DIALECTS
from tests.proxy.wire.test_canaries import CANARY, is_seen, places, planted, samples
from tests.support.anthropic_messages import begin, sse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.wire.types import Codec

DIALECT = DIALECTS["anthropic-messages"]


def blocks() -> list[dict[str, Any]]:
    """Return every block of an answer, each once with every field; of many definitions of tools, the first."""
    found = [block for kind in get_args(get_args(BetaContentBlock)[0]) for block in samples(kind)]
    return [
        {
            "from" if name == "from_" else name: value[:2] if name == "tool_changes" else value
            for name, value in block.items()
        }
        for block in found
    ]


def answers() -> list[dict[str, Any]]:
    """Return a message without blocks, and each block in a message that has nothing else."""
    messages = [{**message, "content": []} for message in samples(BetaMessage)]
    return [*messages, *({"type": "message", "content": [block]} for block in blocks())]


def events() -> list[dict[str, Any]]:
    """Return every event but those that begin something, and each block as it begins."""
    others = [
        event
        for kind in get_args(get_args(BetaRawMessageStreamEvent)[0])
        for event in samples(kind)
        if event["type"] not in {"message_start", "content_block_start"}
    ]
    started = [{"type": "message_start", "message": one} for one in answers() if not one["content"]]
    return [*started, *others, *(begin(0, **block) for block in blocks())]


SUBJECTS = {"whole": (answers(), 919, 332), "streamed": (events(), 1215, 423)}
"""Answers, and how many leaves and objects they have."""


def raw_of(name: str, value: Any) -> tuple[Codec, bytes]:
    if name == "whole":
        return DIALECT.body_codec(), json.dumps(value).encode()
    data = json.dumps(value).encode()
    return DIALECT.stream_codec(), b"data: " + data + b"\n\n"


def kept(name: str) -> Iterator[tuple[dict[str, Any], tuple[str | int, ...], Any]]:
    for answer in SUBJECTS[name][0]:
        for path, value in places(answer):
            yield answer, path, value


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_canary_in_every_leaf_is_found(name: str) -> None:
    """Strings, and any other leaf that turns out to be a string or a structure."""
    leaves = 0
    for answer, path, value in kept(name):
        if isinstance(value, (dict, list)):
            continue
        leaves += 1
        for new in (CANARY, {"foo": CANARY}):
            assert is_seen(*raw_of(name, planted(answer, path, new)), CANARY), path
    assert leaves == SUBJECTS[name][1]


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_canary_in_every_unlisted_place_is_found(name: str) -> None:
    """At every object: as an unknown member, its key, as integers; and in place of any structure."""
    objects = 0
    for answer, path, value in kept(name):
        if path and isinstance(value, (dict, list)):
            assert is_seen(*raw_of(name, planted(answer, path, CANARY)), CANARY), path
        if not isinstance(value, dict):
            continue
        objects += 1
        for more in ({"foo": [{"bar": CANARY}]}, {CANARY: 1}, {"foo": list(CANARY.encode())}):
            if "input" in path and "foo" in more and more["foo"][0] == CANARY.encode()[0]:
                continue  # The arguments of a tool are judged as they are written: numbers are numbers there.
            assert is_seen(*raw_of(name, planted(answer, path, {**value, **more})), CANARY), (path, more)
    assert objects == SUBJECTS[name][2]


def test_the_name_of_an_event_is_text_unless_it_is_known() -> None:
    """Also of an event whose payload is known."""
    data = sse({"type": "ping"}).replace(b"event: ping", b"event: " + CANARY.encode())
    assert is_seen(DIALECT.stream_codec(), data, CANARY)
