"""The guard's promises on a real format with real detectors: A1, A4, A5, A7, A8 over generated answers."""

from __future__ import annotations

import json
import random
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.loader import load_policy_text
from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.support import generated
from tests.support.generated import chunk
from tests.support.guards import fed, guarded, loaded
from tests.support.scale import examples

CHAT = DIALECTS["openai-chat"]
SEEDS = st.integers(0, 2**48)


def answer(chance: random.Random, choice: int = 0, tools: int = 0) -> tuple[list[dict[str, Any]], list[str]]:
    """The chunks of one choice, and the values planted in it."""
    values = [generated.planted(chance) for _ in range(chance.randrange(3))]
    field = chance.choice(["content", "content", "content", "refusal", "reasoning_content"])
    text = generated.prose(chance, values)
    if chance.random() < 0.1:
        text += " halt the presses " + generated.prose(chance, [])
    streams = [[chunk({field: piece}, choice) for piece in generated.pieces(chance, text)]]
    for index in range(tools):
        value = generated.planted(chance)
        values.append(value)
        arguments = json.dumps(
            {"to": generated.prose(chance, [value], 5), "n": chance.randrange(999)},
            ensure_ascii=chance.random() < 0.5,
        )
        calls = [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in generated.pieces(chance, arguments)
        ]
        calls[0]["tool_calls"][0] |= {"id": f"call_{index}", "type": "function"}
        calls[0]["tool_calls"][0]["function"]["name"] = "send"
        streams.append([chunk(call, choice) for call in calls])
    first = chunk({"role": "assistant", "content": ""}, choice)
    return [first, *generated.interleaved(chance, streams), chunk({}, choice, "stop")], values


@given(SEEDS)
@settings(max_examples=examples(10_000))
def test_a1_the_outcome_does_not_depend_on_the_cut(seed: int) -> None:
    """A1: any cut of the bytes, in any spelling: same bytes written, same events, same state."""
    chance = random.Random(seed)
    events, _ = answer(chance, tools=chance.choice([0, 0, 0, 1]))
    data = generated.sse(chance, events)
    assert guarded(CHAT.stream_codec(), generated.cut(chance, data)) == guarded(CHAT.stream_codec(), [data])


@given(SEEDS)
@settings(max_examples=examples(2_000))
def test_a4_stream_and_whole_are_one(seed: int) -> None:
    """A4: the same answer streamed and whole: same text in every field, same incidents, same state."""
    chance = random.Random(seed)
    values = [generated.planted(chance) for _ in range(chance.randrange(4))]
    text = generated.prose(chance, values)
    if chance.random() < 0.2:
        text += " halt the presses now"
    streamed = [chunk({"content": piece}) for piece in generated.pieces(chance, text)]
    whole = {
        "id": "chatcmpl-Ab12",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
    }
    stream_out, stream_events, stream_state = guarded(
        CHAT.stream_codec(), [generated.sse(chance, [*streamed, chunk({}, finish="stop")])]
    )
    whole_out, whole_events, whole_state = guarded(CHAT.body_codec(), [orjson.dumps(whole)])
    assert generated.shown(stream_out) == generated.shown_whole(whole_out)
    assert (stream_events, stream_state) == (whole_events, whole_state)


@given(SEEDS)
@settings(max_examples=examples(5_000))
def test_a7_choices_and_tool_calls_do_not_mask_each_other(seed: int) -> None:
    """A7: up to 8 choices with up to 4 tool calls in any interleaving: no planted value in any byte written."""
    chance = random.Random(seed)
    streams, planted = [], []
    for choice in range(min(chance.randrange(1, 9), chance.randrange(1, 9))):
        events, values = answer(chance, choice, tools=chance.choice([0, 0, 1, 4]))
        streams.append(events)
        planted += values
    data = generated.sse(chance, generated.interleaved(chance, streams))
    written, _, _ = guarded(CHAT.stream_codec(), generated.cut(chance, data))
    texts = generated.shown(written)
    for value in planted:
        assert not any(value in text for text in texts.values())


@given(SEEDS)
@settings(max_examples=examples(10_000))
def test_a8_redacted_arguments_stay_json_with_their_keys(seed: int) -> None:
    """A8: tool arguments with values planted anywhere but in keys come out as JSON with the same keys."""
    chance = random.Random(seed)
    value = _json(chance, 3)
    arguments = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, None, 1]))
    events = [
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        for piece in generated.pieces(chance, arguments)
    ]
    written, _, _ = guarded(CHAT.stream_codec(), [generated.sse(chance, events)])
    out = generated.shown(written)[0, "args0"]
    assert _keys(json.loads(out)) == _keys(value)


