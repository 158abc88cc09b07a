"""Reads `sluicegate.yaml` and the options of the command line into a `ServerConfig`, or says all that is wrong.

The file is checked as a policy is: same reader, same lines. It opens no port and loads no policy.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from policies.check import Place, check_node
from policies.document import NOWHERE, MappingNode, Member, ScalarNode, mark_of, parse
from policies.encryption import KEYS_VARIABLE
from policies.fields import StrictModel
from policies.problems import ConfigError, Problem, did_you_mean
from policies.sources import Source, SourceError, read_bytes, read_source
from proxy.server.audit_file import AuditFile, audit_settings
from proxy.server.config import ServerConfig
from proxy.server.config_dialects import read_dialects
from proxy.server.config_fields import (
    URL_CHARS,
    Address,
    ByteCount,
    FileText,
    HeaderName,
    PathText,
    Timeout,
    UpstreamText,
    certificate_problems,
    find_policy,
    is_loopback,
    is_upstream_name,
    not_a_url,
    split_address,
)
from proxy.server.config_paths import OPEN_DIALECT, OpenPath, OpenPathFile, faults
from proxy.server.config_routes import RouteReader
from proxy.server.config_upstreams import SectionReader
from proxy.server.encrypt_keys import NoKeysError, find_encrypt_keys
from proxy.server.events_file import EventsFile, ServerText, events_settings, kafka_at
from proxy.server.monitor_file import MonitorFile, monitor_settings
from proxy.server.routes import route_table
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMIN_TOKEN_VARIABLE = "SLUICEGATE_ADMIN_TOKEN"  # noqa: S105 - the name of the variable, not the token
MIN_TOKEN_CHARS = 16
"""Shorter admin tokens can be guessed over a network."""


class TimeoutsFile(StrictModel):
    """The mapping under `timeouts:`. What each one is, `ServerConfig` says."""

    connect: Timeout = 0
    first_byte: Timeout = 0
    idle: Timeout = 0
    total: Timeout = 0
    header: Timeout = 0
    body_idle: Timeout = 0
    slow_client: Timeout = 0
    drain: Timeout = 0


class ServerLimitsFile(StrictModel):
    """The mapping under `limits:`."""

    request_size: ByteCount = 0
    response_size: ByteCount = 0
    frame_size: ByteCount = 0
    header_size: ByteCount = 0
    connections: Annotated[int, Field(ge=1, le=100_000)] = 0


class LogFile(StrictModel):
    """The mapping under `log:`."""

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class ServerFile(StrictModel):
    """The top level."""

    version: Literal[1]
    upstream: UpstreamText = ""
    policy: FileText = ""
    listen: Address = ""
    admin: Address = ""
    admin_token_env: FileText = ADMIN_TOKEN_VARIABLE
    state_dir: FileText = ""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    timeouts: TimeoutsFile = TimeoutsFile()
    limits: ServerLimitsFile = ServerLimitsFile()
    dialects: dict[str, Any] = Field(default_factory=dict)
    open_paths: list[OpenPath] = Field(default_factory=list)
    passed_paths: list[PathText] = Field(default_factory=list)
    upstreams: dict[str, Any] = Field(default_factory=dict)
    tenants: dict[str, Any] = Field(default_factory=dict)
    tenant_header: HeaderName = ""
    routes: list[Any] = Field(default_factory=list)
    tls_ca_file: FileText = ""
    record_dir: FileText = ""
    events: EventsFile = EventsFile()
    kafka: ServerText = ""
    audit: AuditFile | None = None
    audit_key: FileText = ""
    encrypt_key: FileText = ""
    monitor: MonitorFile | None = None
    monitor_listen: Address = ""
    log: LogFile = LogFile()


class _Settings:
    """What file and flags say, each value with its place. Flags come last and win."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.values: dict[str, Any] = {}
        self.places: dict[str, Place] = {}
        self.folders: dict[str, Path] = {}
        """From where relative paths start: the file's folder, or that of the command."""
        self.file: tuple[MappingNode, str, Path] | None = None
        """The file's tree, for the sections whose entries are checked one by one; its name; its folder."""
        self.file_is_known = True
        """False when nothing can be said of what the file leaves out."""

    def take_file(self, path: Path) -> None:
        display = str(path)
        try:
            node, problems = parse(read_source(Source(path, display), read_bytes), display)
        except SourceError as error:
            self.problems.append(Problem(display, 0, 0, str(error)))
            self.file_is_known = False
            return
        self.problems += problems
        self.file_is_known = isinstance(node, MappingNode)
        if node is None:
            return
        checked = check_node(ServerFile, node, display)
        self.problems += checked.problems
        if isinstance(node, MappingNode):
            self.file = node, display, path.parent
        for key in checked.given:
            self._set(key, getattr(checked.value, key), Place(display, mark_of(node, (key,))), path.parent)
        if "dialects" in self.values and isinstance(node, MappingNode):
            self.values["dialects"] = read_dialects(node.members["dialects"].node, display, self.problems)

    def take_flag(self, key: str, value: str | int) -> None:
        flag = "--" + key.replace("_", "-")
        members = {
            "version": Member(NOWHERE, ScalarNode(1, NOWHERE)),
            key: Member(NOWHERE, ScalarNode(value, NOWHERE)),
        }
        checked = check_node(ServerFile, MappingNode(members, NOWHERE), flag)
        self.problems += [Problem(flag, 0, 0, p.message.removeprefix(f"{key}: ")) for p in checked.problems]
        if key in checked.given:
            self._set(key, getattr(checked.value, key), Place(flag), Path())

    def _set(self, key: str, value: Any, place: Place, folder: Path) -> None:  # noqa: ANN401 - of any field
        self.values[key], self.places[key], self.folders[key] = value, place, folder

    def complain(self, key: str, message: str, default_path: str) -> None:
        place = self.places.get(key, Place(default_path))
        is_flag = place.path.startswith("--")
        self.problems.append(place.problem(message, keys="" if is_flag else key))


