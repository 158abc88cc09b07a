"""Values leave the prompt and come back in the answer, with the official clients, streamed at every cut.

The model's side never sees a value, the user's side never sees a placeholder, and nothing of either is stored.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest

from tests.support.anthropic_messages import sse, stream_events, text, tool, whole
from tests.support.leaks import cut_in, runs_left
from tests.support.model import Script, ScriptedModel, Tap, delta, says, script
from tests.support.product import served
from tests.support.round_trip import (
    ARGUMENTS,
    CALLED,
    CONFIG,
    MAIL,
    POLICY,
    PROMPT,
    READ,
    SAID,
    TOOLS,
    asked_of,
    assert_kept,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anthropic.types import Message

    from tests.support.model import BackgroundLoop

FOREIGN = "kwyjibo@elsewhere.org"
CUTS = range(1, len(SAID))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder, with the policy and the log in it."""
    made = tmp_path_factory.mktemp("round-trip")
    (made / "policy.yaml").write_text(POLICY)
    return made


@pytest.fixture(scope="module")
def proxy_port(model: ScriptedModel, folder: Path) -> Iterator[int]:
    """The port of a running `sluicegate serve`."""
    (folder / "sluicegate.yaml").write_text(CONFIG.format(url=model.url))
    with served(["--config", str(folder / "sluicegate.yaml")], folder) as (port, _):
        yield port


@pytest.fixture
def tap(background: BackgroundLoop, proxy_port: int) -> Iterator[Tap]:
    started = background.run(Tap(proxy_port).start())
    yield started
    background.run(started.stop())


def chat(at: int) -> Script:
    """An answer and a tool call, each in two pieces around one place."""
    written = json.dumps(ARGUMENTS)
    opened = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "send", "arguments": ""}}
    parts = [written[: at % len(written)], written[at % len(written) :]]
    events = [
        delta(role="assistant", content=""),
        *(delta(reasoning_content=piece) for piece in (SAID[:at], SAID[at:])),
        *(delta(content=piece) for piece in (SAID[:at], SAID[at:])),
        delta(tool_calls=[opened]),
        *(delta(tool_calls=[{"index": 0, "function": {"arguments": piece}}]) for piece in parts),
        delta(finish_reason="tool_calls"),
    ]
    return script(events)


def openai_ask(name: str) -> Any:
    return {"model": name, "messages": [{"role": "user", "content": PROMPT}], "tools": TOOLS}


def check_message(message: Any) -> None:
    assert message.content == READ
    assert message.reasoning_content == READ
    assert json.loads(message.tool_calls[0].function.arguments) == CALLED


def test_openai_at_every_cut(model: ScriptedModel, tap: Tap) -> None:
    """Text, reasoning and arguments in the stream, and in the client's accumulated answer."""
    url = f"http://127.0.0.1:{tap.port}/v1"
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
        for at in CUTS:
            name = register(model, chat(at))
            found: dict[str, str] = {}
            for event in client.chat.completions.create(**openai_ask(name), stream=True):
                for choice in event.choices:
                    said: Any = choice.delta
                    for call in said.tool_calls or []:
                        found["args"] = found.get("args", "") + (call.function.arguments or "")
                    for field in ("content", "reasoning_content"):
                        found[field] = found.get(field, "") + (getattr(said, field, "") or "")
            assert (found["content"], found["reasoning_content"]) == (READ, READ)
            assert json.loads(found["args"]) == CALLED
            assert_kept(model, tap, name)


def test_openai_whole_and_helper(model: ScriptedModel, tap: Tap) -> None:
    url = f"http://127.0.0.1:{tap.port}/v1"
    name = register(model, chat(9))
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
        check_message(client.chat.completions.create(**openai_ask(name)).choices[0].message)
        with client.chat.completions.stream(**openai_ask(name)) as stream:
            check_message(stream.get_final_completion().choices[0].message)
    assert_kept(model, tap, name)


async def test_openai_async_exchanges_at_one_time_stay_apart(model: ScriptedModel, tap: Tap) -> None:
    """Each answer has the value of its own prompt, though all have the same placeholder."""
    url = f"http://127.0.0.1:{tap.port}/v1"
    name = register(model, script(says(cut_in("It is <EMAIL_ADDRESS_1>, yes.", 9))))

    async def ask(client: openai.AsyncOpenAI, mail: str) -> str:
        said: Any = [{"role": "user", "content": f"write to {mail} please"}]
        events = await client.chat.completions.create(model=name, messages=said, stream=True)
        return "".join([event.choices[0].delta.content or "" async for event in events])

    mails = [f"user{number}@example.com" for number in range(12)]
    async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
        answers = await asyncio.gather(*(ask(client, mail) for mail in mails))
    assert answers == [f"It is {mail}, yes." for mail in mails]


def test_a_conversation_that_the_provider_keeps(model: ScriptedModel, tap: Tap) -> None:
    """Numbers do not begin at 1 again: an earlier placeholder is not taken for a value of this request."""
    name = register(model, script(says(["It is <EMAIL_ADDRESS_1>."])))
    with openai.OpenAI(base_url=f"http://127.0.0.1:{tap.port}/v1", api_key="k", max_retries=0) as client:
        more = {"previous_response_id": "resp_1"}
        message = client.chat.completions.create(**openai_ask(name), extra_body=more).choices[0].message
    assert message.content == "It is <EMAIL_ADDRESS_1>."
    assert runs_left(MAIL, asked_of(model, name).encode()) == []


