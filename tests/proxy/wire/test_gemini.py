"""The tables of Gemini's API: what is text, what goes, what passes, in answers and requests, in both spellings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai import types

from detectors.types import ChannelKind as K
from proxy.wire.gemini import GEMINI
from proxy.wire.gemini_fields import snake
from proxy.wire.types import Channel, Form, Frame, FrameRole, SlotMode, each_frame
from tests.support.gemini import (
    RECORDINGS,
    SIGNATURE,
    array,
    call,
    chunk,
    code,
    events,
    partial,
    ran,
    says,
    text,
    thought,
    whole_of,
)
from tests.support.wire import frames_of, texts

LAYOUTS = {Form.EVENTS: events, Form.ARRAY: array}


def snaked(value: Any) -> Any:
    """Return a value with every key in snake_case."""
    if isinstance(value, dict):
        return {snake(key): snaked(child) for key, child in value.items()}
    return [snaked(item) for item in value] if isinstance(value, list) else value


def frames(elements: list[dict[str, Any]], form: Form = Form.EVENTS) -> list[Frame]:
    found = frames_of(GEMINI.stream_codec(form=form), LAYOUTS[form](elements))
    return [frame for frame in each_frame(found) if frame.role is not FrameRole.KEEPALIVE]


def whole(payload: dict[str, Any]) -> Frame:
    return frames_of(GEMINI.body_codec(), json.dumps(payload).encode())[0]


def said(frame: Frame) -> list[tuple[K, str]]:
    """Return kind and text of every slot but ids and constants of the frame around it."""
    return [(slot.channel.kind, slot.text) for slot in frame.slots if slot.channel.kind is not K.ID]


@pytest.mark.parametrize("form", LAYOUTS, ids=lambda form: form.name)
@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_pass_as_they_came(name: str, form: Form) -> None:
    """Every recording leaves as its bytes; the SDK takes each element, and every field of it is listed."""
    data = LAYOUTS[form](RECORDINGS[name])
    codec = GEMINI.stream_codec(form=form)
    found = frames_of(codec, data)
    assert b"".join(codec.encode(frame, {}) for frame in each_frame(found)) == data
    for element in RECORDINGS[name]:
        types.GenerateContentResponse.model_validate(element)
    unlisted = [slot.path for frame in found for slot in frame.slots if str(slot.channel.name).endswith("{}")]
    assert unlisted == []


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_say_the_same_streamed_and_whole(name: str) -> None:
    """The channels and their texts are those of the whole answer."""
    elements = RECORDINGS[name]
    body = [whole(whole_of(elements))]
    assert texts(frames(elements)) == texts(frames(elements, Form.ARRAY)) == texts(body)
    if name != "log-probabilities":  # Tokens that might have been are judged together, one a line.
        assert constants(frames(elements)) == constants(body)


def constants(found: list[Frame]) -> set[tuple[Channel, str]]:
    slots = [slot for frame in found for slot in frame.slots if slot.mode is SlotMode.CONSTANT]
    return {(slot.channel, slot.text) for slot in slots}


@pytest.mark.parametrize("name", RECORDINGS)
def test_both_spellings_are_read_alike(name: str) -> None:
    """Writers of snake_case hide nothing."""
    elements = RECORDINGS[name]
    assert list(map(said, frames(snaked(elements)))) == list(map(said, frames(elements)))
    assert said(whole(snaked(whole_of(elements)))) == said(whole(whole_of(elements)))


def test_texts_of_a_candidate_are_one_text_and_runs_of_thoughts_are_texts_of_their_own() -> None:
    elements = [
        chunk(thought("one")),
        chunk(thought(" and"), text("a")),
        chunk(text("b"), code("x")),
        chunk(thought("two")),
        chunk(text("c"), ran("out")),
        chunk(code("y"), text("d")),
        chunk(text("other"), index=1),
    ]
    expected = {
        Channel(K.REASONING, 0, 0): "one and",
        Channel(K.REASONING, 0, 1): "two",
        Channel(K.TEXT, 0): "abcd",
        Channel(K.TEXT, 1): "other",
        Channel(K.TOOL_ARGUMENTS, 0, 0, "$code"): "x",
        Channel(K.TOOL_ARGUMENTS, 0, 1, "$code"): "y",
        Channel(K.OTHER, 0, 0, "output"): "out",
    }
    assert texts(frames(elements)) == texts([whole(whole_of(elements))]) == expected
    ended = {
        channel for frame in frames(elements) for channel in expected for end in frame.ends if end.covers(channel)
    }
    assert ended == {channel for channel in expected if channel.kind is not K.TEXT}


def test_templates_do_not_outlive_a_run() -> None:
    """Elements that look alike belong to the run that they stand in."""
    elements = [
        chunk(make(f"{number}{place}")) for number in range(3) for make in (thought, text) for place in "abc"
    ]
    found = texts(frames(elements))
    assert [found[Channel(K.REASONING, 0, number)] for number in range(3)] == ["0a0b0c", "1a1b1c", "2a2b2c"]
    assert found[Channel(K.TEXT)] == "0a0b0c1a1b1c2a2b2c"


def test_streamed_arguments_are_texts_by_path_and_call() -> None:
    """A name in every piece begins no new call; only an object that does not go on ends one."""
    first = [partial(name="f"), partial("Bos", "$.to"), partial("x", "$.a[0]"), partial("ton", "$.to", name="f")]
    second = [partial(more=False), partial("Rome", "$.to", more=False)]
    elements = [chunk(part) for part in [*first, *second]]
    expected = {
        Channel(K.TOOL_ARGUMENTS, 0, 0, "$.to"): "Boston",
        Channel(K.TOOL_ARGUMENTS, 0, 0, "$.a[0]"): "x",
        Channel(K.TOOL_ARGUMENTS, 0, 1, "$.to"): "Rome",
    }
    assert texts(frames(elements)) == texts(frames(snaked(elements))) == expected


def test_long_numbers_in_streamed_arguments_are_text() -> None:
    piece = {"functionCall": {"partialArgs": [{"jsonPath": "$.n", "numberValue": 4155550142}]}}
    (frame,) = frames([chunk(piece)])
    assert (K.OTHER, "4155550142") in said(frame)


def test_an_edit_of_a_signed_part_takes_the_signature() -> None:
    """In whatever text of the part it is; a part without a signature gets none."""
    signed = call("f", {"a": "bad"}, thoughtSignature=SIGNATURE)
    for part in (
        signed,
        {"text": "bad", "thoughtSignature": SIGNATURE},
        {**thought("bad"), "thoughtSignature": SIGNATURE},
    ):
        codec = GEMINI.stream_codec()
        (frame,) = frames_of(codec, events([chunk(part, text("bad"))]))
        edits: dict[int, str | None] = {
            number: slot.text.replace("bad", "good")
            for number, slot in enumerate(frame.slots)
            if "bad" in slot.text
        }
        out = json.loads(codec.encode(frame, edits).removeprefix(b"data: "))
        edited, other = out["candidates"][0]["content"]["parts"]
        assert edited["thoughtSignature"] is None
        assert "bad" not in json.dumps(out)
        assert other == text("good")


def test_log_probabilities_go_with_the_text_they_repeat() -> None:
    """Tokens that might have been are judged; a shape that is not understood goes."""
    probable = RECORDINGS["log-probabilities"][0]
    codec = GEMINI.stream_codec()
    (frame,) = frames_of(codec, events([probable]))
    assert (K.OTHER, "A ") in said(frame)
    number = next(n for n, slot in enumerate(frame.slots) if slot.text == "The ")
    out = json.loads(codec.encode(frame, {number: "X"}).removeprefix(b"data: "))
    assert out["candidates"][0]["logprobsResult"] is None
    odd = chunk(text("The "), logprobsResult={"chosenCandidates": [{"token": "T", "why": "x"}]})
    (frame,) = frames([odd])
    assert "logprobsResult" not in frame.payload["candidates"][0]
    split = chunk(text("Th"), logprobsResult={"chosenCandidates": [{"token": "The ", "tokenId": 2}]})
    assert (K.OTHER, "The ") in said(frames([split])[0])


def test_html_of_the_search_entry_is_judged_as_it_is_shown() -> None:
    entry = {"searchEntryPoint": {"renderedContent": "<a>ja<b>ne&#64;x.com</b></a>"}}
    (frame,) = frames([chunk(text("x"), groundingMetadata=entry)])
    shown = [slot for slot in frame.slots if slot.text == "jane@x.com"]
    assert [(slot.drop, slot.channel.kind) for slot in shown] == [(True, K.ANNOTATION)]


def test_integers_that_spell_text_are_judged() -> None:
    """The numbers of grounding chunks are a list of integers, as bytes are."""
    support = {"groundingSupports": [{"groundingChunkIndices": list(b"jane roe")}]}
    (frame,) = frames([chunk(text("x"), groundingMetadata=support)])
    assert any("jane roe" in slot.text for slot in frame.slots)


def asked(payload: dict[str, Any]) -> list[tuple[Channel, str]]:
    """Return the slots of a request."""
    frame = frames_of(GEMINI.request_codec(), json.dumps(payload).encode())[0]
    return [(slot.channel, slot.text) for slot in frame.slots]


REQUEST = {
    "contents": [
        {"role": "user", "parts": [text("Hello"), {"inlineData": {"mimeType": "image/png", "data": SIGNATURE}}]},
        {"role": "model", "parts": [call("find", {"q": "tides"}, thoughtSignature=SIGNATURE)]},
        {
            "role": "user",
            "parts": [{"functionResponse": {"name": "find", "response": {"found": ["a", {"b": "c"}]}}}],
        },
    ],
    "systemInstruction": {"parts": [text("Be brief")]},
    "tools": [
        {"functionDeclarations": [{"name": "find", "description": "Finds it", "parameters": {"type": "OBJECT"}}]},
        {"googleSearch": {}},
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["find"]}},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
    "generationConfig": {
        "temperature": 0.5,
        "maxOutputTokens": 100,
        "stopSequences": ["END"],
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": {"tide": {"type": "STRING"}}},
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH"},
    },
    "labels": {"team": "blue"},
    "cachedContent": "cachedContents/abc",
}


def test_requests() -> None:
    """Every role, part, tool result, instruction and tool is text, each in its place, in both spellings."""
    found = asked(REQUEST)
    assert (Channel(K.TEXT, 0), "Hello") in found
    assert (Channel(K.TEXT, 0, 0, "system"), "Be brief") in found
    assert (Channel(K.TOOL_ARGUMENTS, 1), '{"q":"tides"}') in found
    assert (Channel(K.TOOL_ARGUMENTS, 2, 0, "response"), '{"found":["a",{"b":"c"}]}') in found
    plain = [one for _, one in found]
    assert {"find", "Finds it", "END", "team", "blue"} <= set(plain)
    assert any("tide\n" in one for one in plain)
    assert [one for _, one in asked(snaked(REQUEST))] == plain
    assert not any(channel.name.endswith("{}") for channel, one in found if one != "team")


def test_the_path_says_whether_to_stream() -> None:
    """Not the query and not the body."""
    assert GEMINI.wants_stream({}, "/v1beta/models/m:streamGenerateContent?alt=sse&key=x")
    assert not GEMINI.wants_stream({"stream": True}, "/v1beta/models/m:generateContent?x=:streamGenerateContent")


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "INVALID_ARGUMENT"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"),
        (405, "UNIMPLEMENTED"), (408, "DEADLINE_EXCEEDED"), (413, "INVALID_ARGUMENT"), (415, "INVALID_ARGUMENT"),
        (422, "INVALID_ARGUMENT"), (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (502, "UNAVAILABLE"),
        (503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED"), (529, "INTERNAL"),
    ],
)  # fmt: skip
def test_error_bodies(status: int, name: str) -> None:
    """Google's envelope, with our code as the reason."""
    error = json.loads(GEMINI.error_body(status, "content_filter", "No."))["error"]
    assert (error["code"], error["message"], error["status"]) == (status, "No.", name)
    assert error["details"][0]["reason"] == "content_filter"


def test_finish_reasons_in_the_middle_end_no_text() -> None:
    """Some servers send one with every element."""
    assert texts(frames(RECORDINGS["finish reason in every chunk"]))[Channel(K.TEXT)] == "The sky."
    assert not any(frame.ends for frame in frames(says(["a", "b"])))
