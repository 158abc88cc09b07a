"""A codec for plain text: the whole text is one frame with one slot, and there is nothing around it.

It lets a command run a text through the real guard. It is not a dialect: no server speaks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.types import Channel, Frame, Slot, WireError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.types import ChannelKind
    from proxy.wire.types import Said

ENCODING = "utf-8"
SURROGATES = "surrogatepass"
"""JSON can carry lone surrogates; a text that holds one is still judged and written."""


class TextCodec:
    """Reads and writes one plain text. One instance for one text."""

    repeats_text = False
    """No slot of it is a snapshot."""
    edits_constants = False
    """It has no constants."""

    def __init__(self, kind: ChannelKind) -> None:
        """`kind` is the kind of channel that the text is judged as."""
        self._channel = Channel(kind)
        self._received: list[bytes] = []

    def leave_out_details(self) -> None:
        """Nothing to do: a text has none."""

    def receive(self, data: bytes) -> list[Frame]:
        """Take bytes. The frame is complete only at the end of the text."""
        self._received.append(data)
        return []

    def receive_end(self) -> list[Frame]:
        """Return the text as one frame. Raises `WireError` when it is not UTF-8."""
        raw = b"".join(self._received)
        try:
            text = raw.decode(ENCODING, SURROGATES)
        except UnicodeDecodeError as error:
            raise WireError("The text is not UTF-8.") from error
        return [Frame(raw, (Slot(self._channel, text, ()),))]

    def encode(self, frame: Frame, edits: Mapping[int, str | None]) -> bytes:
        """Write the text with its edit, if there is one."""
        return self._edited(frame, edits).encode(ENCODING, SURROGATES)

    def sent(self, frame: Frame, edits: Mapping[int, str | None]) -> None:
        """Nothing to learn: a text has no parts that stay open."""

    def encode_blocked(
        self, frame: Frame, edits: Mapping[int, str | None], slot: int, message: str, said: Said
    ) -> bytes:
        """Write what may leave of the text, then the message: what a client reads, one after the other."""
        del slot, said  # there is only one
        return (self._edited(frame, edits) + message).encode(ENCODING, SURROGATES)

    def end_failed(self, message: str, code: str) -> bytes:
        """Write the message alone."""
        del code
        return message.encode(ENCODING, SURROGATES)

    @staticmethod
    def _edited(frame: Frame, edits: Mapping[int, str | None]) -> str:
        return edits.get(0, frame.slots[0].text) or ""
