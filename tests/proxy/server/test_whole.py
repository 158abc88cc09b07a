"""A whole message leaves at once when nothing can be found in it, and through its guard otherwise."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from detectors.refusals import ends_of
from policies.loader import load_policy_text
from policies.types import Action, Direction
from proxy.guard.api import GuardState
from proxy.server.aside import MAX_BYTES_HERE
from proxy.server.facts import ExchangeFacts
from proxy.server.watchdog import Watchdog
from proxy.server.whole import WholeMessage
from proxy.wire.body import BodyCodec
from proxy.wire.registry import DIALECTS
from tests.support.services import services_for
from tests.support.wire import body, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.server.services import Services

CHAT = DIALECTS["openai-chat"]


@asynccontextmanager
async def whole(rules: str) -> AsyncIterator[tuple[WholeMessage, ExchangeFacts, Services]]:
    async with services_for(load_policy_text(rules)) as (services, _):
        dog = Watchdog(asyncio.get_running_loop(), 10)
        facts = ExchangeFacts("req_1", services.policies.current, dialect="openai-chat")
        yield WholeMessage(services, facts, CHAT.body_codec(), Direction.RESPONSE, dog), facts, services
        dog.close()


def rules_for(action: str) -> str:
    return (
        "version: 1\nname: words\ndetectors: {words: {type: keywords, words: [zebra]}}\n"
        f"rules: [{{id: r, detector: words, action: {action}}}]\n"
    )


def said(text: str) -> bytes:
    return json.dumps(body(message(content=text))).encode()


async def test_a_quiet_answer_leaves_as_it_came() -> None:
    """It is told of as the guard would: its text, its size, who looked."""
    raw = said("a quiet day")
    async with whole(rules_for("redact")) as (one, facts, services):
        assert await one.judge(raw) is raw
        assert (one.state, one.decision, one.block) == (GuardState.STATE_DONE, Action.ALLOW, None)
        one.finish()
        (told,) = facts.messages
        assert (told.direction, told.delivered_bytes, told.cut_short) == ("response", len(raw), False)
        assert [(text.label, text.chars) for text in told.channels] == [("text[0]", 11)]
        assert told.stats is one.stats
        assert told.answers == [ends_of("a quiet day")]
        sample = services.metrics.registry.get_sample_value
        assert (sample("sluicegate_scanned_chars_total", {"detector": "words"}) or 0) >= 11


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("flag", GuardState.STATE_DONE),
        ("redact", GuardState.STATE_DONE),
        ("block", GuardState.STATE_BLOCKED),
    ],
)
async def test_what_is_found_is_guarded(action: str, state: GuardState) -> None:
    """The guard decides, edits and tells."""
    raw = said("a zebra here")
    async with whole(rules_for(action)) as (one, facts, services):
        left = await one.judge(raw)
        assert (left == raw) == (action == "flag")
        assert (one.state, one.decision) == (state, Action(action))
        assert (one.block is None) == (action != "block")
        one.finish()
        await asyncio.gather(*services.tasks)
        (told,) = facts.messages
        assert told.actions == {action: 1}
        assert told.stats.text_chars == one.stats.text_chars == 12


async def test_what_cannot_be_read_is_told_so() -> None:
    """Nothing leaves, and the client hears why."""
    async with whole(rules_for("redact")) as (one, _, _):
        assert await one.judge(b"{") == b""
        assert one.state is GuardState.STATE_BROKEN
        assert "not valid JSON" in one.broken_public
        one.finish()


class Waiting(BodyCodec):
    """A codec whose every step waits until the event loop has had a turn: on the loop itself that never comes."""

    def __init__(self, given: BodyCodec) -> None:
        super().__init__(given.table, ending=given._ending)
        self.steps: list[str] = []
        self._loop = asyncio.get_running_loop()

    def skim(self, raw: bytes, value: Any = None) -> Any:
        self._wait("skim")
        return super().skim(raw, value)

    def receive_end(self) -> Any:
        self._wait("receive_end")
        return super().receive_end()

    def _wait(self, step: str) -> None:
        turn = threading.Event()
        self._loop.call_soon_threadsafe(turn.set)
        assert turn.wait(10), "the event loop stands still"
        self.steps.append(step)


@pytest.mark.parametrize(("word", "steps"), [("lion", ["skim"]), ("zebra", ["skim", "receive_end"])])
async def test_a_large_message_does_not_stop_the_loop(word: str, steps: list[str]) -> None:
    """It is read and looked at elsewhere, and the same comes out as for a small one."""
    text = "a quiet day. " * (MAX_BYTES_HERE // 12) + word
    async with whole(rules_for("redact")) as (small, facts, services):
        codec = CHAT.body_codec()
        assert isinstance(codec, BodyCodec)
        waiting = Waiting(codec)
        large = WholeMessage(services, facts, waiting, Direction.RESPONSE, small._watchdog)
        raw = said(text)
        left = await large.judge(raw)
        assert waiting.steps == steps
        assert (left == raw) == (word == "lion")
        assert json.loads(left)["choices"][0]["message"]["content"] == text.replace("zebra", "<words>")
        assert large.state is GuardState.STATE_DONE
        large.finish()
        assert len(facts.messages) == 1


async def test_a_large_message_gives_others_their_turn() -> None:
    """What is judged on the loop is judged in steps, with turns of others in between."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    text = "a quiet day here. " * (MAX_BYTES_HERE // 4) + "a zebra"
    async with whole(rules_for("redact")) as (one, _, _):
        task = asyncio.ensure_future(other())
        left = await one.judge(said(text))
        task.cancel()
        assert b"zebra" not in left
        assert turns > 20
        one.finish()
