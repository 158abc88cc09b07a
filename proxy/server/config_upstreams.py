"""Reads `upstreams:` and `tenants:` of `sluicegate.yaml`, and the secrets that they name elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from policies.check import Place, check_node
from policies.document import MappingNode, ScalarNode, mark_of
from policies.fields import StrictModel
from policies.problems import Problem, shown
from policies.sources import Source, SourceError, read_bytes, read_source
from proxy.server.config import TenantConfig, UpstreamConfig
from proxy.server.config_fields import (
    FileText,
    HeaderName,
    KeyHash,
    Timeout,
    UrlText,
    certificate_problems,
    is_upstream_name,
)
from proxy.server.tenants import CREDENTIAL_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policies.document import Mark, Node

MIN_SECRET_CHARS: Final = 8
"""Shorter secrets would be found by chance in answers, from which they are kept."""

MAX_VALUE_CHARS: Final = 8192

_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_FRAMING: Final = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "accept", "accept-encoding", "content-type", "te",
    "trailer", "upgrade", "expect", "keep-alive", "proxy-connection", "content-encoding",
})  # fmt: skip
"""Headers that the proxy writes for the bytes it sends."""


class SecretFile(StrictModel):
    """A value that stands elsewhere."""

    env: FileText = ""
    file: FileText = ""
    prefix: str = ""


class UpstreamTimeoutsFile(StrictModel):
    """The mapping under `timeouts:` of an upstream."""

    connect: Timeout = 0
    first_byte: Timeout = 0
    idle: Timeout = 0


class UpstreamFile(StrictModel):
    """One entry of `upstreams:`. Its headers are checked one by one."""

    url: UrlText
    tls_ca_file: FileText = ""
    timeouts: UpstreamTimeoutsFile = UpstreamTimeoutsFile()
    headers: dict[HeaderName, Any] = Field(default_factory=dict)


class TenantFile(StrictModel):
    """One entry of `tenants:`."""

    key_hashes: list[KeyHash] = Field(default_factory=list)


@dataclass(slots=True)
class SectionReader:
    """Reads sections of one file, and collects what is wrong."""

    path: str
    folder: Path
    """From where relative paths start."""
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def upstreams(self, section: Node | None) -> tuple[UpstreamConfig, ...]:
        """Return the sound entries of `upstreams:`."""
        return tuple(found for entry in self._entries(section, "upstream") if (found := self._upstream(*entry)))

    def tenants(
        self, section: Node | None, header_mark: Mark | None, header: str, *, has_header: bool
    ) -> tuple[TenantConfig, ...]:
        """Return the sound entries of `tenants:`. `header` is `tenant_header`, with its place when it is sound."""
        found: list[TenantConfig] = []
        known: dict[str, str] = {}
        for name, place, node in self._entries(section, "tenant"):
            checked = check_node(TenantFile, node, self.path, place.trail)
            self.problems += checked.problems
            hashes = () if checked.value is None else tuple(checked.value.key_hashes)
            found.append(TenantConfig(name, hashes))
            for one in hashes:
                if known.setdefault(one, name) != name:
                    self.problems.append(place.problem(f"has a key hash of the tenant {known[one]!r}, too."))
            if not hashes and not has_header and "key_hashes" not in checked.broken:
                message = (
                    "can never be known. Give it 'key_hashes', or name the header of tenants, 'tenant_header'."
                )
                self.problems.append(place.problem(message))
        if header_mark is not None:
            self._check_header(header, header_mark, found)
        return tuple(found)

    def _check_header(self, header: str, mark: Mark, tenants: list[TenantConfig]) -> None:
        place = Place(self.path, mark)
        if header in CREDENTIAL_HEADERS:
            message = f"{header} holds credentials. Use another header, or 'key_hashes'."
            self.problems.append(place.problem(message, keys="tenant_header"))
        elif all(one.key_hashes for one in tenants):
            message = "names no tenant: each one under 'tenants' is known by its keys, or there is none."
            self.problems.append(place.problem(message, keys="tenant_header"))

    def _entries(self, section: Node | None, what: str) -> Iterator[tuple[str, Place, Node]]:
        members = section.members if isinstance(section, MappingNode) else {}
        for name, (mark, node) in members.items():
            place = Place(self.path, mark, f"{what} {name[:64]!r}".replace("'", '"'))
            if is_upstream_name(name):
                yield name, place, node
            else:
                message = "is not a name. Use up to 64 letters, digits, '_' and '-'."
                self.problems.append(place.problem(message))

    def _upstream(self, name: str, place: Place, node: Node) -> UpstreamConfig | None:
        checked = check_node(UpstreamFile, node, self.path, place.trail)
        self.problems += checked.problems
        if not isinstance(node, MappingNode):
            return UpstreamConfig(name=name, url="http://127.0.0.1")
        value = checked.value
        url = value.url if value is not None else "http://127.0.0.1"
        ca_file = None
        if value is not None and value.tls_ca_file:
            ca_file = self.folder / value.tls_ca_file
            there = Place(self.path, mark_of(node, ("tls_ca_file",)), place.trail)
            self.problems += [there.problem(one, keys="tls_ca_file") for one in certificate_problems(ca_file, url)]
        waits = {}
        if value is not None:
            waits = {f"{key}_timeout_s": getattr(value.timeouts, key) for key in value.timeouts.model_fields_set}
        headers, secrets = [], []
        for header, pair in self._headers(node, place).items():
            headers.append((header, pair[0]))
            secrets += [pair[1].encode()] if pair[1] else []
        return UpstreamConfig(
            name=name, url=url, tls_ca_file=ca_file, headers=tuple(headers), secrets=tuple(secrets), **waits
        )

    def _headers(self, upstream: MappingNode, place: Place) -> dict[str, tuple[str, str]]:
        """Return each header's value, and the secret in it."""
        member = upstream.members.get("headers")
        section = member.node if member is not None else None
        found: dict[str, tuple[str, str]] = {}
        for name, (mark, node) in (section.members if isinstance(section, MappingNode) else {}).items():
            there = Place(self.path, mark, place.trail)
            keys = f"headers.{name}"
            header = name.lower()
            if header in _FRAMING:
                self.problems.append(there.problem("is written by the proxy itself. Remove it.", keys=keys))
                continue
            if header in found:
                self.problems.append(there.problem("is given twice, in other letters. Remove one.", keys=keys))
            pair = self._value(node, there, keys, header)
            if pair is not None:
                found[header] = pair
        return found

    def _value(self, node: Node, place: Place, keys: str, header: str) -> tuple[str, str] | None:
        if isinstance(node, ScalarNode):
            problem = None
            if header in CREDENTIAL_HEADERS:
                problem = "a key does not belong in this file. Write {env: NAME} or {file: PATH}."
            elif not isinstance(node.value, str) or not _VALUE.fullmatch(node.value):
                problem = f"{shown(node.value)} is not the value of a header. Write visible ASCII, in quotes."
            if problem is not None:
                self.problems.append(place.problem(problem, keys=keys))
                return None
            return str(node.value), ""
        checked = check_node(SecretFile, node, self.path, f"{place.trail}: {keys}")
        self.problems += checked.problems
        if checked.value is None or checked.problems:
            return None
        secret, problem = self._secret(checked.value)
        if problem is not None:
            self.problems.append(place.problem(problem, keys=keys))
            return None
        return checked.value.prefix + secret, secret

    def _secret(self, given: SecretFile) -> tuple[str, str | None]:
        """Return a secret, and what is wrong with it; its text is in no message."""
        if bool(given.env) == bool(given.file):
            return "", "needs either 'env' or 'file'."
        if given.env:
            where, secret = f"the environment variable {given.env}", self.environment.get(given.env)
            if secret is None:
                return "", f"{where} is not set."
        else:
            file = self.folder / given.file
            where = f"the file {str(file)!r}"
            try:
                secret = read_source(Source(file, str(file)), read_bytes).decode("utf-8", "replace")
            except SourceError as error:
                return "", f"{where}: {error}"
        secret = secret.strip()
        if not _VALUE.fullmatch(given.prefix + secret) or len(secret) > MAX_VALUE_CHARS:
            return "", f"{where} does not hold one line of visible ASCII characters."
        if len(secret) < MIN_SECRET_CHARS:
            return "", f"{where} holds fewer than {MIN_SECRET_CHARS} characters, which is no key."
        return secret, None
