"""A message that is there from its first byte to its last: a request, a whole answer, an error.

Most say nothing that a detector could find. One look says so, and they leave as they came, without a guard. All
others go through `GuardedMessage`, as a stream does. Large ones are read and looked at beside the event loop.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from policies.types import Action, Direction
from proxy.guard.api import GuardState, GuardStats
from proxy.guard.stream import StreamGuard
from proxy.guard.whole import answers_in, passed
from proxy.server.aside import aside
from proxy.server.facts import MessageFacts
from proxy.server.guarding import GuardedMessage
from proxy.wire.body import BodyCodec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.guard.api import Block
    from proxy.guard.whole import Passed
    from proxy.server.facts import ExchangeFacts
    from proxy.server.services import Services
    from proxy.server.watchdog import Watchdog
    from proxy.wire.jsontext import Json
    from proxy.wire.skim import Skimmed
    from proxy.wire.types import Codec

_NO_SECONDS: Final[Mapping[str, float]] = {}
_UNJUDGED: Final = GuardStats()
"""Of a message that was not judged yet: nothing was seen. It is never written to."""
_DIRECTIONS: Final = {direction: direction.value for direction in Direction}


class WholeMessage:
    """A whole message on its way through its guard."""

    __slots__ = ("_direction", "_exchange", "_guarded", "_services", "_watchdog", "codec", "stats")

    def __init__(
        self,
        services: Services,
        exchange: ExchangeFacts,
        codec: Codec,
        direction: Direction,
        watchdog: Watchdog,
    ) -> None:
        """The exchange keeps the policy that it began with."""
        self._services = services
        self._exchange = exchange
        self._direction = direction
        self._watchdog = watchdog
        self._guarded: GuardedMessage | None = None
        self.codec = codec
        self.stats = _UNJUDGED

    async def judge(self, raw: bytes, value: Json = None) -> bytes:
        """Take the message and return what may leave of it, after its events are recorded.

        `value` is what orjson read in it, where that is known. Raises `NotRecordedFault`.
        """
        size = len(raw)
        seen = await aside(self._watchdog, size, partial(self._look, raw, value))
        if seen is not None:
            self._note(*seen, size)
            return raw
        fed = partial(self._fed, raw, asyncio.get_running_loop().time())
        guard = await aside(self._watchdog, size, fed)
        guarded = self._guarded = GuardedMessage(
            self._services, self._exchange, self.codec, self._direction, self._watchdog, guard
        )
        self.stats = guard.stats
        guarded.run()
        await guarded.settle()
        return await guarded.take()

    def _look(self, raw: bytes, value: Json) -> tuple[Passed, Skimmed] | None:
        """Return what is told of a message of which one look says that it leaves as it came."""
        codec = self.codec
        skimmed = codec.skim(raw, value) if isinstance(codec, BodyCodec) else None
        if skimmed is None:
            return None
        finds = self._direction is Direction.RESPONSE and self._exchange.memory.substitutes.can_restore
        told = passed(
            self._exchange.policy.policy,
            self._direction,
            skimmed.pieces,
            skimmed.complete,
            finds_placeholders=finds,
        )
        return None if told is None else (told, skimmed)

    def _fed(self, raw: bytes, now_s: float) -> StreamGuard:
        """Return a guard that has the message, and has judged nothing of it yet."""
        policy = self._exchange.policy
        memory, evidence = self._exchange.memory, self._services.evidence
        guard = StreamGuard(self.codec, policy.policy, self._direction, evidence=evidence, memory=memory)
        if policy.timed:
            guard.receive_time(now_s)
        guard.receive(raw)
        guard.receive_end()
        return guard

    def _note(self, told: Passed, skimmed: Skimmed, size: int) -> None:
        """Note what is told of a message that leaves as it came."""
        self.stats = told.stats
        facts = MessageFacts(_DIRECTIONS[self._direction], told.stats, _NO_SECONDS, size, channels=told.channels)
        if self._direction is Direction.RESPONSE:
            facts.answers = answers_in(skimmed.pieces)
        self._exchange.messages.append(facts)
        self._services.metrics.observe_scans(_NO_SECONDS, told.stats.scanned_chars)

    @property
    def state(self) -> GuardState:
        """Where the message stands, once it was judged."""
        return GuardState.STATE_DONE if self._guarded is None else self._guarded.guard.state

    @property
    def decision(self) -> Action:
        """The most severe action taken on it."""
        return Action.ALLOW if self._guarded is None else self._guarded.guard.decision

    @property
    def block(self) -> Block | None:
        """Why it was stopped, when it was."""
        return None if self._guarded is None else self._guarded.guard.block

    @property
    def broken_public(self) -> str:
        """Why it could not be read, in words a client may see."""
        return "" if self._guarded is None else self._guarded.guard.broken_public

    def finish(self) -> None:
        """The message is over: count the scans, and let those that only observe end aside."""
        if self._guarded is not None:
            self._guarded.finish()
