"""Values of a request come back in its answer: in every dialect, at every cut, and nothing else changes."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import substitutes
from policies.types import Direction
from proxy.guard.memory import Memory
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.proxy.guard.test_dialect_promises import stream_codec
from tests.support import gemini, generated
from tests.support.anthropic_messages import thinking, whole
from tests.support.dialects import CASES
from tests.support.guards import Outcome, loaded, outcome
from tests.support.restoring import POLICY, VALUES, Answering, memory_of, restored
from tests.support.scale import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from proxy.wire.types import Codec
    from tests.support.dialect_case import DialectCase

CHAT = DIALECTS["openai-chat"]
EXAMPLES = examples(100)
SEEDS = st.integers(0, 2**48)

each_case = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def answered(codec: Codec, reads: Iterable[bytes], memory: Memory | None) -> Outcome:
    """All that comes out, but for what was read of the text after a block."""
    return outcome(StreamGuard(codec, loaded(POLICY), memory=memory), reads)._replace(text_chars=0)


def is_signed(case: DialectCase, name: str) -> bool:
    return case.dialect == "anthropic-messages" and "thinking" in name


def plain(texts: dict[str, str]) -> dict[str, str]:
    """Texts with arguments in one spelling."""
    return {k: json.dumps(json.loads(v)) if k.startswith("args") else v for k, v in texts.items()}


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_an_answer_is_the_one_without_a_way_back_and_values_in_it(case: DialectCase, seed: int) -> None:
    """Foreign values are taken out as ever; the sender's own stand where placeholders did, but in signed text."""
    answer = case.answer(Answering(random.Random(seed)))
    for codec, data, shown in (
        (stream_codec, answer.stream, case.shown),
        (lambda one, _: one.spoken.body_codec(), answer.whole, case.shown_whole),
    ):
        without = answered(codec(case, data), [data], None)
        found = answered(codec(case, data), [data], memory_of())
        expected = {
            name: text if is_signed(case, name) else restored(name, text)
            for name, text in plain(shown(without.written)).items()
        }
        assert plain(shown(found.written)) == expected
        assert (found.events, found.state, found.block) == (without.events, without.state, without.block)


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_the_outcome_does_not_depend_on_the_cut(case: DialectCase, seed: int) -> None:
    """Any cut of the bytes, byte by byte too: same bytes written, same events."""
    chance = random.Random(seed)
    data = case.answer(Answering(chance)).stream
    cut = answered(stream_codec(case, data), generated.cut(chance, data), memory_of())
    assert cut == answered(stream_codec(case, data), [data], memory_of())


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_stream_and_whole_are_one(case: DialectCase, seed: int) -> None:
    """The same answer streamed and whole."""
    answer = case.answer(Answering(random.Random(seed)))
    streamed = answered(stream_codec(case, answer.stream), [answer.stream], memory_of())
    whole = answered(case.spoken.body_codec(), [answer.whole], memory_of())
    assert plain(case.shown(streamed.written)) == plain(case.shown_whole(whole.written))
    assert (streamed.events, streamed.state) == (whole.events, whole.state)


@each_case
@given(SEEDS)
@settings(max_examples=EXAMPLES)
def test_without_a_value_nothing_is_looked_for(case: DialectCase, seed: int) -> None:
    """Where the request held nothing, an answer is the same as under a policy that restores nothing."""
    data = case.answer(Answering(random.Random(seed))).stream
    guard = StreamGuard(stream_codec(case, data), loaded(POLICY), memory=memory_of({}))
    found = outcome(guard, [data])
    assert found._replace(text_chars=0) == answered(stream_codec(case, data), [data], None)
    assert (guard.stats.restored, guard.stats.unknown_placeholders) == (0, 0)


# The chat API, to the letter.

PROMPT = "I am zqvarden, or zqvester; note it. Not <CUSTOMER_NAME_1>, NOTE_2. zqvarden."


def asked(body: dict[str, Any], memory: Memory) -> Any:
    guard = StreamGuard(CHAT.request_codec(), loaded(POLICY), Direction.REQUEST, memory=memory)
    return json.loads(outcome(guard, [json.dumps(body).encode()]).written)


def test_what_looks_like_a_placeholder_in_a_request_stands_for_nothing() -> None:
    """Its number is passed over, wherever in the request it stands, and it stays in the answer."""
    memory = Memory()
    late = {"role": "assistant", "content": "ok", "tool_calls": [call('{"a": "\\u003cCUSTOMER_NAME_2>"}')]}
    sent = asked({"model": "m", "messages": [{"role": "user", "content": PROMPT}, late]}, memory)
    text = sent["messages"][0]["content"]
    assert text == (
        "I am <CUSTOMER_NAME_3>, or <CUSTOMER_NAME_4>; <NOTE_1>. Not <CUSTOMER_NAME_1>, NOTE_2. <CUSTOMER_NAME_3>."
    )
    said = "<CUSTOMER_NAME_1> <CUSTOMER_NAME_2> <CUSTOMER_NAME_3> <NOTE_2> <NOTE_1>"
    found = answered(CHAT.stream_codec(), [chat_of([said])], memory)
    assert generated.shown(found.written) == {
        (0, "content"): "<CUSTOMER_NAME_1> <CUSTOMER_NAME_2> zqvarden <NOTE_2> note it"
    }


