"""Reads YAML into a tree of nodes that know their line and column, within limits, every fault reported.

It is the YAML 1.2 that people expect, not PyYAML's 1.1: `no`, `1_000`, `12:30` and dates are texts, a key given
twice is a fault, a tag is refused. It knows nothing of policies: `proxy.server.config` reads with it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import yaml
from yaml._yaml import CParser

from policies.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FILE_BYTES = 1 << 20
"""Longest file. Word lists of this size belong in a file of their own, which the detector reads."""
MAX_DEPTH = 20
"""Deepest nesting; a policy needs five."""
MAX_NODES = 10_000
"""Most values, an alias counted with all it stands for: read in less than 100 ms, and no policy is near it."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING_TAG = "tag:yaml.org,2002:str"


class Mark(NamedTuple):
    """A place in a file, counted from 1."""

    line: int
    column: int


NOWHERE = Mark(0, 0)
"""The file as a whole."""


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text, number, boolean or null."""

    value: str | int | float | bool | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark


class Member(NamedTuple):
    """One `key: value` of a mapping."""

    key_mark: Mark
    node: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping; its keys are texts, whatever they look like."""

    members: dict[str, Member]
    mark: Mark


Node = ScalarNode | ListNode | MappingNode


def parse(source: bytes, path: str) -> tuple[Node | None, list[Problem]]:
    """Return the tree of the one document in `source`, and what is wrong with it.

    The tree is None when the text is no YAML at all or passes a limit; duplicate keys and tags leave a tree.
    """
    if len(source) > MAX_FILE_BYTES:
        message = f"is larger than {MAX_FILE_BYTES} bytes. Put long word lists into a file of their own."
        return None, [Problem(path, 0, 0, message)]
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8-sig")
        return None, [_problem(path, _mark_at_end(before), "is not UTF-8. Save the file as UTF-8.")]
    if odd := _UNPRINTABLE.search(text):
        message = f"holds the control character U+{ord(odd[0]):04X}. Remove it, or write it as an escape in quotes."
        return None, [_problem(path, _mark_at_end(text[: odd.start()]), message)]
    composer = _Composer(path)
    try:
        return composer.compose(text), composer.problems
    except _UnusableError as error:
        return None, [*composer.problems, error.problem]
    except yaml.MarkedYAMLError as error:
        return None, [*composer.problems, _syntax_problem(path, text, error)]


