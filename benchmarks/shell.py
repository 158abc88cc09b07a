"""Sluicegate with its guard taken out: what the HTTP part alone costs. For measurements only: it judges nothing.

Run as `python -m benchmarks.shell serve ...` with the arguments of `sluicegate`. Everything else is the product's
own: listener, parser, header hygiene, limits, the upstream client, metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.types import Action
from proxy.cli.main import main as product_main
from proxy.guard.api import GuardState, GuardStats
from proxy.server import handler

if TYPE_CHECKING:
    from proxy.wire.types import Codec


class PassedGuard:
    """Stands for a guard that finds nothing: the part of its surface that the server reads."""

    decision = Action.ALLOW
    block = None
    broken_public = ""

    def __init__(self) -> None:
        self.state = GuardState.STATE_OPEN
        self.stats = GuardStats()


class IdleDriver:
    """Stands for a scan driver that has nothing to do."""

    holding = 0
    pending = 0
    answered = False


class PassedMessage:
    """Stands for `GuardedMessage`: gives every byte back as it came."""

    timed = False

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - those of GuardedMessage, whatever they are
        """Looks among its arguments for the codec, which writes the ending of a failed stream."""
        self.codec: Codec = next(one for one in arguments if hasattr(one, "end_failed"))
        self.guard = PassedGuard()
        self.stats = self.guard.stats
        self.decision = Action.ALLOW
        self.driver = IdleDriver()
        self._out: list[bytes] = []

    def receive(self, data: bytes) -> None:
        """Keep bytes."""
        self._out.append(data)

    def receive_end(self) -> None:
        """Note the end."""
        self.guard.state = GuardState.STATE_DONE

    def receive_abort(self, public: str) -> None:
        """Note that the sender died."""
        del public
        self.guard.state = GuardState.STATE_BROKEN

    async def take(self) -> bytes:
        """Return what was kept."""
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    async def settle(self) -> None:
        """Nothing is ever waited for."""

    def finish(self) -> None:
        """Nothing is ever left."""


class PassedWhole:
    """Stands for `WholeMessage`: gives the message back as it came."""

    state = GuardState.STATE_DONE
    decision = Action.ALLOW
    block = None
    broken_public = ""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - those of WholeMessage, whatever they are
        """Needs none of its arguments."""
        del arguments
        self.stats = GuardStats()

    async def judge(self, raw: bytes, value: object = None) -> bytes:
        """Return the message."""
        del value
        return raw

    def finish(self) -> None:
        """Nothing is ever left."""


def main() -> None:
    """Run the product's command line with the guard taken out."""
    vars(handler).update(GuardedMessage=PassedMessage, WholeMessage=PassedWhole)
    product_main()


if __name__ == "__main__":
    main()
