"""Which request targets are known, and to whom they belong. Anything else is refused.

A target is matched byte by byte: no decoding, no folding of case, no removal of dots or slashes. So what reaches
the upstream is spelled exactly as the route is spelled here, and there is nothing to smuggle a path through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from proxy.server.faults import ClientFault
from proxy.wire.types import Route

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from proxy.wire.types import Dialect

_NAME: Final = r"[A-Za-z0-9_~@:+-][A-Za-z0-9._~@:+-]*"
"""What fills a `{name}`: one segment without escapes that is not `.` or `..`."""

_QUERY: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
"""RFC 3986's query, as it stands."""

_SHOWABLE: Final = re.compile(r"/[A-Za-z0-9._~@:+/{}-]{0,199}")

SAFE_ROUTES: Final = (Route("GET", "/v1/models"), Route("GET", "/v1/models/{model}"))
"""Routes that generate nothing and pass: their JSON is checked for form and size only."""


class Treatment(Enum):
    """What is done with a route's answers."""

    GUARDED = "guarded"
    PASSED = "passed"
    """JSON of the upstream's own making, not of a model."""


@dataclass(frozen=True, slots=True)
class Match:
    """A known target: `path` and `query` are what the upstream gets."""

    treatment: Treatment
    dialect: Dialect | None
    """None for a passed route."""
    path: str
    query: str

    @property
    def target(self) -> str:
        """Path and query as they go onto the wire."""
        return f"{self.path}?{self.query}" if self.query else self.path


class RouteTable:
    """All known routes."""

    def __init__(
        self,
        dialects: Iterable[Dialect],
        *,
        passed: Iterable[Route] = SAFE_ROUTES,
        opened: Mapping[str, Dialect] | None = None,
    ) -> None:
        """`opened` are further literal paths, each guarded (POST) by the given dialect."""
        self._exact: dict[tuple[str, str], tuple[Treatment, Dialect | None]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Treatment, Dialect | None]] = []
        for dialect in dialects:
            for route in dialect.routes:
                self._add(route, Treatment.GUARDED, dialect)
        for path, dialect in (opened or {}).items():
            self._add(Route("POST", path), Treatment.GUARDED, dialect)
        for route in passed:
            self._add(route, Treatment.PASSED, None)

    def match(self, method: str, target: str) -> Match:
        """Return what is known of a raw request target. Raises `ClientFault` 400, 403 or 405."""
        path, mark, query = target.partition("?")
        found = self._exact.get((method, path)) or self._search(method, path)
        if found is None:
            raise self._unknown(method, path)
        if (mark and not query) or not _QUERY.fullmatch(query):
            raise ClientFault("bad_query", "The query string holds characters that a URL may not hold.")
        return Match(found[0], found[1], path, query)

    def _add(self, route: Route, treatment: Treatment, dialect: Dialect | None) -> None:
        if "{" not in route.path:
            self._exact.setdefault((route.method, route.path), (treatment, dialect))
            return
        parts = re.split(r"(\{[a-z_]+\})", route.path)
        pattern = "".join(_NAME if part.startswith("{") else re.escape(part) for part in parts)
        self._patterns.append((route.method, re.compile(pattern), treatment, dialect))

    def _search(self, method: str, path: str) -> tuple[Treatment, Dialect | None] | None:
        for known_method, pattern, treatment, dialect in self._patterns:
            if known_method == method and pattern.fullmatch(path):
                return treatment, dialect
        return None

    def _unknown(self, method: str, path: str) -> ClientFault:
        allowed = {known for known, known_path in self._exact if known_path == path}
        allowed |= {known for known, pattern, _, _ in self._patterns if pattern.fullmatch(path)}
        if allowed:
            verbs = ", ".join(sorted(allowed))
            return ClientFault("method_not_allowed", f"This path answers {verbs} only.", 405)
        if method == "POST" and _SHOWABLE.fullmatch(path) and ".." not in path and "//" not in path:
            hint = f' To guard it as generic JSON, add to the configuration: open_paths: ["{path}"]'
        elif method == "GET" and _SHOWABLE.fullmatch(path) and ".." not in path and "//" not in path:
            hint = f' To pass it unread, add to the configuration: passed_paths: ["{path}"]'
        else:
            hint = " Only the exact spelling of a known path is answered."
        return ClientFault("unknown_route", f"This path is not open on this proxy.{hint}", 403)
