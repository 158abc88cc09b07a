"""Types of the values in `sluicegate.yaml`: addresses, URLs, paths, globs; and looks at files that they name."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from policies.fields import Duration, Size, custom_error
from policies.problems import shown
from policies.sources import Source, SourceError, find_source, read_bytes, read_source
from proxy.server.globs import glob_problem
from proxy.server.paths import pattern_problem

if TYPE_CHECKING:
    from pathlib import Path

URL_CHARS = re.compile(r"[!-~]+")

_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_KEY_HASH = re.compile(r"[0-9a-f]{64}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
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


def is_upstream_name(value: str) -> bool:
    """Whether a text can be the name of an upstream, and so is no URL."""
    return _NAME.fullmatch(value) is not None


def not_a_url(value: str) -> str:
    """Return the message for an upstream that is none."""
    return f"{_without_secrets(value)} is not an http or https URL. Write it as https://api.openai.com."


def _checked_url(value: str) -> str:
    """Return an upstream's URL without its last slash."""
    try:
        parts = urlsplit(value)
        port_is_bad = parts.port == 0
    except ValueError:
        raise custom_error(f"{_without_secrets(value)} is not a URL. Write it as https://api.openai.com.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not URL_CHARS.fullmatch(value) or port_is_bad:
        raise custom_error(not_a_url(value))
    if parts.username is not None or parts.password is not None:
        raise custom_error("holds a user name or password. Remove them: clients send their own credentials.")
    if parts.query or parts.fragment or value.endswith(("?", "#")):
        raise custom_error("holds a query or fragment. Remove what follows the path.")
    url = value.rstrip("/")
    if url.endswith("/v1"):
        raise custom_error(f"ends in /v1, which clients send themselves. Write {url.removesuffix('/v1')}.")
    return url


def _checked_upstream(value: str) -> str:
    return value if is_upstream_name(value) else _checked_url(value)


def _without_secrets(url: str) -> str:
    return shown(re.sub(r"//[^/@]*@", "//...@", url))


def _checked_path(value: str) -> str:
    problem = pattern_problem(value)
    if problem is not None:
        raise custom_error(f"{shown(value)} {problem}")
    return value


def _checked_glob(value: str) -> str:
    problem = glob_problem(value)
    if problem is not None:
        raise custom_error(f"{shown(value)} {problem}")
    return value


def _checked_key_hash(value: str) -> str:
    if _KEY_HASH.fullmatch(value) is None:
        # What stands here instead may be the key itself: it is not repeated.
        raise custom_error("is not a key hash. Write the 64 digits that 'sluicegate keyhash' prints, in quotes.")
    return value


def _checked_header(value: str) -> str:
    if _HEADER.fullmatch(value) is None:
        raise custom_error(f"{shown(value)} is not the name of a header. Write it as x-team.")
    return value.lower()


Address = Annotated[str, BeforeValidator(parse_address)]
UrlText = Annotated[str, AfterValidator(_checked_url)]
UpstreamText = Annotated[str, AfterValidator(_checked_upstream)]
"""A URL, or what can be the name of an upstream."""
PathText = Annotated[str, AfterValidator(_checked_path)]
GlobText = Annotated[str, AfterValidator(_checked_glob)]
KeyHash = Annotated[str, AfterValidator(_checked_key_hash)]
HeaderName = Annotated[str, AfterValidator(_checked_header)]
FileText = Annotated[str, Field(min_length=1)]
Timeout = Annotated[Duration, Field(gt=0, le=86_400)]
ByteCount = Annotated[Size, Field(ge=1024, le=1 << 30)]


def find_policy(name: str, folder: Path) -> tuple[str, str | None]:
    """Return a policy's bundled name or absolute path, and what is wrong when it cannot be read."""
    try:
        source = find_source(name, folder)
        read_source(source, read_bytes)
    except SourceError as error:
        return name, str(error) if repr(name) in str(error) else f"{name!r}: {error}"
    return (name if source.display == f"bundled/{name}.yaml" else str(source.path.absolute())), None


def certificate_problems(file: Path, url: str) -> list[str]:
    """Return what is wrong with a file of certificates for an upstream."""
    try:
        content = read_source(Source(file, str(file)), read_bytes)
    except SourceError as error:
        return [f"{str(file)!r}: {error}"]
    problems = []
    if b"-----BEGIN CERTIFICATE-----" not in content:
        problems.append(f"{str(file)!r} holds no PEM certificate.")
    if url.startswith("http:"):
        problems.append("does nothing for an upstream of http. Write https, or remove it.")
    return problems
