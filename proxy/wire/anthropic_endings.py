"""How an answer of the Messages API ends before its time: refused by a policy, or broken.

It builds JSON values; the codecs write them. No clock and no chance: what an ending repeats is what the stream
said, or fixed neutral values when nothing of it was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.wire.jsontext import Editor, Json
from proxy.wire.scope import MAX_NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.types import Said, Slot

EVENTS = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "ping",
        "error",
    }
)
"""The names that events of a stream have."""

REFUSAL = "refusal"

SEPARATOR = "\n\n"
"""What the guard puts before a message that follows text; a message in a block of its own goes without."""

NEUTRAL_ID = "msg_sluicegate"

_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SERVER_ERRORS = 500

_STREAM_STATUSES = {"upstream_timeout": 504, "scan_timeout": 503, "shutting_down": 503}
"""What the status would have been, by code of a fault, had the stream not begun."""

_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")

_SAYING = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""By type of delta, the member that grows."""


def failure(message: str, code: str, status: int) -> dict[str, Json]:
    """Return the error object that makes the SDK raise, in a stream and in a body; it finds the code in details."""
    kind = _ERROR_TYPES.get(status, "api_error" if status >= _SERVER_ERRORS else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message, "details": {"error_code": code}}}


def refused(message: str) -> dict[str, Json]:
    """Return how a refused message says that it ended."""
    details = {"type": REFUSAL, "category": None, "explanation": message.strip() or None}
    return {"stop_reason": REFUSAL, "stop_sequence": None, "stop_details": details}


