"""The official `ollama` client, sync and async: all it can ask for comes through the proxy in a form it parses."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import ollama
import pytest

from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import CUT, HANG, Script
from tests.support.ollama import COUNTS, RECORDINGS, call, closed, generates, says, script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.model import BackgroundLoop, ScriptedModel, Tap

    Play = Callable[[Script], str]

ASK: Any = [{"role": "user", "content": "Hello?"}]
PLAIN = ["The ", "tide ", "rises ", "twice ", "a day, ", "nearly ", "everywhere", "."]


@pytest.fixture
def client(tap: Tap) -> Iterator[ollama.Client]:
    """The official client."""
    with ollama.Client(host=f"http://127.0.0.1:{tap.port}", timeout=15) as made:
        yield made


def chat(pieces: list[str], **last: Any) -> list[Any]:
    """The lines of a chat that says the pieces."""
    return [*map(says, pieces), closed(says(), **last)]


def heard(client: ollama.Client, name: str, **more: Any) -> tuple[dict[str, str], ollama.ChatResponse]:
    """Ask for a stream; return texts by member, and the last line."""
    texts: dict[str, str] = {}
    for line in client.chat(name, ASK, stream=True, **more):
        last = line
        for member in ("content", "thinking"):
            texts[member] = texts.get(member, "") + (getattr(line.message, member) or "")
    return texts, last


def test_plain_text(client: ollama.Client, play: Play) -> None:
    """Text that breaks no rule arrives as it was said, streamed and whole, with its counts."""
    name = play(script(chat(PLAIN)))
    texts, last = heard(client, name)
    assert texts["content"] == "".join(PLAIN)
    assert (last.done, last.done_reason, last.eval_count) == (True, "stop", COUNTS["eval_count"])
    whole = client.chat(name, ASK)
    assert (whole.message.content, whole.eval_count) == ("".join(PLAIN), COUNTS["eval_count"])


def test_a_stream_is_the_default(tap: Tap, play: Play) -> None:
    """A request that says nothing gets lines, declared as such."""
    body = json.dumps({"model": play(script(chat(PLAIN))), "messages": ASK}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{tap.port}/api/chat", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=15) as answer:
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        assert answer.headers["x-sluicegate-policy"].startswith("e2e@")
        assert len(answer.read().splitlines()) == len(PLAIN) + 1


@pytest.mark.parametrize("parts", [1, 2, 3, 7, len(MAIL)])
def test_redaction_across_lines(client: ollama.Client, play: Play, tap: Tap, parts: int) -> None:
    """An address cut over lines is masked in text and thinking; no part of it is on the client's socket."""
    pieces = ["Write to ", *cut_in(MAIL, parts), " today", "."]
    name = play(script([*(says(thinking=piece) for piece in pieces), *chat(pieces)]))
    expected = "Write to <EMAIL_ADDRESS> today."
    assert heard(client, name)[0] == {"content": expected, "thinking": expected}
    whole = client.chat(name, ASK)
    assert whole.message.content == whole.message.thinking == expected
    assert runs_left(MAIL, bytes(tap.received)) == []


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_block(client: ollama.Client, play: Play, tap: Tap, place: str) -> None:
    """A blocked stream ends as filtered, with the message, wherever the text was."""
    codename = ["All about ", "Proj", "ect Or", "ion and more secretsauce."]
    pieces = {"first": ["Project Orion"], "middle": [*codename, *PLAIN], "last": [*PLAIN, *codename]}[place]
    lines: list[Any] = chat(pieces)
    if place == "last":  # The text that is stopped stands in the line that ends the answer.
        lines = [*lines[:-2], closed(says(pieces[-1]))]
    name = play(script(lines))
    texts, last = heard(client, name)
    assert (last.done, last.done_reason) == (True, "content_filter")
    assert texts["content"].endswith("Stopped by the e2e policy.")
    whole = client.chat(name, ASK)
    assert (whole.message.content, whole.done_reason) == (texts["content"], "content_filter")
    assert b"Orion" not in tap.received
    assert b"secretsauce" not in tap.received


def test_block_in_thinking_and_in_a_tool_call(client: ollama.Client, play: Play, tap: Tap) -> None:
    """Other texts are blocked alike; calls before the blocked one stay."""
    texts, last = heard(client, play(script([says(thinking="On Project Orion"), *chat(PLAIN)])))
    assert texts == {"thinking": "On ", "content": "Stopped by the e2e policy."}
    assert last.done_reason == "content_filter"
    calls = [call("find", {"about": "tides"}), call("find", {"about": "Project Orion"})]
    lines = list(client.chat(play(script([says(tool_calls=calls), closed(says())])), ASK, stream=True))
    made = [one.function.arguments for line in lines for one in line.message.tool_calls or []]
    assert made == [{"about": "tides"}]
    assert lines[-1].done_reason == "content_filter"
    assert b"Orion" not in tap.received


