"""Reads `routes:` of `sluicegate.yaml`: what each one looks at, where it leads, and whether it can ever apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from policies.check import Place, check_node
from policies.document import MappingNode, ScalarNode, mark_of
from policies.fields import Name, StrictModel
from policies.problems import Problem, did_you_mean
from proxy.server.config import RouteConfig
from proxy.server.config_fields import FileText, GlobText, PathText, find_policy
from proxy.server.globs import Glob
from proxy.server.paths import path_pattern

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from policies.document import Node
    from proxy.server.routes import RouteTable

EVERYTHING = "/*"
DEFAULT_ROUTE = "default"
"""What metrics and `policy show` call the way of requests that no route matches."""


class RouteFile(StrictModel):
    """One entry of `routes:`."""

    id: Name
    path: PathText = ""
    rewrite: PathText = ""
    model: GlobText = ""
    tenant: FileText = ""
    upstream: FileText = ""
    policy: FileText = ""
    dialect: FileText = ""
    unread: bool = False
    refuse: bool = False


class _Entry(NamedTuple):
    """A route that could be read."""

    found: RouteFile
    place: Place
    node: MappingNode

    def at(self, key: str) -> Place:
        return Place(self.place.path, mark_of(self.node, (key,)), self.place.trail)


@dataclass(slots=True)
class RouteReader:
    """Reads the routes of one file, and collects what is wrong."""

    path: str
    folder: Path
    table: RouteTable
    upstreams: Collection[str]
    tenants: Collection[str]
    problems: list[Problem]

    def routes(self, section: Node | None) -> tuple[RouteConfig, ...]:
        """Return the sound entries, in order."""
        entries: list[_Entry] = []
        for number, node in enumerate(getattr(section, "items", ()), 1):
            place = Place(self.path, node.mark, f"route {_name_of(node, number)}")
            checked = check_node(RouteFile, node, self.path, place.trail)
            self.problems += checked.problems
            if checked.value is None or not isinstance(node, MappingNode) or checked.broken:
                continue
            entry = _Entry(checked.value, place, node)
            self._check(entry, entries)
            entries.append(entry)
        return tuple(self._config(entry) for entry in entries)

    def _check(self, entry: _Entry, before: list[_Entry]) -> None:
        for other in before:
            if other.found.id == entry.found.id:
                message = f"has the id of the route in line {other.place.mark.line}. Give each route its own."
                self._say(entry, "id", message)
        if entry.found.id == DEFAULT_ROUTE:
            self._say(entry, "id", "is the name of the way that needs no route. Choose another.")
        self._check_conditions(entry)
        self._check_treatment(entry)
        for key, known, what in (
            ("upstream", self.upstreams, "upstream"),
            ("tenant", self.tenants, "tenant"),
            ("dialect", self.table.dialects, "dialect"),
        ):
            name = getattr(entry.found, key)
            if name and name not in known:
                listed = f" Known are {', '.join(known)}." if known else f" There is none: add '{what}s:'."
                self._say(entry, key, f"there is no {what} {name!r}.{did_you_mean(name, known) or listed}")
        if not entry.found.refuse:
            self._check_target(entry)
        shadow = next((other for other in before if _covers(other.found, entry.found)), None)
        if shadow is not None:
            line = shadow.place.mark.line
            message = (
                f'can never apply: the route "{shadow.found.id}" in line {line} takes all that it could.'
                " Put this one above that, or remove it."
            )
            self.problems.append(entry.place.problem(message))

    def _check_conditions(self, entry: _Entry) -> None:
        found = entry.found
        if not (found.path or found.model or found.tenant):
            message = (
                "matches every request. Give it a 'path', 'model' or 'tenant'. What no route matches goes the way"
                " of the top level's 'upstream' and 'policy'."
            )
            self.problems.append(entry.place.problem(message))
        elif found.path == EVERYTHING and not (found.model or found.tenant or found.refuse):
            self._say(entry, "path", "matches every request. Say it with the top level's 'upstream' and 'policy'.")

    def _check_treatment(self, entry: _Entry) -> None:
        found = entry.found
        given = [key for key in ("dialect", "unread", "refuse") if getattr(found, key)]
        if len(given) > 1:
            self._say(entry, given[1], f"excludes '{given[0]}'. Keep one of them.")
        if found.model and (found.unread or found.refuse):
            self._say(
                entry, "model", f"is not known where '{given[-1]}' is set: no body is read. Remove one of them."
            )
        if (found.unread or found.dialect) and not found.path:
            self._say(entry, given[0], "needs a 'path': it would hold for every one.")
        if found.unread and found.policy:
            self._say(entry, "policy", "does nothing where 'unread' is set. Remove one of them.")
        idle = [key for key in ("upstream", "policy", "rewrite") if found.refuse and getattr(found, key)]
        for key in idle:
            self._say(entry, key, "does nothing where 'refuse' is set. Remove one of them.")

    def _check_target(self, entry: _Entry) -> None:
        found = entry.found
        if found.rewrite:
            if not found.path:
                self._say(entry, "rewrite", "needs a 'path' to rewrite.")
                return
            if found.path.endswith("/*") != found.rewrite.endswith("/*"):
                self._say(entry, "rewrite", "and 'path' must both end in '/*', or neither.")
                return
            if "{" in found.path + found.rewrite:
                self._say(entry, "rewrite", "cannot be used with {names}. Use '/*', or literal paths.")
                return
        if not found.path or found.unread or found.dialect:
            return
        key = "rewrite" if found.rewrite else "path"
        target = path_pattern(getattr(found, key))
        known = [one.pattern for one in self.table]
        if target.regex is None:
            leads = any(one.match(target.text) is not None for one in known)
        else:
            leads = any(one.start.startswith(target.start) or target.start.startswith(one.start) for one in known)
        if not leads:
            hint = did_you_mean(target.text, [one.text for one in known])
            advice = f"{hint} Else name its 'dialect', or write 'unread: true'."
            self._say(entry, key, f"{target.text!r} leads to no path that is known.{advice}")

    def _config(self, entry: _Entry) -> RouteConfig:
        found = entry.found
        source = ""
        if found.policy:
            source, problem = find_policy(found.policy, self.folder)
            if problem is not None:
                self._say(entry, "policy", problem)
        return RouteConfig(
            id=found.id,
            path=found.path,
            rewrite=found.rewrite,
            model=found.model,
            tenant=found.tenant,
            upstream=found.upstream,
            policy_source=source,
            dialect=found.dialect,
            unread=found.unread,
            refuses=found.refuse,
        )

    def _say(self, entry: _Entry, key: str, message: str) -> None:
        self.problems.append(entry.at(key).problem(message, keys=key))


def _covers(one: RouteFile, other: RouteFile) -> bool:
    """Whether `one` surely takes every request that `other` could."""
    if one.path and not (other.path and path_pattern(one.path).covers(path_pattern(other.path))):
        return False
    if one.model and not (other.model and Glob.of(one.model).covers(Glob.of(other.model))):
        return False
    return not one.tenant or one.tenant == other.tenant


def _name_of(node: Node, number: int) -> str:
    member = node.members.get("id") if isinstance(node, MappingNode) else None
    if member is not None and isinstance(member.node, ScalarNode) and isinstance(member.node.value, str):
        return f'"{member.node.value[:64]}"'
    return f"number {number}"
