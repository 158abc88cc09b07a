"""Which way a request goes: the first route of the configuration that matches it, or the default.

A route looks at path, tenant and model. What decides is exactly what is forwarded: the path as it is spelled, the
one `model` in the body, the model in the path where the API has it there. It reads no body and sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote_plus

from proxy.server.config_routes import DEFAULT_ROUTE
from proxy.server.faults import ClientFault
from proxy.server.globs import Glob
from proxy.server.known_routes import OPEN_METHODS
from proxy.server.paths import PathPattern, path_pattern
from proxy.server.routes import Match, RouteTable, Treatment, bad_query, split_target
from proxy.server.tenants import NO_TENANT, TenantBook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multidict import CIMultiDictProxy

    from proxy.server.config import RouteConfig, ServerConfig

_GUARDED_METHODS: Final = ("GET", "POST")


class Outcome(Enum):
    """What came of holding a request against a route."""

    APPLIES = "applies"
    ASKS_MODEL = "applies if the model matches"
    OTHER_PATH = "the path does not match"
    OTHER_TENANT = "the tenant does not match"
    OTHER_MODEL = "the model does not match"
    NO_MODEL = "the request names no model"
    CLOSED_PATH = "the path is not open, so nothing says a model"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a request goes, or why it goes nowhere."""

    route_id: str
    upstream: str
    """A name; "" is the default."""
    policy_source: str
    """"" is the default."""
    path: str
    """As the upstream gets it."""
    match: Match | None
    """None for a request that is refused."""
    fault: ClientFault | None = None


class Tried(NamedTuple):
    """A route that was looked at."""

    route_id: str
    outcome: Outcome
    plan: Plan | None
    """None where the outcome says that it is not the one."""
    glob: Glob | None = None


class Selection:
    """The routes that may apply to a request: one, or several between which the model in its body decides."""

    __slots__ = ("_asking", "_last", "tenant")

    def __init__(self, asking: Sequence[Tried], last: Plan, tenant: str) -> None:
        self.tenant = tenant
        self._asking = asking
        self._last = last

    @property
    def needs_model(self) -> bool:
        """Whether the body must be read before the way is known."""
        return bool(self._asking)

    @property
    def first(self) -> Plan:
        """The plan that applies when no model is needed; before the model is known, one of those that may."""
        return self._asking[0].plan or self._last if self._asking else self._last

    def decide(self, model: str | None) -> Plan:
        """Return the plan for the model that the body names; None: it names none."""
        for one in self._asking:
            if one.plan is not None and one.glob is not None and model is not None and one.glob.matches(model):
                return one.plan
        return self._last


class _Way(NamedTuple):
    """A route ready for use."""

    config: RouteConfig
    policy_source: str
    path: PathPattern | None
    glob: Glob | None


class _Asked(NamedTuple):
    """What routes look at."""

    method: str
    path: str
    query: str
    tenant: str

    def target_at(self, path: str) -> str:
        return f"{path}?{self.query}" if self.query else path


