"""The official `anthropic` client, sync and async: all it asks for comes through the proxy in a form it parses."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import anthropic
import pytest

from tests.support.anthropic_messages import (
    FAILED_STREAM,
    RECORDINGS,
    SIGNATURE,
    begin,
    delta,
    say,
    sse,
    start,
    stream_events,
    text,
    thinking,
    tool,
    whole,
)
from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import CUT, HANG, Script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anthropic.types import Message

    from tests.support.model import BackgroundLoop, ScriptedModel, Tap

    Play = Callable[[Script], str]

ASK: Any = [{"role": "user", "content": "Hello?"}]
MESSAGE = "Stopped by the e2e policy."
UPSTREAM_CLOSED_LIMIT_S = 0.25


@pytest.fixture
def base(tap: Tap) -> str:
    """What a client is configured with."""
    return f"http://127.0.0.1:{tap.port}"


@pytest.fixture
def claude(base: str) -> Iterator[anthropic.Anthropic]:
    """The official client."""
    with anthropic.Anthropic(base_url=base, api_key="test-key", max_retries=0, timeout=15) as made:
        yield made


def in_parts(parts: int) -> Callable[[str], list[str]]:
    return lambda value: cut_in(value, min(parts, len(value)) or 1)


def script(answer: dict[str, Any], parts: int = 3, **more: Any) -> Script:
    """Return the script that streams an answer with its texts in so many pieces, or sends it whole."""
    events = tuple(sse(event) for event in stream_events(answer, in_parts(parts)))
    return Script(events, answer, ends_with_done=False, **more)


def streaming(*events: Any) -> Script:
    """Return a script of events alone, which ends as they do."""
    return Script(tuple(sse(e) if isinstance(e, dict) else e for e in events), {}, ends_with_done=False)


def asked(name: str, **more: Any) -> Any:
    return {"model": name, "max_tokens": 100, "messages": ASK, **more}


def both(client: anthropic.Anthropic, name: str) -> tuple[Message, Message]:
    """Ask streamed, through the client's accumulating helper, and whole."""
    with client.messages.stream(**asked(name)) as stream:
        streamed = stream.get_final_message()
    return streamed, client.messages.create(**asked(name))


def content_of(message: Message) -> list[dict[str, Any]]:
    return [block.to_dict(exclude_none=True) for block in message.content]


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_arrive_as_they_were(claude: anthropic.Anthropic, play: Play, name: str) -> None:
    """Every kind of answer that breaks no rule: the client has the same of the stream and of the body."""
    answer = RECORDINGS[name].answer
    played = play(script(answer))
    with claude.beta.messages.stream(**asked(played)) as stream:
        streamed = stream.get_final_message()
    body = claude.beta.messages.create(**asked(played))
    for got in (streamed, body):
        assert [block.type for block in got.content] == [block["type"] for block in answer["content"]]
        assert (got.stop_reason, got.stop_sequence) == (answer["stop_reason"], answer["stop_sequence"])
        assert got.usage.output_tokens == 33
        for block, sent in zip(got.content, answer["content"], strict=True):
            for member in {"text", "thinking", "input"} & sent.keys():
                assert getattr(block, member) == sent[member]


@pytest.mark.parametrize("parts", [1, 2, 3, 7, len(MAIL)])
def test_redaction_across_events(claude: anthropic.Anthropic, play: Play, tap: Tap, parts: int) -> None:
    """An address cut over events is masked in text and in a tool's input; no part of it is on the socket."""
    said = f"Write to {MAIL} today."
    answer = whole(text(said), tool("send", {"to": MAIL, "count": 2}), stop_reason="tool_use")
    # Cut so that the address itself lies over that many events.
    pieces = ["Write to ", *cut_in(MAIL, parts), " today."]
    written = json.dumps(answer["content"][1]["input"], separators=(",", ":")).partition(MAIL)
    arguments = [written[0], *cut_in(MAIL, parts), written[2]]
    cut = {said: pieces, "".join(written): arguments}
    events = tuple(sse(event) for event in stream_events(answer, lambda value: cut[value]))
    name = play(Script(events, answer, ends_with_done=False))
    for message in both(claude, name):
        assert content_of(message) == [
            text("Write to <EMAIL_ADDRESS> today."),
            tool("send", {"to": "<EMAIL_ADDRESS>", "count": 2}),
        ]
        assert message.stop_reason == "tool_use"
    assert runs_left(MAIL, bytes(tap.received)) == []


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_thinking_is_cut_off_and_the_answer_goes_on(
    claude: anthropic.Anthropic, play: Play, tap: Tap, model: ScriptedModel, parts: int
) -> None:
    """Nothing of the address, no signature; the client may send what it got back and go on."""
    answer = whole(thinking(f"The user's address is {MAIL}, so I mask it."), text("Hello."))
    name = play(script(answer, parts))
    streamed, body = both(claude, name)
    for message in (streamed, body):
        assert content_of(message) == [
            {"type": "thinking", "thinking": "The user's address is ", "signature": ""},
            text("Hello."),
        ]
        assert message.stop_reason == "end_turn"
    assert runs_left(MAIL, bytes(tap.received)) == []
    assert SIGNATURE.encode() not in tap.received
    history = [*ASK, {"role": "assistant", "content": streamed.content}, {"role": "user", "content": "And then?"}]
    claude.messages.create(model=name, max_tokens=100, messages=history)
    sent = model.requests[-1]["messages"]
    assert sent[1] == {"role": "assistant", "content": [text("Hello.")]}


