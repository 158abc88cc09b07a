"""The way of one response from an upstream that the test plays, to a client that the test is."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from policies.types import Action, Direction
from proxy.guard.api import GuardState
from proxy.server.facts import ExchangeFacts
from proxy.server.faults import ExchangeTimeout, Phase, UpstreamFault
from proxy.server.relay import Relay
from proxy.server.watchdog import Watchdog
from proxy.server.whole import WholeMessage
from tests.support.gateway import guarded
from tests.support.services import services_for
from tests.support.toy import END, ToyCodec, WordDetector, line, policy, rule, texts
from tests.support.upstream import says

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.server.services import Services

RULES = policy([WordDetector("words", ("zebra",))], [rule("words", Action.REDACT, replacement="[x]")])


class Played:
    """An upstream that gives these pieces, then its end, a fault, or nothing."""

    status = 200
    headers = CIMultiDictProxy(CIMultiDict[str]())

    def __init__(self, *pieces: bytes, last: UpstreamFault | None = None, silent: bool = False) -> None:
        self.pieces = [*pieces]
        self.last = last
        self.silent = silent
        self.closed = False

    def take(self) -> bytes | None:
        return None

    async def read(self) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.last is not None:
            raise self.last
        if self.silent:
            await asyncio.Event().wait()
        return b""

    def close(self) -> None:
        self.closed = True

    def finish(self) -> None:
        self.closed = True


@asynccontextmanager
async def relaying(
    upstream: Played, max_bytes: int = 10_000, **config: float
) -> AsyncIterator[tuple[Relay, WholeMessage, Services]]:
    async with services_for(RULES, **config) as (services, _):
        dog = Watchdog(asyncio.get_running_loop(), 10)
        facts = ExchangeFacts("req_1", services.policies.current)
        message = WholeMessage(services, facts, ToyCodec(), Direction.RESPONSE, dog)
        relay = Relay(services, upstream, None, dog, max_bytes, services.config)
        yield relay, message, services
        relay.close()
        dog.close()


async def test_the_head_is_looked_at_and_still_relayed() -> None:
    """Bytes read to see what an answer is go through the guard with the rest."""
    upstream = Played(line("a ze")[:3], line("a ze")[3:], line("bra b"), END)
    async with relaying(upstream) as (relay, message, _):
        head = await relay.read_head(lambda data: data if len(data) > 4 else None)
        assert head == line("a ze")
        body = await relay.collect(message)
        assert texts(body)["text", 0, 0] == "a [x] b"
        assert message.state is GuardState.STATE_DONE
    assert upstream.closed


@pytest.mark.parametrize(
    ("upstream", "code"),
    [
        (Played(), "upstream_empty"),
        (Played(line("a"), b"{cut"), "upstream_broken"),
        (Played(line("a"), last=UpstreamFault("upstream_reset", "Gone.")), "upstream_reset"),
        (Played(*[line("a" * 3000)] * 4), "upstream_too_large"),
    ],
)
async def test_a_whole_answer_that_breaks_is_no_answer(upstream: Played, code: str) -> None:
    """Half of a body is not given to anybody."""
    async with relaying(upstream) as (relay, message, _):
        with pytest.raises(UpstreamFault) as caught:
            await relay.collect(message)
    assert caught.value.code == code


@pytest.mark.parametrize(("pieces", "phase"), [((), Phase.FIRST_BYTE), ((line("a"),), Phase.IDLE)])
async def test_silence_has_a_limit(pieces: tuple[bytes, ...], phase: Phase) -> None:
    """Before the first byte one limit counts, after it another."""
    played = Played(*pieces, silent=True)
    async with relaying(played, first_byte_timeout_s=0.02, idle_timeout_s=0.02) as (relay, message, _):
        with pytest.raises(ExchangeTimeout) as caught:
            await relay.collect(message)
    assert caught.value.phase is phase


async def test_added_latency_leaves_out_the_upstreams_time() -> None:
    """Both parts are observed once, are more than nothing, and count what came before with them."""
    async with relaying(Played(line("a"), END)) as (relay, message, services):
        await relay.collect(message)
        relay.note_end(100.0)
        sample = services.metrics.registry.get_sample_value
        for part in ("first_byte", "whole"):
            assert sample("sluicegate_added_latency_seconds_count", {"part": part}) == 1
            assert 100 < (sample("sluicegate_added_latency_seconds_sum", {"part": part}) or 0) < 105


@pytest.mark.parametrize("stream", [True, False])
async def test_latency_and_characters_of_an_exchange(stream: bool) -> None:
    """A finished exchange is in the histograms whatever its mode."""
    async with guarded(says("Hello ", "world")) as proxy:
        await proxy.chat(stream=stream)
        for part in ("first_byte", "whole"):
            assert proxy.metric("sluicegate_added_latency_seconds_count", part=part) == 1
            assert 0 < proxy.metric("sluicegate_added_latency_seconds_sum", part=part) < 5
        assert proxy.metric("sluicegate_response_chars_total") == len("Hello world")
        assert proxy.metric("sluicegate_held_chars_count") == 1
