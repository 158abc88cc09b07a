"""What a codec must be told to end an answer before its time: one pair of classes for each dialect.

`Renames` is what most of them need.

They build JSON values; the codecs write them. No clock and no chance: ids and times are those of the message, or
fixed neutral ones when nothing of it was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.jsontext import Json
    from proxy.wire.types import Said, Slot


MAX_RENAMED = 64
"""Edited ids and model names that are remembered; a stream has one of each."""


class Renames:
    """The ids of one stream that were edited: an ending must not bring the originals back."""

    __slots__ = ("_edited", "is_full")

    def __init__(self) -> None:
        self._edited: dict[tuple[str, str], str] = {}
        self.is_full = False
        """Whether there were more than are remembered: from then on endings are nameless."""

    def learn(self, place: str, text: str, edited: str) -> None:
        """Learn that `text`, which stands at `place`, was edited."""
        if len(self._edited) < MAX_RENAMED:
            self._edited[place, text] = edited
        else:
            self.is_full = True

    def current(self, place: str, value: Json) -> Json:
        """Return what is to be written for `value` at `place`: itself, unless it was edited."""
        return self._edited.get((place, value), value) if isinstance(value, str) else value


class StreamEnding(Protocol):
    """Knows what of a stream the client has seen, and so what is left to close. One instance for one stream."""

    def sent(self, payload: Json) -> None:
        """Learn from the payload of a frame that left, with its edits."""

    def rename(self, slot: Slot, edited: str) -> None:
        """Learn that the id in `slot` was edited: an ending must not bring the original back."""

    def blocked(
        self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said
    ) -> Sequence[Json]:
        """Return the last payloads of a filtered stream, in order; the codec adds what ends the stream itself.

        `payload` is the frame in which the block happened, after the edits, None when nothing of it may be
        written; `edited` are the slots whose text the edits touched, `blocked` the slot of the stopped text.
        `message` is shown to the reader. `said` gives the texts that the client has, what remains of the frame
        included.
        """

    def failed(self, message: str, code: str) -> Sequence[Json]:
        """Return the last payloads of a stream that broke: the SDK raises its error with `message`."""


class BodyEnding(Protocol):
    """How a whole answer ends before its time. Stateless."""

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> Json:
        """Return a whole answer, `payload` after the edits, ended as filtered at slot number `blocked`."""

    def failed(self, message: str, code: str) -> Json:
        """Return the error envelope."""
