from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from proxy.demo.model import running_model, scenario_for, stream_events, whole_answer
from proxy.demo.script import SCENARIOS, Scenario

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def model() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a model that waits for nothing."""
    async with running_model(pace_s=0.0) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


def said_in(events: list[dict[str, Any]]) -> dict[int, str]:
    texts: dict[int, str] = {}
    for event in events:
        for choice in event.get("choices", ()):
            texts[choice["index"]] = texts.get(choice["index"], "") + (choice["delta"].get("content") or "")
    return texts


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.title)
def test_every_event_is_what_the_client_library_expects(scenario: Scenario) -> None:
    """The library's own types accept each event and the whole answer."""
    events = list(stream_events(scenario))
    for event in events:
        value = json.loads(event) if event != b"[DONE]" else {"error": 1}
        if "error" not in value:
            ChatCompletionChunk.model_validate(value, strict=True)
    ChatCompletion.model_validate(whole_answer(scenario), strict=True)


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if not one.fails], ids=lambda one: one.title)
def test_stream_and_whole_answer_say_the_same(scenario: Scenario) -> None:
    streamed = said_in([json.loads(event) for event in stream_events(scenario) if event != b"[DONE]"])
    whole = {one["index"]: one["message"]["content"] or "" for one in whole_answer(scenario)["choices"]}
    assert streamed == whole


def test_what_is_not_scripted_is_repeated_in_small_pieces() -> None:
    events = [
        json.loads(event) for event in stream_events(scenario_for("a|b jane.roe@example.com")) if event[:1] == b"{"
    ]
    pieces = [event["choices"][0]["delta"].get("content") for event in events]
    assert said_in(events) == {0: "You said: a|b jane.roe@example.com"}
    assert max(len(piece or "") for piece in pieces) == 4


async def test_it_answers_over_http(model: httpx.AsyncClient) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    whole = await model.post("/v1/chat/completions", json={"model": "m", "messages": messages})
    assert whole.json()["choices"][0]["message"]["content"] == "You said: hello"
    stream = await model.post("/v1/chat/completions", json={"model": "m", "messages": messages, "stream": True})
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.endswith("data: [DONE]\n\n")
    assert [one["id"] for one in (await model.get("/v1/models")).json()["data"]] == ["scripted"]


async def test_a_failing_answer_fails_both_ways(model: httpx.AsyncClient) -> None:
    prompt = next(one.prompt for one in SCENARIOS if one.fails)
    asked = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    assert (await model.post("/v1/chat/completions", json=asked)).status_code == 500
    stream = await model.post("/v1/chat/completions", json=asked | {"stream": True})
    assert '"error"' in stream.text
    assert "[DONE]" not in stream.text


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"messages": []}', b'{"messages": [{"content": 1}]}'])
async def test_what_is_no_chat_is_refused(model: httpx.AsyncClient, body: bytes) -> None:
    answer = await model.post("/v1/chat/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
