"""Drives one guard: bytes in, scans, events, released bytes out. The server's side of `StreamGuard`.

It knows neither HTTP nor where bytes come from or go to.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from policies.types import Direction
from proxy.guard.api import GuardState
from proxy.guard.evidence import excerpts, whole_texts
from proxy.guard.stream import StreamGuard
from proxy.server.facts import MessageFacts
from proxy.server.faults import NotRecordedFault, Phase
from proxy.server.scanning import ScanDriver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.types import Action
    from proxy.guard.api import GuardStats
    from proxy.guard.reports import GuardEvent
    from proxy.server.facts import ExchangeFacts
    from proxy.server.services import Services
    from proxy.server.watchdog import Watchdog
    from proxy.wire.types import Codec

SCAN_SLACK_S = 5.0
"""Beyond a scan's own deadline, which always brings an answer: a wait this long is a bug, and ends all the same."""

MAX_RECORDED: Final = 32
"""Most events that are made in one go, about two milliseconds."""


class GuardedMessage:
    """A request or a response on its way through its guard."""

    __slots__ = (
        "_exchange",
        "_fault",
        "_is_answer",
        "_loop",
        "_services",
        "_watchdog",
        "codec",
        "driver",
        "facts",
        "guard",
        "timed",
    )

    def __init__(
        self,
        services: Services,
        exchange: ExchangeFacts,
        codec: Codec,
        direction: Direction,
        watchdog: Watchdog,
        guard: StreamGuard | None = None,
    ) -> None:
        """The exchange keeps the policy that it began with. `guard` may have its input already: see `run`."""
        policy = exchange.policy
        self._loop = asyncio.get_running_loop()
        self._services = services
        self._exchange = exchange
        self._fault: NotRecordedFault | None = None
        self._watchdog = watchdog
        self.codec = codec
        self.guard = guard or StreamGuard(
            codec, policy.policy, direction, evidence=services.evidence, memory=exchange.memory
        )
        self.driver = ScanDriver(self.guard, services.lanes, self._loop, policy.policy.limits.deadline_s)
        self.facts = MessageFacts(direction.value, self.guard.stats, self.driver.seconds)
        exchange.messages.append(self.facts)
        self._is_answer = direction is Direction.RESPONSE
        self.timed = policy.timed
        """Whether a detector's segments are closed by time."""

    @property
    def stats(self) -> GuardStats:
        """Counters of the message."""
        return self.guard.stats

    @property
    def decision(self) -> Action:
        """The most severe action taken on what has left so far."""
        return self.guard.decision

    def receive(self, data: bytes) -> None:
        """Give the guard bytes of the sender and have what can be judged at once judged."""
        if self.timed:
            self.guard.receive_time(self._loop.time())
        self.guard.receive(data)
        self.driver.run()

    def run(self) -> None:
        """Have judged what can be judged at once of what the guard already has."""
        self.driver.run()

    def receive_end(self) -> None:
        """Give the guard the end of the sender's bytes."""
        self.guard.receive_end()
        self.driver.run()

    def receive_abort(self, public: str) -> None:
        """Tell the guard that the sender died."""
        self.guard.receive_abort(public)
        self.driver.run()

    async def take(self) -> bytes:
        """Return the bytes that may leave, after their events are recorded.

        Raises `NotRecordedFault` when an enforced decision could not be made durable: then, and at every later
        call, nothing leaves.
        """
        if self._fault is not None:
            raise self._fault
        if self.driver.paused:
            await self._run_on()
        out = self.guard.take()
        events = self.guard.take_events()
        if events:
            try:
                await self._record(events)
            except NotRecordedFault as fault:
                self._fault = fault
                raise
            except BaseException:
                self._fault = NotRecordedFault()  # the bytes just taken are lost: what follows them may not leave
                raise
        self.facts.delivered_bytes += len(out)
        return out

    async def _record(self, events: Sequence[GuardEvent]) -> None:
        """Count events and record them, a handful at a time: an answer with a thousand addresses has a thousand."""
        facts, evidence, origins = self.facts, self._services.evidence, self.guard.reports.origins
        for start in range(0, len(events), MAX_RECORDED):
            if start:
                await asyncio.sleep(0)
            some = events[start : start + MAX_RECORDED]
            self._services.metrics.count_events(some)
            facts.count(some)
            if evidence is not None:
                facts.excerpts = excerpts(self.guard, some, evidence, origins[start : start + MAX_RECORDED])
            await self._services.sink.record(self._exchange, facts, some)

    async def settle(self) -> None:
        """Wait until no text waits for a scan. The input has ended."""
        driver = self.driver
        if driver.answered:
            driver.run()
        await self._run_on()
        while driver.holding and self.guard.state is GuardState.STATE_OPEN:
            await self.wait_for_scan()

    async def _run_on(self) -> None:
        """Go on with scans that stopped for breath, a breath apart."""
        while self.driver.paused:
            await asyncio.sleep(0)
            self.driver.run()

    async def wait_for_scan(self) -> None:
        """Wait for the next answer of a scan that runs elsewhere."""
        if not self.driver.answered:
            limit_s = self._exchange.policy.policy.limits.deadline_s + SCAN_SLACK_S
            await self._watchdog.within(Phase.SCAN, limit_s, self.driver.wait())
        self.driver.run()
        await self._run_on()

    def finish(self) -> None:
        """The message is over: count the scans, and let those that only observe end aside."""
        if self.driver.pending and self.guard.state in {GuardState.STATE_DONE, GuardState.STATE_BLOCKED}:
            self._exchange.observing += 1
            self._services.run_aside(self._observe())
        else:
            self.facts.cut_short = self.driver.pending > 0 or self.guard.state is GuardState.STATE_OPEN
            self.driver.cancel()
            self._close()

    async def _observe(self) -> None:
        """Wait for detectors that nobody waited for, and record what they found."""
        driver = self.driver
        try:
            while driver.pending:
                await driver.wait()  # each pending scan is answered at its deadline at the latest
                driver.run()
            with suppress(NotRecordedFault):  # counted by the sink; nothing waits here to be stopped
                await self.take()
        finally:
            self._close()
            self._exchange.observing -= 1
            self._services.report_end(self._exchange)

    def _close(self) -> None:
        self.facts.channels = self.guard.channels()
        if self._is_answer:
            self.facts.answers = self.guard.answers()
        evidence = self._services.evidence
        if evidence is not None and evidence.whole_chars and self.facts.actions:
            self.facts.whole_texts = whole_texts(self.guard, evidence)
        self._services.metrics.observe_scans(self.driver.seconds, self.guard.stats.scanned_chars)
        if self._exchange.policy.policy.restorer is not None:
            self._services.metrics.count_restored(self.guard.stats)