def test_a_value_has_one_placeholder_in_all_of_the_request() -> None:
    """In texts, and in arguments however they are escaped."""
    memory = Memory()
    nested = json.dumps({"q": json.dumps({"p": "zqvarden"}).replace("qv", "\\u0071v")})
    calls = {"role": "assistant", "content": None, "tool_calls": [call('{"a": "zqv\\u0061rden"}'), call(nested)]}
    result = {"role": "tool", "tool_call_id": "c", "content": '{"name": "zqvarden"}'}
    messages = [{"role": "user", "content": "zqvarden"}, calls, result]
    sent = asked({"model": "m", "messages": messages}, memory)["messages"]
    arguments = [json.loads(one["function"]["arguments"]) for one in sent[1]["tool_calls"]]
    assert sent[0]["content"] == arguments[0]["a"] == json.loads(arguments[1]["q"])["p"] == "<CUSTOMER_NAME_1>"
    assert json.loads(sent[2]["content"]) == {"name": "<CUSTOMER_NAME_1>"}
    assert len(memory.substitutes) == 1


def call(arguments: str) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": "send", "arguments": arguments}}


def chat_of(pieces: list[str], field: str = "content") -> bytes:
    chunks = [generated.chunk({field: piece}) for piece in pieces]
    return generated.sse(random.Random(0), [*chunks, generated.chunk({}, finish="stop")])


ARGUMENTS = json.dumps({"to": "<NOTE_1>", "body": json.dumps({"cc": ["\\u003cNOTE_1>", "<NOTE_2>"]})})


@pytest.mark.parametrize("size", range(1, 12))
def test_arguments_in_pieces_of_every_size(size: int) -> None:
    """A placeholder over several pieces, escaped or not, becomes a value escaped as often as its place needs it."""
    opened = generated.chunk({"tool_calls": [{"index": 0, **call("")}]})
    pieces = [ARGUMENTS[at : at + size] for at in range(0, len(ARGUMENTS), size)]
    events = [generated.chunk({"tool_calls": [{"index": 0, "function": {"arguments": one}}]}) for one in pieces]
    data = generated.sse(random.Random(0), [opened, *events, generated.chunk({}, finish="tool_calls")])
    for reads in ([data], [data[at : at + 1] for at in range(len(data))]):
        written = answered(CHAT.stream_codec(), reads, memory_of()).written
        read = json.loads(generated.shown(written)[0, "args0"])
        assert read["to"] == VALUES["<NOTE_1>"]
        assert json.loads(read["body"]) == {"cc": [VALUES["<NOTE_1>"], VALUES["<NOTE_2>"]]}


def test_an_answer_that_is_json_stays_json() -> None:
    """Structured answers are read by programs, also when they come in pieces."""
    text = json.dumps({"a": "<NOTE_1>", "b": [1, "x <CUSTOMER_NAME_1>"]})
    for size in range(1, 9):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        written = answered(CHAT.stream_codec(), [chat_of(pieces)], memory_of()).written
        read = json.loads(generated.shown(written)[0, "content"])
        assert read == {"a": VALUES["<NOTE_1>"], "b": [1, "x zqvarden"]}


def test_json_between_fences_stays_json() -> None:
    """Programs read what stands there, and people what stands around it."""
    value = VALUES["<NOTE_1>"]
    block = json.dumps({"a": "<NOTE_1>", "b": ["<NOTE_2>"]}, indent=2)
    text = f"To <NOTE_1>:\n\n```json\n{block}\n```\n\nSent to <NOTE_1>."
    for size in range(1, 9):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        written = answered(CHAT.stream_codec(), [chat_of(pieces)], memory_of()).written
        before, inside, after = re.split("```(?:json)?", generated.shown(written)[0, "content"])
        assert (before, after) == (f"To {value}:\n\n", f"\n\nSent to {value}.")
        assert json.loads(inside) == {"a": value, "b": [VALUES["<NOTE_2>"]]}


def test_tokens_that_spell_a_placeholder_go() -> None:
    """Log-probabilities say the placeholder, which nobody is to see: they are emptied with an edit, as ever."""
    pieces = ["to ", "<CUSTOMER", "_NAME", "_1>", " now"]
    chunks = [generated.chunk({"content": piece}) for piece in pieces]
    for one, piece in zip(chunks, pieces, strict=True):
        entry = {"token": piece, "logprob": -0.1, "bytes": list(piece.encode()), "top_logprobs": []}
        one["choices"][0]["logprobs"] = {"content": [entry], "refusal": None}
    data = generated.sse(random.Random(0), [*chunks, generated.chunk({}, finish="stop")])
    written = answered(CHAT.stream_codec(), [data], memory_of()).written
    assert generated.shown(written)[0, "content"] == "to zqvarden now"
    assert b"CUSTOMER" not in written
    assert b"NAME" not in written


