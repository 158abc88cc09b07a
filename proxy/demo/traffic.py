"""Plays the demo's prompts through the official OpenAI client, and keeps what the client got.

It does not know whether it speaks to the model or to the proxy: the demo asks both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openai

from proxy.demo.model import MODEL_NAME
from proxy.demo.script import REASONING, TEXT, TOOL

if TYPE_CHECKING:
    from proxy.demo.script import Scenario

REQUEST_ID_HEADER = "x-sluicegate-request-id"


@dataclass(slots=True)
class Heard:
    """What the client got for one prompt."""

    texts: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    """Choice and kind -> the pieces in which the text came."""
    tokens: list[str] = field(default_factory=list)
    """The tokens of the log-probabilities, which repeat the text."""
    finish: dict[int, str] = field(default_factory=dict)
    """Choice -> finish reason."""
    error: str = ""
    """Name of the error that the client library raised."""
    request_id: str = ""
    """The proxy's name for the exchange; empty when it was not asked."""

    def add(self, choice: int, kind: str, piece: str | None) -> None:
        """Take a piece of text."""
        if piece:
            self.texts.setdefault((choice, kind), []).append(piece)

    def text(self, choice: int, kind: str) -> str:
        """Return a text as the client reads it in the end."""
        return "".join(self.texts.get((choice, kind), ()))


def make_client(base_url: str) -> openai.AsyncOpenAI:
    """Return a client for a server at `base_url`. It does not try again: the demo shows what happens."""
    return openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="demo", max_retries=0, timeout=30.0)


async def ask(client: openai.AsyncOpenAI, scenario: Scenario, *, stream: bool) -> Heard:
    """Send a scenario's prompt and return what came back. Errors of the API are part of it."""
    heard = Heard()
    options: dict[str, Any] = {"n": len(scenario.answers)} if len(scenario.answers) > 1 else {}
    if scenario.logprobs:
        options |= {"logprobs": True, "top_logprobs": 1}
    try:
        raw = await client.chat.completions.with_raw_response.create(
            model=MODEL_NAME,
            messages=[{"role": "user", "content": scenario.prompt}],
            stream=stream,
            **options,
        )
        heard.request_id = raw.headers.get(REQUEST_ID_HEADER, "")
        answer: Any = raw.parse()
        if not stream:
            _take_whole(heard, answer)
            return heard
        async for chunk in answer:
            _take_chunk(heard, chunk)
    except openai.APIStatusError as error:
        heard.error = type(error).__name__
        heard.request_id = error.response.headers.get(REQUEST_ID_HEADER, "")
    except openai.APIError as error:
        heard.error = type(error).__name__
    return heard


def _take_chunk(heard: Heard, chunk: Any) -> None:  # noqa: ANN401 - the client's own type
    for choice in chunk.choices:
        delta = choice.delta
        heard.add(choice.index, REASONING, getattr(delta, "reasoning_content", None))
        heard.add(choice.index, TEXT, delta.content)
        for call in delta.tool_calls or ():
            heard.add(choice.index, TOOL, call.function.arguments)
        _take_end(heard, choice)


def _take_whole(heard: Heard, answer: Any) -> None:  # noqa: ANN401 - the client's own type
    for choice in answer.choices:
        message = choice.message
        heard.add(choice.index, REASONING, getattr(message, "reasoning_content", None))
        heard.add(choice.index, TEXT, message.content)
        for call in message.tool_calls or ():
            heard.add(choice.index, TOOL, call.function.arguments)
        _take_end(heard, choice)


def _take_end(heard: Heard, choice: Any) -> None:  # noqa: ANN401 - the client's own type
    if choice.logprobs is not None:
        heard.tokens += [entry.token for entry in choice.logprobs.content or ()]
    if choice.finish_reason is not None:
        heard.finish[choice.index] = choice.finish_reason
