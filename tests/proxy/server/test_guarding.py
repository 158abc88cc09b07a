"""One message through its guard: bytes in, events recorded before bytes leave, scans counted at the end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from detectors.refusals import refusal_of
from detectors.types import CostClass
from events.schema import Incident
from policies.types import Action, Direction
from proxy.guard.api import GuardState
from proxy.server.facts import ExchangeFacts
from proxy.server.guarding import MAX_RECORDED, GuardedMessage
from proxy.server.watchdog import Watchdog
from tests.support.services import services_for
from tests.support.toy import END, SegmentDetector, ToyCodec, WordDetector, line, policy, rule, texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from detectors.types import Detector
    from proxy.server.services import Services
    from tests.support.gateway import ListSink


@asynccontextmanager
async def message_for(
    detector: Detector, action: Action
) -> AsyncIterator[tuple[GuardedMessage, Services, ListSink]]:
    more = {"replacement": "[x]"} if action is Action.REDACT else {}
    async with services_for(policy([detector], [rule(detector.name, action, **more)])) as (services, sink):
        dog = Watchdog(asyncio.get_running_loop(), 10)
        facts = ExchangeFacts("req_1", services.policies.current, dialect="toy")
        yield GuardedMessage(services, facts, ToyCodec(), Direction.RESPONSE, dog), services, sink
        dog.close()


@pytest.mark.parametrize("cost", [CostClass.INLINE, CostClass.THREAD])
async def test_a_message_is_edited_and_recorded(cost: CostClass) -> None:
    """The same comes out wherever the detector runs; its event is recorded and its work counted."""
    async with message_for(WordDetector("words", ("zebra",), cost_class=cost), Action.REDACT) as (
        message,
        services,
        sink,
    ):
        message.receive(line("a zeb"))
        message.receive(line("ra b") + END)
        message.receive_end()
        await message.settle()
        assert texts(await message.take())["text", 0, 0] == "a [x] b"
        assert message.guard.state is GuardState.STATE_DONE
        message.finish()
        assert [(name, type(event)) for name, _, event in sink.events] == [("req_1", Incident)]
        sample = services.metrics.registry.get_sample_value
        labels = {"rule": "redact-words", "category": "WORD", "action": "redact"}
        assert sample("sluicegate_incidents_total", labels) == 1
        assert (sample("sluicegate_scanned_chars_total", {"detector": "words"}) or 0) >= len("a zebra b")


async def test_many_events_let_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are recorded a handful at a time, all of them before a byte leaves."""
    many = 3 * MAX_RECORDED + 1
    async with message_for(WordDetector("words", ("zebra",)), Action.REDACT) as (message, services, sink):
        handfuls: list[int] = []
        record = sink.record

        async def counted(exchange: Any, facts: Any, events: Any) -> None:
            handfuls.append(len(events))
            await record(exchange, facts, events)

        monkeypatch.setattr(sink, "record", counted)
        message.receive(line("zebra " * many) + END)
        message.receive_end()
        await message.settle()
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            beside = group.create_task(other())
            assert texts(await message.take())["text", 0, 0] == "[x] " * many
            beside.cancel()
        assert handfuls == [MAX_RECORDED] * 3 + [1]
        assert turns >= len(handfuls) - 1
        assert len(sink.events) == many
        message.finish()
        sample = services.metrics.registry.get_sample_value
        labels = {"rule": "redact-words", "category": "WORD", "action": "redact"}
        assert sample("sluicegate_incidents_total", labels) == many


async def test_observers_end_aside() -> None:
    """A message is over although a scan that only observes is not; its finding is recorded afterwards."""
    detector = WordDetector("words", ("zebra",), cost_class=CostClass.THREAD)
    async with message_for(detector, Action.FLAG) as (message, services, sink):
        message.receive(line("a zebra b") + END)
        message.receive_end()
        await message.settle()
        assert texts(await message.take())["text", 0, 0] == "a zebra b"
        message.finish()
        await asyncio.gather(*services.tasks)
        assert [event.action for _, _, event in sink.events] == ["flag"]  # type: ignore[union-attr]


async def test_an_abort_drops_what_is_held() -> None:
    """What was judged before leaves, the possible beginning of a match does not; the client is told why."""
    async with message_for(WordDetector("words", ("zebra",)), Action.REDACT) as (message, _, _):
        message.receive(line("a ") + line("zeb"))
        message.receive_abort("the sender is gone")
        await message.settle()
        assert texts(await message.take())["text", 0, 0] == "a "
        assert message.guard.state is GuardState.STATE_BROKEN
        assert message.guard.broken_public == "the sender is gone"


async def test_window_detectors_have_time() -> None:
    """Only a policy with a window detector asks for the clock."""
    async with message_for(SegmentDetector("segment", "zebra"), Action.BLOCK) as (message, _, _):
        assert message.timed
        message.receive(line("an open end"))
        assert message.guard.next_time() is not None
        message.finish()
    async with message_for(WordDetector("words", ("zebra",)), Action.REDACT) as (message, _, _):
        assert not message.timed


@pytest.mark.parametrize(
    ("said", "declines"), [("All is well.", "none"), ("Sorry, I can't help with that.", "full"), ("", None)]
)
async def test_whether_an_answer_declines_is_known_when_it_is_over(said: str, declines: str | None) -> None:
    """Of the whole text, however it came; only the class is kept."""
    async with message_for(WordDetector("words", ("zebra",)), Action.REDACT) as (message, _, _):
        for character in said:
            message.receive(line(character))
        message.receive(END)
        message.receive_end()
        await message.take()
        message.finish()
        assert refusal_of(message.facts.answers) == declines
