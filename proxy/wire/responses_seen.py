"""What a client has of a Responses stream: the response object, the items, which are open and how they are closed.

It learns from the events that left; it decides nothing about text.
"""

# ruff: noqa: SLF001 - the dispatch table at the end names private methods of the class in this file

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.types import ChannelKind
from proxy.wire.responses_events import LIFECYCLE
from proxy.wire.responses_fields import SUMMARY
from proxy.wire.scope import MAX_NUMBER
from proxy.wire.types import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from proxy.wire.jsontext import Json
    from proxy.wire.types import Said

    Event = dict[str, Json]

CONTENT: Final = "content"
COMMAND: Final = "command"


class PartText(NamedTuple):
    """Where the text of a type of part stands, and which event says it whole."""

    member: str
    kind: ChannelKind
    name: str
    place: str
    """The list of the item that holds the part."""
    done: str


PART_TEXTS: Final = {
    "output_text": PartText("text", ChannelKind.TEXT, "", CONTENT, "response.output_text.done"),
    "refusal": PartText("refusal", ChannelKind.REFUSAL, "", CONTENT, "response.refusal.done"),
    "reasoning_text": PartText("text", ChannelKind.REASONING, "", CONTENT, "response.reasoning_text.done"),
    "summary_text": PartText(
        "text", ChannelKind.REASONING, SUMMARY, SUMMARY, "response.reasoning_summary_text.done"
    ),
    COMMAND: PartText(COMMAND, ChannelKind.TOOL_ARGUMENTS, "", COMMAND, "response.shell_call_command.done"),
}
"""By type of part. A command of a shell is no part on the wire, but grows like one."""

INDEXES: Final = {CONTENT: "content_index", SUMMARY: "summary_index", COMMAND: "command_index"}

ITEM_INPUTS: Final = {
    "function_call": ("arguments", "response.function_call_arguments.done"),
    "mcp_call": ("arguments", "response.mcp_call_arguments.done"),
    "custom_tool_call": ("input", "response.custom_tool_call_input.done"),
    "code_interpreter_call": ("code", "response.code_interpreter_call_code.done"),
}
"""By type of item: its member that grows in events, and the event that says it whole."""

UNFINISHED: Final = {
    "image_generation_call": "failed",
    "apply_patch_call": "in_progress",
    "apply_patch_call_output": "failed",
}
"""What the status of an item that was stopped is called where it is not `incomplete`."""

_TEXT_EVENTS: Final = {
    **{f"response.{kind}.delta": kind for kind in ("output_text", "refusal", "reasoning_text")},
    **{f"response.{kind}.done": kind for kind in ("output_text", "refusal", "reasoning_text")},
    "response.reasoning_summary_text.delta": "summary_text",
    "response.reasoning_summary_text.done": "summary_text",
    "response.shell_call_command.added": COMMAND,
    "response.shell_call_command.delta": COMMAND,
    "response.shell_call_command.done": COMMAND,
}
_PART_EVENTS: Final = {
    f"response.{family}.{change}": family
    for family in ("content_part", "reasoning_part", "reasoning_summary_part")
    for change in ("added", "done")
}
_INPUT_DONE: Final = frozenset(done for _, done in ITEM_INPUTS.values())


@dataclass(slots=True)
class Part:
    """A part of an item, or a command of a shell."""

    value: Event
    family: str = ""
    """What the events that open and close it are called; "" when nothing opened it."""
    citations: list[Json] = field(default_factory=list)
    is_said: bool = False
    """Its text was said whole."""
    is_done: bool = False


@dataclass(slots=True)
class Item:
    """An item of the output, as it was last seen whole."""

    value: Event
    parts: dict[tuple[str, int], Part] = field(default_factory=dict)
    """By list and number in it."""
    is_said: bool = False
    """Its input was said whole."""
    is_done: bool = False

    @property
    def kind(self) -> str:
        """The type of the item."""
        kind = self.value.get("type")
        return kind if isinstance(kind, str) else ""


