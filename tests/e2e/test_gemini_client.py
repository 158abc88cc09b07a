"""The official `google-genai` client, sync and async: what it asks for comes through in a form it parses."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from google import genai
from google.genai import errors, types

from tests.support.gemini import (
    RECORDINGS,
    call,
    chunk,
    finished,
    partial,
    read,
    says,
    script,
    shown,
    text,
    thought,
)
from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import CUT, HANG, Script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.model import BackgroundLoop, ScriptedModel, Tap

    Play = Callable[[Script], str]

PLAIN = ["The ", "tide ", "rises ", "twice ", "a day, ", "nearly ", "everywhere", "."]
STOPPED = "Stopped by the e2e policy."
KEY = "test-key-" + "0" * 8


def _options(tap: Tap, **more: Any) -> types.HttpOptions:
    return types.HttpOptions(base_url=f"http://127.0.0.1:{tap.port}", timeout=15000, **more)


@pytest.fixture
def client(tap: Tap) -> Iterator[genai.Client]:
    """The official client."""
    made = genai.Client(api_key=KEY, http_options=_options(tap))
    yield made
    made.close()


Heard = tuple[dict[tuple[int, str], str], dict[int, str]]


def _add(heard: Heard, answer: types.GenerateContentResponse) -> None:
    """Add texts and finish reasons of candidates to those heard before."""
    texts, reasons = heard
    for position, candidate in enumerate(answer.candidates or []):
        index = candidate.index if candidate.index is not None else position
        for part in (candidate.content and candidate.content.parts) or []:
            if part.text:
                key = (index, "thought" if part.thought else "text")
                texts[key] = texts.get(key, "") + part.text
        if candidate.finish_reason:
            reasons[index] = candidate.finish_reason.value


def streamed(client: genai.Client, name: str) -> Heard:
    """Ask for a stream; return texts by candidate and kind, and finish reasons."""
    heard: Heard = ({}, {})
    for answer in client.models.generate_content_stream(model=name, contents="Hello?"):
        _add(heard, answer)
    return heard


def whole(client: genai.Client, name: str) -> Heard:
    """Ask for a whole answer; return the same."""
    heard: Heard = ({}, {})
    _add(heard, client.models.generate_content(model=name, contents="Hello?"))
    return heard


def test_plain_text(client: genai.Client, play: Play, model: ScriptedModel) -> None:
    """Text that breaks no rule arrives as it was said, streamed and whole, with its counts."""
    name = play(script(says(PLAIN)))
    expected = ({(0, "text"): "".join(PLAIN)}, {0: "STOP"})
    assert streamed(client, name) == whole(client, name) == expected
    answer = client.models.generate_content(model=name, contents="Hello?")
    assert (answer.text, answer.model_version) == ("".join(PLAIN), "gemini-2.5-flash")
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == 14
    assert model.requests[-1]["contents"][0]["parts"] == [{"text": "Hello?"}]


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_redaction_across_elements(client: genai.Client, play: Play, tap: Tap, parts: int) -> None:
    """An address cut over elements is masked in text and thoughts; no part of it is on the client's socket."""
    pieces = ["Write to ", *cut_in(MAIL, parts), " today", "."]
    name = play(script([*(chunk(thought(piece)) for piece in pieces), *says(pieces)]))
    masked = "Write to <EMAIL_ADDRESS> today."
    expected = ({(0, "text"): masked, (0, "thought"): masked}, {0: "STOP"})
    assert streamed(client, name) == whole(client, name) == expected
    assert runs_left(MAIL, bytes(tap.received)) == []


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_block(client: genai.Client, play: Play, tap: Tap, place: str) -> None:
    """A blocked answer keeps what was clean, says the message and ends as filtered, wherever the text was."""
    codename = ["All about ", "Proj", "ect Or", "ion and more secretsauce."]
    pieces = {"first": ["Project Orion"], "middle": [*codename, *PLAIN], "last": [*PLAIN, *codename]}[place]
    name = play(script(says(pieces)))
    texts, reasons = streamed(client, name)
    assert reasons == {0: "SAFETY"}
    assert texts[0, "text"].endswith(STOPPED)
    assert whole(client, name) == (texts, reasons)
    assert client.models.generate_content(model=name, contents="Hello?").text == texts[0, "text"]
    assert b"Orion" not in tap.received
    assert b"secretsauce" not in tap.received


