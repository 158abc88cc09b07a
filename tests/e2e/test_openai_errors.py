"""What goes wrong, as the official client sees it: its own exceptions, with a message that can be read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import openai
import pytest

from tests.support.model import CUT, HANG, Script, says, script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.model import BackgroundLoop, ScriptedModel, Tap

    Play = Callable[[Script], str]

ASK: Any = [{"role": "user", "content": "Hello?"}]
UPSTREAM_CLOSED_LIMIT_S = 0.25


@pytest.mark.parametrize("stream", [False, True])
def test_blocked_request(client: openai.OpenAI, play: Play, model: ScriptedModel, stream: bool) -> None:
    """A forbidden prompt is refused with the envelope of a content filter, and the model never hears it."""
    name = play(script(says(["Hi."])))
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": "What is Project Orion?"}], stream=stream
        )
    assert caught.value.code == "content_filter"
    assert "Stopped by the e2e policy." in caught.value.message
    assert name not in [asked["model"] for asked in model.requests]


def test_error_of_the_model(client: openai.OpenAI, play: Play) -> None:
    """An error of the model API keeps its status and its words."""
    error = {"error": {"message": "Slow down.", "type": "rate_limit_error", "param": None, "code": "rate_limited"}}
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=play(Script(whole=error, status=429)), messages=ASK)
    assert caught.value.code == "rate_limited"
    assert "Slow down." in caught.value.message


def test_unknown_path(client: openai.OpenAI) -> None:
    """A path that no dialect knows is refused, and the message says how to open it."""
    with pytest.raises(openai.PermissionDeniedError) as caught:
        client.embeddings.create(model="any", input="x")
    assert 'passed_paths: ["/v1/embeddings"]' in caught.value.message


def _text_before_error(client: openai.OpenAI, name: str) -> tuple[str, openai.APIError]:
    pieces: list[str] = []
    stream = client.chat.completions.create(model=name, messages=ASK, stream=True)
    with pytest.raises(openai.APIError) as caught:
        pieces.extend(choice.delta.content or "" for event in stream for choice in event.choices)
    return "".join(pieces), caught.value


def test_error_inside_a_stream(client: openai.OpenAI, play: Play) -> None:
    """An error object that the model puts into its stream raises, after the text before it."""
    error = {"error": {"message": "The model broke.", "type": "server_error", "param": None, "code": "broken"}}
    events = says(["Some ", "text."])[:-1]
    text, raised = _text_before_error(client, play(Script((*events, error), ends_with_done=False)))
    assert text == "Some text."
    assert "The model broke." in raised.message


def test_stream_that_breaks_off(client: openai.OpenAI, play: Play) -> None:
    """A model that dies in mid-stream raises, and what was clean has arrived."""
    events = says(["Some ", "clean text, ", "then"])[:-1]
    text, raised = _text_before_error(client, play(Script((*events, CUT))))
    assert text.startswith("Some clean text, ")
    assert raised.message


def test_stream_with_a_cut_event(client: openai.OpenAI, play: Play) -> None:
    """An event that is no JSON is never passed on: the stream ends with an error."""
    text, raised = _text_before_error(
        client, play(Script((*says(["Some "])[:-1], b'data: {"choices": [{"del\n\n')))
    )
    assert text == "Some "
    assert raised.message


@pytest.mark.parametrize("pieces", [["On ", "Project Orion, "], ["A" * 50, " Project ", "Orion", " and"]])
def test_block_closes_the_upstream(
    client: openai.OpenAI, play: Play, model: ScriptedModel, background: BackgroundLoop, pieces: list[str]
) -> None:
    """After a block the model's connection is closed at once, so that no more tokens are paid for (A9)."""
    name = play(Script((*says(pieces)[:-1], HANG)))
    reasons = []
    for event in client.chat.completions.create(model=name, messages=ASK, stream=True):
        reasons += [choice.finish_reason for choice in event.choices if choice.finish_reason]
        blocked_at = time.monotonic()
    assert reasons == ["content_filter"]
    assert background.run(model.closed_at(name)) - blocked_at <= UPSTREAM_CLOSED_LIMIT_S


def test_client_that_leaves_closes_the_upstream(
    client: openai.OpenAI, play: Play, model: ScriptedModel, background: BackgroundLoop
) -> None:
    """When the client closes its stream, the model is told so at once."""
    name = play(Script((*says(["Some ", "text."])[:-1], HANG)))
    stream = client.chat.completions.create(model=name, messages=ASK, stream=True)
    next(iter(stream))
    stream.close()
    left_at = time.monotonic()
    assert background.run(model.closed_at(name)) - left_at <= 1.0


def test_block_leaves_the_connection_usable(client: openai.OpenAI, play: Play, tap: Tap) -> None:
    """After a blocked stream the same client goes on asking."""
    blocked, plain = play(script(says(["Project Orion"]))), play(script(says(["Fine."])))
    for _ in range(3):
        list(client.chat.completions.create(model=blocked, messages=ASK, stream=True))
        assert client.chat.completions.create(model=plain, messages=ASK).choices[0].message.content == "Fine."
    assert b"Orion" not in tap.received