def test_clean_thinking_keeps_its_signature(claude: anthropic.Anthropic, play: Play) -> None:
    """And goes back to the model untouched."""
    name = play(script(whole(thinking("The moon pulls."), text(f"Ask {MAIL}."))))
    for message in both(claude, name):
        assert content_of(message) == [thinking("The moon pulls."), text("Ask <EMAIL_ADDRESS>.")]


BLOCKS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    # name: blocks of the answer, blocks that the client has
    "first word": ([text("Project Orion and more secretsauce.")], [text(MESSAGE)]),
    "middle": (
        [text("All about Project Orion and secretsauce.")],
        [text(f"All about \n\n{MESSAGE}")],
    ),
    "last word": ([text("It is called Project Orion")], [text(f"It is called \n\n{MESSAGE}")]),
    "second text": (
        [text("One."), text("On Project Orion."), text("x")],
        [text("One."), text(f"On \n\n{MESSAGE}")],
    ),
    "thinking": (
        [thinking("Hm, Project Orion."), text("secretsauce")],
        [{"type": "thinking", "thinking": "Hm, ", "signature": ""}, text(MESSAGE)],
    ),
    "name of a tool": ([text("One."), tool("Project Orion", {})], [text("One."), text(MESSAGE)]),
    "a server's result": (
        [
            {"type": "mcp_tool_result", "tool_use_id": "t", "is_error": False, "content": "Project Orion"},
            text("secretsauce"),
        ],
        [text(MESSAGE)],
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("parts", [1, 3])
def test_block(claude: anthropic.Anthropic, play: Play, tap: Tap, name: str, parts: int) -> None:
    """The answer ends as a refused one, streamed and whole: what was clean, then the message."""
    blocks, left = BLOCKS[name]
    played = play(script(whole(*blocks), parts))
    for message in both(claude, played):
        assert content_of(message) == left
        assert message.stop_reason == "refusal"
        assert message.stop_details is not None
        assert message.stop_details.explanation == MESSAGE
    assert b"Orion" not in tap.received
    assert b"secretsauce" not in tap.received


def test_block_in_the_input_of_a_second_tool(claude: anthropic.Anthropic, play: Play, tap: Tap) -> None:
    """Both are closed; the input of the second stops where it was clean, and a whole answer leaves it out."""
    blocks = [tool("one", {"a": 1}, 1), tool("two", {"b": "Project Orion", "c": "secretsauce"}, 2)]
    streamed, body = both(claude, play(script(whole(*blocks, stop_reason="tool_use"), 9)))
    assert content_of(streamed) == [tool("one", {"a": 1}, 1), tool("two", {}, 2), text(MESSAGE)]
    assert content_of(body) == [tool("one", {"a": 1}, 1), text(MESSAGE)]
    assert (streamed.stop_reason, body.stop_reason) == ("refusal", "refusal")
    assert b"Orion" not in tap.received
    assert b"secretsauce" not in tap.received


def test_block_closes_the_upstream(
    claude: anthropic.Anthropic, play: Play, model: ScriptedModel, background: BackgroundLoop
) -> None:
    """The model's connection is closed at once, so that no more tokens are paid for (A9); nothing follows."""
    opened = [start(), begin(0, type="text", text=""), say(0, "On "), say(0, "Project Orion, "), HANG]
    name = play(streaming(*opened))
    kinds = []
    for event in claude.messages.create(**asked(name), stream=True):
        kinds.append(event.type)
        blocked_at = time.monotonic()
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert kinds.count("message_stop") == 1
    assert background.run(model.closed_at(name)) - blocked_at <= UPSTREAM_CLOSED_LIMIT_S


def text_before_error(client: anthropic.Anthropic, name: str) -> tuple[str, anthropic.APIStatusError]:
    """Read a stream to its error."""
    pieces: list[str] = []
    with client.messages.stream(**asked(name)) as stream, pytest.raises(anthropic.APIStatusError) as caught:
        pieces.extend(stream.text_stream)
    return "".join(pieces), caught.value


def test_error_inside_a_stream(claude: anthropic.Anthropic, play: Play) -> None:
    """An error event of the model raises, after the text before it."""
    spoken, raised = text_before_error(claude, play(streaming(FAILED_STREAM)))
    assert spoken == "Hello"
    assert (raised.type, raised.api_message) == ("overloaded_error", "Overloaded")


@pytest.mark.parametrize("last", [CUT, b"event: content_block_delta\ndata: {\n\n"])
def test_stream_that_breaks(claude: anthropic.Anthropic, play: Play, last: Any) -> None:
    """A model that dies, or writes what is no JSON, raises the client's own exception with our words."""
    opened = [start(), begin(0, type="text", text=""), say(0, "Some clean text, "), say(0, "then")]
    spoken, raised = text_before_error(claude, play(streaming(*opened, last)))
    assert spoken.startswith("Some clean text, ")
    assert raised.type == "api_error"
    assert raised.api_message


@pytest.mark.parametrize("stream", [False, True])
def test_blocked_request(claude: anthropic.Anthropic, play: Play, model: ScriptedModel, stream: bool) -> None:
    """A forbidden prompt raises BadRequestError with the policy's message, and the model never hears it."""
    name = play(script(whole(text("Hi."))))
    places: list[dict[str, Any]] = [
        {"system": "You know Project Orion."},
        {"messages": [{"role": "user", "content": [text("What is Project Orion?")]}]},
        {"tools": [{"name": "t", "description": "Looks up Project Orion.", "input_schema": {"type": "object"}}]},
    ]
    for place in places:
        with pytest.raises(anthropic.BadRequestError) as caught:
            claude.messages.create(**{**asked(name), **place}, stream=stream)
        assert (caught.value.type, caught.value.error_code) == ("invalid_request_error", "content_filter")
        assert caught.value.api_message == MESSAGE
    assert name not in [one["model"] for one in model.requests]


def test_request_is_masked(claude: anthropic.Anthropic, play: Play, model: ScriptedModel) -> None:
    """In messages, documents and results of tools, and before tokens are counted."""
    name = play(Script((), {"input_tokens": 7}))
    document = {"type": "text", "media_type": "text/plain", "data": f"From {MAIL}."}
    result = {"type": "tool_result", "tool_use_id": "t", "content": f"It is {MAIL}."}
    content: Any = [text(f"I am {MAIL}."), {"type": "document", "source": document}, result]
    counted = claude.messages.count_tokens(model=name, messages=[{"role": "user", "content": content}])
    assert counted.input_tokens == 7
    sent = model.requests[-1]["messages"][0]["content"]
    assert sent[0]["text"] == "I am <EMAIL_ADDRESS>."
    assert sent[1]["source"]["data"] == "From <EMAIL_ADDRESS>."
    assert sent[2]["content"] == "It is <EMAIL_ADDRESS>."


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.AuthenticationError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (529, "overloaded_error", anthropic.APIStatusError),
    ],
)
def test_error_of_the_model(
    claude: anthropic.Anthropic, play: Play, status: int, kind: str, error: type[anthropic.APIStatusError]
) -> None:
    """Keeps its status, its type and its words."""
    body = {"type": "error", "error": {"type": kind, "message": "Slow down."}, "request_id": "req_1"}
    with pytest.raises(error) as caught:
        claude.messages.create(**asked(play(Script(whole=body, status=status))))
    assert (caught.value.status_code, caught.value.type, caught.value.api_message) == (status, kind, "Slow down.")