def load_server_config(
    path: Path | None = None,
    flags: Mapping[str, str | int | None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> ServerConfig:
    """Read the file, if any, lay the flags over it, and check everything.

    `flags` has keys of the file (upstream, policy, listen, admin, state_dir, workers, kafka); None: not given. The
    admin token comes from `environment` (default: the process's). Raises `ConfigError` with all that is wrong.
    """
    settings = _Settings()
    if path is not None:
        settings.take_file(path)
    for key, value in (flags or {}).items():
        if value is not None:
            settings.take_flag(key, value)
    known = os.environ if environment is None else environment
    found = _translated(settings, known)
    _take_routing(settings, found, known)
    _check_together(settings, found, "sluicegate" if path is None else str(path))
    if settings.problems:
        raise ConfigError(settings.problems)
    return ServerConfig(**found)


def _translated(settings: _Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of `ServerConfig` that are set, by their names there."""
    values = settings.values
    found: dict[str, Any] = {key: values[key] for key in ("workers", "dialects") if key in values}
    for key in ("listen", "admin"):
        if key in values:
            host, port = split_address(values[key])
            found |= {f"{key}_host": host, f"{key}_port": int(port)}
    if "upstream" in values:
        found["upstream_url"] = values["upstream"]
    for key in ("state_dir", "tls_ca_file", "record_dir"):
        if key in values:
            found[key] = settings.folders[key] / values[key]
    found |= _paths(settings)
    for section, pattern in (("timeouts", "{}_timeout_s"), ("limits", "max_{}"), ("log", "log_{}")):
        if section in values:
            given = values[section].model_fields_set
            names = {key: pattern.format(key).replace("_size", "_bytes") for key in given}
            found |= {name: getattr(values[section], key) for key, name in names.items()}
    found |= _event_settings(settings, environment)
    found |= _audit_settings(settings, environment)
    found |= _encrypt_settings(settings, environment)
    found |= _monitor_settings(settings, environment)
    if "policy" in values:
        found["policy_source"] = _policy_source(settings)
    token = environment.get(values.get("admin_token_env", ADMIN_TOKEN_VARIABLE))
    if token:
        found["admin_token"] = token
    return found


def _paths(settings: _Settings) -> dict[str, Any]:
    """Return the paths that pass, the open ones, and the dialects of those that name one."""
    values = settings.values
    found = {"passed_paths": tuple(values["passed_paths"])} if "passed_paths" in values else {}
    if "open_paths" not in values:
        return found
    entries: list[OpenPathFile] = values["open_paths"]
    dialects = [*DIALECTS, *(one.name for one in values.get("dialects", ()))]
    place = settings.places["open_paths"]
    settings.problems += [place.problem(said, keys=keys) for keys, said in faults(entries, dialects)]
    named = {one.path: one.dialect for one in entries if one.dialect != OPEN_DIALECT and one.dialect in dialects}
    return {**found, "open_paths": tuple(dict.fromkeys(one.path for one in entries)), "open_dialects": named}


def _event_settings(settings: _Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what `events` and `kafka` set; the latter names another broker for the settings of the former."""
    values = settings.values
    found: dict[str, Any] = {}
    if "events" in values:
        found, problems = events_settings(values["events"], settings.folders["events"], environment)
        place = settings.places["events"]
        settings.problems += [place.problem(said, keys=f"events.{key}") for key, said in problems]
    if "kafka" in values:
        known = found.get("kafka")
        at = kafka_at(values["kafka"])
        found["kafka"] = at if known is None else dataclasses.replace(known, servers=at.servers)
    return found


def _audit_settings(settings: _Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what `audit` sets; `audit_key` names a key file in place of its own, and is enough for a store."""
    given = settings.values.get("audit")
    key_file = settings.values.get("audit_key", "")
    if given is None and not key_file:
        return {}
    folder = settings.folders["audit"] if given is not None else Path()
    given = given or AuditFile()
    if key_file:
        named = {key: getattr(given, key) for key in given.model_fields_set}
        given = AuditFile(**{**named, "key_file": str((settings.folders["audit_key"] / key_file).absolute())})
    made, problems = audit_settings(given, folder, environment)
    place = settings.places["audit_key" if key_file else "audit"]
    is_flag = place.path.startswith("--")
    settings.problems += [place.problem(said, keys="" if is_flag else f"audit.{key}") for key, said in problems]
    return {} if made is None else {"audit": made}


def _encrypt_settings(settings: _Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys of `encrypt: true`, from the file that `encrypt_key` names or from the environment."""
    named = settings.values.get("encrypt_key", "")
    path = settings.folders["encrypt_key"] / named if named else None
    try:
        keys = find_encrypt_keys(path, environment)
    except NoKeysError as error:
        settings.complain("encrypt_key", str(error), KEYS_VARIABLE)
        return {}
    return {"encrypt_keys": keys} if keys else {}


def _monitor_settings(settings: _Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what `monitor` sets; `monitor_listen` names its address, and is enough for one."""
    given = settings.values.get("monitor")
    address = settings.values.get("monitor_listen", "")
    if given is None and not address:
        return {}
    given = given or MonitorFile()
    if address:
        named = {key: getattr(given, key) for key in given.model_fields_set}
        given = MonitorFile.model_construct(given.model_fields_set | {"listen"}, **{**named, "listen": address})
    made, problems = monitor_settings(given, environment)
    place = settings.places["monitor_listen" if address else "monitor"]
    is_flag = place.path.startswith("--")
    settings.problems += [place.problem(said, keys="" if is_flag else f"monitor.{key}") for key, said in problems]
    return {"monitor": made}


def _policy_source(settings: _Settings) -> str:
    """Return the policy's bundled name or path, after a look whether it can be read."""
    source, problem = find_policy(settings.values["policy"], settings.folders["policy"])
    if problem is not None:
        settings.complain("policy", problem, "")
    return source


def _take_routing(settings: _Settings, found: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Read upstreams, tenants and routes, and find the default upstream among them when it is a name."""
    if settings.file is not None:
        node, display, folder = settings.file
        sections = {key: member.node for key, member in node.members.items() if key in settings.values}
        reader = SectionReader(display, folder, environment)
        header = settings.values.get("tenant_header", "")
        header_mark = mark_of(node, ("tenant_header",)) if header else None
        found["upstreams"] = reader.upstreams(sections.get("upstreams"))
        has_header = "tenant_header" in node.members
        found["tenants"] = reader.tenants(sections.get("tenants"), header_mark, header, has_header=has_header)
        found["tenant_header"] = header
        keys = ("open_paths", "open_dialects", "passed_paths", "dialects")
        opened = {key: found[key] for key in keys if key in found}
        routes = RouteReader(
            path=display,
            folder=folder,
            table=route_table(ServerConfig(upstream_url="", **opened)),
            upstreams=[one.name for one in found["upstreams"]],
            tenants=[one.name for one in found["tenants"]],
            problems=reader.problems,
        )
        found["routes"] = routes.routes(sections.get("routes"))
        settings.problems += reader.problems
    _find_default(settings, found)


def _find_default(settings: _Settings, found: dict[str, Any]) -> None:
    """Put the default upstream's URL in the place of its name."""
    name = found.get("upstream_url", "")
    if not is_upstream_name(name):
        return
    upstreams = {one.name: one for one in found.get("upstreams", ())}
    if name in upstreams:
        found["upstream_name"], found["upstream_url"] = name, upstreams[name].url
        return
    message = not_a_url(name)
    if upstreams:
        hint = did_you_mean(name, upstreams) or f" Known are {', '.join(upstreams)}."
        message = f"{name!r} is neither a URL nor a name under 'upstreams'.{hint}"
    settings.complain("upstream", message, "")


def _check_together(settings: _Settings, found: Mapping[str, Any], path: str) -> None:
    """Check what concerns several settings, or the machine."""
    is_broken = any(p.message.startswith("upstream:") or p.path == "--upstream" for p in settings.problems)
    if settings.file_is_known and "upstream" not in settings.values and not is_broken:
        settings.complain(
            "upstream", "is missing. Give --upstream URL, or 'upstream: URL' in the --config file.", path
        )
    defaults = {field.name: field.default for field in fields(ServerConfig) if field.default is not MISSING}
    config = {**defaults, **found}
    _check_admin(settings, config, path)
    both = set(config["open_paths"]) & set(config["passed_paths"])
    for shared in sorted(both):
        settings.complain("passed_paths", f"{shared!r} is in open_paths too. Keep it in one of them.", path)
    described = {route.path: one.name for one in config["dialects"] for route in one.routes}
    for key in ("open_paths", "passed_paths"):
        for shared in sorted(described.keys() & set(config[key])):
            message = f"{shared!r} is a path of the dialect {described[shared]!r} too. Keep it in one of them."
            settings.complain(key, message, path)
    for key in ("state_dir", "record_dir"):
        if key in found and found[key].exists() and not found[key].is_dir():
            settings.complain(key, f"{str(found[key])!r} is not a directory.", path)
    if "tls_ca_file" in found:
        for problem in certificate_problems(found["tls_ca_file"], str(found.get("upstream_url", "https:"))):
            settings.complain("tls_ca_file", problem, path)


def _check_admin(settings: _Settings, config: Mapping[str, Any], path: str) -> None:
    host, port, token = config["admin_host"], config["admin_port"], config["admin_token"]
    variable = settings.values.get("admin_token_env", ADMIN_TOKEN_VARIABLE)
    if token is None and "admin_token_env" in settings.values:
        settings.complain("admin_token_env", f"the environment variable {variable} is not set.", path)
    elif token is None and not is_loopback(host):
        message = f"{host} can be reached from other machines. Use 127.0.0.1, or set a token in {variable}."
        settings.complain("admin", message, path)
    if token is not None and not (len(token) >= MIN_TOKEN_CHARS and URL_CHARS.fullmatch(token)):
        message = f"the token in {variable} is not {MIN_TOKEN_CHARS} or more visible ASCII characters."
        settings.complain("admin_token_env", message, path)
    if port != 0 and (host, port) == (config["listen_host"], config["listen_port"]):
        settings.complain("admin", f"{host}:{port} is the address for clients too. Use another port.", path)