def _json(chance: random.Random, depth: int) -> object:
    kind = chance.randrange(7 if depth else 4)
    if kind == 0:
        return chance.choice([None, True, 12, -3.5e7, 4111111111111111, 2125550142])
    if kind < 4:
        return generated.prose(chance, [generated.planted(chance)] * chance.randrange(2), 4) + chance.choice(
            ["", '"', "\\", "\n", "\\u0041"]
        )
    if kind == 4:
        return [_json(chance, depth - 1) for _ in range(chance.randrange(3))]
    return {f"k{i}": _json(chance, depth - 1) for i in range(chance.randrange(4))}


def _keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: _keys(inner) for key, inner in value.items()}
    return [_keys(inner) for inner in value] if isinstance(value, list) else None


@given(SEEDS)
@settings(max_examples=examples(2_000))
def test_identity_on_answers_without_findings(seed: int) -> None:
    """Without a finding exactly the bytes that came are written, whatever the spelling."""
    chance = random.Random(seed)
    words = [w for w in generated.WORDS if not any(c.isdigit() for c in w)]
    text = " ".join(chance.choices(words, k=chance.randrange(20)))
    events = [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": p}) for p in generated.pieces(chance, text)),
    ]
    data = generated.sse(
        chance, [*events, chunk({}, finish="stop"), {**chunk({}), "choices": [], "usage": {"total_tokens": 3}}]
    )
    written, told, state = guarded(CHAT.stream_codec(), generated.cut(chance, data))
    assert (written, told, state) == (data, [], GuardState.STATE_DONE)


def test_choices_do_not_wait_for_one_that_finished() -> None:
    """What was held at its end leaves with its finish reason, and the frames of others behind it."""
    begun = [chunk({"content": "mail jane.roe@exam"}, 0), chunk({"content": "and "}, 1)]
    behind = [chunk({}, 0, "stop"), chunk({"content": "more "}, 1)]
    guard = StreamGuard(CHAT.stream_codec(), loaded(generated.POLICY))
    assert fed(guard, [b"data: " + orjson.dumps(one) + b"\n\n" for one in begun]) == b""
    written = fed(guard, [b"data: " + orjson.dumps(one) + b"\n\n" for one in behind])
    assert generated.shown(written) == {(0, "content"): "mail jane.roe@exam", (1, "content"): "and more "}


@given(SEEDS)
@settings(max_examples=examples(300))
def test_finished_choices_in_any_interleaving(seed: int) -> None:
    """Any cut gives the same, and nothing planted is written, also where a finished choice goes on."""
    chance = random.Random(seed)
    streams, planted = [], []
    for choice in range(chance.randrange(1, 4)):
        events, values = answer(chance, choice)
        place = len(events) if chance.random() < 0.8 else chance.randrange(len(events) + 1)
        streams.append([*events[:place], chunk({}, choice, "stop"), *events[place:]])
        planted += values
    data = generated.sse(chance, generated.interleaved(chance, streams))
    written, events, state = guarded(CHAT.stream_codec(), generated.cut(chance, data))
    assert (written, events, state) == guarded(CHAT.stream_codec(), [data])
    for value in planted:
        assert not any(value in text for text in generated.shown(written).values())


def test_an_edited_id_is_edited_in_every_frame_of_the_stream() -> None:
    """Ids are judged once; frames that repeat an edited one never leave as the bytes that came."""
    under = load_policy_text(
        "version: 1\nname: ids\ndetectors:\n  names: {type: keywords, words: [gpt-4o-mini]}\n"
        "rules:\n  - {id: names, detector: names, action: redact, replacement: hidden}\n"
    )
    events = [b"data: " + orjson.dumps(chunk({"content": word})) + b"\n\n" for word in ("a ", "b ", "c ", "d ")]
    for reads in ([b"".join(events)], events):
        written = fed(StreamGuard(CHAT.stream_codec(), under), [*reads, b"data: [DONE]\n\n"])
        assert b"gpt-4o-mini" not in written
        assert written.count(b'"hidden"') == len(events)