def test_headers_cross(claude: anthropic.Anthropic, play: Play, model: ScriptedModel) -> None:
    """Key, version and betas reach the model; its request id and limits reach the client."""
    told = {"request-id": "req_011CSHoEeqs5C35K2UUqR7Fy", "anthropic-ratelimit-requests-remaining": "49"}
    name = play(script(whole(text("Hi.")), headers=told))
    raw = claude.beta.messages.with_raw_response.create(
        **asked(name), betas=["one-2026-01-01"], extra_headers={"x-api-key": "older-key"}
    )
    sent = model.headers[-1]
    assert (sent["authorization"], sent["x-api-key"]) == ("Bearer test-key", "older-key")
    assert sent["anthropic-beta"] == "one-2026-01-01"
    assert sent["anthropic-version"] == claude.default_headers["anthropic-version"]
    assert raw.headers["x-sluicegate-policy"].startswith("e2e@")
    assert {name: raw.headers[name] for name in told} == told
    assert claude.messages.create(**asked(name))._request_id == told["request-id"]


def test_a_refused_path(claude: anthropic.Anthropic) -> None:
    """Raises in the client, with the line of configuration that would open it."""
    with pytest.raises(anthropic.PermissionDeniedError) as caught:
        claude.messages.batches.list()
    assert 'passed_paths: ["/v1/messages/batches"]' in str(caught.value.api_message)