class Router:
    """All ways."""

    def __init__(self, config: ServerConfig, table: RouteTable, hash_key: bytes = b"") -> None:
        """`hash_key` is the secret of the tenants' key hashes."""
        self.table = table
        self._book = TenantBook(config, hash_key) if config.tenants else None
        self._ways = [
            _Way(
                one,
                "" if one.policy_source == config.policy_source else one.policy_source,
                path_pattern(one.path) if one.path else None,
                Glob.of(one.model) if one.model else None,
            )
            for one in config.routes
        ]

    def select(
        self, method: str, target: str, headers: CIMultiDictProxy[str], tenant: str | None = None
    ) -> Selection:
        """Return the routes that may apply. Raises `ClientFault` when the request does not say which.

        `tenant` stands in for the one that the request says.
        """
        if not self._ways:
            tenant = self._tenant(headers, target) if tenant is None else tenant
            return Selection((), self._default(method, target), tenant)
        tried, tenant = self.tries(method, target, headers, tenant)
        asking = [one for one in tried if one.outcome is Outcome.ASKS_MODEL]
        last = tried[-1].plan
        assert last is not None  # noqa: S101 - the last one applies
        selection = Selection(asking, last, tenant)
        query = split_target(target)[1]
        if query is None and selection.first.fault is None:
            raise bad_query()
        if asking and _names_model(query or ""):
            raise ClientFault("ambiguous_model", "Name the model in the body, not in the query string.")
        return selection

    def tries(
        self, method: str, target: str, headers: CIMultiDictProxy[str], tenant: str | None = None
    ) -> tuple[list[Tried], str]:
        """Hold a request against every route, up to the one that applies whatever its model is.

        Returns what came of each, and the tenant.
        """
        path, query = split_target(target)
        tenant = self._tenant(headers, target) if tenant is None else tenant
        asked = _Asked(method, path, query or "", tenant)
        tried = []
        for way in self._ways:
            tried.append(self._try(way, asked))
            if tried[-1].outcome is Outcome.APPLIES:
                return tried, tenant
        plan = self._default(method, asked.target_at(path))
        return [*tried, Tried(DEFAULT_ROUTE, Outcome.APPLIES, plan)], tenant

    def _tenant(self, headers: CIMultiDictProxy[str], target: str) -> str:
        if self._book is None:
            return NO_TENANT
        return self._book.tenant_of(headers, split_target(target)[1] or "")

    def _default(self, method: str, target: str) -> Plan:
        match, fault = self._known(method, target)
        return Plan(DEFAULT_ROUTE, "", "", target.partition("?")[0], match, fault)

    def _try(self, way: _Way, asked: _Asked) -> Tried:
        config = way.config
        names = {} if way.path is None else way.path.match(asked.path)
        if names is None:
            return Tried(config.id, Outcome.OTHER_PATH, None)
        if config.tenant and config.tenant != asked.tenant:
            return Tried(config.id, Outcome.OTHER_TENANT, None)
        path = rewritten(config.path, config.rewrite, asked.path)
        match, fault = self._treated(config, asked, path, names)
        plan = Plan(config.id, config.upstream, way.policy_source, path, match, fault)
        if way.glob is None:
            return Tried(config.id, Outcome.APPLIES, plan)
        outcome = _by_model(way.glob, match, asked.method)
        chosen = plan if outcome in {Outcome.APPLIES, Outcome.ASKS_MODEL} else None
        return Tried(config.id, outcome, chosen, way.glob)

    def _treated(
        self, config: RouteConfig, asked: _Asked, path: str, names: dict[str, str]
    ) -> tuple[Match | None, ClientFault | None]:
        """Return what a route does with a request that it matches."""
        if config.refuses:
            return None, ClientFault("refused_route", "This path is closed on this proxy.", 403)
        if not config.unread and not config.dialect:
            return self._known(asked.method, asked.target_at(path))
        methods = OPEN_METHODS if config.unread else _GUARDED_METHODS
        if asked.method not in methods:
            verbs = ", ".join(methods)
            return None, ClientFault("method_not_allowed", f"This path answers {verbs} only.", 405)
        if config.unread:
            return Match(Treatment.UNREAD, None, path, asked.query, names), None
        dialect = self.table.dialects[config.dialect]
        return Match(Treatment.GUARDED, dialect, path, asked.query, names, config.id), None

    def _known(self, method: str, target: str) -> tuple[Match | None, ClientFault | None]:
        try:
            return self.table.match(method, target), None
        except ClientFault as fault:
            return None, fault


def _by_model(glob: Glob, match: Match | None, method: str) -> Outcome:
    """Return what a route that looks at the model makes of a request whose path and tenant it matches."""
    if match is None:
        return Outcome.CLOSED_PATH
    if match.path_model is not None:
        return Outcome.APPLIES if glob.matches(match.path_model) else Outcome.OTHER_MODEL
    is_asked = match.treatment is Treatment.GUARDED and method == "POST"
    return Outcome.ASKS_MODEL if is_asked else Outcome.NO_MODEL


def rewritten(pattern: str, rewrite: str, path: str) -> str:
    """Return a path that matches `pattern` as the upstream gets it: `/a/*` and `/b/*` make `/b/x` of `/a/x`."""
    if not rewrite:
        return path
    return rewrite[:-1] + path[len(pattern) - 1 :] if pattern.endswith("/*") else rewrite


def _names_model(query: str) -> bool:
    return any(unquote_plus(one.partition("=")[0]).lower() == "model" for one in query.split("&"))
