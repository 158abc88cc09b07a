"""The official `openai` client, sync: everything it can ask for comes through the proxy in a form it parses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel

from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import Script, chunk, delta, interleaved, says, script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.model import ScriptedModel, Tap

    Play = Callable[[Script], str]

ASK: Any = [{"role": "user", "content": "Hello?"}]
PLAIN = ["The ", "tide ", "rises ", "twice ", "a day, ", "nearly ", "everywhere", "."]
TOOLS: Any = [{"type": "function", "function": {"name": "send", "parameters": {"type": "object"}}}]


def stream_text(client: openai.OpenAI, model: str, **more: Any) -> tuple[dict[int, str], dict[int, str | None]]:
    """Ask for a stream; return text and finish reason by choice."""
    texts: dict[int, str] = {}
    reasons: dict[int, str | None] = {}
    for event in client.chat.completions.create(model=model, messages=ASK, stream=True, **more):
        for choice in event.choices:
            texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
            reasons[choice.index] = choice.finish_reason or reasons.get(choice.index)
    return texts, reasons


def test_plain_text(client: openai.OpenAI, play: Play) -> None:
    """Text that breaks no rule arrives as it was said, streamed and whole."""
    name = play(script(says(PLAIN)))
    assert stream_text(client, name) == ({0: "".join(PLAIN)}, {0: "stop"})
    whole = client.chat.completions.create(model=name, messages=ASK)
    assert whole.choices[0].message.content == "".join(PLAIN)
    assert whole.usage is not None
    assert whole.usage.total_tokens == 12


def test_headers_name_the_policy(client: openai.OpenAI, play: Play) -> None:
    """Every guarded answer says which policy judged it, and carries an id."""
    raw = client.chat.completions.with_raw_response.create(model=play(script(says(PLAIN))), messages=ASK)
    assert raw.headers["x-sluicegate-policy"].startswith("e2e@")
    assert raw.headers["x-sluicegate-request-id"]


@pytest.mark.parametrize("parts", [1, 2, 3, 7, len(MAIL)])
def test_redaction_across_events(client: openai.OpenAI, play: Play, tap: Tap, parts: int) -> None:
    """An address cut over events is masked; no part of it is on the client's socket."""
    name = play(script(says(["Write to ", *cut_in(MAIL, parts), " today", "."])))
    expected = "Write to <EMAIL_ADDRESS> today."
    assert stream_text(client, name) == ({0: expected}, {0: "stop"})
    whole = client.chat.completions.create(model=name, messages=ASK)
    assert whole.choices[0].message.content == expected
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_mask_keeps_the_length(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """A masked ticket keeps its place and its length."""
    name = play(script(says(["See ", "TK", "T-48", "3920", " please."])))
    assert stream_text(client, name)[0] == {0: "See ********** please."}
    assert b"3920" not in tap.received


def test_flag_changes_nothing(client: openai.OpenAI, play: Play) -> None:
    """A rule that flags lets the text through."""
    name = play(script(says(["This is an inter", "nal memo", " of ours."])))
    assert stream_text(client, name) == ({0: "This is an internal memo of ours."}, {0: "stop"})


def test_block_in_the_middle_of_a_stream(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """A blocked stream keeps what was clean, ends as filtered, and says why."""
    name = play(script(says(["All about ", "Proj", "ect Or", "ion and ", "more secretsauce."])))
    texts, reasons = stream_text(client, name)
    assert reasons == {0: "content_filter"}
    assert texts[0].startswith("All about ")
    assert texts[0].endswith("Stopped by the e2e policy.")
    assert "Orion" not in texts[0]
    assert b"ect Or" not in tap.received
    assert b"secretsauce" not in tap.received


@pytest.mark.parametrize(
    ("parts", "clean"),
    [
        (["Project Orion", " is what it is called."], ""),
        (["All about ", "Proj", "ect Or", "ion and ", "more."], "All about "),
        (["It is ", "called ", "Project", " Orion"], "It is called "),
    ],
    ids=["first event", "middle", "last event"],
)
def test_block_wherever_it_stands(
    client: openai.OpenAI, play: Play, tap: Tap, parts: list[str], clean: str
) -> None:
    """Text that was clean, then the message, then the filtered ending, once, and nothing behind it."""
    events = list(client.chat.completions.create(model=play(script(says(parts))), messages=ASK, stream=True))
    choices = [choice for event in events for choice in event.choices]
    said = "".join(choice.delta.content or "" for choice in choices)
    assert (said[: len(clean)], said[len(clean) :].strip()) == (clean, "Stopped by the e2e policy.")
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["content_filter"]
    assert events[-1].choices[0].finish_reason == "content_filter"
    assert tap.received.count(b"data: [DONE]") == 1
    assert tap.received.split(b"data: [DONE]")[1].replace(b"0\r\n\r\n", b"").strip() == b""
    assert b"Orion" not in tap.received


def test_block_of_a_whole_answer(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """A blocked whole answer is an answer that was filtered."""
    whole = client.chat.completions.create(
        model=play(script(says(["All about Project Orion and more."]))), messages=ASK
    )
    assert whole.choices[0].finish_reason == "content_filter"
    assert "Stopped by the e2e policy." in (whole.choices[0].message.content or "")
    assert b"Orion" not in tap.received


def test_three_choices(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """Choices that take turns are told apart: one is masked, the others are untouched."""
    streams = [says(PLAIN, 0), says(["To ", *cut_in(MAIL, 4), " it goes"], 1), says(["Third ", "one"], 2)]
    name = play(script(interleaved(*streams)))
    expected = {0: "".join(PLAIN), 1: "To <EMAIL_ADDRESS> it goes", 2: "Third one"}
    assert stream_text(client, name, n=3) == (expected, {0: "stop", 1: "stop", 2: "stop"})
    whole = client.chat.completions.create(model=name, messages=ASK, n=3)
    assert {choice.index: choice.message.content for choice in whole.choices} == expected
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_block_closes_every_choice(client: openai.OpenAI, play: Play) -> None:
    """When one of three choices is blocked, each that was open gets a finish reason."""
    streams = [says(PLAIN, 0), says(["On ", "Project", " Orion", "!"], 1), says(["Third ", "one"], 2)]
    _, reasons = stream_text(client, play(script(interleaved(*streams))), n=3)
    assert reasons[1] == "content_filter"
    assert all(reasons.values())


def _tool_events(arguments: list[str]) -> list[dict[str, Any]]:
    opened = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "send", "arguments": ""}}
    parts = [{"index": 0, "function": {"arguments": part}} for part in arguments]
    events = [delta(role="assistant", tool_calls=[opened])]
    return [*events, *(delta(tool_calls=[part]) for part in parts), delta(finish_reason="tool_calls")]


def test_tool_call_is_masked_and_stays_json(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """Arguments of a tool call are masked inside their JSON, which stays whole."""
    arguments = json.dumps({"to": MAIL, "subject": "tides", "count": 2})
    name = play(script(_tool_events(cut_in(arguments, 9))))
    expected = {"to": "<EMAIL_ADDRESS>", "subject": "tides", "count": 2}
    joined, called = "", ""
    for event in client.chat.completions.create(model=name, messages=ASK, tools=TOOLS, stream=True):
        for call in event.choices[0].delta.tool_calls or []:
            assert call.function is not None
            called += call.function.name or ""
            joined += call.function.arguments or ""
    assert (called, json.loads(joined)) == ("send", expected)
    whole = client.chat.completions.create(model=name, messages=ASK, tools=TOOLS).choices[0]
    assert whole.message.tool_calls is not None
    assert whole.message.tool_calls[0].type == "function"
    assert json.loads(whole.message.tool_calls[0].function.arguments) == expected
    assert whole.finish_reason == "tool_calls"
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_stream_helper_runs_tools(client: openai.OpenAI, play: Play) -> None:
    """The client's own accumulating stream helper ends with the masked tool call."""
    name = play(script(_tool_events(cut_in(json.dumps({"to": MAIL}), 5))))
    with client.chat.completions.stream(model=name, messages=ASK, tools=TOOLS) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls is not None
    assert json.loads(final.choices[0].message.tool_calls[0].function.arguments) == {"to": "<EMAIL_ADDRESS>"}


def test_stream_helper_text_events(client: openai.OpenAI, play: Play) -> None:
    """The helper's text events and its snapshot agree, with an edit in between."""
    name = play(script(says(["Write to ", *cut_in(MAIL, 3), ", ", "soon."])))
    spoken, snapshot = "", ""
    with client.chat.completions.stream(model=name, messages=ASK) as stream:
        for event in stream:
            if event.type == "content.delta":
                spoken, snapshot = spoken + event.delta, event.snapshot
        assert stream.get_final_completion().choices[0].message.content == spoken
    assert spoken == snapshot == "Write to <EMAIL_ADDRESS>, soon."


class Contact(BaseModel):
    """What the structured answer holds."""

    name: str
    mail: str


def test_parse_helper(client: openai.OpenAI, play: Play) -> None:
    """A structured answer with a masked member still parses into its model."""
    answer = json.dumps({"name": "Z.", "mail": MAIL})
    name = play(script(says(cut_in(answer, 8))))
    parsed = client.chat.completions.parse(model=name, messages=ASK, response_format=Contact)
    assert parsed.choices[0].message.parsed == Contact(name="Z.", mail="<EMAIL_ADDRESS>")


def test_stream_helper_raises_on_a_filtered_structured_answer(client: openai.OpenAI, play: Play) -> None:
    """A blocked structured answer raises the client's own error, not a JSON error."""
    name = play(script(says(['{"name": "', "Project Orion", '", "mail": ""}'])))
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client.chat.completions.parse(model=name, messages=ASK, response_format=Contact)


def _with_logprobs(pieces: list[str]) -> list[dict[str, Any]]:
    def listed(piece: str) -> dict[str, Any]:
        entry = {"token": piece, "logprob": -0.5, "bytes": list(piece.encode())}
        return {"content": [{**entry, "top_logprobs": [entry]}], "refusal": None}

    spoken = [delta(content=piece, logprobs=listed(piece)) for piece in pieces]
    return [*spoken, delta(finish_reason="stop")]


def test_log_probabilities_of_clean_text(client: openai.OpenAI, play: Play) -> None:
    """Log-probabilities of untouched text arrive as they were, streamed and whole."""
    name = play(script(_with_logprobs(PLAIN)))
    tokens = [
        entry.token
        for event in client.chat.completions.create(model=name, messages=ASK, stream=True, logprobs=True)
        for entry in ((event.choices[0].logprobs and event.choices[0].logprobs.content) or [])
    ]
    assert tokens == PLAIN
    whole = client.chat.completions.create(model=name, messages=ASK, logprobs=True).choices[0]
    assert whole.logprobs is not None
    assert [entry.token for entry in whole.logprobs.content or []] == PLAIN


def test_log_probabilities_do_not_leak(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """The tokens and bytes that repeat a masked value are gone with it."""
    name = play(script(_with_logprobs(["Write to ", *cut_in(MAIL, 3), " today."])))
    texts, _ = stream_text(client, name, logprobs=True)
    whole = client.chat.completions.create(model=name, messages=ASK, logprobs=True)
    assert texts[0] == whole.choices[0].message.content == "Write to <EMAIL_ADDRESS> today."
    received = bytes(tap.received)
    assert runs_left(MAIL, received) == []
    as_numbers = ",".join(str(code) for code in MAIL[:6].encode())
    assert as_numbers not in received.decode("utf-8", "replace").replace(" ", "")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "refusal"])
def test_other_texts(client: openai.OpenAI, play: Play, tap: Tap, field: str) -> None:
    """Reasoning and refusals are guarded like the answer."""
    pieces = ["ask ", *cut_in(MAIL, 3), " first"]
    spoken = [
        chunk([{"index": 0, "delta": {field: piece}, "logprobs": None, "finish_reason": None}]) for piece in pieces
    ]
    name = play(script([delta(role="assistant"), *spoken, delta(content="Yes."), delta(finish_reason="stop")]))
    heard = ""
    for event in client.chat.completions.create(model=name, messages=ASK, stream=True):
        heard += (event.choices[0].delta.model_dump().get(field)) or ""
    assert heard == "ask <EMAIL_ADDRESS> first"
    whole = client.chat.completions.create(model=name, messages=ASK).choices[0].message.model_dump()
    assert whole[field] == heard
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_usage_event_without_choices(client: openai.OpenAI, play: Play) -> None:
    """The usage event at the end, which has no choice, arrives after all text."""
    usage = chunk([], usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})
    events = says(["Write to ", *cut_in(MAIL, 3)])
    name = play(Script((*events, usage), {}))
    got = list(client.chat.completions.create(model=name, messages=ASK, stream=True))
    assert got[-1].usage is not None
    assert got[-1].usage.total_tokens == 3
    assert "".join(c.delta.content or "" for e in got for c in e.choices) == "Write to <EMAIL_ADDRESS>"


def _completion(text: str, finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}
    return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "scripted-1", "choices": [choice]}


