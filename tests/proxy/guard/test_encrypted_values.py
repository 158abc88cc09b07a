"""Tokens in place of values, both ways, in texts and arguments, at every cut, and back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from policies.encryption import Encryption, TokenError, tokens_in
from policies.loader import load_policy_text
from policies.types import Direction
from proxy.guard.memory import Memory
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.support import generated
from tests.support.guards import outcome

CHAT = DIALECTS["openai-chat"]
CIPHER = Encryption([b"k" * 32])
RULES = """
version: 1
detectors:
  mail: {type: presidio, entities: [EMAIL_ADDRESS]}
  names: {type: keywords, words: {NAME: ['Zarn "Vokk" Plimf']}}
rules:
  - {id: mail, detector: mail, direction: both, action: redact, encrypt: true}
  - {id: names, detector: names, direction: both, action: redact, encrypt: true}
"""
POLICY = load_policy_text(RULES, encryption=CIPHER)
MAIL, NAME = "zqv.wexjif@quuxbrod.net", 'Zarn "Vokk" Plimf'
TEXT = f"I am {NAME}, write to {MAIL}, {MAIL}."


def read(text: str, tenant: str = "") -> str:
    """A text with the values of its tokens."""
    for token in reversed(list(tokens_in(text))):
        text = text[: token.start] + CIPHER.value(token, tenant) + text[token.end :]
    return text


def answer(deltas: list[dict[str, Any]], finish: str = "stop") -> bytes:
    chunks = [generated.chunk(delta) for delta in deltas]
    return generated.sse(random.Random(0), [*chunks, generated.chunk({}, finish=finish)])


def written(data: bytes, memory: Memory | None = None) -> bytes:
    return outcome(StreamGuard(CHAT.stream_codec(), POLICY, memory=memory), [data]).written


def test_a_text_at_every_cut_is_one_text_that_can_be_read_again() -> None:
    """No cut changes it; no value is left in it; equal values have equal tokens."""
    texts = set()
    for size in range(1, len(TEXT) + 1):
        pieces = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
        found = written(answer([{"content": piece} for piece in pieces]))
        texts.add(generated.shown(found)[0, "content"])
    (text,) = texts
    assert read(text) == TEXT
    assert "Plimf" not in text
    first, second, third = (text[one.start : one.end] for one in tokens_in(text))
    assert (second, first != second) == (third, True)


def test_a_tenants_tokens_are_its_own() -> None:
    """Another tenant's key does not read them."""
    memory = Memory()
    memory.substitutes.tenant = "north"
    text = generated.shown(written(answer([{"content": TEXT}]), memory))[0, "content"]
    assert read(text, "north") == TEXT
    with pytest.raises(TokenError):
        read(text)


ARGUMENTS = json.dumps({"name": NAME, "to": MAIL, "in": json.dumps({"name": NAME, "to": MAIL})})


@pytest.mark.parametrize(
    "arguments", [ARGUMENTS, ARGUMENTS.replace("zqv", "z\\u0071v", 1), ARGUMENTS.replace(" P", "\\u0020P", 1)]
)
@pytest.mark.parametrize("size", [1, 3, 7, 400])
def test_arguments_stay_json_and_say_tokens(arguments: str, size: int) -> None:
    """One for a value however it is escaped, in JSON within a string of JSON too."""
    opened = {"id": "c", "type": "function", "function": {"name": "send", "arguments": ""}}
    pieces = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    deltas = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    data = answer([{"tool_calls": [{"index": 0, **opened}]}, *deltas], "tool_calls")
    said = json.loads(generated.shown(written(data))[0, "args0"])
    inner = json.loads(said["in"])
    assert (said["to"], read(said["to"])) == (inner["to"], MAIL)
    assert (said["name"], read(said["name"])) == (inner["name"], NAME)


def test_a_request_and_the_turn_after_it() -> None:
    """The model sees tokens; those that come back with the next request stay as they are."""

    def asked(*texts: str) -> list[str]:
        body = {"model": "m", "messages": [{"role": "user", "content": text} for text in texts]}
        found = outcome(StreamGuard(CHAT.request_codec(), POLICY, Direction.REQUEST), [json.dumps(body).encode()])
        return [one["content"] for one in json.loads(found.written)["messages"]]

    (first,) = asked(TEXT)
    assert read(first) == TEXT
    assert asked(first, TEXT) == [first, first]


def test_without_a_key_nothing_is_said_of_a_value() -> None:
    """As where a policy is only tried by a program that has none."""
    bare = load_policy_text(RULES)
    found = outcome(StreamGuard(CHAT.stream_codec(), bare), [answer([{"content": TEXT}])]).written
    assert generated.shown(found)[0, "content"] == "I am <NAME>, write to <EMAIL_ADDRESS>, <EMAIL_ADDRESS>."