async def test_async_streams_stay_apart(base: str, play: Play, tap: Tap) -> None:
    """Many at a time, some masked, some blocked, streamed and whole."""
    masked = play(script(whole(text(f"Write to {MAIL} today.")), 7))
    blocked = play(script(whole(text("On Project Orion.")), 7))
    expected = {masked: ("Write to <EMAIL_ADDRESS> today.", "end_turn"), blocked: (f"On \n\n{MESSAGE}", "refusal")}

    async def ask(client: anthropic.AsyncAnthropic, name: str) -> None:
        async with client.messages.stream(**asked(name)) as stream:
            spoken = [piece async for piece in stream.text_stream]
            final = await stream.get_final_message()
        body = await client.messages.create(**asked(name))
        assert ("".join(spoken), final.stop_reason) == expected[name]
        assert (content_of(body)[0]["text"], body.stop_reason) == expected[name]

    async with anthropic.AsyncAnthropic(base_url=base, api_key="test-key", max_retries=0, timeout=15) as client:
        await asyncio.gather(*(ask(client, name) for name in [masked, blocked] * 4))
    assert runs_left(MAIL, bytes(tap.received)) == []
    assert b"Orion" not in tap.received


async def test_async_errors(base: str, play: Play) -> None:
    """The async client raises as the sync one does."""
    async with anthropic.AsyncAnthropic(base_url=base, api_key="test-key", max_retries=0, timeout=15) as client:
        with pytest.raises(anthropic.BadRequestError):
            await client.messages.create(**asked(play(script(whole())), system="Project Orion"))
        with pytest.raises(anthropic.APIStatusError):
            async for _ in await client.messages.create(**asked(play(streaming(FAILED_STREAM))), stream=True):
                pass


def test_interleaved_thinking_and_tools(claude: anthropic.Anthropic, play: Play) -> None:
    """Thinking between tools: each block is on its own."""
    blocks = [
        thinking("First, the table."),
        tool("tide_table", {"place": "Brest"}, 1),
        thinking(f"Then I write to {MAIL}."),
        tool("send", {"to": MAIL}, 2),
    ]
    for message in both(claude, play(script(whole(*blocks, stop_reason="tool_use"), 5))):
        assert content_of(message) == [
            *blocks[:2],
            {"type": "thinking", "thinking": "Then I write to ", "signature": ""},
            tool("send", {"to": "<EMAIL_ADDRESS>"}, 2),
        ]


def test_text_in_the_start_of_a_block(claude: anthropic.Anthropic, play: Play, tap: Tap) -> None:
    """A value that begins in `content_block_start` and goes on in deltas is masked."""
    head, tail = cut_in(MAIL, 2)
    events = stream_events(whole(text("x")))
    opened = [begin(0, type="text", text=head), delta(0, "text_delta", text=tail)]
    name = play(streaming(*events[:2], *opened, *events[4:]))
    with claude.messages.stream(**asked(name)) as stream:
        assert content_of(stream.get_final_message()) == [text("<EMAIL_ADDRESS>")]
    assert runs_left(MAIL, bytes(tap.received)) == []