def test_legacy_completions(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """The older completions API is masked and blocked alike."""
    pieces = ["Write to ", *cut_in(MAIL, 3), " today."]
    events = (*(_completion(piece) for piece in pieces), _completion("", "stop"))
    name = play(Script(events, _completion("".join(pieces), "stop")))
    streamed = client.completions.create(model=name, prompt="Hello?", stream=True)
    assert "".join(event.choices[0].text for event in streamed) == "Write to <EMAIL_ADDRESS> today."
    whole = client.completions.create(model=name, prompt="Hello?")
    assert whole.choices[0].text == "Write to <EMAIL_ADDRESS> today."
    assert runs_left(MAIL, bytes(tap.received)) == []
    blocked = play(Script((_completion("On Project Orion", None), _completion("", "stop"))))
    last = list(client.completions.create(model=blocked, prompt="Hello?", stream=True))[-1]
    assert last.choices[0].finish_reason == "content_filter"


def test_models_list(client: openai.OpenAI, play: Play) -> None:
    """The list of models is a safe path and passes."""
    name = play(script(says(PLAIN)))
    assert name in {listed.id for listed in client.models.list()}


def test_request_is_masked(client: openai.OpenAI, play: Play, model: ScriptedModel) -> None:
    """What the policy masks in a prompt does not reach the model."""
    name = play(script(says(PLAIN)))
    client.chat.completions.create(model=name, messages=[{"role": "user", "content": f"I am {MAIL}."}])
    asked = next(one for one in reversed(model.requests) if one["model"] == name)
    assert asked["messages"][0]["content"] == "I am <EMAIL_ADDRESS>."
