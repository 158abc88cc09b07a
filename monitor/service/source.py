"""What the monitor reads from: batches of records of streams, each for a share. Values and a protocol; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.service.share import Item


class Batch(NamedTuple):
    """Records of one stream."""

    share: str
    stream: str
    items: list[Item]
    position: int
    """Everything of the stream before it has come."""


class Held(Protocol):
    """The shares that are at work here, as a source needs them. `Shares` is one."""

    def keep(self, names: set[str], told_to: Mapping[str, Mapping[str, int]]) -> None:
        """Work at exactly these shares from now on. `told_to`: by share and stream, what others have told."""

    def leave(self) -> None:
        """Write down what was learned: some of the shares may be taken by others now."""

    def position(self, share: str, stream: str) -> int:
        """Return the first record of a stream that a share has not got."""

    def wants(self, share: str, stream: str) -> bool:
        """Whether more of a stream may come: a share that waits for another stream keeps what comes meanwhile."""


class Source(Protocol):
    """Where records come from. Belongs to one thread."""

    def poll(self) -> list[Batch]:
        """Return what has come, after a short wait when there is nothing."""

    @property
    def is_caught_up(self) -> bool:
        """Whether nothing more is known to be there: then time passes by the clock."""

    @property
    def lag(self) -> int:
        """How many records are known to wait."""

    def keep(self, offsets: Mapping[str, int]) -> None:
        """Take note that what lies before these places will not be asked for again."""

    def close(self) -> None:
        """Let go of it."""
