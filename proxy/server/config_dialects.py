"""Reads `dialects:` of `sluicegate.yaml`: endpoints described by selectors, each made into a dialect.

It checks every selector, kind and template, and says where each fault stands. What a description means is in
`proxy.wire.generic`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from policies.check import Place, check_node, not_one_of
from policies.document import MappingNode, mark_of
from policies.fields import StrictModel
from policies.problems import Problem, shown
from proxy.server.paths import pattern_problem
from proxy.wire import generic_table
from proxy.wire.generic import Description, GenericDialect, described
from proxy.wire.generic_endings import Templates
from proxy.wire.generic_table import GROWING, MAX_LISTS, OTHER_KINDS, lists_above
from proxy.wire.json_templates import TemplateError, marks_of
from proxy.wire.registry import DIALECTS
from proxy.wire.selectors import Selector, SelectorError, parse_selector, write_selector
from proxy.wire.types import Form, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.document import Node
    from proxy.wire.jsontext import Json

_FORMS = {"events": Form.EVENTS, "lines": Form.LINES, "array": Form.ARRAY}
_DEFAULT_ERROR = {"error": "{message}", "code": "{code}"}
_KINDS = [*GROWING, *OTHER_KINDS]
_NAME_HINT = "Use up to 40 lower-case letters, digits and '-', and begin with a letter."
_MAX_NAME_CHARS = 40


class RequestFile(StrictModel):
    """What of a request is what."""

    fields: dict[str, Any] = Field(default_factory=dict)
    stream: str = "$.stream"


class WholeFile(StrictModel):
    """A whole answer."""

    fields: dict[str, Any]
    choice: str = ""
    blocked: Any


class StreamFile(StrictModel):
    """A streamed answer."""

    framing: Literal["events", "lines", "array"]
    terminator: str = ""
    fields: dict[str, Any]
    choice: str = ""
    blocked: Annotated[list[Any], Field(min_length=1)]
    failed: list[Any] = Field(default_factory=list)


class DialectFile(StrictModel):
    """One entry of `dialects:`."""

    paths: list[str] = Field(default_factory=list)
    request: RequestFile = RequestFile()
    whole: WholeFile | None = None
    stream: StreamFile | None = None
    error: Any = Field(default_factory=lambda: dict(_DEFAULT_ERROR))


def read_dialects(section: Node | None, path: str, problems: list[Problem]) -> tuple[GenericDialect, ...]:
    """Return the sound entries of the section of a file; what is wrong goes to `problems`."""
    if not isinstance(section, MappingNode):
        return ()
    found: list[GenericDialect] = []
    for name, member in section.members.items():
        place = Place(path, member.key_mark, f'dialect "{name[:64]}"')
        if name in DIALECTS:
            problems.append(place.problem("is a name of a dialect that is built in. Choose another."))
        elif not (name.replace("-", "").isalnum() and name.islower() and name.isascii() and name[0].isalpha()):
            problems.append(place.problem(f"is not a name for a dialect. {_NAME_HINT}"))
        elif len(name) > _MAX_NAME_CHARS:
            problems.append(place.problem(f"is too long a name. {_NAME_HINT}"))
        checked = check_node(DialectFile, member.node, path, place.trail)
        problems += checked.problems
        if checked.value is not None and not checked.broken:
            taken = {route.path: one.name for one in [*DIALECTS.values(), *found] for route in one.routes}
            reader = _Reader(place, member.node, problems, taken)
            found.append(reader.dialect(name, checked.value))
    return tuple(found)


@dataclass(slots=True)
class _Reader:
    """Reads one entry."""

    place: Place
    node: Node
    problems: list[Problem]
    taken: Mapping[str, str]
    """Paths that have a dialect already."""

    def dialect(self, name: str, file: DialectFile) -> GenericDialect:
        """Return the dialect; what cannot be used of the entry is left out."""
        self._check_paths(file)
        if file.whole is None and file.stream is None:
            self.problems.append(self.place.problem("says nothing of answers. Give it 'whole', 'stream' or both."))
        self._check_template(("error",), file.error, needs_message=True)
        error: Json = file.error
        blocked: Json = error
        whole_fields: tuple[generic_table.Field, ...] = ()
        whole_choice = None
        if file.whole is not None:
            whole_fields = self._fields(("whole", "fields"), file.whole.fields)
            whole_choice = self._choice(("whole", "choice"), file.whole.choice)
            blocked = file.whole.blocked
            self._check_template(("whole", "blocked"), blocked, needs_message=True)
        description = Description(
            name=name,
            request=self._fields(("request", "fields"), file.request.fields),
            streamed=self._selector(("request", "stream"), file.request.stream) or ("stream",),
            whole=whole_fields,
            whole_choice=whole_choice,
            templates=Templates(blocked, (error,), (error,), error),
        )
        if file.stream is not None:
            description = self._with_stream(description, file.stream)
        return replace(described(description), routes=tuple(Route("POST", path) for path in file.paths))

    def _with_stream(self, description: Description, file: StreamFile) -> Description:
        choice = self._choice(("stream", "choice"), file.choice)
        if file.terminator and file.framing != "events":
            self._say(("stream", "terminator"), "does nothing here: only a stream of events has one. Remove it.")
        elif not file.terminator.isprintable():
            self._say(("stream", "terminator"), "is not one line of text.")
        events = self._events(("stream", "blocked"), file.blocked)
        failed = self._events(("stream", "failed"), file.failed)
        if events and not any("message" in self._marks(event) for event in events):
            self._say(("stream", "blocked"), "nowhere says '{message}'. Put it where a client looks for text.")
        templates = description.templates
        return replace(
            description,
            stream=self._fields(("stream", "fields"), file.fields),
            stream_choice=choice,
            form=_FORMS[file.framing],
            terminator=file.terminator.encode() or None,
            templates=replace(templates, events=events, failed=failed or templates.failed, choice=choice),
        )

    # --- Fields

    def _fields(self, at: tuple[str, ...], given: Mapping[str, Any]) -> tuple[generic_table.Field, ...]:
        """Return the sound fields of one mapping."""
        found: dict[str, generic_table.Field] = {}
        for text, kind in given.items():
            loc = (*at, text)
            selector = self._selector(loc, text)
            if selector is None:
                continue
            written = write_selector(selector)
            if written in found:
                self._say(loc, f"names the same place as another selector ({written}). Remove one of them.")
            one = self._field(loc, selector, kind)
            if one is not None:
                found[written] = one
        return tuple(self._settled(at, one, found) for one in found.values())

    def _field(self, loc: tuple[str, ...], selector: Selector, kind: Json) -> generic_table.Field | None:
        """Return one field, None when its kind cannot be used."""
        problem = None
        repeats: Selector = ()
        word, *_ = kind if isinstance(kind, dict) and len(kind) == 1 else (kind,)
        if word is not kind and word == "words" and _is_words(kind[word]):
            return generic_table.Field(selector, word, tuple(kind[word]))
        if word is not kind and word == "repeat" and isinstance(kind[word], str):
            target = self._selector(loc, kind[word])
            if target is None:
                return None
            repeats = target
            if loc[0] != "stream":
                problem = "repeats a text. Only in a stream does one come twice; write 'text'."
        elif word is not kind or kind not in _KINDS:
            problem = not_one_of(kind, [*_KINDS, "{words: [...]}", "{repeat: SELECTOR}"])
        elif kind == "tokens" and loc[0] != "request":
            problem = "is token ids, which nobody can read here: they go to no client. Write 'drop'."
        elif kind in GROWING and lists_above(selector) > MAX_LISTS:
            problem = f"is a text below more than {MAX_LISTS} lists, which cannot be told from its neighbours."
            problem += " Write 'structure' for the list."
        if problem is not None:
            self._say(loc, problem)
            return None
        return generic_table.Field(selector, word, repeats=repeats)

    def _settled(
        self, at: tuple[str, ...], one: generic_table.Field, found: Mapping[str, generic_table.Field]
    ) -> generic_table.Field:
        """Return a field with the kind of the text that it repeats."""
        if one.kind != "repeat":
            return one
        other = found.get(write_selector(one.repeats))
        if other is None or other.kind not in GROWING:
            written = write_selector(one.repeats)
            self._say((*at, write_selector(one.selector)), f"repeats {written}, which is no text of these fields.")
            return one
        return one._replace(repeats_kind=other.kind)

    def _selector(self, loc: tuple[str, ...], text: str) -> Selector | None:
        try:
            return parse_selector(text)
        except SelectorError as error:
            self._say(loc, str(error))
            return None

    def _choice(self, loc: tuple[str, ...], text: str) -> Selector | None:
        selector = self._selector(loc, text) if text else None
        if selector is not None and not (selector and isinstance(selector[-1], str)):
            self._say(loc, f"{text!r} is not a member. Name the one that holds the number, as $.choices[*].index.")
            return None
        return selector

    # --- Templates

    def _events(self, loc: tuple[str, ...], events: list[Any]) -> tuple[Json, ...]:
        for event in events:
            if not isinstance(event, dict):
                self._say(loc, f"{shown(event)} is not a mapping: each event of a stream is one.")
                continue
            self._check_template(loc, event, needs_message=False)
        return tuple(events)

    def _check_template(self, loc: tuple[str, ...], template: Json, *, needs_message: bool) -> None:
        if not isinstance(template, (dict, list)):
            self._say(loc, f"{shown(template)} is not a mapping or list: it is the JSON that is sent.")
        elif needs_message and "message" not in self._marks(template, loc):
            self._say(loc, "nowhere says '{message}'. Put it where a client looks for text.")
        else:
            self._marks(template, None if needs_message else loc)

    def _marks(self, template: Json, loc: tuple[str, ...] | None = None) -> frozenset[str]:
        try:
            return marks_of(template)
        except TemplateError as error:
            if loc is not None:
                self._say(loc, str(error))
            return frozenset({"message"})

    def _check_paths(self, file: DialectFile) -> None:
        for path in file.paths:
            problem = pattern_problem(path)
            if problem is not None:
                self._say(("paths",), f"{shown(path)} {problem}")
            elif path in self.taken:
                self._say(("paths",), f"{path!r} has the dialect {self.taken[path]!r} already. Remove one of them.")

    def _say(self, loc: tuple[str, ...], message: str) -> None:
        place = Place(self.place.path, mark_of(self.node, loc), self.place.trail)
        self.problems.append(place.problem(message, keys=": ".join([".".join(loc[:2]), *loc[2:]])))


def _is_words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)
