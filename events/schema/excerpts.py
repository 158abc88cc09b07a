"""A piece of the text of an exchange, for the audit store. It goes there encrypted, and into no event."""

from __future__ import annotations

from typing import NamedTuple


class Excerpt(NamedTuple):
    """A piece of one text of an exchange."""

    direction: str
    channel: str
    """As in events: `text[0]`."""
    start: int
    """Its first code point in the original text of the channel."""
    original: str
    delivered: str
    """What left of it, edits and all, when the record was made."""
    message: str = ""
    """What the receiver read in place of the rest, where the message was blocked."""
    is_cut: bool = False
    """Whether the piece was longer than a record may be."""

    def __repr__(self) -> str:
        """Return where it is: the text must not get into a log."""
        return f"Excerpt({self.direction}, {self.channel}, {self.start})"
