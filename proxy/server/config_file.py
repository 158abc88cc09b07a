"""Reads `sluicegate.yaml` and the options of the command line into a `ServerConfig`, or says all that is wrong.

The file is checked as a policy is: same reader, same lines. It opens no port and loads no policy.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from policies.check import Place, check_node
from policies.document import NOWHERE, MappingNode, Member, ScalarNode, mark_of, parse
from policies.fields import Duration, Size, StrictModel, custom_error
from policies.problems import ConfigError, Problem, shown
from policies.sources import Source, SourceError, find_source, read_bytes, read_source
from proxy.server.config import ServerConfig
from proxy.server.paths import pattern_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMIN_TOKEN_VARIABLE = "SLUICEGATE_ADMIN_TOKEN"  # noqa: S105 - the name of the variable, not the token
MIN_TOKEN_CHARS = 16
"""Shorter admin tokens can be guessed over a network."""

_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*")
_URL_CHARS = re.compile(r"[!-~]+")
_MAX_PORT = 65535


def parse_address(value: object) -> str:
    """Check `HOST:PORT`, with an IPv6 host in brackets, and return it as written."""
    if not isinstance(value, str) or ":" not in value:
        raise custom_error(f"{shown(value)} is not HOST:PORT. Write it as 127.0.0.1:8080.")
    host, port = split_address(value)
    if not host:
        raise custom_error(
            f"{shown(value)} names no host. Write 127.0.0.1{value}, or 0.0.0.0{value} for every address."
        )
    if not (_is_ip(host) or ("[" not in value and _HOST_NAME.fullmatch(host))):
        raise custom_error(f"{shown(host)} is not a host. Write a name, an IPv4 address, or [IPv6 address].")
    if not (port.isascii() and port.isdigit() and int(port[:9]) <= _MAX_PORT):
        raise custom_error(
            f"{shown(port)} is not a port. Write a number from 0 to {_MAX_PORT}; 0 picks a free one."
        )
    return value


def split_address(value: str) -> tuple[str, str]:
    """Return the host, without brackets, and the port."""
    host, _, port = value.rpartition(":")
    return (host[1:-1] if host.startswith("[") and host.endswith("]") else host), port


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address there."""
    return host == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)


def _checked_url(value: str) -> str:
    """Return an upstream's URL without its last slash."""
    try:
        parts = urlsplit(value)
        port_is_bad = parts.port == 0
    except ValueError:
        raise custom_error(f"{_without_secrets(value)} is not a URL. Write it as https://api.openai.com.") from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not _URL_CHARS.fullmatch(value)
        or port_is_bad
    ):
        raise custom_error(
            f"{_without_secrets(value)} is not an http or https URL. Write it as https://api.openai.com."
        )
    if parts.username is not None or parts.password is not None:
        raise custom_error("holds a user name or password. Remove them: clients send their own credentials.")
    if parts.query or parts.fragment or value.endswith(("?", "#")):
        raise custom_error("holds a query or fragment. Remove what follows the path.")
    url = value.rstrip("/")
    if url.endswith("/v1"):
        raise custom_error(f"ends in /v1, which clients send themselves. Write {url.removesuffix('/v1')}.")
    return url


def _without_secrets(url: str) -> str:
    return shown(re.sub(r"//[^/@]*@", "//...@", url))


def _checked_path(value: str) -> str:
    problem = pattern_problem(value)
    if problem is not None:
        raise custom_error(f"{shown(value)} {problem}")
    return value


Address = Annotated[str, BeforeValidator(parse_address)]
UrlText = Annotated[str, AfterValidator(_checked_url)]
PathText = Annotated[str, AfterValidator(_checked_path)]
FileText = Annotated[str, Field(min_length=1)]
_Timeout = Annotated[Duration, Field(gt=0, le=86_400)]
_Bytes = Annotated[Size, Field(ge=1024, le=1 << 30)]


class TimeoutsFile(StrictModel):
    """The mapping under `timeouts:`. What each one is, `ServerConfig` says."""

    connect: _Timeout = 0
    first_byte: _Timeout = 0
    idle: _Timeout = 0
    total: _Timeout = 0
    header: _Timeout = 0
    body_idle: _Timeout = 0
    slow_client: _Timeout = 0
    drain: _Timeout = 0


class ServerLimitsFile(StrictModel):
    """The mapping under `limits:`."""

    request_size: _Bytes = 0
    response_size: _Bytes = 0
    frame_size: _Bytes = 0
    header_size: _Bytes = 0
    connections: Annotated[int, Field(ge=1, le=100_000)] = 0


class LogFile(StrictModel):
    """The mapping under `log:`."""

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class ServerFile(StrictModel):
    """The top level."""

    version: Literal[1]
    upstream: UrlText = ""
    policy: FileText = ""
    listen: Address = ""
    admin: Address = ""
    admin_token_env: FileText = ADMIN_TOKEN_VARIABLE
    state_dir: FileText = ""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    timeouts: TimeoutsFile = TimeoutsFile()
    limits: ServerLimitsFile = ServerLimitsFile()
    open_paths: list[PathText] = Field(default_factory=list)
    passed_paths: list[PathText] = Field(default_factory=list)
    tls_ca_file: FileText = ""
    record_dir: FileText = ""
    log: LogFile = LogFile()


