"""Which request targets are known, and to whom they belong. Anything else is refused.

A target is matched byte by byte: no decoding, no folding of case, no removal of dots or slashes. So what reaches
the upstream is spelled exactly as the route is spelled here, and there is nothing to smuggle a path through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from proxy.server.config_paths import OPEN_DIALECT
from proxy.server.faults import ClientFault
from proxy.server.known_routes import OPEN_METHODS, SAFE_ROUTES, refusal_of
from proxy.server.paths import PathPattern, is_plain, path_pattern
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from proxy.server.config import ServerConfig
    from proxy.wire.types import Dialect

_QUERY: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
"""RFC 3986's query, as it stands."""

MAX_SHOWN_CHARS: Final = 200
"""Longest path that a message repeats."""


class Treatment(Enum):
    """What is done with a route's answers."""

    GUARDED = "guarded"
    PASSED = "passed"
    """JSON of the upstream's own making, not of a model."""
    UNREAD = "unread"
    """Whatever it is: the configuration says so."""


@dataclass(frozen=True, slots=True)
class Match:
    """A known target: `path` and `query` are what the upstream gets."""

    treatment: Treatment
    dialect: Dialect | None
    """None for a route that is not guarded."""
    path: str
    query: str
    names: Mapping[str, str] = field(default_factory=dict)
    """What fills the names of the route, such as `model`."""
    route: str = ""
    """The route itself, names and all, or its id: events may hold no text of a client. Empty: `path`."""

    @property
    def target(self) -> str:
        """Path and query as they go onto the wire."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def path_model(self) -> str | None:
        """The model that the path names: Gemini's, and Azure's deployments. It decides over one in the body."""
        return self.names.get("model") or self.names.get("deployment")


_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table."""

    method: str
    pattern: PathPattern
    treatment: Treatment
    dialect: Dialect | None
    opened: bool
    """Whether the configuration opened it."""


class RouteTable:
    """All known routes."""

    def __init__(
        self,
        dialects: Iterable[Dialect],
        *,
        passed: Iterable[Route] = SAFE_ROUTES,
        opened: Mapping[str, Dialect] | None = None,
        unread: Iterable[str] = (),
    ) -> None:
        """`opened` are further paths, each guarded (POST) by the given dialect; `unread` further ones that pass."""
        self._exact: dict[tuple[str, str], Entry] = {}
        self._plain: dict[tuple[str, str], Match] = {}
        """What `match` returns for literal paths without a query, as most requests have."""
        self._patterns: list[Entry] = []
        self.dialects = {dialect.name: dialect for dialect in dialects}
        """All dialects, by name."""
        for dialect in self.dialects.values():
            for route in dialect.routes:
                self._add(route, Treatment.GUARDED, dialect)
        for path, dialect in (opened or {}).items():
            self._add(Route("POST", path), Treatment.GUARDED, dialect, opened=True)
        for route in passed:
            self._add(route, Treatment.PASSED, None)
        for path in unread:
            for method in OPEN_METHODS:
                self._add(Route(method, path), Treatment.UNREAD, None, opened=True)

    def __iter__(self) -> Iterator[Entry]:
        """Go through the table: literal paths first."""
        return iter([*self._exact.values(), *self._patterns])

    def match(self, method: str, target: str) -> Match:
        """Return what is known of a raw request target. Raises `ClientFault` 400, 403 or 405."""
        plain = self._plain.get((method, target))
        if plain is not None:
            return plain
        path, query = split_target(target)
        entry, names = self._find(method, path)
        if query is None:
            raise bad_query()
        return Match(entry.treatment, entry.dialect, path, query, names, entry.pattern.text)

    def _add(self, route: Route, treatment: Treatment, dialect: Dialect | None, *, opened: bool = False) -> None:
        entry = Entry(route.method, path_pattern(route.path), treatment, dialect, opened)
        if entry.pattern.regex is None:
            self._exact.setdefault((route.method, route.path), entry)
            self._plain.setdefault((route.method, route.path), Match(treatment, dialect, route.path, "", _NO_NAMES))
        else:
            self._patterns.append(entry)

    def _find(self, method: str, path: str) -> tuple[Entry, Mapping[str, str]]:
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}
        for entry in self._patterns:
            if entry.method == method and (names := entry.pattern.match(path)) is not None:
                return entry, names
        raise self._unknown(method, path)

    def _unknown(self, method: str, path: str) -> ClientFault:
        allowed = {entry.method for entry in self if entry.pattern.match(path) is not None}
        # `{model}` of a safe route fits Google's `{model}:countTokens` too, which is a path of its own.
        is_own = ":" in path and refusal_of(path) is not None
        if allowed and not is_own:
            verbs = ", ".join(sorted(allowed))
            return ClientFault("method_not_allowed", f"This path answers {verbs} only.", 405)
        return unknown_route(method, path)


def route_table(config: ServerConfig) -> RouteTable:
    """Return the routes of all dialects and those that the configuration opens for the default way."""
    dialects = {one.name: one for one in (*DIALECTS.values(), *config.dialects)}
    opened = {path: dialects[config.open_dialects.get(path, OPEN_DIALECT)] for path in config.open_paths}
    return RouteTable(dialects.values(), opened=opened, unread=config.passed_paths)


def split_target(target: str) -> tuple[str, str | None]:
    """Return path and query of a raw target; the query is None when it is not one that a URL may hold."""
    path, mark, query = target.partition("?")
    return path, None if (mark and not query) or not _QUERY.fullmatch(query) else query


def bad_query() -> ClientFault:
    """Return the fault of a query that is none."""
    return ClientFault("bad_query", "The query string holds characters that a URL may not hold.")


def unknown_route(method: str, path: str) -> ClientFault:
    """Return the fault of a path that is not open: why, where that is known, and the lines that would open it."""
    said = "This path is not open on this proxy."
    if not is_plain(path) or len(path) > MAX_SHOWN_CHARS:
        return ClientFault("unknown_route", f"{said} Only the exact spelling of a known path is answered.", 403)
    known = refusal_of(path)
    if known is not None and method in OPEN_METHODS:
        *guarding, passing = known.opening_lines(DIALECTS)
        hint = f"To pass it unread, add to the configuration: {passing}"
        if guarding:
            hint = f"To guard it, add to the configuration: {guarding[0]} - {hint[0].lower()}{hint[1:]}"
        return ClientFault("unknown_route", f"{said} What it carries is not checked ({known.why}). {hint}", 403)
    if method == "POST":
        limit = "what it does not know is judged in each event by itself"
        hint = f' To guard it as {OPEN_DIALECT} ({limit}), add to the configuration: open_paths: ["{path}"]'
    elif method == "GET":
        hint = f' To pass it unread, add to the configuration: passed_paths: ["{path}"]'
    else:
        hint = " Only the exact spelling of a known path is answered."
    return ClientFault("unknown_route", said + hint, 403)