def test_tool_calls_are_masked(client: ollama.Client, play: Play, tap: Tap) -> None:
    """Arguments are an object, masked inside, with the same keys."""
    arguments = {"to": MAIL, "cc": [f"a <{MAIL}>"], "count": 2}
    name = play(script([says(tool_calls=[call("send", arguments, 0), call("wait", {}, 1)]), closed(says())]))
    expected = [("send", {"to": "<EMAIL_ADDRESS>", "cc": ["a <<EMAIL_ADDRESS>>"], "count": 2}), ("wait", {})]
    lines = [*client.chat(name, ASK, stream=True), client.chat(name, ASK)]
    for line in (lines[0], lines[-1]):
        made = [(one.function.name, dict(one.function.arguments)) for one in line.message.tool_calls or []]
        assert made == expected
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_generation(client: ollama.Client, play: Play, tap: Tap) -> None:
    """The other route: masked, blocked, without token ids, streamed and whole."""
    pieces = ["Write to ", *cut_in(MAIL, 3), " today."]
    name = play(script([*map(generates, pieces), closed(generates(), context=[1, 2, 3])]))
    lines = list(client.generate(name, "Hello?", stream=True))
    assert "".join(line.response or "" for line in lines) == "Write to <EMAIL_ADDRESS> today."
    whole = client.generate(name, "Hello?")
    assert whole.response == "Write to <EMAIL_ADDRESS> today."
    assert lines[-1].context is whole.context is None
    assert runs_left(MAIL, bytes(tap.received)) == []
    blocked = play(script([generates("On "), generates("Project Orion"), closed(generates())]))
    lines = list(client.generate(blocked, "Hello?", stream=True))
    assert "".join(line.response or "" for line in lines) == "On \n\nStopped by the e2e policy."
    assert lines[-1].done_reason == client.generate(blocked, "Hello?").done_reason == "content_filter"


@pytest.mark.parametrize("name", ["chat, log-probabilities", "structured output", "cloud model", "load"])
def test_recordings(client: ollama.Client, play: Play, name: str) -> None:
    """Whatever else the API sends arrives as it was."""
    events: Any = RECORDINGS[name]
    lines = list(client.chat(play(script(events)), ASK, stream=True, logprobs=True))
    assert [line.model_dump(exclude_none=True) for line in lines] == [
        ollama.ChatResponse(**event).model_dump(exclude_none=True) for event in events
    ]


def test_a_broken_stream_raises(client: ollama.Client, play: Play) -> None:
    """A dead upstream, and an error line of its own, raise the client's own exception."""
    seen = []
    with pytest.raises(ollama.ResponseError, match="model API"):
        seen.extend(client.chat(play(script([says("Well, "), CUT])), ASK, stream=True))
    assert len(seen) == 1
    with pytest.raises(ollama.ResponseError, match="while running"):
        list(client.chat(play(script([*RECORDINGS["error"]])), ASK, stream=True))


def test_refusals_and_errors(client: ollama.Client, play: Play) -> None:
    """A blocked prompt, an error of the server, and routes that are closed: status and message arrive."""
    name = play(script(chat(PLAIN)))
    with pytest.raises(ollama.ResponseError, match="Stopped by the e2e policy") as caught:
        client.chat(name, [{"role": "user", "content": "What of Project Orion?"}])
    assert caught.value.status_code == 400
    lost = play(Script(whole={"error": f"model for {MAIL} not found"}, status=404))
    with pytest.raises(ollama.ResponseError, match="model for <EMAIL_ADDRESS> not found") as caught:
        list(client.chat(lost, ASK, stream=True))
    assert caught.value.status_code == 404
    for ask in (client.show, client.pull, lambda one: client.embed(one, "x")):
        with pytest.raises(ollama.ResponseError, match="not open on this proxy") as caught:
            ask(name)
        assert caught.value.status_code == 403


def test_request_is_masked(client: ollama.Client, play: Play, model: ScriptedModel) -> None:
    """What the policy masks in a prompt does not reach the model."""
    name = play(script([closed(generates("ok"))]))
    client.generate(name, f"I am {MAIL}.", system=f"You serve {MAIL}.", context=[1, 2])
    asked = next(one for one in reversed(model.requests) if one["model"] == name)
    assert (asked["prompt"], asked["system"]) == ("I am <EMAIL_ADDRESS>.", "You serve <EMAIL_ADDRESS>.")
    assert asked["context"] == [1, 2]


def test_the_upstream_is_closed_after_a_block(
    client: ollama.Client, play: Play, model: ScriptedModel, background: BackgroundLoop
) -> None:
    """No more tokens are paid for: the connection is closed at once, though the model would go on."""
    name = play(script([says("On Project Orion "), says("and "), HANG]))
    assert heard(client, name)[1].done_reason == "content_filter"
    ended = time.monotonic()
    assert background.run(model.closed_at(name)) - ended < 0.25


def test_the_async_client(tap: Tap, play: Play) -> None:
    """The same answers, streamed and whole, and the same exception."""
    masked = play(script(chat(["Write to ", *cut_in(MAIL, 3), "."])))
    broken = play(script([says("Well, "), CUT]))

    async def ask() -> tuple[str, str | None]:
        client = ollama.AsyncClient(host=f"http://127.0.0.1:{tap.port}", timeout=15)
        try:
            said = [line.message.content or "" async for line in await client.chat(masked, ASK, stream=True)]
            whole = await client.chat(masked, ASK)
            with pytest.raises(ollama.ResponseError):
                [line async for line in await client.chat(broken, ASK, stream=True)]
        finally:
            await client.close()
        return "".join(said), whole.message.content

    assert asyncio.run(ask()) == ("Write to <EMAIL_ADDRESS>.", "Write to <EMAIL_ADDRESS>.")