def test_block_in_thoughts_and_calls(client: genai.Client, play: Play, tap: Tap) -> None:
    """Other texts are blocked alike; a call before the blocked one stays, the blocked one is not made."""
    texts, reasons = streamed(client, play(script([chunk(thought("On Project Orion")), *says(PLAIN)])))
    assert texts == {(0, "thought"): "On ", (0, "text"): STOPPED}
    assert reasons == {0: "SAFETY"}
    calls = chunk(call("find", {"about": "tides"}), call("find", {"about": "Project Orion"}))
    name = play(script([calls, finished(chunk(text("")))]))
    answers = [*client.models.generate_content_stream(model=name, contents="Hello?")]
    answers.append(client.models.generate_content(model=name, contents="Hello?"))
    made = [[one.args for one in answer.function_calls or []] for answer in answers]
    assert made == [[{"about": "tides"}], [], [{"about": "tides"}]]
    assert b"Orion" not in tap.received


def test_calls_are_masked(client: genai.Client, play: Play, tap: Tap) -> None:
    """Arguments are objects, masked inside, with the same keys; parallel calls are told apart."""
    calls = [call("send", {"to": MAIL, "cc": [f"a <{MAIL}>"], "count": 2}), call("wait", {"s": 3})]
    name = play(script([finished(chunk(*calls))]))
    expected = [("send", {"to": "<EMAIL_ADDRESS>", "cc": ["a <<EMAIL_ADDRESS>>"], "count": 2}), ("wait", {"s": 3})]
    for answer in (
        *client.models.generate_content_stream(model=name, contents="Hello?"),
        client.models.generate_content(model=name, contents="Hello?"),
    ):
        assert [(one.name, one.args) for one in answer.function_calls or []] == expected
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_streamed_arguments_are_masked(client: genai.Client, play: Play, tap: Tap) -> None:
    """A value that comes in pieces under its path is one text; the next call has a text of its own."""
    first = [partial(name="send"), *map(partial, cut_in(MAIL, 3)), partial(more=False)]
    second = [partial("4", name="pay"), partial("2", more=False), partial(more=False)]
    name = play(script([*map(chunk, first), *map(chunk, second), chunk(text("Done."), finish="STOP")]))
    values: list[str] = []
    for answer in client.models.generate_content_stream(model=name, contents="Hello?"):
        values += [
            one.string_value or "" for made in answer.function_calls or [] for one in made.partial_args or []
        ]
    assert "".join(values) == "<EMAIL_ADDRESS>42"
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_a_block_closes_every_candidate(client: genai.Client, play: Play, tap: Tap) -> None:
    """When one of two candidates is blocked, the other, still open, is closed too."""
    two = [chunk(text("Two "), index=1), chunk(text("On Project Orion, "))]
    texts, reasons = streamed(client, play(script([chunk(text("One ")), *two, *says(PLAIN)])))
    assert texts == {(0, "text"): f"One On {STOPPED}".replace("On S", "On \n\nS"), (1, "text"): "Two "}
    assert reasons == {0: "SAFETY", 1: "SAFETY"}
    assert b"Orion" not in tap.received


@pytest.mark.parametrize("recording", ["grounding", "code", "calls", "thoughts", "two candidates", "filtered"])
def test_recordings_arrive(client: genai.Client, play: Play, recording: str) -> None:
    """What the model sends is what the client parses."""
    elements = RECORDINGS[recording]
    answers = list(client.models.generate_content_stream(model=play(script(elements)), contents="Hello?"))
    expected = [types.GenerateContentResponse.model_validate(element) for element in elements]
    kept = {"candidates", "usage_metadata", "model_version", "prompt_feedback"}
    assert [one.model_dump(include=kept) for one in answers] == [one.model_dump(include=kept) for one in expected]


def test_nothing_follows_a_block_and_the_upstream_is_closed(
    client: genai.Client, play: Play, model: ScriptedModel, tap: Tap, background: BackgroundLoop
) -> None:
    """The connection to the model is closed within 250 ms of the block; the filtered element is the last."""
    name = play(script([chunk(text("On Project Orion")), chunk(text(" and so on")), HANG]))
    _, reasons = streamed(client, name)
    ended_s = time.monotonic()
    assert reasons == {0: "SAFETY"}
    assert background.run(model.closed_at(name)) - ended_s < 0.25
    last = read(bytes(tap.received).split(b"\r\n0\r\n")[0])[-1]
    assert last["candidates"][0]["finishReason"] == "SAFETY"


def test_a_broken_stream_raises(client: genai.Client, play: Play) -> None:
    """The SDK raises its error of the server, with our words."""
    with pytest.raises(errors.ServerError, match="model API") as caught:
        streamed(client, play(script([chunk(text("The tide rises. ")), CUT])))
    assert (caught.value.code, caught.value.status) == (502, "UNAVAILABLE")


def test_a_blocked_request_raises(client: genai.Client, play: Play) -> None:
    """A prompt that a rule blocks is the client's error: 400 with the rule's message, streamed and whole."""
    name = play(script(says(PLAIN)))
    for ask in (client.models.generate_content, client.models.generate_content_stream):
        with pytest.raises(errors.ClientError) as caught:
            list(ask(model=name, contents="Tell me of Project Orion"))
        assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
        assert caught.value.message == STOPPED


