"""Codecs for messages that are one JSON value: a whole response, a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.body_molds import MAX_BYTES, molds_of
from proxy.wire.details import without_details
from proxy.wire.edits import apply_edits
from proxy.wire.jsontext import dumps, loads, weighed
from proxy.wire.skim import skim
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, Frame, FrameRole, WireError
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from proxy.wire.endings import BodyEnding
    from proxy.wire.fields import Node
    from proxy.wire.jsontext import Json
    from proxy.wire.skim import Skimmed
    from proxy.wire.types import Said


_NO_OBJECT = "the body is not a JSON object"


class BodyCodec:
    """Reads and writes a whole body: one frame, at the end of input."""

    def __init__(
        self,
        table: Node,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        *,
        ending: BodyEnding | None = None,
        mend: Callable[[Json], Json] | None = None,
        takes_lists: bool = False,
    ) -> None:
        """`ending` is the dialect's; None for a request, which has no ending on the wire.

        `mend` takes away what the receiver would refuse, after edits too; it returns the same object when there
        is nothing. `takes_lists`: the body may be a list, too (errors of some APIs).
        """
        self.table = table
        self._max_body_bytes = max_body_bytes
        self._ending = ending
        self._mend = mend
        self._takes_lists = takes_lists
        self._buffer = bytearray()
        self._has_details = True

    def leave_out_details(self) -> None:
        """Take log-probabilities out of the body."""
        self._has_details = False

    @property
    def repeats_text(self) -> bool:
        """Say that a body says nothing twice."""
        return False

    @property
    def edits_constants(self) -> bool:
        """Say that every constant has its own slot: a body is one frame."""
        return False

    def receive(self, data: bytes) -> list[Frame]:
        """Take bytes. A body has no frame before its end."""
        self._buffer += data
        if len(self._buffer) > self._max_body_bytes:
            self._buffer.clear()
            raise WireError(f"the body is longer than {self._max_body_bytes} bytes")
        return []

    def receive_end(self) -> list[Frame]:
        """Take the end, return the body as a frame. Raises `WireError` unless it is one JSON object (or list)."""
        raw = bytes(self._buffer)
        self._buffer.clear()
        parsed = loads(raw)
        is_listed = self._takes_lists and isinstance(parsed.value, list)
        if not is_listed and not isinstance(parsed.value, dict):
            raise WireError(_NO_OBJECT)
        value = parsed.value if self._has_details else without_details(self.table, parsed.value)
        walked = Walker(is_request=self._ending is None).walk(self.table, value)
        objects = [item for item in (parsed.value if is_listed else [parsed.value]) if isinstance(item, dict)]
        has_failed = self._ending is not None and any(item.get("error") for item in objects)
        role = FrameRole.FAILURE if has_failed else FrameRole.DATA
        must_encode = walked.must_encode or parsed.is_ambiguous or value is not parsed.value
        must_encode |= self._mend is not None and self._mend(walked.payload) is not walked.payload
        return [Frame(raw, walked.slots, role, walked.payload, must_encode)]

    def skim(self, raw: bytes, value: Json = None) -> Skimmed | None:
        """Return what a whole body says, in one step instead of `receive` and `receive_end`.

        None for a body that must go through these: one that is broken, that may not leave as it came, or that has
        a text which its table does not place. `value` is what orjson read in it, where that is known.
        """
        size, is_request = len(raw), self._ending is None
        if size > self._max_body_bytes:
            return None
        molds = molds_of(self.table, is_request=is_request) if self._mend is None and size <= MAX_BYTES else None
        if molds is not None and (known := molds.read(raw)) is not None:
            return known
        try:
            parsed = loads(raw) if value is None else weighed(raw, value)
        except WireError:
            return None
        payload = parsed.value
        is_whole = payload.__class__ is dict or (self._takes_lists and payload.__class__ is list)
        if parsed.is_ambiguous or not is_whole:
            return None
        if self._mend is not None and self._mend(payload) is not payload:
            return None
        skimmed = skim(self.table, payload, is_request=is_request)
        if molds is not None and skimmed is not None:
            molds.learn(raw, payload, skimmed)
        return skimmed

    def encode(self, frame: Frame, edits: Mapping[int, str | None]) -> bytes:
        """Write the body with `edits`, the bytes that came when there is nothing to change."""
        if not edits and not frame.must_encode:
            return frame.raw
        payload = apply_edits(frame.payload, frame.slots, edits)
        return dumps(payload if self._mend is None else self._mend(payload))

    def sent(self, frame: Frame, edits: Mapping[int, str | None]) -> None:
        """Nothing to learn: nothing follows a body."""

    def encode_blocked(
        self, frame: Frame, edits: Mapping[int, str | None], slot: int, message: str, said: Said
    ) -> bytes:
        """Write the body as it stood before slot number `slot`, ended as filtered. A request is not written."""
        del said  # The body itself says it.
        if self._ending is None:
            return b""
        payload = apply_edits(frame.payload, frame.slots, edits)
        return dumps(self._ending.blocked(payload, frame.slots, slot, message))

    def end_failed(self, message: str, code: str) -> bytes:
        """Write an error envelope."""
        return b"" if self._ending is None else dumps(self._ending.failed(message, code))
