"""How an answer of Gemini ends before its time: filtered by a policy, or broken.

It builds JSON values; the codecs write them. A filtered candidate has the finish reason SAFETY. What of an answer
has no candidate yet ends with one: `promptFeedback.blockReason` would say that the prompt was refused, which is
answered with status 400.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.wire.endings import Renames
from proxy.wire.scope import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.jsontext import Json
    from proxy.wire.types import Path, Said, Slot

FILTERED: Final = "SAFETY"

_HEAD: Final = {
    "modelVersion": "modelVersion",
    "responseId": "responseId",
    "usageMetadata": "usageMetadata",
    "model_version": "modelVersion",
    "response_id": "responseId",
    "usage_metadata": "usageMetadata",
}
"""What an ending repeats, and how it spells it."""
_NAMES: Final = frozenset(_HEAD) - {"usageMetadata", "usage_metadata"}
_REASONS: Final = ("finishReason", "finish_reason")
_KEPT: Final = frozenset({"index", "content"})
"""Of a candidate that is ended: what else it has speaks of its text, or of its end."""

_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""Of google.rpc.Code. Other client errors are INVALID_ARGUMENT, other server errors INTERNAL."""

_FAILURES: Final = {
    "internal_error": 500,
    "scan_timeout": 503,
    "shutting_down": 503,
    "upstream_timeout": 504,
}
"""Status of what can go wrong after the first byte; anything else is the upstream's fault, 502."""


def error_object(status: int, code: str, message: str) -> dict[str, Json]:
    """Return an error. `error` has to come first: that is how the SDK tells it from an answer in a stream."""
    name = _STATUSES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")  # noqa: PLR2004
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code, "domain": "sluicegate"}]
    return {"error": {"code": status, "message": message, "status": name, "details": details}}


def _closed(index: int, message: str) -> dict[str, Json]:
    """Return the last piece of a filtered candidate."""
    said = {"role": "model", "parts": [{"text": message}]}
    return {"content": said, "finishReason": FILTERED, "index": index}


class GeminiStreamEnding:
    """Knows what of a stream the client has seen, and so what is left to close."""

    __slots__ = ("_finished", "_head", "_renames", "_seen")

    def __init__(self) -> None:
        self._head: dict[str, Json] = {}
        self._renames = Renames()
        self._seen: set[int] = set()
        self._finished: set[int] = set()

    def sent(self, payload: Json) -> None:
        """Learn from the payload of an element that left."""
        for key, name in _HEAD.items():
            if payload.get(key):
                self._head[name] = payload[key]
        for index, _, candidate in _candidates(payload):
            self._seen.add(index)
            if any(candidate.get(reason) for reason in _REASONS):
                self._finished.add(index)
            else:
                self._finished.discard(index)

    def rename(self, slot: Slot, edited: str) -> None:
        """Learn that an id was edited: an ending must not bring the original back."""
        if len(slot.path) == 1 and slot.path[0] in _NAMES:
            self._renames.learn(_HEAD[str(slot.path[0])], slot.text, edited)

    def blocked(
        self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said
    ) -> list[dict[str, Json]]:
        """Return the last elements: what remains of the blocked one, and one that closes every open candidate."""
        del said  # Elements say only what is new.
        choice = blocked.channel.choice
        elements = []
        if isinstance(payload, dict) and not payload.get("error"):
            remains = _remains(payload, edited, blocked)
            self.sent(remains)
            if remains["candidates"]:
                elements.append(remains)
        open_ones = sorted((self._seen - self._finished) | {choice})
        closed = [_closed(index, message if index == choice else "") for index in open_ones]
        elements.append({"candidates": closed, **self._named()})
        return elements

    def failed(self, message: str, code: str) -> list[dict[str, Json]]:
        """Return the error object, at which the SDK raises its `ServerError`."""
        return [error_object(_FAILURES.get(code, 502), code, message)]

    def _named(self) -> dict[str, Json]:
        if self._renames.is_full:
            return {key: value for key, value in self._head.items() if key not in _NAMES}
        return {key: self._renames.current(key, value) for key, value in self._head.items()}


