"""Finds the text in a parsed frame: one walk over the JSON beside the dialect's table of fields.

What the table does not list is text by definition: unknown strings, unknown keys, long numbers; lists of
unknown numbers, which may be bytes or token ids, are taken out. It judges nothing.
"""

# ruff: noqa: SLF001 - the dispatch tables at the end name private methods of the class in this file

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.types import ChannelKind
from proxy.wire.bags import bag_text, bytes_text, decimal_text, is_token_ids, readable_text, shown_text
from proxy.wire.fields import (
    NUMBER,
    Dictionary,
    Each,
    Either,
    FieldClass,
    Leaf,
    Logprobs,
    Node,
    Obj,
    Tagged,
    Within,
)
from proxy.wire.jsontext import Editor, Json, dumps
from proxy.wire.logprobs import bound, read_lists
from proxy.wire.plans import Plans
from proxy.wire.scope import (
    MAX_NUMBER,
    TOP,
    Scope,
    Walked,
    element_scope,
    ends_of,
    entered,
    is_small,
    marked,
    member_of,
    name_of,
    numbered,
    reordered,
)
from proxy.wire.series import SeriesState
from proxy.wire.shapes import ID_SHAPED, PADDING_SHAPED, TIME_SHAPED
from proxy.wire.types import NO_PATHS, Channel, Ended, Path, Slot, SlotMode

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_REMEMBERED_TEXTS = 256
"""Unknown growing texts whose last piece is remembered to tell a repeated constant from new text; real streams
have a handful. Beyond it every piece counts as new."""

_APPEND = SlotMode.APPEND
_CONSTANT = SlotMode.CONSTANT
_OTHER = ChannelKind.OTHER


