"""What exchanges share: the log as a sink, and work that goes on aside."""

from __future__ import annotations

import asyncio
import gc
from types import MappingProxyType

import pytest

from events.schema import Bypass, Failure, Incident
from policies.types import Limits, Mode, Policy
from proxy.guard.api import GuardStats
from proxy.server.facts import ExchangeFacts, MessageFacts
from proxy.server.reload import ActivePolicy
from proxy.server.services import LogSink
from tests.support.services import services_for

POLICY = Policy("acme", "ab" * 32, Mode.ENFORCE, Limits(), MappingProxyType({}), ())
WHERE = ("response", "text[0]", 3, 8)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            Incident("r", "d", "SECRET", 0.5, "redact", *WHERE),
            ["incident", "rule=r", "category=SECRET", "action=redact"],
        ),
        (Bypass("d", "deadline", *WHERE), ["bypass", "reason=deadline", "warning"]),
        (Failure("d", "garbage", *WHERE), ["failure", "reason=garbage", "warning"]),
    ],
)
async def test_events_are_lines_of_the_log(
    event: Incident | Bypass | Failure, expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has its exchange, policy, detector and place."""
    exchange = ExchangeFacts("req_1", ActivePolicy.of(POLICY))
    await LogSink().record(exchange, MessageFacts("response", GuardStats(), {}), [event])
    printed = "".join(capsys.readouterr())
    for part in [*expected, "request_id=req_1", "policy=acme@abababababab", "detector=d", "start=3", "end=8"]:
        assert part in printed


async def test_work_aside_is_kept_until_it_is_done() -> None:
    """Nobody else holds its task; it is forgotten when it has ended."""
    async with services_for(POLICY) as (services, _):
        go, done = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            await go.wait()
            done.set()

        services.run_aside(work())
        gc.collect()
        assert len(services.tasks) == 1
        go.set()
        await asyncio.wait_for(done.wait(), 1)
        await asyncio.gather(*services.tasks)
        await asyncio.sleep(0)
        assert services.tasks == set()