def neutral_message() -> dict[str, Json]:
    """Return a message of which nothing is known."""
    return {
        "id": NEUTRAL_ID,
        "type": "message",
        "role": "assistant",
        "model": "",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


class AnthropicStreamEnding:
    """Knows what of a stream the client has seen, and so what is left to close."""

    __slots__ = ("_is_over", "_is_started", "_next", "_open", "_spoken", "_usage")

    def __init__(self) -> None:
        self._is_started = False
        self._is_over = False
        self._open: dict[int, str] = {}
        """Blocks that were begun and not ended, with their types."""
        self._spoken: set[int] = set()
        """Open blocks in which something was said."""
        self._next = 0
        """Index of the next block."""
        self._usage: dict[str, Json] = {"output_tokens": 0}

    def sent(self, payload: Json) -> None:
        """Learn from the payload of a frame that left."""
        kind = payload.get("type")
        index = _index_of(payload)
        if kind == "message_start":
            self._is_started = True
            message = _object(payload.get("message"))
            self._count(message.get("usage"))
            content = message.get("content")
            self._next = max(self._next, len(content) if isinstance(content, list) else 0)
        elif kind == "content_block_start" and index is not None:
            block = _object(payload.get("content_block"))
            self._open[index] = str(block.get("type"))
            self._next = max(self._next, index + 1)
            if block.get("text"):
                self._spoken.add(index)
        elif kind == "content_block_delta" and index is not None and _said_in(payload):
            self._spoken.add(index)
        elif kind == "content_block_stop" and index is not None:
            self._open.pop(index, None)
        elif kind == "message_delta":
            self._count(payload.get("usage"))
        elif kind == "message_stop":
            self._is_over = True

    def rename(self, slot: Slot, edited: str) -> None:
        """Nothing to learn: an ending repeats no id."""

    def blocked(
        self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said
    ) -> list[dict[str, Json]]:
        """Return the last events: what remains of the blocked frame, the message, and a close for each block."""
        del edited, said  # The payload shows what is left; events say only what is new.
        if self._is_over and payload is None:
            return []  # A comment after the end: there is nothing left to close.
        events = [] if payload is None else self._remains(payload, blocked)
        if not self._is_started and not (events and events[0]["type"] == "message_start"):
            events.insert(0, {"type": "message_start", "message": neutral_message()})
        for event in events:
            self.sent(event)
        events += self._last_words(_index_of(payload or {}), message)
        delta = refused(message)
        events.append({"type": "message_delta", "delta": delta, "usage": dict(self._usage)})
        events.append({"type": "message_stop"})
        return events

    def failed(self, message: str, code: str) -> list[dict[str, Json]]:
        """Return the error event: the SDK raises its `APIStatusError`."""
        return [failure(message, code, _STREAM_STATUSES.get(code, _SERVER_ERRORS))]

    def _last_words(self, blocked: int | None, message: str) -> list[dict[str, Json]]:
        """Say the message in the open text block, or in a new one, and close every block."""
        texts = [index for index, kind in self._open.items() if kind == "text"]
        home = blocked if blocked in texts else max(texts, default=None)
        events: list[dict[str, Json]] = []
        for index in sorted(self._open):
            if index == home and message:
                spoken = message if index in self._spoken else message.removeprefix(SEPARATOR)
                events.append(_text_delta(index, spoken))
            events.append({"type": "content_block_stop", "index": index})
        if home is None and message:
            index = self._next
            events.append(
                {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
            )
            events.append(_text_delta(index, message.removeprefix(SEPARATOR)))
            events.append({"type": "content_block_stop", "index": index})
        self._open.clear()
        return events

    def _remains(self, payload: dict[str, Json], blocked: Slot) -> list[dict[str, Json]]:
        """Return what is left of the frame in which the block happened."""
        kind = payload.get("type")
        if kind == "message_start" and isinstance(payload.get("message"), dict):
            editor = Editor(payload)
            # Its blocks are complete in themselves, and no event would close them.
            editor.set(("message", "content"), [])
            for member in ("stop_reason", "stop_sequence"):
                editor.set(("message", member), None)
            return [editor.value]
        if kind == "content_block_delta":
            return [payload] if _said_in(payload) else []
        if kind == "content_block_start":
            block = _object(payload.get("content_block"))
            return [payload] if _is_readable(block) and blocked.path[:1] == ("content_block",) else []
        if kind == "message_delta":
            self._count(payload.get("usage"))
        return []

    def _count(self, usage: Json) -> None:
        """Remember the counts of tokens: those of a message's end are totals."""
        if isinstance(usage, dict):
            self._usage |= {name: usage[name] for name in _COUNTS if _is_count(usage.get(name))}


def _is_count(value: Json) -> bool:
    return value.__class__ is int and 0 <= value < MAX_NUMBER


def _index_of(payload: dict[str, Json]) -> int | None:
    index = payload.get("index")
    return index if _is_count(index) else None


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _is_readable(block: dict[str, Json]) -> bool:
    """Whether a block that was stopped in the middle may stay: a reader can read what there is of it.

    An empty text stays too: the message goes there.
    """
    kind = block.get("type")
    return kind == "text" or (kind == "thinking" and bool(block.get("thinking")))


def _said_in(payload: dict[str, Json]) -> bool:
    """Whether a delta says something."""
    delta = _object(payload.get("delta"))
    return bool(delta.get(_SAYING.get(str(delta.get("type")), "")))


def _text_delta(index: int, text: str) -> dict[str, Json]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


@dataclass(frozen=True, slots=True)
class AnthropicBodyEnding:
    """Ends a whole answer."""

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
        """Return the body as it stood before slot number `blocked`, ended as refused."""
        if not isinstance(payload, dict) or payload.get("error") or not isinstance(payload.get("content"), list):
            said = message.removeprefix(SEPARATOR)
            return {**neutral_message(), "content": [{"type": "text", "text": said}], **refused(message)}
        content = _with_message(_content_before(payload["content"], slots, blocked), slots[blocked], message)
        known = neutral_message()
        ended = {**known, **payload, "content": content, **refused(message)}
        if not isinstance(ended["usage"], dict):
            ended["usage"] = known["usage"]
        return ended

    def failed(self, message: str, code: str) -> dict[str, Json]:
        """Return the error envelope."""
        return failure(message, code, _SERVER_ERRORS)


def _content_before(content: list[Json], slots: Sequence[Slot], blocked: int) -> list[Json]:
    """Return the blocks that may stay: those before the blocked text, and the readable part of its own."""
    at = _block_at(slots[blocked])
    if at is None:
        is_late = any(_block_at(slot) is not None for slot in slots[blocked:])
        return [] if is_late else content
    kept = content[:at]
    stopped = _object(content[at])
    return [*kept, stopped] if _is_readable(stopped) else kept


def _block_at(slot: Slot) -> int | None:
    """Return in which block of the answer the slot stands."""
    if slot.path[:1] != ("content",) or len(slot.path) == 1:
        return None
    step = slot.path[1]
    return step if isinstance(step, int) else None


def _with_message(content: list[Json], blocked: Slot, message: str) -> list[Json]:
    """Say the message at the end of the blocked text, or in a block of its own."""
    if not message:
        return content
    at = _block_at(blocked)
    last = _object(content[-1]) if content else {}
    if at is not None and len(content) == at + 1 and last.get("type") == "text":
        text = str(last.get("text") or "")
        return [*content[:-1], {**last, "text": text + (message if text else message.removeprefix(SEPARATOR))}]
    return [*content, {"type": "text", "text": message.removeprefix(SEPARATOR)}]
