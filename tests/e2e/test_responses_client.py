"""The official `openai` client on the Responses API, sync and async, through the product's own entry point."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel

from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import CUT, HANG, Script
from tests.support.responses import (
    RECORDINGS,
    Call,
    Message,
    Text,
    Thought,
    numbered,
    response,
    says,
    sse,
    stream_events,
    thinks,
    whole,
)
from tests.support.responses_reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.model import BackgroundLoop, ScriptedModel, Tap

    Play = Callable[[Script], str]

PLAIN = ["The ", "tide ", "rises ", "twice ", "a day, ", "nearly ", "everywhere", "."]
MASKED = "Write to <EMAIL_ADDRESS> today."
STOPPED = "Stopped by the e2e policy."


def script(items: Sequence[Any], *more: Any) -> Script:
    """Return the script that streams the items, or sends them whole."""
    events = tuple(map(sse, stream_events(items)))
    return Script((*events, *more), whole(items), ends_with_done=False)


def unfinished(items: Sequence[Any], *more: Any) -> Script:
    """Return the script of a stream that stops before its items are done."""
    events = [event for event in stream_events(items) if not event["type"].endswith((".done", ".completed"))]
    return Script((*map(sse, events), *more), whole(items), ends_with_done=False)


def streamed(client: openai.OpenAI, name: str) -> Reader:
    """Ask for a stream; every event is one of the SDK's, and a careful client is content with them."""
    events = list(client.responses.create(model=name, input="Hello?", stream=True))
    return Reader([event.model_dump(by_alias=True, exclude_unset=True) for event in events])


