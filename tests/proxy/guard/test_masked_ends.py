"""Masks that leave the ends of a value, in texts and arguments, at every cut."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from policies.types import Direction
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.support import generated
from tests.support.guards import loaded, outcome

CHAT = DIALECTS["openai-chat"]
RULES = """
version: 1
detectors:
  pii: {type: presidio, entities: [CREDIT_CARD]}
  tail: {type: keywords, words: {TAIL: ['1111 now']}}
  ids: {type: patterns, patterns: {ID: 'zq[a-z]{4,8}'}}
rules:
  - {id: cards, detector: pii, direction: both, action: redact, mask: "*", keep_last: 4}
  - {id: tail, detector: tail, action: redact, hash: true}
  - {id: ids, detector: ids, direction: both, action: redact, mask: "#", keep_first: 2, keep_last: 1}
"""


def chat_of(deltas: list[dict[str, Any]], finish: str = "stop") -> bytes:
    chunks = [generated.chunk(delta) for delta in deltas]
    return generated.sse(random.Random(0), [*chunks, generated.chunk({}, finish=finish)])


def shown(data: bytes, field: str = "content") -> str:
    written = outcome(StreamGuard(CHAT.stream_codec(), loaded(RULES)), [data]).written
    return generated.shown(written)[0, field]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pay 4111 1111 1111 1111, zqabcde", "pay **** **** **** 1111, zq####e"),
        ("pay 4111-1111-1111-1111.", "pay ****-****-****-1111."),
        ("pay 4111 1111 1111 1111 now", "pay **** **** **** ********"),
    ],
)
def test_ends_stay_at_every_cut(text: str, expected: str) -> None:
    """What another rule's finding covers goes, also where it lies in an end that would stay."""
    for size in range(1, len(text) + 1):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert shown(chat_of([{"content": piece} for piece in pieces])) == expected


ARGUMENTS = json.dumps(
    {"card": "4111 1111 1111 1111", "n": 1, "id": "zqabcde", "in": json.dumps({"id": "zqabcde"})}
)
ESCAPED = ARGUMENTS.replace("bcde", "bcd\\u0065", 1).replace("4111", "\\u0034111", 1)


@pytest.mark.parametrize("arguments", [ARGUMENTS, ESCAPED, ESCAPED.replace("bcde", "bcd\\\\u0065", 1)])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 200])
def test_arguments_show_ends_of_what_they_say(arguments: str, size: int) -> None:
    """However the value is escaped, its own characters are counted."""
    opened = {"id": "c", "type": "function", "function": {"name": "send", "arguments": ""}}
    pieces = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    deltas = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    read = json.loads(shown(chat_of([{"tool_calls": [{"index": 0, **opened}]}, *deltas], "tool_calls"), "args0"))
    assert (read["card"], read["n"], read["id"]) == ("**** **** **** 1111", 1, "zq####e")
    assert json.loads(read["in"]) == {"id": "zq####e"}


def test_a_number_of_arguments_becomes_a_text_with_its_end() -> None:
    """A bare value that is covered whole."""
    function = {"name": "pay", "arguments": '{"card": 4111111111111111}'}
    message = {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": function}]}
    body = {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}
    found = outcome(StreamGuard(CHAT.body_codec(), loaded(RULES)), [json.dumps(body).encode()]).written
    sent = json.loads(found)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == {"card": "************1111"}


def test_the_same_holds_for_requests() -> None:
    """The model sees the ends."""
    body = {"model": "m", "messages": [{"role": "user", "content": "my card: 4111 1111 1111 1111"}]}
    guard = StreamGuard(CHAT.request_codec(), loaded(RULES), Direction.REQUEST)
    sent = json.loads(outcome(guard, [json.dumps(body).encode()]).written)
    assert sent["messages"][0]["content"] == "my card: **** **** **** 1111"