class _Settings:
    """What file and flags say, each value with its place. Flags come last and win."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.values: dict[str, Any] = {}
        self.places: dict[str, Place] = {}
        self.folders: dict[str, Path] = {}
        """From where relative paths start: the file's folder, or that of the command."""
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
        for key in checked.given:
            self._set(key, getattr(checked.value, key), Place(display, mark_of(node, (key,))), path.parent)

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

    `flags` has keys of the file (upstream, policy, listen, admin, state_dir, workers); None: not given. The admin
    token comes from `environment` (default: the process's). Raises `ConfigError` with all that is wrong.
    """
    settings = _Settings()
    if path is not None:
        settings.take_file(path)
    for key, value in (flags or {}).items():
        if value is not None:
            settings.take_flag(key, value)
    found = _translated(settings, os.environ if environment is None else environment)
    _check_together(settings, found, "sluicegate" if path is None else str(path))
    if settings.problems:
        raise ConfigError(settings.problems)
    return ServerConfig(**found)


def _translated(settings: _Settings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of `ServerConfig` that are set, by their names there."""
    values = settings.values
    found: dict[str, Any] = {key: values[key] for key in ("workers",) if key in values}
    for key in ("listen", "admin"):
        if key in values:
            host, port = split_address(values[key])
            found |= {f"{key}_host": host, f"{key}_port": int(port)}
    if "upstream" in values:
        found["upstream_url"] = values["upstream"]
    for key in ("state_dir", "tls_ca_file", "record_dir"):
        if key in values:
            found[key] = settings.folders[key] / values[key]
    found |= {key: tuple(values[key]) for key in ("open_paths", "passed_paths") if key in values}
    for section, pattern in (("timeouts", "{}_timeout_s"), ("limits", "max_{}"), ("log", "log_{}")):
        if section in values:
            given = values[section].model_fields_set
            names = {key: pattern.format(key).replace("_size", "_bytes") for key in given}
            found |= {name: getattr(values[section], key) for key, name in names.items()}
    if "policy" in values:
        found["policy_source"] = _policy_source(settings)
    token = environment.get(values.get("admin_token_env", ADMIN_TOKEN_VARIABLE))
    if token:
        found["admin_token"] = token
    return found


def _policy_source(settings: _Settings) -> str:
    """Return the policy's bundled name or path, after a look whether it can be read."""
    name: str = settings.values["policy"]
    try:
        source = find_source(name, settings.folders["policy"])
        read_source(source, read_bytes)
    except SourceError as error:
        said = str(error) if repr(name) in str(error) else f"{name!r}: {error}"
        settings.complain("policy", said, "")
        return name
    return name if source.display == f"bundled/{name}.yaml" else str(source.path.absolute())


def _check_together(settings: _Settings, found: Mapping[str, Any], path: str) -> None:
    """Check what concerns several settings, or the machine."""
    is_broken = any(p.message.startswith("upstream:") or p.path == "--upstream" for p in settings.problems)
    if settings.file_is_known and "upstream" not in settings.values and not is_broken:
        settings.complain(
            "upstream", "is missing. Give --upstream URL, or 'upstream: URL' in the --config file.", path
        )
    defaults = {field.name: field.default for field in fields(ServerConfig)}
    config = {**defaults, **found}
    _check_admin(settings, config, path)
    both = set(config["open_paths"]) & set(config["passed_paths"])
    for shared in sorted(both):
        settings.complain("passed_paths", f"{shared!r} is in open_paths too. Keep it in one of them.", path)
    for key in ("state_dir", "record_dir"):
        if key in found and found[key].exists() and not found[key].is_dir():
            settings.complain(key, f"{str(found[key])!r} is not a directory.", path)
    if "tls_ca_file" in found:
        _check_certificates(settings, found["tls_ca_file"], str(found.get("upstream_url", "https:")), path)


def _check_admin(settings: _Settings, config: Mapping[str, Any], path: str) -> None:
    host, port, token = config["admin_host"], config["admin_port"], config["admin_token"]
    variable = settings.values.get("admin_token_env", ADMIN_TOKEN_VARIABLE)
    if token is None and "admin_token_env" in settings.values:
        settings.complain("admin_token_env", f"the environment variable {variable} is not set.", path)
    elif token is None and not is_loopback(host):
        message = f"{host} can be reached from other machines. Use 127.0.0.1, or set a token in {variable}."
        settings.complain("admin", message, path)
    if token is not None and not (len(token) >= MIN_TOKEN_CHARS and _URL_CHARS.fullmatch(token)):
        message = f"the token in {variable} is not {MIN_TOKEN_CHARS} or more visible ASCII characters."
        settings.complain("admin_token_env", message, path)
    if port != 0 and (host, port) == (config["listen_host"], config["listen_port"]):
        settings.complain("admin", f"{host}:{port} is the address for clients too. Use another port.", path)


def _check_certificates(settings: _Settings, file: Path, upstream: str, path: str) -> None:
    try:
        content = read_source(Source(file, str(file)), read_bytes)
    except SourceError as error:
        settings.complain("tls_ca_file", f"{str(file)!r}: {error}", path)
        return
    if b"-----BEGIN CERTIFICATE-----" not in content:
        settings.complain("tls_ca_file", f"{str(file)!r} holds no PEM certificate.", path)
    if upstream.startswith("http:"):
        settings.complain("tls_ca_file", "does nothing for an upstream of http. Write https, or remove it.", path)
