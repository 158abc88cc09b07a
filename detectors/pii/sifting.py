"""What a `presidio` detector finds and does not report: values that are allowed, scores that are too low.

It judges findings that are certain, so it changes nothing of what is held: an allowed address may still grow into
another one, and waits as any other does. It imports nothing of Presidio.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import idna
import re2
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, UnsupportedPatternError, measure
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_ALLOWED = 10_000
"""Most entries of an allow-list: what a policy file can hold."""

MAX_PATTERN_CHARS = 4_000
"""Longest pattern of an entry, as of the detector `patterns`."""

WITH_HOSTS = ("EMAIL_ADDRESS", "URL")
"""Entities whose values name a host."""

_HOST = re.compile(r"(?:\*\.)?(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_URL_HEAD = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/?#\\\s'\"]")
_PORT = re.compile(r":[0-9]{0,5}$")
_QUOTES = "'\""


def _from_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    host = value.removeprefix("*@")
    is_host = host != value and _HOST.fullmatch(host) is not None
    return {"domain": host, "entities": ["EMAIL_ADDRESS"]} if is_host else {"value": value}


class AllowedParams(BaseModel):
    """What is allowed. `a@example.com` is short for `{value: a@example.com}`.

    And `*@example.com` for `{domain: example.com, entities: [EMAIL_ADDRESS]}`.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    value: Annotated[str, Field(min_length=1)] | None = None
    """A whole value, as it is found."""
    pattern: Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_CHARS)] | None = None
    """What some part of a value matches, in RE2 syntax, `^` and `$` at the value's ends. Case is ignored."""
    domain: Annotated[str, Field(min_length=1)] | None = None
    """A host, or with `*.` in front all below it: addresses and URLs that lead there."""
    entities: Annotated[list[str], Field(min_length=1)] | None = None
    """Only these; the default is all."""
    ignore_case: bool = False
    """Whether a value may be written in other cases."""

    @model_validator(mode="after")
    def _is_one(self) -> AllowedParams:
        given = [key for key in ("value", "pattern", "domain") if getattr(self, key) is not None]
        if len(given) != 1:
            stands = f"has {' and '.join(map(repr, given))}" if given else "says nothing"
            message = f"{stands}. Give one of 'value', 'pattern' and 'domain'."
            raise PydanticCustomError("sluicegate", "{message}", {"message": message})
        if self.ignore_case and self.value is None:
            message = f"'ignore_case' does nothing beside {given[0]!r}, where case is ignored anyway. Remove it."
            raise PydanticCustomError("sluicegate", "{message}", {"message": message})
        return self


Allowed = Annotated[AllowedParams, BeforeValidator(_from_text)]


class Span(NamedTuple):
    """A finding, as a place in the text that is judged."""

    entity: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class _ForEntity:
    """What is allowed of one entity."""

    values: frozenset[str]
    folded: frozenset[str]
    """Values in any case."""
    patterns: tuple[Any, ...]
    hosts: frozenset[str]
    domains: tuple[str, ...]
    """Ends of hosts, with the dot before them."""

    def allows(self, entity: str, value: str) -> bool:
        if value in self.values or (self.folded and value.casefold() in self.folded):
            return True
        host = _host(entity, value) if self.hosts or self.domains else ""
        if host and (host in self.hosts or host.endswith(self.domains)):
            return True
        return any(_is_found(pattern, value) for pattern in self.patterns)


_NOTHING = _ForEntity(frozenset(), frozenset(), (), frozenset(), ())


@dataclass(frozen=True, slots=True)
class Sieve:
    """Decides which findings are reported. Immutable."""

    min_scores: Mapping[str, float] = field(default_factory=dict)
    allowed: Mapping[str, _ForEntity] = field(default_factory=dict)
    whole: _ForEntity = _NOTHING
    """Values that are allowed for all entities: with one, all that is found within it is allowed."""

    def kept(self, found: Sequence[Span], text: str) -> list[Span]:
        """Return what is reported of `found`, which is all that was found in its part of `text`, in its order."""
        if self.allowed:
            known = [s for s in found if self.whole.allows(s.entity, text[s.start : s.end])]
            found = [span for span in found if not self._is_allowed(span, text, known)]
        return [span for span in found if span.score >= self.min_scores.get(span.entity, 0.0)]

    def _is_allowed(self, span: Span, text: str, known: Iterable[Span]) -> bool:
        if self.allowed.get(span.entity, _NOTHING).allows(span.entity, text[span.start : span.end]):
            return True
        return any(one.start <= span.start and span.end <= one.end for one in known)


KEEP_ALL = Sieve()


