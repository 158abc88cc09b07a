"""How an answer of the OpenAI text APIs ends before its time: filtered by a policy, or broken.

It builds JSON values; the codecs write them. No clock and no chance: ids and times are those of the stream, or
fixed neutral ones when nothing of it was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.types import ChannelKind
from proxy.wire.endings import Renames
from proxy.wire.jsontext import Editor, Json
from proxy.wire.scope import number_of
from proxy.wire.types import Path, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.types import Said

FILTERED = "content_filter"

_HEAD = ("id", "created", "model")

_TOOL_KINDS = frozenset({ChannelKind.TOOL_NAME, ChannelKind.TOOL_ARGUMENTS})


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between the two APIs in an ending."""

    is_chat: bool
    chunk_object: str
    body_object: str
    neutral_id: str

    def chunk_choice(self, index: int, message: str, reason: str | None, *, with_role: bool) -> dict[str, Json]:
        """Return a choice of a chunk that adds `message`."""
        if not self.is_chat:
            return {"index": index, "text": message, "logprobs": None, "finish_reason": reason}
        delta: dict[str, Json] = {"role": "assistant"} if with_role else {}
        if message:
            delta["content"] = message
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}

    def filtered_choice(self, index: int, message: str) -> dict[str, Json]:
        """Return a whole choice that was filtered."""
        said: dict[str, Json] = {"text": message}
        if self.is_chat:
            said = {"message": {"role": "assistant", "content": message}}
        return {"index": index, **said, "logprobs": None, "finish_reason": FILTERED}


CHAT_SHAPE = Shape(
    is_chat=True,
    chunk_object="chat.completion.chunk",
    body_object="chat.completion",
    neutral_id="chatcmpl-sluicegate",
)
COMPLETIONS_SHAPE = Shape(
    is_chat=False,
    chunk_object="text_completion",
    body_object="text_completion",
    neutral_id="cmpl-sluicegate",
)


def head_of(payload: Json, shape: Shape, object_name: str) -> dict[str, Json]:
    """Return the members that every chunk and body begin with, taken from `payload` where it has them."""
    known = payload if isinstance(payload, dict) else {}
    identity, model, created = known.get("id"), known.get("model"), known.get("created")
    return {
        "id": identity if isinstance(identity, str) and identity else shape.neutral_id,
        "object": object_name,
        "created": created if isinstance(created, int) else 0,
        "model": model if isinstance(model, str) else "",
    }


def failure(message: str, code: str, error_type: str = "server_error") -> dict[str, Json]:
    """Return the error object that makes the SDK raise, in a stream and in a body."""
    return {"error": {"message": message, "type": error_type, "param": None, "code": code}}


class OpenAiStreamEnding:
    """Knows what of a stream the client has seen, and so what is left to close."""

    __slots__ = ("_finished", "_head", "_renames", "_seen", "_shape")

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._head: dict[str, Json] = {}
        self._renames = Renames()
        self._seen: set[int] = set()
        self._finished: set[int] = set()

    def sent(self, payload: Json) -> None:
        """Learn from the payload of a frame that left."""
        if payload.get("id"):
            self._head = {key: payload.get(key) for key in _HEAD}
        for index, _, choice in _choices(payload):
            self._seen.add(index)
            if choice.get("finish_reason") is not None:
                self._finished.add(index)

    def rename(self, slot: Slot, edited: str) -> None:
        """Learn that an id was edited: an ending must not bring the original back."""
        if len(slot.path) == 1 and slot.path[0] in _HEAD:
            self._renames.learn(str(slot.path[0]), slot.text, edited)

    def blocked(
        self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said
    ) -> list[dict[str, Json]]:
        """Return the last chunks: what remains of the blocked frame, the message, and a close for each choice."""
        del said  # Chunks say only what is new.
        choice = blocked.channel.choice
        touched = {slot.channel.choice for slot in edited if slot.path[:1] == ("choices",)} | {choice}
        chunks: list[dict[str, Json]] = []
        if isinstance(payload, dict) and isinstance(payload.get("choices"), list) and not payload.get("error"):
            chunks.append(_remains(payload, touched, blocked, choice))
            self.sent(chunks[0])
        head = head_of(self._named(), self._shape, self._shape.chunk_object)
        is_new = choice not in self._seen
        if self._shape.is_chat and (message or is_new):
            spoken = self._shape.chunk_choice(choice, message, None, with_role=is_new)
            chunks.append({**head, "choices": [spoken]})
            message = ""
        for index in sorted((self._seen - self._finished) | {choice}):
            text = message if index == choice else ""
            closed = self._shape.chunk_choice(index, text, FILTERED, with_role=False)
            chunks.append({**head, "choices": [closed]})
        self._finished |= self._seen | {choice}
        return chunks

    def failed(self, message: str, code: str) -> list[dict[str, Json]]:
        """Return the error object: the SDK raises its `APIError`."""
        return [failure(message, code)]

    def _named(self) -> dict[str, Json]:
        if self._renames.is_full:
            return {"created": self._head.get("created")}
        return {key: self._renames.current(key, value) for key, value in self._head.items()}


