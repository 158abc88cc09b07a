"""How an answer of the Responses API ends before its time: filtered by a policy, or broken.

It builds JSON values; the codecs write them. No clock and no chance: ids and times are those of the answer, or
fixed neutral ones when nothing of it was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.types import ChannelKind
from proxy.wire.endings import Renames
from proxy.wire.openai_endings import FILTERED, failure
from proxy.wire.responses_events import KNOWN_EVENTS
from proxy.wire.responses_fields import SUMMARY
from proxy.wire.responses_seen import CONTENT, Item, Seen
from proxy.wire.types import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from proxy.wire.alike import Alike
    from proxy.wire.jsontext import Json
    from proxy.wire.responses_seen import Event
    from proxy.wire.types import Path, Said, Slot

MESSAGE_ID: Final = "msg_sluicegate"

NEUTRAL: Final[dict[str, Json]] = {
    "id": "resp_sluicegate",
    "object": "response",
    "created_at": 0,
    "status": "in_progress",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "model": "",
    "output": [],
    "parallel_tool_calls": True,
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
}
"""The response of which nothing was seen."""

_BEGUN: Final = frozenset({"response.created", "response.queued", "response.in_progress"})
_ENDED: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_OPENED: Final = frozenset(
    {"response.content_part.added", "response.reasoning_part.added", "response.reasoning_summary_part.added"}
)
_SPOKEN: Final = ("message", "reasoning")
"""No set: what stands there may be a list, which no set can be asked for."""
_ANYWHERE: Final = ""
"""Ids stand in many places of a stream, and are edited in all of them."""

_SEPARATOR: Final = "\n\n"
"""Comes before a message that goes on in a text; one that begins a text has no need of it."""


def filtered_response(response: Event, output: list[Json]) -> Event:
    """Return a response object that was filtered, with what is left of its output."""
    ended = {**response, "status": "incomplete", "incomplete_details": {"reason": FILTERED}, "error": None}
    ended["output"] = output
    ended.pop("output_text", None)
    if "completed_at" in ended:
        ended["completed_at"] = None
    return ended


def said_message(text: str) -> Event:
    """Return an item that says the message of a policy."""
    part: Event = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": MESSAGE_ID, "type": "message", "role": "assistant", "status": "completed", "content": [part]}


class _Told:
    """What a client was told: the texts it has, and what an ending adds to them."""

    __slots__ = ("_more", "_said")

    def __init__(self, said: Said) -> None:
        self._said = said
        self._more: dict[Channel, str] = {}

    def __call__(self, channel: Channel) -> str:
        return self._said(channel) + self._more.get(channel, "")

    def add(self, channel: Channel, text: str) -> None:
        """Note that more is said."""
        self._more[channel] = self._more.get(channel, "") + text


class ResponsesStreamEnding:
    """Knows what of a stream the client has seen, and so what is left to close."""

    __slots__ = ("_alike", "_renames", "_seen")

    def __init__(self, alike: Alike | None = None) -> None:
        """`alike` knows the numbers of events that left without being parsed."""
        self._alike = alike
        self._seen = Seen()
        self._renames = Renames()

    def sent(self, payload: Json) -> None:
        """Learn from an event that left."""
        self._seen.learn(payload)

    def rename(self, slot: Slot, edited: str) -> None:
        """Learn that an id was edited: an ending must not bring the original back."""
        if slot.channel.kind is ChannelKind.ID:
            self._renames.learn(_ANYWHERE, slot.text, edited)

    def blocked(
        self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said
    ) -> list[dict[str, Json]]:
        """Return the last events: what remains of the blocked one, the message, every open item closed."""
        del edited  # What they left is in `payload`.
        if self._renames.is_full:
            ended = filtered_response(NEUTRAL, [said_message(message)])
            return self._written([{"type": "response.incomplete", "response": ended}])
        seen = self._seen
        number = payload.get("sequence_number") if isinstance(payload, dict) else None
        if number.__class__ is int:
            seen.number = number - 1
        else:
            self._count()
        events = self._remains(payload)
        if seen.response is None:
            seen.response = NEUTRAL
            if not seen.items:
                events.insert(0, {"type": "response.created", "response": NEUTRAL})
        told = _Told(said)
        if message:
            events += self._message(blocked.channel.choice, message, told)
        for index in sorted(seen.items):
            if not seen.items[index].is_done:
                events += seen.close(index, told)
        ended = filtered_response(seen.response, seen.output(told))
        return self._written([*events, {"type": "response.incomplete", "response": ended}])

    def failed(self, message: str, code: str) -> list[dict[str, Json]]:
        """Return an error event, at which the SDK raises its `APIError`, and the response as failed."""
        self._count()
        error = failure(message, code)
        plain = {"code": code, "message": message, "param": None}
        events: list[Event] = [{"type": "error", **plain, **error}]
        if self._seen.response is not None:
            done = [item.value for _, item in sorted(self._seen.items.items()) if item.is_done]
            failed = {"code": "server_error", "message": message}
            ended = {**self._seen.response, "status": "failed", "error": failed, "output": done}
            events.append({"type": "response.failed", "response": ended})
        return self._written(events)

    def _count(self) -> None:
        """Take the last number that was read: no smaller one may come after it."""
        if self._alike is not None:
            self._seen.number = max(self._seen.number, self._alike.latest(("sequence_number",)))

    def _remains(self, payload: Json) -> list[Event]:
        """Return what may be said of the blocked event, of which note is taken: at most one event."""
        kind = payload.get("type") if isinstance(payload, dict) else None
        if not isinstance(kind, str) or kind not in KNOWN_EVENTS:
            return []
        if kind in _ENDED and isinstance(payload.get("response"), dict):
            self._seen.response = payload["response"]
        elif kind == "response.output_item.done":
            self._take_item(payload)
        elif kind in _BEGUN or kind in _OPENED or _is_spoken(payload.get("item")) or payload.get("delta"):
            self._seen.learn(payload)
            self._seen.number -= 1
            return [payload]
        return []

    def _take_item(self, payload: Event) -> None:
        """Take what is left of an item that came whole. What came in events is known better from them."""
        index, value = payload.get("output_index"), payload.get("item")
        if index.__class__ is not int or not isinstance(value, dict):
            return
        item = self._seen.items.get(index)
        if item is None and _is_spoken(value):
            self._seen.items[index] = Item(value)
        elif item is not None and not item.is_done and not item.parts:
            item.value = value

    def _message(self, choice: int, message: str, said: _Told) -> Iterator[Event]:
        """Yield the events that say the message: at the end of the blocked text, or in a text of its own."""
        seen = self._seen
        item = seen.items.get(choice)
        if item is None or not _can_say_more(item):
            choice = max(seen.items, default=-1) + 1
            value = {**said_message(""), "status": "in_progress", "content": []}
            yield from self._added({"type": "response.output_item.added", "output_index": choice, "item": value})
            item = seen.items[choice]
        number = max((at for place, at in item.parts if place == CONTENT), default=-1)
        about: Event = {"item_id": item.value.get("id") or "", "output_index": choice}
        last = item.parts.get((CONTENT, number))
        if last is None or last.is_said or last.value["type"] != "output_text":
            for place, at in sorted(item.parts):
                yield from seen.close_part(choice, place, at, said)
            number += 1
            message = message.removeprefix(_SEPARATOR)
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            about_part = {**about, "content_index": number}
            yield from self._added({"type": "response.content_part.added", **about_part, "part": part})
        said.add(Channel(ChannelKind.TEXT, choice, number), message)
        yield {
            "type": "response.output_text.delta",
            **about,
            "content_index": number,
            "delta": message,
            "logprobs": [],
        }

    def _added(self, event: Event) -> Iterator[Event]:
        self._seen.learn(event)
        yield event

    def _written(self, events: list[Event]) -> list[Event]:
        """Return the events with the next numbers and without ids that were edited."""
        written = []
        for event in events:
            self._seen.number += 1
            kind, rest = event["type"], {key: event[key] for key in event if key not in {"type", "sequence_number"}}
            written.append({"type": kind, "sequence_number": self._seen.number, **self._without_ids(rest)})
        return written

    def _without_ids(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._without_ids(item) for item in value]
        if isinstance(value, dict):
            return {key: self._without_ids(item) for key, item in value.items()}
        return self._renames.current(_ANYWHERE, value)


def _is_spoken(item: Json) -> bool:
    """Whether an item is one that people read, so that the clean beginning of it stays."""
    return isinstance(item, dict) and item.get("type") in _SPOKEN


def _can_say_more(item: Item) -> bool:
    """Whether text can be added to an item: an open message whose texts are known from events."""
    return item.kind == "message" and not item.is_done and not (item.value.get("content") and not item.parts)


class ResponsesBodyEnding:
    """Ends a whole answer. Stateless."""

    __slots__ = ()

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
        """Return the answer as it stood before slot number `blocked`, ended as filtered."""
        output = payload.get("output") if isinstance(payload, dict) else None
        alone = said_message(message.removeprefix(_SEPARATOR))
        if not isinstance(output, list):
            return filtered_response(NEUTRAL, [alone])
        late = [slot.path for slot in slots[blocked:] if slot.path[:1] == ("output",)]
        at = slots[blocked].path
        if at[:1] != ("output",):
            is_after = any(slot.path[:1] == ("output",) for slot in slots[:blocked]) and not late
            return filtered_response(payload, [*(output if is_after else ()), alone])
        index = int(at[1])
        kept, item = output[:index], output[index]
        if _is_spoken(item):
            item = _cut_item(item, [path[2:] for path in late if path[1] == at[1]])
            if item["type"] == "message":
                return filtered_response(payload, [*kept, _with_message(item, message)])
            kept.append(item)
        return filtered_response(payload, [*kept, alone])

    def failed(self, message: str, code: str) -> dict[str, Json]:
        """Return the error envelope."""
        return failure(message, code)


def _cut_item(item: Event, late: list[Path]) -> Event:
    """Return an item without what comes after a block. `late` are the places in it from the blocked text on."""
    cut = {**item, "status": "incomplete"}
    for place in (CONTENT, SUMMARY):
        parts = item.get(place)
        if not isinstance(parts, list):
            continue
        first = min((int(path[1]) for path in late if path[0] == place and len(path) > 1), default=len(parts))
        cut[place] = parts[:first]
        if late[0][:2] == (place, first):
            cut[place].append(_cut_part(parts[first], late[0][2:]))
    return cut


def _cut_part(part: Json, at: Path) -> Json:
    """Return the part in which the block is, at a place of it."""
    if not isinstance(part, dict):
        return part
    cut = {**part}
    if "logprobs" in part:
        cut["logprobs"] = []
    citations = part.get("annotations")
    if isinstance(citations, list):
        cut["annotations"] = citations[: int(at[1])] if at[0] == "annotations" and len(at) > 1 else []
    return cut


def _with_message(item: Event, message: str) -> Event:
    """Return a message item that ends with the message of a policy."""
    content = item.get("content")
    if isinstance(content, str):
        return {**item, "content": content + message}
    parts = list(content) if isinstance(content, list) else []
    last = parts[-1] if parts else None
    if isinstance(last, dict) and last.get("type") == "output_text" and isinstance(last.get("text"), str):
        parts[-1] = {**last, "text": last["text"] + message}
    else:
        parts += said_message(message.removeprefix(_SEPARATOR))["content"]
    return {**item, "content": parts}
