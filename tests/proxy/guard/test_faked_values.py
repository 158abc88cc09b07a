"""Made-up values in an exchange: one for a value in the request and in all of the answer, at every cut."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.loader import load_policy_text
from policies.types import Direction
from proxy.guard.memory import Memory
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.support import generated
from tests.support.guards import outcome
from tests.support.scale import examples

CHAT = DIALECTS["openai-chat"]
POLICY = load_policy_text("""
version: 1
detectors:
  pii: {type: presidio, entities: [EMAIL_ADDRESS, IP_ADDRESS]}
  codes: {type: patterns, patterns: {CODE: 'zq[a-z]{4}'}}
rules:
  - {id: pii, detector: pii, direction: both, action: redact, fake: true}
  - {id: codes, detector: codes, direction: both, action: redact, fake: true}
""")
MAIL, OTHER, HOST = "zqv.wexjif@quuxbrod.net", "kwyjibo@elsewhere.org", "10.11.12.13"
PROMPT = f"I am {MAIL} at {HOST}, not {OTHER}. ZQV.wexjif@quuxbrod.net! zqabcd"
FAKE_MAIL = r"[a-z]+\.[a-z]+@example\.(?:com|net|org)"


def asked(memory: Memory, *texts: str) -> list[str]:
    """What the model is asked."""
    body = {"model": "m", "messages": [{"role": "user", "content": text} for text in texts]}
    guard = StreamGuard(CHAT.request_codec(), POLICY, Direction.REQUEST, memory=memory)
    found = json.loads(outcome(guard, [json.dumps(body).encode()]).written)
    return [one["content"] for one in found["messages"]]


def answered(memory: Memory, deltas: list[dict[str, Any]], finish: str = "stop") -> dict[Any, str]:
    """What the client is shown of an answer."""
    chunks = [generated.chunk(delta) for delta in deltas]
    data = generated.sse(random.Random(0), [*chunks, generated.chunk({}, finish=finish)])
    return generated.shown(outcome(StreamGuard(CHAT.stream_codec(), POLICY, memory=memory), [data]).written)


def fakes_of(text: str) -> list[str]:
    """The two addresses and the host that stand in place of those of the prompt."""
    words = text.replace(",", "").split()
    return [words[2], words[4], words[6].rstrip(".")]


def test_equal_values_have_equal_fakes_in_all_of_a_request() -> None:
    """Whatever their case; what has no form is a placeholder, and no value is left."""
    memory = Memory()
    first, second = asked(memory, PROMPT, f"again {OTHER}")
    mail, host, other = fakes_of(first)
    assert first == f"I am {mail} at {host}, not {other}. {mail}! <CODE>"
    assert second == f"again {other}"
    assert len({mail, host, other, MAIL, HOST, OTHER}) == 6
    assert len(memory.substitutes) == 3


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=examples(60))
def test_the_answer_says_fakes_again_and_gets_others_for_other_values(seed: int, size: int) -> None:
    """A fake of the request stays, a value of the request becomes its fake, a new value a new one; at any cut."""
    memory = Memory()
    memory.substitutes.seed = str(seed).encode()
    mail, host, other = fakes_of(asked(memory, PROMPT)[0])
    said = f"To {mail} ({host}): {MAIL}, {other} and new@else.where.org."
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    shown = answered(memory, [{"content": piece} for piece in pieces])[0, "content"]
    new = shown.rpartition(" ")[2]
    assert shown == f"To {mail} ({host}): {mail}, {other} and {new}"
    assert "else.where" not in new
    assert new.rstrip(".") not in (mail, other)


@pytest.mark.parametrize("size", [1, 2, 5, 300])
def test_arguments_and_text_have_the_same_fakes(size: int) -> None:
    """Escaped or not, in JSON within a string of JSON, and the arguments stay JSON."""
    memory = Memory()
    mail, host, _ = fakes_of(asked(memory, PROMPT)[0])
    arguments = json.dumps({"to": MAIL, "in": json.dumps({"cc": [MAIL, mail], "host": HOST})})
    arguments = arguments.replace("zqv", "z\\u0071v", 1)
    pieces = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    opened = {"id": "c", "type": "function", "function": {"name": "send", "arguments": ""}}
    calls = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    shown = answered(memory, [{"tool_calls": [{"index": 0, **opened}]}, *calls], "tool_calls")
    read = json.loads(shown[0, "args0"])
    assert (read["to"], json.loads(read["in"])) == (mail, {"cc": [mail, mail], "host": host})


def test_a_fake_is_nothing_that_the_request_says() -> None:
    """The first one that would be written stands in a later message: another is taken."""
    (first,) = asked(Memory(), f"I am {MAIL}")
    taken = first.split()[2]
    found, said = asked(Memory(), f"I am {MAIL}", f"and {taken}")
    assert taken not in found + said
    assert len({found.split()[2], said.split()[1]}) == 2


def test_two_exchanges_know_nothing_of_each_other() -> None:
    """What one made up means nothing to the next."""
    one, other = Memory(), Memory()
    one.substitutes.seed, other.substitutes.seed = b"1", b"2"
    mail = fakes_of(asked(one, PROMPT)[0])[0]
    assert mail not in asked(other, PROMPT)[0]
    assert mail not in answered(other, [{"content": f"to {mail}"}])[0, "content"]