def plain(node: Node) -> object:
    """Return the tree as dicts, lists and scalars."""
    if isinstance(node, MappingNode):
        return {key: plain(member.node) for key, member in node.members.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def mark_of(node: Node, loc: Sequence[str | int]) -> Mark:
    """Return where the value at `loc` is: its key in a mapping, its first character in a list.

    Steps that lead nowhere (a missing key, an index that pydantic made up) are passed over.
    """
    mark = node.mark
    for step in loc:
        if isinstance(node, MappingNode) and str(step) in node.members:
            mark, node = node.members[str(step)]
        elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
            mark = node.mark
    return mark


class _UnusableError(Exception):
    """The tree cannot be built."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    mark: Mark
    anchor: str | None
    size_before: int
    items: list[Node] | None
    """None for a mapping."""
    members: dict[str, Member]
    key: tuple[str, Mark] | None = None


class _Composer:
    """Builds the tree from parser events, without recursion."""

    def __init__(self, path: str) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._size = 0
        self._root: Node | None = None
        self._documents = 0

    def compose(self, text: str) -> Node:
        for event in _events(text):
            self._count(event)
            self._take(event)
        if self._root is None:
            raise _UnusableError(Problem(self._path, 0, 0, "is empty."))
        return self._root

    def _count(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            self._size += 1
        if self._size > MAX_NODES:
            raise self._unusable(
                event, f"has more than {MAX_NODES} values. Put word lists into a file of their own."
            )
        if len(self._open) > MAX_DEPTH:
            raise self._unusable(event, f"is nested deeper than {MAX_DEPTH} levels.")

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._unusable(event, "begins a second document. A file holds one: remove the '---'.")
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(event), _mark(event))
        elif isinstance(event, yaml.ScalarEvent):
            node = ScalarNode(self._scalar_value(event), _mark(event))
            self._name_anchor(event.anchor, node, 1)
            self._add(node, node.mark, None if event.tag else event.value)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._refuse_tag(event)
            items: list[Node] | None = [] if isinstance(event, yaml.SequenceStartEvent) else None
            self._open.append(_Open(_mark(event), event.anchor, self._size - 1, items, {}))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._close(self._open.pop())

    def _close(self, done: _Open) -> None:
        node: Node
        if done.items is None:
            node = MappingNode(done.members, done.mark)
        else:
            node = ListNode(tuple(done.items), done.mark)
        self._name_anchor(done.anchor, node, self._size - done.size_before)
        self._add(node, done.mark)

    def _add(self, node: Node, mark: Mark, text: str | None = None) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if parent.items is not None:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = (self._key(node, mark, text), mark)
        else:
            key, key_mark = parent.key
            parent.key = None
            if key in parent.members:
                first = parent.members[key].key_mark.line
                message = f"key {key!r} is given twice; the first is in line {first}. Remove one of them."
                self.problems.append(_problem(self._path, key_mark, message))
            else:
                parent.members[key] = Member(key_mark, node)

    def _key(self, node: Node, mark: Mark, text: str | None) -> str:
        if isinstance(node, ScalarNode) and node.value is not None:
            return text if text is not None else str(node.value)
        message = "a key must be a text."
        raise _UnusableError(_problem(self._path, mark, message))

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        known = self._anchors.get(str(event.anchor))
        if known is None:
            message = (
                f"alias '*{event.anchor}' stands for nothing: no value before it has the anchor '&{event.anchor}'."
            )
            raise self._unusable(event, message)
        node, size = known
        self._size += size
        return node

    def _name_anchor(self, anchor: str | None, node: Node, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size)

    def _scalar_value(self, event: yaml.ScalarEvent) -> str | int | float | bool | None:
        self._refuse_tag(event)
        if event.tag is not None or event.style:
            return str(event.value)
        return resolved(event.value)

    def _refuse_tag(self, event: yaml.CollectionStartEvent | yaml.ScalarEvent) -> None:
        if event.tag is None or event.tag == _STRING_TAG:
            return
        shown = event.tag.replace("tag:yaml.org,2002:", "!!")
        self.problems.append(_problem(self._path, _mark(event), f"tag {shown!r} is not allowed. Remove it."))

    def _unusable(self, event: yaml.Event, message: str) -> _UnusableError:
        return _UnusableError(_problem(self._path, _mark(event), message))


def resolved(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means: null, a boolean, a decimal number, else the text itself."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _events(text: str) -> Iterator[yaml.Event]:
    parser = CParser(text)
    while (event := parser.get_event()) is not None:
        yield event


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return NOWHERE if start is None else Mark(start.line + 1, start.column + 1)


def _mark_at_end(text: str) -> Mark:
    return Mark(text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def _problem(path: str, mark: Mark, message: str) -> Problem:
    return Problem(path, mark.line, mark.column, message)


_ADVICE = {
    "mapping values are not allowed in this context": "A value that holds ': ' needs quotes around it.",
    "did not find expected '-' indicator": "The lines of a list must begin in one column.",
    "did not find expected key": "The keys of a mapping must begin in one column, and texts in quotes must end.",
    "did not find expected ',' or '}'": "A '{' is not closed.",
    "did not find expected ',' or ']'": "A '[' is not closed.",
    "did not find expected node content": "A '[' or '{' is not closed.",
    "found unexpected end of stream": "A quote is not closed.",
    "could not find expected ':'": "Each line of a mapping is 'key: value'.",
    "found unknown escape character": "In double quotes a backslash begins an escape: use single quotes.",
}
"""What to do about the parser's most frequent complaints."""


def _syntax_problem(path: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    place = error.problem_mark or error.context_mark
    mark = NOWHERE if place is None else Mark(place.line + 1, place.column + 1)
    said = str(error.problem or error.context or "unknown fault")
    if said == "found character that cannot start any token" and place is not None:
        line = text.split("\n")[place.line]
        char = line[place.column : place.column + 1]
        if char == "\t":
            return _problem(path, mark, "is not YAML: a tab indents the line. Use spaces.")
        return _problem(path, mark, f"is not YAML: a value cannot begin with {char!r}. Put quotes around it.")
    advice = _ADVICE.get(said, "")
    return _problem(path, mark, f"is not YAML: {said}. {advice}".rstrip())