def _remains(payload: dict[str, Json], edited: Sequence[Slot], blocked: Slot) -> dict[str, Json]:
    """Return what is left of the element in which the block happened: whole candidates, and the clean parts."""
    at = _place_of(blocked)
    touched = {slot.path[1] for slot in edited if slot.path[:1] == ("candidates",)}
    kept = []
    for _, path, candidate in _candidates(payload):
        if at is not None and path[1] < at:
            kept.append(candidate)
        elif path[1] == at or (at is None and path[1] not in touched):
            kept += _clean(candidate, path, blocked.path)
    unread = {slot.path[0] for slot in edited if slot.path} - _NAMES | set(blocked.path[:1])
    return {"candidates": kept, **{key: payload[key] for key in _HEAD if key in payload and key not in unread}}


def _clean(candidate: dict[str, Json], path: tuple[str, int], blocked: Path) -> list[dict[str, Json]]:
    """Return what a candidate, which stands at `path`, says before the place `blocked`; [] when that is nothing.

    Texts are judged in the order in which they stand.
    """
    said = candidate.get("content")
    parts = said.get("parts") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(parts, list):
        return []
    if blocked[:2] == path:
        keys = [*candidate]
        member = blocked[2] if len(blocked) > 2 else keys[0]  # noqa: PLR2004
        if member == "content":
            parts = _clean_parts(parts, blocked[4:]) if blocked[3:4] == ("parts",) else []
        elif member not in keys or keys.index(str(member)) < keys.index("content"):
            parts = []
    if not parts:
        return []
    return [{**{key: candidate[key] for key in _KEPT if key in candidate}, "content": {**said, "parts": parts}}]


def _clean_parts(parts: list[Json], blocked: Path) -> list[Json]:
    """Return the parts before the blocked one, and what is clean of that one when it is a text."""
    number = blocked[0] if blocked else 0
    if not isinstance(number, int):
        return []
    last = parts[number]
    if blocked[1:] == ("text",) and isinstance(last, dict) and last.get("text"):
        return [*parts[:number], {key: value for key, value in last.items() if key in {"text", "thought"}}]
    return parts[:number]


class GeminiBodyEnding:
    """Ends a whole answer. Stateless."""

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
        """Return the body as it stood before slot number `blocked`, ended as filtered."""
        if not isinstance(payload, dict) or payload.get("error") or not list(_candidates(payload)):
            head = payload if isinstance(payload, dict) and not payload.get("error") else {}
            names = {key: head[key] for key in _HEAD if key in head}
            return {"candidates": [_closed(0, message)], **names}
        return _blocked_body(payload, slots, blocked, message)

    def failed(self, message: str, code: str) -> dict[str, Json]:
        """Return the error envelope."""
        return error_object(_FAILURES.get(code, 502), code, message)


def _blocked_body(payload: dict[str, Json], slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
    place = slots[blocked].path
    at = _place_of(slots[blocked])
    late = {slot.path[1] for slot in slots[blocked:] if slot.path[:1] == ("candidates",)}
    ended = []
    for order, (index, path, candidate) in enumerate(_candidates(payload)):
        if path[1] == at or (at is None and order == 0):
            rest = [] if at is None and path[1] in late else _clean(candidate, path, place)
            ended.append(_whole(candidate, rest, _closed(index, message)))
        elif path[1] in late:
            ended.append(_whole(candidate, [], _closed(index, "")))
        else:
            ended.append(candidate)
    return {**payload, "candidates": ended}


def _whole(candidate: dict[str, Json], rest: list[dict[str, Json]], closed: dict[str, Json]) -> dict[str, Json]:
    """Return a whole candidate that was filtered: what is left of what it said, then the message."""
    whole = {key: value for key, value in closed.items() if key != "index" or "index" in candidate}
    if rest:
        said = rest[0]["content"]
        whole["content"] = {**said, "parts": [*said["parts"], *closed["content"]["parts"]]}
    return whole


def _place_of(slot: Slot) -> int | None:
    """Return where in the list the candidate of a slot stands; None for a slot outside of candidates."""
    place = slot.path[1] if slot.path[:1] == ("candidates",) and len(slot.path) > 1 else None
    return place if isinstance(place, int) else None


def _candidates(payload: Json) -> list[tuple[int, tuple[str, int], dict[str, Json]]]:
    """Return number, path and value of each candidate."""
    candidates = payload.get("candidates")
    if not isinstance(candidates, list):
        return []
    return [
        (number_of(candidate, position), ("candidates", position), candidate)
        for position, candidate in enumerate(candidates)
        if isinstance(candidate, dict)
    ]
