"""How an answer of Ollama ends before its time: filtered by a policy, or broken.

The API has no sign of a filter: `done_reason: "content_filter"`, which its SDK takes as any word, is ours. No clock
and no chance: names and times are those of the answer, or fixed neutral ones when nothing of it was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.wire.endings import Renames
from proxy.wire.jsontext import Editor, Json
from proxy.wire.types import Path, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.types import Said

FILTERED: Final = "content_filter"
NEUTRAL_TIME: Final = "1970-01-01T00:00:00Z"
COUNTS: Final = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)
"""Of the last line. Durations in nanoseconds."""

_TEXTS: Final = ("content", "thinking")


class OllamaStreamEnding:
    """Knows what the lines of a stream look like, and so how one more is written."""

    __slots__ = ("_head", "_renames", "_shape")

    def __init__(self) -> None:
        self._head: dict[str, Json] = {}
        self._renames = Renames()
        self._shape = ""
        """The member that holds the answer: `message` (chat) or `response` (generate), "" before a line has one."""

    def sent(self, payload: Json) -> None:
        """Learn from the payload of a line that left."""
        self._shape = _shape_of(payload) or self._shape
        self._head = {key: payload[key] for key in ("model", "created_at") if isinstance(payload.get(key), str)}

    def rename(self, slot: Slot, edited: str) -> None:
        """Learn that the model's name was edited: an ending must not bring the original back."""
        if slot.path == ("model",):
            self._renames.learn("model", slot.text, edited)

    def blocked(
        self, payload: Json, edited: Sequence[Slot], blocked: Slot, message: str, said: Said
    ) -> list[dict[str, Json]]:
        """Return the last lines: what remains of the blocked one, the message, and the close with its counts."""
        del edited, said  # Lines say only what is new.
        counts = {}
        lines = []
        if isinstance(payload, dict):
            self.sent(payload)
            counts = {key: payload[key] for key in COUNTS if key in payload}
            rest = _remains(payload, self._shape, blocked.path)
            if rest:
                lines.append({**self._named(), **rest, "done": False})
        if message:
            lines.append({**self._named(), **_spoken(self._shape, message), "done": False})
        return [*lines, {**self._named(), **_spoken(self._shape, ""), **_closed(counts)}]

    def failed(self, message: str, code: str) -> list[dict[str, Json]]:
        """Return the error line: the SDK raises its `ResponseError`."""
        del code  # The line has no place for it.
        return [{"error": message}]

    def _named(self) -> dict[str, Json]:
        model = self._renames.current("model", self._head.get("model", ""))
        return {
            "model": "" if self._renames.is_full else model,
            "created_at": self._head.get("created_at", NEUTRAL_TIME),
        }


class OllamaBodyEnding:
    """Ends a whole answer."""

    def blocked(self, payload: Json, slots: Sequence[Slot], blocked: int, message: str) -> dict[str, Json]:
        """Return the body as it stood before slot number `blocked`, ended as filtered."""
        shape = _shape_of(payload)
        if not shape or payload.get("error"):
            head = {"model": "", "created_at": NEUTRAL_TIME}
            return {**head, **_spoken(shape, message), **_closed({})}
        editor = Editor(payload)
        place: Path = ("message", "content") if shape == "message" else ("response",)
        spoken = editor.get(place)
        editor.set(place, (spoken if isinstance(spoken, str) else "") + message)
        calls: Path = (*place[:-1], "tool_calls")
        _set_or_drop(editor, calls, _calls_before(editor.get(calls), calls, slots[blocked].path))
        for key in ("image", "logprobs"):
            editor.drop((key,))
        result: dict[str, Json] = {**editor.value, **_closed(payload)}
        return result

    def failed(self, message: str, code: str) -> dict[str, Json]:
        """Return the error envelope."""
        del code
        return {"error": message}


def _shape_of(payload: Json) -> str:
    if not isinstance(payload, dict):
        return ""
    if isinstance(payload.get("message"), dict):
        return "message"
    return "response" if isinstance(payload.get("response"), str) else ""


def _spoken(shape: str, content: str) -> dict[str, Json]:
    """Return the members that say `content`. Where no line told the route, both do: each client reads its own."""
    said: dict[str, Json] = {}
    if shape != "response":
        said["message"] = {"role": "assistant", "content": content}
    if shape != "message":
        said["response"] = content
    return said


def _closed(counts: dict[str, Json]) -> dict[str, Json]:
    return {"done": True, "done_reason": FILTERED, **{key: counts.get(key, 0) for key in COUNTS}}


def _remains(payload: dict[str, Json], shape: str, blocked: Path) -> dict[str, Json]:
    """Return what a blocked line still says, nothing when it says nothing."""
    prefix: Path = ("message",) if shape == "message" else ()
    place = payload if not prefix else payload["message"]
    kept = {key: place[key] for key in (*_TEXTS, "response") if isinstance(place.get(key), str) and place[key]}
    calls = _calls_before(place.get("tool_calls"), (*prefix, "tool_calls"), blocked)
    if calls:
        kept["tool_calls"] = calls
    if not kept or not prefix:
        return {"response": "", **kept} if kept else {}
    return {"message": {"role": "assistant", "content": "", **kept}}


def _calls_before(calls: Json, place: Path, blocked: Path) -> list[Json]:
    """Return the tool calls that come before the blocked text and that still have a name."""
    if not isinstance(calls, list):
        return []
    size = len(place)
    at = blocked[size] if blocked[:size] == place and len(blocked) > size else len(calls)
    before = calls[:at] if isinstance(at, int) else []
    return [call for call in before if isinstance(call, dict) and _name_of(call)]


def _name_of(call: dict[str, Json]) -> Json:
    function = call.get("function")
    return function.get("name") if isinstance(function, dict) else None


def _set_or_drop(editor: Editor, path: Path, value: list[Json]) -> None:
    if value:
        editor.set(path, value)
    elif editor.get(path) is not None:
        editor.drop(path)