def test_a_rule_that_reaches_out_of_a_placeholder_takes_all_of_it() -> None:
    """No part of a placeholder is left beside what a rule wrote."""
    policy = POLICY.replace("[halt the presses]", "['presses <']").replace(
        'action: block, message: "stopped here"', "action: redact"
    )
    guard = StreamGuard(CHAT.stream_codec(), loaded(policy), memory=memory_of())
    written = outcome(guard, [chat_of(["stop presses <CUSTOMER_NAME_1>, ", "CUSTOMER_NAME_2"])]).written
    assert generated.shown(written)[0, "content"] == "stop <stops>, zqvester"


def test_at_the_limit_a_value_is_replaced_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not reach the model, it has no number, and it is counted."""
    monkeypatch.setattr(substitutes, "MAX_SUBSTITUTES", 1)
    memory = Memory()
    guard = StreamGuard(CHAT.request_codec(), loaded(POLICY), Direction.REQUEST, memory=memory)
    body = {"model": "m", "messages": [{"role": "user", "content": "zqvarden zqvester zqvarden"}]}
    sent = json.loads(outcome(guard, [json.dumps(body).encode()]).written)
    assert sent["messages"][0]["content"] == "<CUSTOMER_NAME_1> <CUSTOMER_NAME> <CUSTOMER_NAME_1>"
    assert guard.stats.not_restorable == 1


def test_an_unlisted_key_is_not_lost() -> None:
    """Where a value cannot be written, the placeholder stays: a member is not taken out for it."""
    data = chat_of(["hi"]).replace(b'"content": "hi"', b'"content": "hi", "<NOTE_2>": "<NOTE_2>"')
    data = data.replace(b'"content":"hi"', b'"content":"hi","<NOTE_2>":"<NOTE_2>"')
    written = answered(CHAT.stream_codec(), [data], memory_of()).written
    assert b'"<NOTE_2>":"notes to jane.doe@example.com"' in written.replace(b'": ', b'":')


# Signatures.

GEMINI = DIALECTS["gemini"]


def gemini_parts(written: bytes) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = json.loads(written)["candidates"][0]["content"]["parts"]
    return parts


def signed(name: str) -> dict[str, Any]:
    return gemini.call("send", {"to": name}, thoughtSignature=gemini.SIGNATURE)


def test_a_signature_stays_beside_a_value_that_came_back() -> None:
    """In the answer, and in the request that brings it back; an edit of a rule takes it."""
    parts = [signed("<CUSTOMER_NAME_1>"), signed("jane.roe@example.com"), signed("<CUSTOMER_NAME_1> TKT-123456")]
    answer = json.dumps(gemini.around({"content": {"parts": parts, "role": "model"}, "index": 0})).encode()
    memory = Memory()
    user = {"role": "user", "parts": [{"text": "zqvarden"}]}

    def asked_of_gemini(contents: list[Any]) -> Any:
        guard = StreamGuard(GEMINI.request_codec(), loaded(POLICY), Direction.REQUEST, memory=memory)
        return json.loads(outcome(guard, [json.dumps({"contents": contents}).encode()]).written)["contents"]

    asked_of_gemini([user])
    shown = gemini_parts(answered(GEMINI.body_codec(), [answer], memory).written)
    assert [part["functionCall"]["args"]["to"] for part in shown] == [
        "zqvarden",
        "<EMAIL_ADDRESS>",
        "zqvarden **********",
    ]
    assert [part["thoughtSignature"] for part in shown] == [gemini.SIGNATURE, None, None]
    memory = Memory()
    again = asked_of_gemini([user, {"role": "model", "parts": shown[:1]}])
    assert again[1]["parts"] == parts[:1]


def test_signed_thinking_keeps_its_placeholders_and_its_numbers() -> None:
    """It is not changed in the answer, and what it says in the next request means what it meant."""
    claude, memory = DIALECTS["anthropic-messages"], Memory()
    thought = thinking("They are <CUSTOMER_NAME_1>.")
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "zqvarden"}]}
    body["messages"] = [*body["messages"], {"role": "assistant", "content": [thought]}]  # type: ignore[misc]
    guard = StreamGuard(claude.request_codec(), loaded(POLICY), Direction.REQUEST, memory=memory)
    sent = json.loads(outcome(guard, [json.dumps(body).encode()]).written)["messages"]
    assert (sent[0]["content"], sent[1]["content"]) == ("<CUSTOMER_NAME_1>", [thought])
    answer = json.dumps(whole(thought, {"type": "text", "text": "Hi <CUSTOMER_NAME_1>"})).encode()
    shown = json.loads(answered(claude.body_codec(), [answer], memory).written)["content"]
    assert shown == [thought, {"type": "text", "text": "Hi zqvarden"}]