class Walker:
    """Walks the frames of one message. Its state: `series`, and the last piece of each unknown growing text."""

    __slots__ = (
        "_ends", "_ids", "_is_imprecise", "_is_request", "_is_stream", "_last", "_own_slots", "_removed",
        "_slots", "changes", "series",
    )  # fmt: skip

    def __init__(self, *, is_stream: bool = False, is_request: bool = False) -> None:
        self._is_stream = is_stream
        self._is_request = is_request
        self._last: dict[Channel, str] = {}
        self._ids: dict[str | int, Slot] = {}
        self.series = SeriesState()
        self.changes = 0
        """How often `walk` answered differently than it would the next time: see `_unknown_text`."""
        self._slots: list[Slot] = []
        self._own_slots = 0
        self._removed: list[Path] = []
        self._ends: list[Ended] = []
        self._is_imprecise = False

    def walk(self, table: Node, payload: Json) -> Walked:
        """Return the slots of a payload in the order in which its text is to be judged."""
        self._slots = []
        self._removed = []
        self._ends = []
        self._is_imprecise = False
        self.visit(table, payload, (), TOP)
        if self._removed:
            editor = Editor(payload)
            for path in self._removed:
                editor.drop(path)
            payload = editor.value
        must_encode = self._is_imprecise or bool(self._removed)
        return Walked(tuple(self._slots), payload, must_encode, tuple(self._ends))

    # --- Listed places

    def visit(self, node: Node, value: Json, path: Path, scope: Scope) -> None:
        """Walk `value`, which stands where the table has `node`."""
        if value is not None and value is not True and value is not False:
            _VISITS[node.__class__](self, node, value, path, scope)

    def _visit_leaf(self, node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        visits = _STRINGS if value.__class__ is str else _STRUCTURES
        visits.get(node.cls, Walker._visit_mistyped)(self, node, value, path, scope)

    def _visit_obj(self, node: Obj, value: Json, path: Path, scope: Scope) -> None:
        if value.__class__ is not dict:
            self._unknown(value, path, scope)
            return
        plan, late, before = _PLANS.plan_of(node), None, len(self._slots)
        if plan.enters:
            scope = self._enter(node, value, path, scope)
        for key, child in value.items() if not node.first else reordered(node.first, value):
            step = plan.steps.get(key)
            is_text = child.__class__ is str
            if step is None:
                self._unknown_member(key, child, (*path, key), scope)
            elif (
                child in step.words
                if is_text
                else child is None or child is True or child is False or (step.is_number and is_small(child))
            ):
                continue
            elif step.is_late:
                late = key  # Log-probabilities repeat a text of this object, which has to be known first.
            else:
                (step.on_text if is_text else step.on_other)(self, step.node, child, (*path, key), scope)
        if late is not None:
            self._own_slots = before
            self.visit(node.members[late], value[late], (*path, late), scope)
        if plan.marks:
            self._slots[before:] = marked(self._slots[before:], node, value, path, self.series)

    def _enter(self, node: Obj, value: Json, path: Path, scope: Scope) -> Scope:
        """Return the scope inside an object, and note which texts it ends."""
        if node.within is not Within.SAME:
            scope = entered(node.within, path, scope, is_stream=self._is_stream)
        if node.numbers:
            scope = numbered(node, value, scope)
        if node.series is not None:
            scope, ends, changed = self.series.step(node.series, value, scope)
            self._ends += ends
            self.changes += changed
        if node.ends is not None:
            self._ends += ends_of(node.ends, node, value, scope)
        return scope

    def _visit_tagged(self, node: Tagged, value: Json, path: Path, scope: Scope) -> None:
        if value.__class__ is not dict:
            self._unknown(value, path, scope)
            return
        tag = value.get(node.tag)
        chosen = node.variants.get(tag, node.other) if isinstance(tag, (str, bool)) else node.other
        _VISITS[chosen.__class__](self, chosen, value, path, scope)

    def _visit_dictionary(self, node: Dictionary, value: Json, path: Path, scope: Scope) -> None:
        if value.__class__ is not dict:
            self._unknown(value, path, scope)
            return
        for key, child in value.items():
            self._unknown_key(key, (*path, key), scope)
            self.visit(node.value, child, (*path, key), scope)

    def _visit_each(self, node: Each, value: Json, path: Path, scope: Scope) -> None:
        if value.__class__ is not list:
            self._unknown(value, path, scope)
            return
        if node.item is NUMBER and (hidden := bytes_text(value)):
            self._add(_OTHER, hidden, path, scope, _CONSTANT, drop=True)
        elif not _NUMBERS.isdisjoint(map(type, value)) and node.item is not NUMBER:
            if not (node.has_tokens and is_token_ids(value)):
                self._unknown_list(value, path, scope)
            return
        for position, item in enumerate(value):
            inside = element_scope(node, item, position, path, scope)
            self.visit(node.at.get(position, node.item), item, (*path, position), inside)

    def _visit_either(self, node: Either, value: Json, path: Path, scope: Scope) -> None:
        chosen = node.text
        if value.__class__ is list:
            chosen = node.items or node.text
        elif value.__class__ is dict:
            chosen = node.members or node.text
        self.visit(chosen, value, path, scope)

    def _visit_logprobs(self, node: Logprobs, value: Json, path: Path, scope: Scope) -> None:
        """Match tokens to the texts of the frame; others are a text, shapes that are not understood go."""
        lists = read_lists(node, value, path)
        if lists is None:
            self._removed.append(member_of(path))
            return
        first, text = len(self._slots), Channel(ChannelKind.TEXT, scope.choice, scope.part)
        for tokens in lists:
            if not bound(tokens, self._slots, self._own_slots, text, node) and tokens.text:
                mode = _APPEND if scope.mode is _APPEND else _CONSTANT
                self._add(_OTHER, tokens.text, path, scope, mode, drop=True, name="logprobs")
        alternatives = [tokens.alternatives for tokens in lists if tokens.alternatives]
        self._add(_OTHER, "\n".join(alternatives), path, scope, _CONSTANT, drop=True, name="top_logprobs")
        if node.is_flat:
            self._slots[first:] = [slot._replace(empties=True) for slot in self._slots[first:]]

    # --- Leaves by class

    def _string_text(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        if value:
            dependents = ((*path[:-2], node.twin),) if node.twin else NO_PATHS
            channel = Channel(node.kind, scope.choice, scope.part, node.name or scope.name, node.is_signed)
            self._slots.append(Slot(channel, value, path, scope.mode, drop=False, dependents=dependents))

    def _string_repeat(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        self._string_text(node, value, path, scope._replace(mode=SlotMode.REPEAT))

    def _string_constant(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        self._add(node.kind, value, path, scope, _CONSTANT)

    def _string_id(self, _node: Leaf, value: str, path: Path, scope: Scope) -> None:
        if len(path) == 1 and path[0] in self._ids:  # The id of a stream and the like, in every frame.
            slot = self._ids[path[0]]
            if slot.text == value:
                self._slots.append(slot)
                return
        kind = ChannelKind.ID if ID_SHAPED(value) else _OTHER
        self._add(kind, value, path, scope, _CONSTANT)
        if len(path) == 1 and value:
            self._ids[path[0]] = self._slots[-1]

    def _string_enum(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        if value not in node.values:
            self._add(_OTHER, value, path, scope, _CONSTANT)

    def _string_parameter(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        if not (TIME_SHAPED if node.cls is FieldClass.TIME else ID_SHAPED)(value):
            self._add(_OTHER, value, path, scope, _CONSTANT)

    def _string_padding(self, _node: Leaf, value: str, path: Path, scope: Scope) -> None:
        kind = ChannelKind.ID if PADDING_SHAPED(value) else _OTHER
        self._add(kind, value, path, scope, _CONSTANT)

    def _string_opaque(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        readable = readable_text(value)
        self._add(_OTHER, readable, path, scope, _CONSTANT, drop=readable != value)
        if node.is_signed and value:  # A slot without text: it shares the fate of the text.
            channel = Channel(node.kind, scope.choice, scope.part, node.name, is_signed=True)
            self._slots.append(Slot(channel, "", path))

    def _string_html(self, node: Leaf, value: str, path: Path, scope: Scope) -> None:
        self._add(node.kind, value, path, scope, _CONSTANT)
        if (shown := shown_text(value)) != value:
            self._add(node.kind, shown, path, scope, _CONSTANT, drop=True)

    def _visit_mistyped(self, _node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        self._unknown(value, path, scope)

    def _visit_number(self, _node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        if isinstance(value, (int, float)) and -MAX_NUMBER < value < MAX_NUMBER:
            return
        self._unknown(value, path, scope)

    def _visit_bag(self, _node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        self._add(_OTHER, bag_text(value), path, scope, _CONSTANT, drop=True)

    def _visit_data(self, node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        """A JSON value is judged as it is written, so that its keys, strings and numbers are all seen."""
        if value:  # An empty one says nothing: in a stream, the value follows in pieces.
            channel = Channel(node.kind, scope.choice, scope.part, node.name)
            self._slots.append(Slot(channel, dumps(value).decode(), path, scope.mode, is_json=True))

    def _visit_whole_data(self, node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        self._visit_data(node, value, path, scope._replace(mode=_CONSTANT))

    def _visit_tokens(self, _node: Leaf, value: Json, path: Path, _scope: Scope) -> None:
        if value not in ("", [], {}):  # Those say nothing.
            self._removed.append(path)

    def _visit_credential(self, _node: Leaf, _value: Json, path: Path, _scope: Scope) -> None:
        if not self._is_request:
            self._removed.append(path)

    def _visit_opaque_tokens(self, _node: Leaf, value: Json, path: Path, scope: Scope) -> None:
        if not is_token_ids(value):
            self._unknown(value, path, scope)

    # --- Unlisted places

    def _unknown_member(self, key: str, value: Json, path: Path, scope: Scope) -> None:
        """An unlisted member: its key is text, and so is whatever it holds."""
        self._unknown_key(key, path, scope)
        if value is not None and value is not True and value is not False:
            self._unknown(value, path, scope)

    def _unknown_key(self, key: str, path: Path, scope: Scope) -> None:
        self._add(_OTHER, key, path, scope, _CONSTANT, drop=True, name=name_of(path[:-1], scope) + "{}")

    def _unknown(self, value: Json, path: Path, scope: Scope) -> None:
        """Text wherever it may be in `value`."""
        if value.__class__ is str:
            self._unknown_text(value, path, scope)
        elif value.__class__ is dict:
            for key, child in value.items():
                self._unknown_member(key, child, (*path, key), scope)
        elif value.__class__ is list:
            self._unknown_list(value, path, scope)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            digits, is_exact = decimal_text(value)
            self._is_imprecise |= not is_exact
            self._add(_OTHER, digits, path, scope, _CONSTANT, drop=True)

    def _unknown_list(self, value: list[Json], path: Path, scope: Scope) -> None:
        if any(item.__class__ in _NUMBERS for item in value):
            if self._is_request:
                self._add(_OTHER, bag_text(value), path, scope, _CONSTANT, drop=True)
            else:
                self._removed.append(member_of(path))
            return
        for position, item in enumerate(value):
            self._unknown(item, (*path, position), scope)

    def _unknown_text(self, value: str, path: Path, scope: Scope) -> None:
        """A string nobody listed. In a delta it may be a piece of a longer text, unless it is the same again."""
        if not value:
            return
        mode = scope.unknown
        name = name_of(path, scope)
        if mode is _APPEND:
            channel = Channel(_OTHER, scope.choice, scope.part, name)
            if self._last.get(channel) == value:
                mode = _CONSTANT
            else:
                self.changes += 1
                if channel in self._last or len(self._last) < MAX_REMEMBERED_TEXTS:
                    self._last[channel] = value
        self._add(_OTHER, value, path, scope, mode, name=name)

    # --- Slots

    def _add(
        self,
        kind: ChannelKind,
        value: str,
        path: Path,
        scope: Scope,
        mode: SlotMode,
        *,
        drop: bool = False,
        name: str = "",
    ) -> None:
        """Add a slot, unless there is no text."""
        if value:
            channel = Channel(kind, scope.choice, scope.part, name or name_of(path, scope))
            self._slots.append(Slot(channel, value, path, mode, drop))


_NUMBERS = frozenset({int, float})

_VISITS: dict[type, Callable[..., None]] = {
    Leaf: Walker._visit_leaf,
    Obj: Walker._visit_obj,
    Tagged: Walker._visit_tagged,
    Dictionary: Walker._visit_dictionary,
    Each: Walker._visit_each,
    Either: Walker._visit_either,
    Logprobs: Walker._visit_logprobs,
}

_STRINGS: dict[FieldClass, Callable[..., None]] = {
    FieldClass.TEXT: Walker._string_text,
    FieldClass.CONSTANT: Walker._string_constant,
    FieldClass.ID: Walker._string_id,
    FieldClass.ENUM: Walker._string_enum,
    FieldClass.PARAMETER: Walker._string_parameter,
    FieldClass.NUMBER: Walker._visit_mistyped,
    FieldClass.OPAQUE: Walker._string_opaque,
    FieldClass.TIME: Walker._string_parameter,
    FieldClass.PADDING: Walker._string_padding,
    FieldClass.HTML: Walker._string_html,
    FieldClass.BAG: Walker._string_constant,
    FieldClass.TOKENS: Walker._visit_tokens,
    FieldClass.DATA: Walker._visit_data,
    FieldClass.OPAQUE_TOKENS: Walker._visit_mistyped,
    FieldClass.WHOLE_DATA: Walker._visit_whole_data,
    FieldClass.REPEAT: Walker._string_repeat,
    FieldClass.CREDENTIAL: Walker._visit_credential,
}

_STRUCTURES: dict[FieldClass, Callable[..., None]] = {
    FieldClass.NUMBER: Walker._visit_number,
    FieldClass.BAG: Walker._visit_bag,
    FieldClass.TOKENS: Walker._visit_tokens,
    FieldClass.DATA: Walker._visit_data,
    FieldClass.WHOLE_DATA: Walker._visit_whole_data,
    FieldClass.OPAQUE_TOKENS: Walker._visit_opaque_tokens,
    FieldClass.CREDENTIAL: Walker._visit_credential,
}

_PLANS = Plans(_VISITS, _STRINGS, _STRUCTURES, Walker._visit_mistyped)
