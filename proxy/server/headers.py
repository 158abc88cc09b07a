"""Header hygiene: the only place that decides which header crosses the proxy, in either direction.

Both directions are allow-lists. Length, encoding and hop-by-hop headers never cross: they are written anew for
the bytes that leave. It sends nothing itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from proxy.server.faults import ClientFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from multidict import CIMultiDictProxy

MAX_REQUEST_VALUE_CHARS: Final = 8192
"""Longest request header forwarded; credentials of cloud providers (signed tokens) reach 4 KiB."""

MAX_RESPONSE_VALUE_CHARS: Final = 200
"""Longest response header forwarded: ids, counts and dates. Longer ones could carry text past the guard."""

_REQUEST_NAMES: Final = frozenset({
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "x-goog-user-project",
    "user-agent",
    "idempotency-key",
    "http-referer",
    "x-title",
    "x-client-request-id",
    "x-ms-client-request-id",
    "traceparent",
    "tracestate",
})  # fmt: skip
_REQUEST_PREFIXES: Final = ("openai-", "anthropic-", "x-stainless-")

_RESPONSE_NAMES: Final = frozenset({
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-region",
    "x-ms-client-request-id",
    "x-should-retry",
    "retry-after-ms",
})  # fmt: skip
_RESPONSE_PREFIXES: Final = ("openai-", "anthropic-ratelimit-", "x-ratelimit-")

_REQUEST_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_RESPONSE_VALUE: Final = re.compile(r"[A-Za-z0-9._:;=,/+%-]*")
"""Ids, counts, durations and ISO dates. No blank, no `@`: neither a sentence nor an address fits."""
_RETRY_AFTER: Final = re.compile(r"\d{1,9}|[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_CONTENT_TYPE: Final = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+)\s*(?:;(.*))?", re.DOTALL)

JSON_TYPE: Final = "application/json"


def request_headers(headers: CIMultiDictProxy[str], *, has_body: bool) -> list[tuple[str, str]]:
    """Return the headers to send upstream for a client's headers.

    Raises `ClientFault` when a header that would cross comes twice or holds characters outside of ASCII.
    """
    nominated = _nominated(headers)
    out: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower not in _REQUEST_NAMES and not lower.startswith(_REQUEST_PREFIXES):
            continue
        if lower in nominated:
            continue  # RFC 9110, 7.6.1: named in Connection, so meant for us alone
        if lower in out:
            raise ClientFault("bad_header", f"The request header {lower} was sent twice.")
        if len(value) > MAX_REQUEST_VALUE_CHARS or not _REQUEST_VALUE.fullmatch(value):
            raise ClientFault("bad_header", f"The request header {lower} is too long or not plain ASCII.")
        out[lower] = value
    out["accept"] = "application/json, text/event-stream;q=0.9, application/x-ndjson;q=0.9"
    out["accept-encoding"] = "identity"
    if has_body:
        out["content-type"] = JSON_TYPE
    return list(out.items())


def response_headers(headers: Mapping[str, str] | CIMultiDictProxy[str]) -> list[tuple[str, str]]:
    """Return those of the upstream's headers that a client may see; odd values are left out."""
    return [
        (lower, value) for name, value in headers.items() if _response_value_passes(lower := name.lower(), value)
    ]


def _response_value_passes(name: str, value: str) -> bool:
    if name == "retry-after":
        return _RETRY_AFTER.fullmatch(value) is not None
    if name not in _RESPONSE_NAMES and not name.startswith(_RESPONSE_PREFIXES):
        return False
    name_fits = len(name) <= 64 and name.replace("-", "").isalnum() and name.isascii()  # noqa: PLR2004
    return name_fits and len(value) <= MAX_RESPONSE_VALUE_CHARS and _RESPONSE_VALUE.fullmatch(value) is not None


def media_type(values: Iterable[str]) -> str:
    """Return the media type of Content-Type header values in lower case; "" when it is absent or unclear."""
    found = {match[1].lower() if (match := _CONTENT_TYPE.fullmatch(value)) else "" for value in values}
    return found.pop() if len(found) == 1 else ""


def content_codings(values: Iterable[str]) -> list[str]:
    """Return the content codings that were applied, in order, without `identity`."""
    codings = [coding.strip().lower() for value in values for coding in value.split(",")]
    return [coding for coding in codings if coding and coding != "identity"]


def require_json(headers: CIMultiDictProxy[str]) -> None:
    """Check that a request body is declared as plain JSON in UTF-8. Raises `ClientFault` 415."""
    declared = media_type(headers.getall("content-type", ()))
    if declared != JSON_TYPE and not (declared.startswith("application/") and declared.endswith("+json")):
        raise ClientFault("unsupported_media_type", "Send the request with Content-Type: application/json.", 415)
    charset = headers["content-type"].lower().partition("charset=")[2].strip(' ";')
    if charset not in {"", "utf-8", "utf8"}:
        raise ClientFault("unsupported_media_type", "Send the request body in UTF-8.", 415)
    if content_codings(headers.getall("content-encoding", ())):
        raise ClientFault("unsupported_media_type", "Send the request body without a content encoding.", 415)


def _nominated(headers: CIMultiDictProxy[str]) -> set[str]:
    return {name.strip().lower() for value in headers.getall("connection", ()) for name in value.split(",")}