def ended(client: openai.OpenAI, name: str) -> str:
    """Ask for a stream that is blocked; return what it said in the end."""
    final = streamed(client, name).final
    assert (final["status"], final["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})
    return openai.types.responses.Response.model_validate(final).output_text


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings(client: openai.OpenAI, play: Play, name: str) -> None:
    """What breaks no rule arrives as it was, streamed and whole."""
    items = RECORDINGS[name]
    model = play(script(items))
    events = list(client.responses.create(model=model, input="Hello?", stream=True))
    assert [event.model_dump(by_alias=True, exclude_unset=True) for event in events] == stream_events(items)
    answered = client.responses.create(model=model, input="Hello?")
    assert answered.model_dump(by_alias=True, exclude_unset=True) == whole(items)


@pytest.mark.parametrize("parts", [1, 2, 3, 7, len(MAIL)])
def test_redaction_across_events(client: openai.OpenAI, play: Play, tap: Tap, parts: int) -> None:
    """An address cut over events is masked in every text and all its repeats; nothing of it is on the socket."""
    pieces = ["Write to ", *cut_in(MAIL, parts), " today", "."]
    thought = Thought([Text(pieces, "summary_text")], [Text(pieces, "reasoning_text")])
    call = Call(cut_in(json.dumps({"to": MAIL, "n": 2}), parts + 2))
    name = play(script([thought, Message([Text(pieces, has_logprobs=True)]), call]))
    final = streamed(client, name).final
    assert client.responses.create(model=name, input="Hello?").model_dump(exclude_unset=True) == final
    assert final["output"][0]["summary"][0]["text"] == final["output"][0]["content"][0]["text"] == MASKED
    assert final["output"][1]["content"][0]["text"] == MASKED
    assert json.loads(final["output"][2]["arguments"]) == {"to": "<EMAIL_ADDRESS>", "n": 2}
    assert runs_left(MAIL, bytes(tap.received)) == []


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_block_in_text(client: openai.OpenAI, play: Play, tap: Tap, place: str) -> None:
    """A blocked answer keeps what was clean, says why, and ends as the API ends a filtered one."""
    codename = ["All about ", "Proj", "ect Or", "ion and more secretsauce."]
    pieces = {"first": ["Project Orion"], "middle": [*codename, *PLAIN], "last": [*PLAIN, *codename]}[place]
    name = play(script([thinks("Hm."), says(*pieces)]))
    said = ended(client, name)
    assert said.endswith(STOPPED)
    answered = client.responses.create(model=name, input="Hello?")
    assert (answered.status, answered.output_text) == ("incomplete", said)
    assert b"Orion" not in tap.received
    assert b"secretsauce" not in tap.received


@pytest.mark.parametrize(
    ("item", "is_left_out"),
    [
        (thinks("On ", "Project Orion."), False),
        (Thought(content=[Text(["On ", "Project Orion."], "reasoning_text")]), False),
        (Message([Text(["No: ", "Project Orion."], "refusal")]), False),
        (Call(['{"about": "', 'Project Orion"}']), True),
        (Call(["{}"], first={"call_id": "call_1", "name": "Project Orion"}), True),
        (Call(["{}"], "mcp_call", {"name": "f", "server_label": "s"}, {"output": "On Project Orion."}), True),
    ],
)
def test_block_elsewhere(client: openai.OpenAI, play: Play, tap: Tap, item: Any, is_left_out: bool) -> None:
    """In reasoning, a refusal, a tool's name, input and output of a second item: all that was open is closed."""
    name = play(script([says("First."), item, says("Last.")]))
    assert ended(client, name) == f"First.{STOPPED}"
    answered = client.responses.create(model=name, input="Hello?")
    assert (answered.status, answered.output_text) == ("incomplete", f"First.{STOPPED}")
    assert (item.value(1, full=True)["type"] not in [one.type for one in answered.output]) is is_left_out
    assert b"Orion" not in tap.received


def test_block_in_the_last_event(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """A text that only the last snapshot has is blocked there."""
    events = stream_events([says("Fine.")])
    events[-1]["response"]["note"] = "Project Orion"
    assert ended(client, play(Script(tuple(map(sse, events)), ends_with_done=False))) == f"Fine.{STOPPED}"
    assert b"Orion" not in tap.received


def test_an_echo_in_the_last_event_stops_nothing(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """What the caller sent itself is taken out where it comes back; the answer is complete."""
    events = stream_events([says("Fine.")])
    events[-1]["response"]["metadata"] = {"note": "Project Orion"}
    final = streamed(client, play(Script(tuple(map(sse, events)), ends_with_done=False))).final
    assert (final["status"], final["output"][0]["content"][0]["text"]) == ("completed", "Fine.")
    assert b"Orion" not in tap.received


def test_the_upstream_is_closed_after_a_block(
    client: openai.OpenAI, play: Play, model: ScriptedModel, background: BackgroundLoop
) -> None:
    """No more tokens are paid for: the connection is closed at once, though the model would go on."""
    name = play(unfinished([says("On Project Orion ", "and ")], HANG))
    assert ended(client, name).endswith(STOPPED)
    over = time.monotonic()
    assert background.run(model.closed_at(name)) - over < 0.25


def test_stream_helper(client: openai.OpenAI, play: Play) -> None:
    """The client's own accumulating helper: its snapshots agree, and its last answer is the masked one."""
    name = play(script([says("Write to ", *cut_in(MAIL, 3), " today."), Call(cut_in(json.dumps({"to": MAIL}), 5))]))
    snapshot = arguments = ""
    with client.responses.stream(model=name, input="Hello?") as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                snapshot = event.snapshot
            elif event.type == "response.function_call_arguments.delta":
                arguments = event.snapshot
        final = stream.get_final_response()
    assert snapshot == final.output_text == MASKED
    assert json.loads(arguments) == {"to": "<EMAIL_ADDRESS>"}
    blocked = play(script([says("On Project Orion")]))
    with client.responses.stream(model=blocked, input="Hello?") as stream:
        kinds = [event.type for event in stream]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.incomplete",
    ]


class Contact(BaseModel):
    """What the structured answer holds."""

    name: str
    mail: str


def test_parse_helper(client: openai.OpenAI, play: Play) -> None:
    """A structured answer with a masked member still parses into its model."""
    name = play(script([says(*cut_in(json.dumps({"name": "Z.", "mail": MAIL}), 8))]))
    parsed = client.responses.parse(model=name, input="Hello?", text_format=Contact)
    assert parsed.output_parsed == Contact(name="Z.", mail="<EMAIL_ADDRESS>")


def test_broken_streams_raise(client: openai.OpenAI, play: Play) -> None:
    """A dead upstream, and an error event of its own, raise the client's own exception after what was clean."""
    error = {"type": "server_error", "code": "broken", "message": "The model broke.", "param": None}
    failed = sse({"type": "error", "sequence_number": 9, "error": error})
    for last, words in ((CUT, "model API"), (failed, "The model broke")):
        seen: list[Any] = []
        name = play(unfinished([says("Some ", "text, ")], last))
        with pytest.raises(openai.APIError, match=words):
            seen.extend(client.responses.create(model=name, input="Hello?", stream=True))
        assert "Some " in [event.delta for event in seen if event.type == "response.output_text.delta"]


def test_a_failed_response(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """An answer that failed says so, with its words masked."""
    error = {"code": "server_error", "message": f"Ask {MAIL}."}
    broken = response([], "failed", error=error)
    events = numbered(
        [
            {"type": "response.created", "response": response([], "in_progress")},
            {"type": "response.failed", "response": broken},
        ]
    )
    name = play(Script(tuple(map(sse, events)), broken, ends_with_done=False))
    last = list(client.responses.create(model=name, input="Hello?", stream=True))[-1]
    answered = client.responses.create(model=name, input="Hello?")
    assert last.type == "response.failed"
    for one in (last.response, answered):
        assert one.error is not None
        assert one.error.message == "Ask <EMAIL_ADDRESS>."
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_requests(client: openai.OpenAI, play: Play, model: ScriptedModel) -> None:
    """A prompt is masked on its way, and a forbidden one raises with the model never asked."""
    name = play(script([says("Hi.")]))
    asked: Any = [{"role": "user", "content": [{"type": "input_text", "text": f"I am {MAIL}."}]}]
    client.responses.create(model=name, input=asked, instructions=f"You serve {MAIL}.")
    sent = next(one for one in reversed(model.requests) if one["model"] == name)
    assert sent["input"][0]["content"][0]["text"] == "I am <EMAIL_ADDRESS>."
    assert sent["instructions"] == "You serve <EMAIL_ADDRESS>."
    other = play(script([says("Hi.")]))
    with pytest.raises(openai.BadRequestError, match=STOPPED) as caught:
        client.responses.create(model=other, input="What is Project Orion?", stream=True)
    assert caught.value.code == "content_filter"
    assert other not in [one["model"] for one in model.requests]


def test_counting_tokens(client: openai.OpenAI, play: Play, model: ScriptedModel) -> None:
    """It takes a whole prompt, which is guarded like one that is answered."""
    name = play(Script(whole={"object": "response.input_tokens", "input_tokens": 11}))
    assert client.responses.input_tokens.count(model=name, input=f"I am {MAIL}.").input_tokens == 11
    assert model.requests[-1]["input"] == "I am <EMAIL_ADDRESS>."
    with pytest.raises(openai.BadRequestError, match=STOPPED):
        client.responses.input_tokens.count(model=name, input="What is Project Orion?")


def test_background_answers_cannot_be_fetched(client: openai.OpenAI, play: Play) -> None:
    """The promise of an answer passes; the route where it would be read is closed, and says so."""
    queued = response([], "queued", background=True)
    name = play(Script(whole=queued))
    promised = client.responses.create(model=name, input="Hello?", background=True)
    assert promised.status == "queued"
    for ask in (client.responses.retrieve, client.responses.cancel):
        with pytest.raises(openai.PermissionDeniedError, match="stored answers"):
            ask(promised.id)


def test_the_async_client(base_url: str, play: Play, tap: Tap) -> None:
    """The same, streamed and whole."""
    masked = play(script([says("Write to ", *cut_in(MAIL, 3), " today.")]))
    blocked = play(script([says("All about ", "Project", " Orion.")]))

    async def ask() -> None:
        async with openai.AsyncOpenAI(base_url=base_url, api_key="k", max_retries=0, timeout=15) as sdk:
            events = [event async for event in await sdk.responses.create(model=masked, input="Hi", stream=True)]
            assert events[-1].type == "response.completed"
            answered = await sdk.responses.create(model=masked, input="Hi")
            assert events[-1].response.output_text == answered.output_text == MASKED
            async with sdk.responses.stream(model=blocked, input="Hi") as stream:
                events = [event async for event in stream]
            assert events[-1].type == "response.incomplete"
            assert events[-1].response.output_text == f"All about \n\n{STOPPED}"
            with pytest.raises(openai.BadRequestError):
                await sdk.responses.create(model=masked, input="Project Orion?")

    asyncio.run(ask())
    assert runs_left(MAIL, bytes(tap.received)) == []
