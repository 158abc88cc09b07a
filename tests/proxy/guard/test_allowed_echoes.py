"""`allow_echo`: what the user typed may be said again, in every dialect, at every cut, and nothing else may."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.guard.memory import Memory
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.proxy.guard.test_dialect_promises import stream_codec
from tests.support import generated
from tests.support.dialect_case import Prose
from tests.support.dialects import CASES
from tests.support.guards import Outcome, loaded, outcome
from tests.support.scale import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from proxy.wire.types import Codec
    from tests.support.dialect_case import DialectCase

EXAMPLES = examples(100)
SEEDS = st.integers(0, 2**48)
CHAT = DIALECTS["openai-chat"]
POLICY = generated.POLICY.replace("action: redact", "action: redact, allow_echo: true")

each_case = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def memory_of(values: Iterable[str]) -> Memory:
    memory = Memory()
    memory.typed.take([f"it is {value}, please" for value in values])
    return memory


def answered(codec: Codec, reads: Iterable[bytes], values: Iterable[str], policy: str = POLICY) -> Outcome:
    return outcome(StreamGuard(codec, loaded(policy), memory=memory_of(values)), reads)._replace(text_chars=0)


def typed_of(chance: random.Random, planted: list[str]) -> list[str]:
    """Some of the values that one rule alone finds."""
    alone = sorted({one for one in planted if one.startswith(("jane", "Project", "falcon"))})
    return [one for one in alone if chance.random() < 0.5]


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_typed_values_stay_and_others_go(case: DialectCase, seed: int) -> None:
    """Each is an event all the same; what is an echo says so, and changes nothing."""
    chance = random.Random(seed)
    answer = case.answer(Prose(chance, clean=False))
    typed = typed_of(chance, answer.planted)
    for codec, data, shown in (
        (stream_codec(case, answer.stream), answer.stream, case.shown),
        (case.spoken.body_codec(), answer.whole, case.shown_whole),
    ):
        found = answered(codec, [data], typed)
        said, left = " ".join(shown(data).values()), " ".join(shown(found.written).values())
        is_all = found.block is None and case.dialect != "anthropic-messages"  # signed text ends at an edit
        for value in set(answer.planted):
            assert value in typed or value not in left
            assert not is_all or left.count(value) == (said.count(value) if value in typed else 0)
        for event in found.events:
            assert (event.action == "allow") is event.is_echo  # type: ignore[union-attr]


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_the_outcome_does_not_depend_on_the_cut(case: DialectCase, seed: int) -> None:
    """Any cut of the bytes: same bytes written, same events; streamed and whole are one."""
    chance = random.Random(seed)
    answer = case.answer(Prose(chance, clean=False))
    typed = typed_of(chance, answer.planted)
    once = answered(stream_codec(case, answer.stream), [answer.stream], typed)
    cut = generated.cut(chance, answer.stream)
    assert answered(stream_codec(case, answer.stream), cut, typed) == once
    whole = answered(case.spoken.body_codec(), [answer.whole], typed)
    assert (whole.events, whole.state) == (once.events, once.state)


def chat_of(text: str, size: int) -> bytes:
    chunks = [generated.chunk({"content": text[at : at + size]}) for at in range(0, len(text), size)]
    return generated.sse(random.Random(0), [*chunks, generated.chunk({}, finish="stop")])


RULES = """
version: 1
detectors:
  mail: {type: presidio, entities: [EMAIL_ADDRESS]}
  inner: {type: keywords, words: [jane]}
rules:
  - {id: mail, detector: mail, action: ACTION, allow_echo: true}
"""


@pytest.mark.parametrize("action", ["redact", "block", "rewrite", "flag"])
@pytest.mark.parametrize("size", [1, 7, 99])
def test_every_action_lets_an_echo_pass(action: str, size: int) -> None:
    """An event says so, whether the rule holds the text or only tells of it."""
    text = "It is jane@example.com. Yes."
    policy = RULES.replace("ACTION", action)
    found = answered(CHAT.stream_codec(), [chat_of(text, size)], ["jane@example.com"], policy)
    assert generated.shown(found.written)[0, "content"] == text
    assert [(e.action, e.is_echo, e.rule) for e in found.events] == [("allow", True, "mail")]  # type: ignore[union-attr]
    other = answered(CHAT.stream_codec(), [chat_of(text, size)], ["mary-jane@example.com"], policy)
    assert [(e.action, e.is_echo) for e in other.events] == [(action, False)]  # type: ignore[union-attr]


def test_another_rule_still_acts() -> None:
    """An echo is no exception for rules that do not ask."""
    more = RULES.replace("ACTION", "flag") + "  - {id: strict, detector: mail, action: redact}\n"
    found = answered(CHAT.stream_codec(), [chat_of("is jane@example.com", 5)], ["jane@example.com"], more)
    assert generated.shown(found.written)[0, "content"] == "is <EMAIL_ADDRESS>"
    assert [(e.rule, e.is_echo) for e in found.events] == [("strict", False)]  # type: ignore[union-attr]


def test_arguments_may_say_it_with_escapes() -> None:
    arguments = json.dumps({"to": "jane\\u0040example.com", "cc": "jo@example.com"}).replace("\\\\u", "\\u")
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    data = generated.sse(
        random.Random(0), [generated.chunk({"tool_calls": [call]}), generated.chunk({}, finish="stop")]
    )
    found = answered(CHAT.stream_codec(), [data], ["jane@example.com"], RULES.replace("ACTION", "redact"))
    read = json.loads(generated.shown(found.written)[0, "args0"])
    assert read == {"to": "jane@example.com", "cc": "<EMAIL_ADDRESS>"}


def test_without_the_option_nothing_is_asked() -> None:
    policy = RULES.replace("ACTION, allow_echo: true", "redact")
    found = answered(CHAT.stream_codec(), [chat_of("is jane@example.com", 5)], ["jane@example.com"], policy)
    assert generated.shown(found.written)[0, "content"] == "is <EMAIL_ADDRESS>"