def _remains(payload: dict[str, Json], edited: set[int], slot: Slot, choice: int) -> dict[str, Json]:
    """Return what is left of the frame in which the block happened."""
    editor = Editor(payload)
    for index, path, value in _choices(payload):
        if index not in edited:
            continue
        if value.get("finish_reason") is not None:
            editor.set((*path, "finish_reason"), None)
        delta = value.get("delta")
        if index != choice or not isinstance(delta, dict):
            continue
        if "audio" in delta:
            editor.drop((*path, "delta", "audio"))  # The spoken form of a text that was stopped.
        calls = delta.get("tool_calls")
        if slot.channel.kind in _TOOL_KINDS and isinstance(calls, list):
            kept = [call for position, call in enumerate(calls) if number_of(call, position) < slot.channel.part]
            kept += [call for position, call in enumerate(calls) if _is_begun(call, position, slot)]
            _set_or_drop(editor, (*path, "delta", "tool_calls"), kept)
    result: dict[str, Json] = editor.value
    return result


def _is_begun(call: Json, position: int, slot: Slot) -> bool:
    """Whether a call is the blocked one and still says something."""
    if not isinstance(call, dict) or number_of(call, position) != slot.channel.part:
        return False
    bodies = [body for body in (call.get("function"), call.get("custom")) if isinstance(body, dict)]
    return any(body.get(key) for body in bodies for key in ("name", "arguments", "input"))


@dataclass(frozen=True, slots=True)
class OpenAiBodyEnding:
    """Ends a whole answer."""

    shape: Shape

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
        """Return the body as it stood before slot number `blocked`, ended as filtered."""
        return blocked_body(self.shape, payload, slots, blocked, message)

    def failed(self, message: str, code: str) -> dict[str, Json]:
        """Return the error envelope."""
        return failure(message, code)


def blocked_body(shape: Shape, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
    """Return a whole body, `payload` after the edits, ended at slot number `blocked`."""
    if not isinstance(payload, dict) or payload.get("error") or not list(_choices(payload)):
        head = head_of(payload, shape, shape.body_object)
        return {**head, "choices": [shape.filtered_choice(0, message)]}
    editor = Editor(payload)
    at = slots[blocked].path[1] if slots[blocked].path[:1] == ("choices",) else None
    late = [slot.path for slot in slots[blocked:]]
    for order, (index, path, choice) in enumerate(_choices(payload)):
        if path[1] == at or (at is None and order == 0):
            _end_choice(editor, shape, path, late, message)
        elif any(place[:2] == path for place in late):
            filtered = shape.filtered_choice(index, "")
            editor.set(path, {**filtered, "index": choice.get("index", index)})
    result: dict[str, Json] = editor.value
    return result


def _end_choice(editor: Editor, shape: Shape, path: Path, late: list[Path], message: str) -> None:
    """End the blocked choice: `late` are the places of texts from the blocked one on."""
    editor.set((*path, "finish_reason"), FILTERED)
    editor.set((*path, "logprobs"), None)
    if not shape.is_chat:
        said = editor.get((*path, "text"))
        editor.set((*path, "text"), (said if isinstance(said, str) else "") + message)
        return
    place: Path = (*path, "message")
    if not isinstance(editor.get(place), dict):
        editor.set(place, {"role": "assistant"})
    content = editor.get((*place, "content"))
    if isinstance(content, list):
        ended: Json = [*content, {"type": "text", "text": message}]
    else:
        ended = (content if isinstance(content, str) else "") + message
    editor.set((*place, "content"), ended)
    calls = editor.get((*place, "tool_calls"))
    if isinstance(calls, list):
        cut = {path[4] for path in late if path[:4] == (*place, "tool_calls") and len(path) > 4}  # noqa: PLR2004
        kept = min((step for step in cut if isinstance(step, int)), default=len(calls))
        _set_or_drop(editor, (*place, "tool_calls"), calls[:kept])
    for name in ("function_call", "annotations", "audio"):
        member = (*place, name)
        if name == "audio" or any(path[: len(member)] == member for path in late):
            editor.drop(member)


def _set_or_drop(editor: Editor, path: Path, value: list[Json]) -> None:
    if value:
        editor.set(path, value)
    else:
        editor.drop(path)


def _choices(payload: dict[str, Json]) -> list[tuple[int, Path, dict[str, Json]]]:
    """Return number, path and value of each choice."""
    choices = payload.get("choices")
    if not isinstance(choices, list):
        return []
    return [
        (number_of(choice, position), ("choices", position), choice)
        for position, choice in enumerate(choices)
        if isinstance(choice, dict)
    ]