class Seen:
    """What a client has seen."""

    __slots__ = ("items", "number", "response")

    def __init__(self) -> None:
        self.response: Event | None = None
        self.items: dict[int, Item] = {}
        self.number = -1
        """The last sequence number."""

    def learn(self, event: Event) -> None:
        """Take an event that left."""
        number = event.get("sequence_number")
        if number.__class__ is int and -1 < number < MAX_NUMBER:
            self.number = number
        kind = event.get("type")
        learn = _LEARNERS.get(kind) if isinstance(kind, str) else None
        if learn is not None:
            learn(self, event)

    def _learn_response(self, event: Event) -> None:
        if isinstance(event.get("response"), dict):
            self.response = event["response"]

    def _learn_item(self, event: Event) -> None:
        value, index = event.get("item"), _index(event, "output_index")
        if not isinstance(value, dict):
            return
        if event["type"].endswith(".added"):
            self.items[index] = Item(value)
            return
        item = self.items.setdefault(index, Item(value))
        item.value, item.is_done = value, True
        item.parts.clear()

    def _learn_part(self, event: Event) -> None:
        value = event.get("part")
        if not isinstance(value, dict):
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in PART_TEXTS:
            return
        part = self._part(event, kind)
        if part is not None:
            part.value, part.family = value, _PART_EVENTS[event["type"]]
            part.is_done = event["type"].endswith(".done")

    def _learn_text(self, event: Event) -> None:
        part = self._part(event, _TEXT_EVENTS[event["type"]])
        if part is not None:
            part.is_said |= event["type"].endswith(".done")

    def _learn_input(self, event: Event) -> None:
        item = self.items.get(_index(event, "output_index"))
        if item is not None:
            item.is_said = True

    def _learn_citation(self, event: Event) -> None:
        part = self._part(event, "output_text")
        if part is not None:
            part.citations.append(event.get("annotation"))

    def _part(self, event: Event, kind: str) -> Part | None:
        """Return the part that an event speaks of, a new one when it is the first to do so."""
        item = self.items.get(_index(event, "output_index"))
        if item is None or item.is_done:
            return None
        place = PART_TEXTS[kind].place
        empty: Event = {"type": kind, PART_TEXTS[kind].member: ""}
        if kind == "output_text":
            empty["annotations"] = []
        return item.parts.setdefault((place, _index(event, INDEXES[place])), Part(empty))

    # --- What is there

    def output(self, said: Said) -> list[Json]:
        """Return the items as the client has them, the open ones as unfinished."""
        return [self.item_value(index, said) for index in sorted(self.items)]

    def item_value(self, index: int, said: Said) -> Event:
        """Return an item as the client has it."""
        item = self.items[index]
        if item.is_done:
            return item.value
        value = {**item.value}
        if "status" in value:
            value["status"] = UNFINISHED.get(item.kind, "incomplete")
        if item.kind in ITEM_INPUTS:
            value[ITEM_INPUTS[item.kind][0]] = said(Channel(ChannelKind.TOOL_ARGUMENTS, index))
        for place in (CONTENT, SUMMARY):
            numbers = sorted(number for where, number in item.parts if where == place)
            if numbers:
                value[place] = [self.part_value(index, place, number, said) for number in numbers]
        commands = sorted(number for where, number in item.parts if where == COMMAND)
        if commands:
            listed = [self.part_value(index, COMMAND, number, said)[COMMAND] for number in commands]
            action = value.get("action")
            value["action"] = {**(action if isinstance(action, dict) else {}), "commands": listed}
        return value

    def part_value(self, index: int, place: str, number: int, said: Said) -> Event:
        """Return a part as the client has it."""
        part = self.items[index].parts[place, number]
        if part.is_done:
            return part.value
        where = PART_TEXTS[part.value["type"]]
        value = {**part.value, where.member: said(Channel(where.kind, index, number, where.name))}
        if part.citations:
            value["annotations"] = part.citations
        return value

    # --- What is left to say

    def close(self, index: int, said: Said) -> Iterator[Event]:
        """Yield the events that close an open item, and take note of them."""
        item = self.items[index]
        about: Event = {"item_id": item.value.get("id") or "", "output_index": index}
        for place, number in sorted(item.parts):
            yield from self.close_part(index, place, number, said)
        if item.kind in ITEM_INPUTS and not item.is_said:
            member, done = ITEM_INPUTS[item.kind]
            yield {"type": done, **about, member: said(Channel(ChannelKind.TOOL_ARGUMENTS, index))}
        value = self.item_value(index, said)
        item.value, item.is_done = value, True
        yield {"type": "response.output_item.done", "output_index": index, "item": value}

    def close_part(self, index: int, place: str, number: int, said: Said) -> Iterator[Event]:
        """Yield the events that close a part, none when it is closed."""
        item = self.items[index]
        part = item.parts[place, number]
        if part.is_done:
            return
        where = PART_TEXTS[part.value["type"]]
        value = self.part_value(index, place, number, said)
        about: Event = {"output_index": index, INDEXES[place]: number}
        if place != COMMAND:
            about = {"item_id": item.value.get("id") or "", **about}
        if not part.is_said:
            event = {"type": where.done, **about, where.member: value[where.member]}
            yield {**event, "logprobs": []} if where.done == "response.output_text.done" else event
        if part.family:
            yield {"type": f"response.{part.family}.done", **about, "part": value}
        part.value, part.is_said, part.is_done = value, True, True


def _index(event: Event, member: str) -> int:
    """Return a number that an event names; the one that the walk takes in its place where it is none."""
    number = event.get(member)
    return number if number.__class__ is int and 0 <= number < MAX_NUMBER else 0


_LEARNERS: Final[dict[str, Callable[[Seen, Event], None]]] = {
    **dict.fromkeys(LIFECYCLE, Seen._learn_response),
    **dict.fromkeys(("response.output_item.added", "response.output_item.done"), Seen._learn_item),
    **dict.fromkeys(_PART_EVENTS, Seen._learn_part),
    **dict.fromkeys(_TEXT_EVENTS, Seen._learn_text),
    **dict.fromkeys(_INPUT_DONE, Seen._learn_input),
    "response.output_text.annotation.added": Seen._learn_citation,
}
