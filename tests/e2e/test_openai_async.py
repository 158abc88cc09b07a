"""The official `openai` client, async: streams at the same time stay apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import openai
import pytest

from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import Script, says, script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.model import Tap

    Play = Callable[[Script], str]

ASK: Any = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
async def async_client(base_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """The official async client."""
    async with openai.AsyncOpenAI(base_url=base_url, api_key="test-key", max_retries=0, timeout=15) as made:
        yield made


async def _streamed(client: openai.AsyncOpenAI, model: str) -> tuple[str, str | None]:
    text, reason = "", None
    async for event in await client.chat.completions.create(model=model, messages=ASK, stream=True):
        text += event.choices[0].delta.content or ""
        reason = event.choices[0].finish_reason or reason
    return text, reason


async def test_streamed_and_whole(async_client: openai.AsyncOpenAI, play: Play, tap: Tap) -> None:
    """A masked answer is the same streamed and whole."""
    name = play(script(says(["Write to ", *cut_in(MAIL, 3), " today."])))
    assert await _streamed(async_client, name) == ("Write to <EMAIL_ADDRESS> today.", "stop")
    whole = await async_client.chat.completions.create(model=name, messages=ASK)
    assert whole.choices[0].message.content == "Write to <EMAIL_ADDRESS> today."
    assert runs_left(MAIL, bytes(tap.received)) == []


async def test_stream_helper(async_client: openai.AsyncOpenAI, play: Play) -> None:
    """The async stream helper ends with the masked text."""
    name = play(script(says(["Write to ", *cut_in(MAIL, 7)])))
    async with async_client.chat.completions.stream(model=name, messages=ASK) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == "Write to <EMAIL_ADDRESS>"


async def test_blocked_request(async_client: openai.AsyncOpenAI, play: Play) -> None:
    """A forbidden prompt raises the client's own error."""
    asked: Any = [{"role": "user", "content": "Tell me of Project Orion"}]
    with pytest.raises(openai.BadRequestError) as caught:
        await async_client.chat.completions.create(model=play(script(says(["Hi"]))), messages=asked)
    assert caught.value.code == "content_filter"


async def test_many_streams_at_once(async_client: openai.AsyncOpenAI, play: Play, tap: Tap) -> None:
    """Thirty streams at once each get their own answer, whatever becomes of their neighbours."""
    kinds = [
        (play(script(says(["Plain ", "words."]))), ("Plain words.", "stop")),
        (play(script(says(["Write to ", *cut_in(MAIL, 5)]))), ("Write to <EMAIL_ADDRESS>", "stop")),
        (play(script(says(["Project ", "Orion"]))), ("Stopped by the e2e policy.", "content_filter")),
    ]
    wanted = [kinds[number % 3] for number in range(30)]
    got = await asyncio.gather(*(_streamed(async_client, name) for name, _ in wanted))
    assert list(got) == [expected for _, expected in wanted]
    assert runs_left(MAIL, bytes(tap.received)) == []
