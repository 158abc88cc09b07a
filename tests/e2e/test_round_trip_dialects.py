"""Values leave the prompt and come back in the answer in the APIs of Responses, Gemini and Ollama, at every cut.

With the official clients, streamed and whole, in text, thoughts and arguments of tools. That of the chat and the
Messages API is in `test_round_trip`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ollama
import openai
import pytest
from google import genai
from google.genai import types

from tests.support import gemini
from tests.support import ollama as llama
from tests.support.model import Script, Tap
from tests.support.product import served
from tests.support.responses import Call, Message, Text, Thought, sse, stream_events, whole
from tests.support.responses_reader import Reader
from tests.support.round_trip import (
    ARGUMENTS,
    CALLED,
    CONFIG,
    POLICY,
    PROMPT,
    READ,
    SAID,
    assert_kept,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.model import BackgroundLoop, ScriptedModel

CUTS = range(1, len(SAID))
ASKED: Any = [{"role": "user", "content": PROMPT}]


@pytest.fixture(scope="module")
def proxy_port(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running `sluicegate serve`."""
    folder: Path = tmp_path_factory.mktemp("round-trip")
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "sluicegate.yaml").write_text(CONFIG.format(url=model.url))
    with served(["--config", str(folder / "sluicegate.yaml")], folder) as (port, _):
        yield port


@pytest.fixture
def tap(background: BackgroundLoop, proxy_port: int) -> Iterator[Tap]:
    started = background.run(Tap(proxy_port).start())
    yield started
    background.run(started.stop())


def cut(value: str, at: int) -> list[str]:
    """Return a text in two pieces around one place."""
    place = at % len(value)
    return [value[:place], value[place:]]


def responses(at: int) -> Script:
    """Reasoning and its summary, text with log-probabilities, a call of a function and one with free input."""
    said = cut(SAID, at)
    items = [
        Thought([Text(said, "summary_text")], [Text(said, "reasoning_text")]),
        Message([Text(said, has_logprobs=True)]),
        Call(cut(json.dumps(ARGUMENTS), at)),
        Call(said, "custom_tool_call", {"call_id": "call_3", "name": "note"}),
    ]
    return Script(tuple(map(sse, stream_events(items))), whole(items), ends_with_done=False)


def check_response(answer: dict[str, Any]) -> None:
    thought, message, called, noted = answer["output"]
    assert thought["summary"][0]["text"] == thought["content"][0]["text"] == READ
    assert message["content"][0]["text"] == noted["input"] == READ
    assert json.loads(called["arguments"]) == CALLED


def test_responses_at_every_cut(model: ScriptedModel, tap: Tap) -> None:
    """A careful client, which holds every event against every repeat, is content too."""
    url = f"http://127.0.0.1:{tap.port}/v1"
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
        for at in CUTS:
            name = register(model, responses(at))
            events = list(client.responses.create(model=name, input=PROMPT, stream=True))
            check_response(Reader([one.model_dump(by_alias=True, exclude_unset=True) for one in events]).final)
            assert_kept(model, tap, name)
        check_response(client.responses.create(model=name, input=ASKED).model_dump(exclude_unset=True))
        with client.responses.stream(model=name, input=PROMPT) as stream:
            final: Any = stream.get_final_response()
            check_response(final.model_dump(exclude_unset=True))
    assert_kept(model, tap, name)


def google(at: int) -> Script:
    """Thoughts, text, and a call whose arguments are an object."""
    said = cut(SAID, at)
    elements = [
        *(gemini.chunk(gemini.thought(piece)) for piece in said),
        *(gemini.chunk(gemini.text(piece)) for piece in said),
        gemini.finished(gemini.chunk(gemini.call("send", {**ARGUMENTS, "cc": ["<EMAIL_ADDRESS_1>", SAID]}))),
    ]
    return gemini.script(elements)


def check_google(answers: list[types.GenerateContentResponse]) -> None:
    texts = {True: "", False: ""}
    calls = []
    for part in [part for answer in answers for part in (answer.parts or [])]:
        texts[bool(part.thought)] += part.text or ""
        calls += [part.function_call.args] if part.function_call else []
    assert texts == {True: READ, False: READ}
    assert calls == [{**CALLED, "cc": [CALLED["to"], READ]}]


def test_gemini_at_every_cut(model: ScriptedModel, tap: Tap) -> None:
    options = types.HttpOptions(base_url=f"http://127.0.0.1:{tap.port}", timeout=15000)
    with genai.Client(api_key="k", http_options=options) as client:
        for at in CUTS:
            name = register(model, google(at))
            check_google(list(client.models.generate_content_stream(model=name, contents=PROMPT)))
            assert_kept(model, tap, name)
        check_google([client.models.generate_content(model=name, contents=PROMPT)])
    assert_kept(model, tap, name)


def local(at: int) -> Script:
    """Thinking, text, and a call whose arguments are an object."""
    said = cut(SAID, at)
    lines = [
        *(llama.says(thinking=piece) for piece in said),
        *map(llama.says, said),
        llama.closed(llama.says(tool_calls=[llama.call("send", {**ARGUMENTS, "cc": ["<EMAIL_ADDRESS_1>", SAID]})])),
    ]
    return llama.script(lines)


def check_local(answers: list[ollama.ChatResponse]) -> None:
    messages = [answer.message for answer in answers]
    assert "".join(message.content or "" for message in messages) == READ
    assert "".join(message.thinking or "" for message in messages) == READ
    (called,) = [call.function.arguments for message in messages for call in message.tool_calls or []]
    assert called == {**CALLED, "cc": [CALLED["to"], READ]}


def test_ollama_at_every_cut(model: ScriptedModel, tap: Tap) -> None:
    with ollama.Client(host=f"http://127.0.0.1:{tap.port}", timeout=15) as client:
        for at in CUTS:
            name = register(model, local(at))
            check_local(list(client.chat(name, ASKED, stream=True)))
            assert_kept(model, tap, name)
        check_local([client.chat(name, ASKED)])
        generated = register(
            model, llama.script([*map(llama.generates, cut(SAID, 9)), llama.closed(llama.generates())])
        )
        assert "".join(one.response for one in client.generate(generated, PROMPT, stream=True)) == READ
    assert_kept(model, tap, name)