def _is_found(pattern: Any, value: str) -> bool:  # noqa: ANN401 - re2 has no types
    try:
        return pattern.search(value) is not None
    except UnicodeEncodeError:  # a lone surrogate, which RE2 cannot be shown
        return False


def _host(entity: str, value: str) -> str:
    """Return the host that an address or URL leads to, as it is looked up; nothing where that is not plain.

    What names a user before the host is not plain: `https://example.com@evil.example` leads to the other one.
    """
    if entity == "EMAIL_ADDRESS":
        return _normal(value.rpartition("@")[2])
    value = value.strip(_QUOTES)
    head = _URL_HEAD.match(value)
    rest = value[head.end() if head else 0 :]
    host = _PORT.sub("", _AUTHORITY_END.split(rest, maxsplit=1)[0])
    return _normal(host) if _HOST.fullmatch(host) else ""


def _normal(host: str) -> str:
    """Return a host as it is looked up: `B\u00fccher.example` and `xn--bcher-kva.example` are the same (UTS 46)."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # no name that can be looked up
        return host.lower()


def make_sieve(allow: Sequence[AllowedParams], min_scores: Mapping[str, float], entities: Sequence[str]) -> Sieve:
    """Return the sieve of a detector that looks for `entities`.

    Raises DetectorConfigError for entities that it does not look for, and for patterns that cannot be used.
    """
    for entity in min_scores:
        _check_entity(entity, entities, ("min_scores", entity))
    by_entity: dict[str, list[AllowedParams]] = defaultdict(list)
    patterns: dict[int, Any] = {}
    for index, one in enumerate(allow):
        for entity in _entities_of(one, entities, ("allow", index)):
            by_entity[entity].append(one)
        if one.pattern is not None:
            patterns[id(one)] = _compiled(one.pattern, ("allow", index))
    return Sieve(
        dict(min_scores),
        {entity: _for_entity(given, patterns) for entity, given in by_entity.items()},
        _for_entity([one for one in allow if one.entities is None and one.value is not None], {}),
    )


def _for_entity(given: Sequence[AllowedParams], patterns: Mapping[int, Any]) -> _ForEntity:
    values = [(one.value, one.ignore_case) for one in given if one.value is not None]
    hosts = [one.domain for one in given if one.domain is not None and not one.domain.startswith("*")]
    below = [
        one.domain.removeprefix("*.") for one in given if one.domain is not None and one.domain.startswith("*")
    ]
    return _ForEntity(
        frozenset(value for value, any_case in values if not any_case),
        frozenset(value.casefold() for value, any_case in values if any_case),
        tuple(patterns[id(one)] for one in given if one.pattern is not None),
        frozenset(map(_normal, hosts)),
        tuple(f".{_normal(host)}" for host in below),
    )


def _entities_of(one: AllowedParams, entities: Sequence[str], loc: tuple[str | int, ...]) -> Sequence[str]:
    """Return the entities that an entry is for."""
    for index, entity in enumerate(one.entities or ()):
        _check_entity(entity, entities, (*loc, "entities", index))
        if one.domain is not None and entity not in WITH_HOSTS:
            raise DetectorConfigError(
                f"{entity} names no host: a domain is for {' and '.join(WITH_HOSTS)}", (*loc, "entities", index)
            )
    if one.domain is None:
        return one.entities or entities
    if not _HOST.fullmatch(one.domain):
        raise DetectorConfigError(
            f"{one.domain!r} is not a host: write 'example.com', or '*.example.com' for all below it",
            (*loc, "domain"),
        )
    named = [entity for entity in one.entities or WITH_HOSTS if entity in entities]
    if not named:
        raise DetectorConfigError(
            f"does nothing, since the detector looks for neither {' nor '.join(WITH_HOSTS)}: remove it",
            (*loc, "domain"),
        )
    return named


def _check_entity(entity: str, entities: Sequence[str], loc: tuple[str | int, ...]) -> None:
    if entity not in entities:
        raise DetectorConfigError(f"the detector does not look for {entity!r}, only for {', '.join(entities)}", loc)


def _compiled(pattern: str, loc: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - re2 has no types
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.dot_nl = True
    loc = (*loc, "pattern")
    try:
        compiled = re2.compile(f"(?m:{pattern})", options)
        least = measure(parse_pattern(PatternSource(pattern, flavour="re2", ignore_case=True))).least
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        message = f"RE2 cannot read it: {said}. It has no look-around and no back-references"
        raise DetectorConfigError(message, loc) from error
    except UnsupportedPatternError as error:
        raise DetectorConfigError(f"{error.message} (character {error.position + 1})", loc) from error
    if least == 0:
        raise DetectorConfigError(
            "matches the empty text, so that it would allow every value: make at least one character required", loc
        )
    return compiled