def test_requests_are_masked(client: genai.Client, play: Play, model: ScriptedModel) -> None:
    """What a rule masks in a prompt, a system instruction and a tool result does not reach the model."""
    config = types.GenerateContentConfig(system_instruction=f"You are {MAIL}", temperature=0)
    contents = [
        types.UserContent(f"Write to {MAIL}"),
        types.Content(
            role="user", parts=[types.Part.from_function_response(name="find", response={"result": [MAIL]})]
        ),
    ]
    client.models.generate_content(model=play(script(says(PLAIN))), contents=contents, config=config)
    asked = model.requests[-1]
    assert runs_left(MAIL, json.dumps(asked).encode()) == []
    assert asked["contents"][1]["parts"][0]["functionResponse"]["response"] == {"result": ["<EMAIL_ADDRESS>"]}
    assert asked["generationConfig"] == {"temperature": 0}


@pytest.mark.parametrize("as_list", [False, True])
def test_upstream_errors_pass(client: genai.Client, play: Play, as_list: bool) -> None:
    """An error of the API arrives as its own class with its own words, as an object or as a list that holds one."""
    error: Any = {"error": {"code": 429, "message": f"Quota of {MAIL} is used up.", "status": "RESOURCE_EXHAUSTED"}}
    name = play(Script(whole=[error] if as_list else error, status=429))
    with pytest.raises(errors.ClientError) as caught:
        streamed(client, name)
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert caught.value.message == "Quota of <EMAIL_ADDRESS> is used up."


def test_other_methods_are_refused(client: genai.Client) -> None:
    """Counts and embeddings take whole prompts; the refusal raises the SDK's error and says what to do."""
    with pytest.raises(errors.ClientError, match="configuration") as caught:
        client.models.count_tokens(model="m", contents="Hello?")
    assert (caught.value.code, caught.value.status) == (403, "PERMISSION_DENIED")
    with pytest.raises(errors.ClientError, match="passed_paths"):
        client.models.embed_content(model="m", contents="Hello?")


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_async(tap: Tap, play: Play) -> None:
    """The async client hears the same."""
    name = play(script(says(["All about ", "Proj", "ect Or", "ion and more."])))
    plain = play(script([chunk(thought("Hm. ")), *says(PLAIN)]))

    async def ask() -> tuple[Heard, Heard, str | None]:
        client = genai.Client(api_key=KEY, http_options=_options(tap)).aio
        try:
            found: list[Heard] = [({}, {}), ({}, {})]
            for heard, asked in zip(found, (name, plain), strict=True):
                async for answer in await client.models.generate_content_stream(model=asked, contents="Hello?"):
                    _add(heard, answer)
            said = await client.models.generate_content(model=plain, contents="Hello?")
            return found[0], found[1], said.text
        finally:
            await client.aclose()

    blocked, heard, said = asyncio.run(ask())
    assert (blocked[0][0, "text"].endswith(STOPPED), blocked[1]) == (True, {0: "SAFETY"})
    assert heard == ({(0, "thought"): "Hm. ", (0, "text"): "".join(PLAIN)}, {0: "STOP"})
    assert said == "".join(PLAIN)


def _post(tap: Tap, path: str) -> tuple[str, bytes]:
    body = json.dumps({"contents": [{"parts": [{"text": "Hello?"}]}]}).encode()
    url = f"http://127.0.0.1:{tap.port}{path}"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=15) as answer:
        return answer.headers["Content-Type"], answer.read()


@pytest.mark.parametrize(
    "prefix",
    [
        "/v1beta/models",
        "/v1/models",
        "/v1/projects/p-1/locations/us-central1/publishers/google/models",
        "/v1beta1/projects/p-1/locations/global/publishers/google/models",
    ],
)
def test_a_streamed_array(tap: Tap, play: Play, prefix: str) -> None:
    """Without `alt=sse` a stream is an array, which a block closes; a key in the query goes along."""
    clean = play(script(says(PLAIN), as_array=True))
    media_type, body = _post(tap, f"{prefix}/{clean}:streamGenerateContent?key={KEY}")
    assert media_type == "application/json"
    assert shown(body) == {"text0": "".join(PLAIN)}
    name = play(script(says([*PLAIN, "On Project ", "Orion", "."]), as_array=True))
    _, body = _post(tap, f"{prefix}/{name}:streamGenerateContent?key={KEY}")
    assert shown(body) == {"text0": "".join(PLAIN) + f"On \n\n{STOPPED}"}
    assert json.loads(body)[-1]["candidates"][0]["finishReason"] == "SAFETY"