def test_a_foreign_value_is_taken_out_all_the_same(model: ScriptedModel, tap: Tap) -> None:
    """What the model says of its own, and what nobody has a placeholder for."""
    url = f"http://127.0.0.1:{tap.port}/v1"
    name = register(model, script(says(cut_in(f"<EMAIL_ADDRESS_1> or {FOREIGN}", 7))))
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
        message = client.chat.completions.create(**openai_ask(name)).choices[0].message
        stream = client.chat.completions.create(**openai_ask(name), stream=True)
        streamed = "".join(event.choices[0].delta.content or "" for event in stream)
    assert message.content == streamed == f"{MAIL} or <EMAIL_ADDRESS>"
    assert runs_left(FOREIGN, bytes(tap.received)) == []


def claude(at: int) -> Script:
    answer = whole(text(SAID), tool("send", ARGUMENTS), stop_reason="tool_use")

    def cut(value: str) -> list[str]:
        place = at % len(value)
        return [value[:place], value[place:]]

    events = tuple(sse(event) for event in stream_events(answer, cut))
    return Script(events, answer, ends_with_done=False)


def claude_ask(name: str) -> Any:
    return {"model": name, "max_tokens": 100, "messages": [{"role": "user", "content": PROMPT}]}


def check_claude(message: Message) -> None:
    said, called = message.content
    assert (said.type, called.type) == ("text", "tool_use")
    assert said.text == READ  # type: ignore[union-attr]
    assert called.input == CALLED  # type: ignore[union-attr]


def test_anthropic_at_every_cut(model: ScriptedModel, tap: Tap) -> None:
    with anthropic.Anthropic(
        base_url=f"http://127.0.0.1:{tap.port}", api_key="k", max_retries=0, timeout=15
    ) as client:
        for at in CUTS:
            name = register(model, claude(at))
            with client.messages.stream(**claude_ask(name)) as stream:
                check_claude(stream.get_final_message())
            assert_kept(model, tap, name)
        check_claude(client.messages.create(**claude_ask(name)))


async def test_anthropic_async(model: ScriptedModel, tap: Tap) -> None:
    name = register(model, claude(11))
    async with anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{tap.port}", api_key="k", max_retries=0, timeout=15
    ) as client:
        async with client.messages.stream(**claude_ask(name)) as stream:
            check_claude(await stream.get_final_message())
        check_claude(await client.messages.create(**claude_ask(name)))
    assert_kept(model, tap, name)


ECHOED, OTHER = "TKT-482913", "TKT-555777"


@pytest.mark.parametrize("parts", [1, 2, 5, 11])
def test_what_the_user_typed_may_be_said_again(model: ScriptedModel, tap: Tap, folder: Path, parts: int) -> None:
    """Streamed and whole, in both APIs; what only the system prompt holds is no echo."""
    said = f"About {ECHOED}, not {OTHER}."
    expected = f"About {ECHOED}, not <TICKET>."
    chat_model, claude_model = (
        register(model, script(says(cut_in(said, parts)))),
        register(model, claude_saying(said, parts)),
    )
    messages: Any = [
        {"role": "system", "content": f"A ticket of another user is {OTHER}."},
        {"role": "user", "content": f"What of {ECHOED}?"},
    ]
    with openai.OpenAI(base_url=f"http://127.0.0.1:{tap.port}/v1", api_key="k", max_retries=0) as client:
        body = client.chat.completions.create(model=chat_model, messages=messages)
        stream = client.chat.completions.create(model=chat_model, messages=messages, stream=True)
        assert body.choices[0].message.content == expected
        assert "".join(event.choices[0].delta.content or "" for event in stream) == expected
    asked: Any = {"model": claude_model, "max_tokens": 9, "messages": messages[1:], "system": OTHER}
    url = f"http://127.0.0.1:{tap.port}"
    with (
        anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as claude_client,
        claude_client.messages.stream(**asked) as events,
    ):
        assert events.get_final_text() == expected
    assert OTHER.encode() not in tap.received
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b'"allowed_as":"echo"' in stored
    assert ECHOED.encode() not in stored


def claude_saying(said: str, parts: int) -> Script:
    answer = whole(text(said))
    events = tuple(sse(event) for event in stream_events(answer, lambda value: cut_in(value, parts)))
    return Script(events, answer, ends_with_done=False)


def test_nothing_of_it_is_stored(model: ScriptedModel, tap: Tap, folder: Path) -> None:
    """Not in the log at its lowest level, the outbox or anything else of the state folder."""
    url = f"http://127.0.0.1:{tap.port}/v1"
    name = register(model, chat(20))
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
        check_message(client.chat.completions.create(**openai_ask(name)).choices[0].message)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(b"dev.sluicegate.exchange.v1" in path.read_bytes() for path in files)
    for path in files:
        data = path.read_bytes()
        assert MAIL.encode() not in data, path
        if path.name != "policy.yaml":
            assert b"Plimf" not in data, path
