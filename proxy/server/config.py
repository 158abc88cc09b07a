"""What the server is told before it starts: `ServerConfig`. How it is read from a file is in `config_file`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.wire.generic import GenericDialect

from events.audit.settings import AuditSettings
from events.outbox.settings import OutboxSettings
from events.publisher.settings import KafkaSettings
from monitor.service.settings import ServiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamConfig:
    """A model API by name."""

    name: str
    url: str
    """As `ServerConfig.upstream_url`."""
    tls_ca_file: Path | None = None
    connect_timeout_s: float | None = None
    """None, here and below: as for the default upstream."""
    first_byte_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent in place of the client's, by their names in lower case."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """What of the headers no client may see."""


@dataclass(frozen=True, slots=True)
class TenantConfig:
    """Somebody whose requests are told from those of others."""

    name: str
    key_hashes: tuple[str, ...] = ()
    """See `tenants.key_hash`. Without any, the tenant is known by the header of tenants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteConfig:
    """One way of requests: what it looks at, and where it leads. An empty text says nothing."""

    id: str
    path: str = ""
    rewrite: str = ""
    model: str = ""
    tenant: str = ""
    upstream: str = ""
    policy_source: str = ""
    dialect: str = ""
    unread: bool = False
    refuses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Everything the server needs to know, checked. Times in seconds, sizes in bytes."""

    upstream_url: str
    """Origin and optional path prefix of the model API, without a trailing slash."""
    policy_source: str = "default"
    """A bundled policy's name or the path of a file."""

    listen_host: str = "127.0.0.1"
    listen_port: int = 8080
    """0: the system picks one."""
    admin_host: str = "127.0.0.1"
    admin_port: int = 9090
    admin_token: str | None = field(default=None, repr=False)
    """Bearer token of the admin address; needed when that is not loopback."""
    state_dir: Path = Path("sluicegate-state")
    workers: int = 1

    connect_timeout_s: float = 5.0
    first_byte_timeout_s: float = 60.0
    idle_timeout_s: float = 60.0
    """Longest silence between two reads from the upstream."""
    total_timeout_s: float = 600.0
    header_timeout_s: float = 10.0
    """Longest time a client may take to send its request's headers."""
    body_idle_timeout_s: float = 15.0
    """Longest silence within a client's request body."""
    slow_client_timeout_s: float = 30.0
    """Longest time a client may take none of the bytes that wait for it."""
    drain_timeout_s: float = 30.0
    """How long running exchanges may go on after SIGTERM."""

    max_request_bytes: int = 16 << 20
    max_response_bytes: int = 32 << 20
    max_frame_bytes: int = 1 << 20
    max_header_bytes: int = 32 << 10
    max_connections: int = 1000
    """Exchanges at one time, for each worker; more are answered 503."""

    dialects: tuple[GenericDialect, ...] = ()
    """Dialects that the configuration describes, with their paths."""
    open_paths: tuple[str, ...] = ()
    """Further paths that are guarded, whatever they are: opened by name."""
    open_dialects: Mapping[str, str] = field(default_factory=dict)
    """By open path: the dialect that it speaks; the others are read as `openai-chat`."""
    passed_paths: tuple[str, ...] = ()
    """Further paths that pass unread, whatever is in them. Both: literal, with `{name}`s, or with a final `/*`."""

    upstreams: tuple[UpstreamConfig, ...] = ()
    upstream_name: str = ""
    """Which of them is the default; empty: `upstream_url` alone is."""
    tenants: tuple[TenantConfig, ...] = ()
    tenant_header: str = ""
    """Names the tenant, of those that have no key hashes. In lower case."""
    routes: tuple[RouteConfig, ...] = ()
    """The first that matches applies; after the last comes the default."""

    tls_ca_file: Path | None = None
    """PEM file of certificates to trust for the upstream in place of the system's."""
    record_dir: Path | None = None
    """Where to write recordings of responses for `sluicegate replay`; None: nowhere."""
    event_source: str = ""
    """The attribute `source` of events; empty: `/sluicegate/` and the name of the machine."""
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    kafka: KafkaSettings | None = None
    """Where events are published; None: they are kept on this machine only."""
    encrypt_keys: str = field(default="", repr=False)
    """The text of the key file of `encrypt: true`; empty: there is no key."""
    audit: AuditSettings | None = None
    """What the audit store keeps; None: there is none."""
    monitor: ServiceSettings | None = None
    """What the monitor beside the server watches in the outbox; None: there is none."""
    log_format: str = "json"
    """`json` or `console`."""
    log_level: str = "info"

    @property
    def policy_sources(self) -> tuple[str, ...]:
        """All policies that a route or the default names, each once, the default first."""
        return tuple(
            dict.fromkeys([self.policy_source, *(r.policy_source for r in self.routes if r.policy_source)])
        )
