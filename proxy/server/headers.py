"""Header hygiene: the only place that decides which header crosses the proxy, in either direction.

Both directions are allow-lists. Length, encoding and hop-by-hop headers never cross: they are written anew for
the bytes that leave. It sends nothing itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs

from proxy.server.faults import ClientFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    "x-goog-api-client",
    "x-server-timeout",
    "x-vertex-ai-llm-request-type",
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
_RESPONSE_PREFIXES: Final = ("openai-", "anthropic-", "x-ratelimit-")

_RESPONSE_VALUE: Final = re.compile(r"[A-Za-z0-9._:;=,/+%-]*")
"""Ids, counts, durations and ISO dates. No blank, no `@`: neither a sentence nor an address fits."""
_RETRY_AFTER: Final = re.compile(r"\d{1,9}|[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
_CONTENT_TYPE: Final = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+)\s*(?:;(.*))?", re.DOTALL)

JSON_TYPE: Final = "application/json"


_MAX_REMEMBERED: Final = 512
"""Header names whose verdict is remembered: peers use a few dozen. Forgotten together when there are more."""

_request_names: dict[str, str] = {}
_response_names: dict[str, str] = {}
"""By a name as it was sent: its lower case when the header may cross, "" when it may not."""


def request_headers(headers: CIMultiDictProxy[str], *, has_body: bool) -> list[tuple[str, str]]:
    """Return the headers to send upstream for a client's headers.

    Raises `ClientFault` when a header that would cross comes twice or holds characters outside of ASCII.
    """
    nominated = _nominated(headers)
    out: dict[str, str] = {}
    for name, value in headers.items():
        lower = _request_names.get(name)
        if lower is None:
            lower = _judged_name(name, _request_name_passes, _request_names)
        if not lower or lower in nominated:
            continue  # RFC 9110, 7.6.1: named in Connection, so meant for us alone
        if lower in out:
            raise ClientFault("bad_header", f"The request header {lower} was sent twice.")
        if len(value) > MAX_REQUEST_VALUE_CHARS or not (value.isascii() and value.isprintable()):
            raise ClientFault("bad_header", f"The request header {lower} is too long or not plain ASCII.")
        out[lower] = value
    out["accept"] = "application/json, text/event-stream;q=0.9, application/x-ndjson;q=0.9"
    out["accept-encoding"] = "identity"
    if has_body:
        out["content-type"] = JSON_TYPE
    return list(out.items())


def response_headers(headers: Mapping[str, str] | CIMultiDictProxy[str]) -> list[tuple[str, str]]:
    """Return those of the upstream's headers that a client may see; odd values are left out."""
    out: list[tuple[str, str]] = []
    for name, value in headers.items():
        lower = _response_names.get(name)
        if lower is None:
            lower = _judged_name(name, _response_name_passes, _response_names)
        if lower and _response_value_passes(lower, value):
            out.append((lower, value))
    return out


def _judged_name(name: str, passes: Callable[[str], bool], verdicts: dict[str, str]) -> str:
    lower = name.lower()
    verdict = lower if passes(lower) else ""
    if len(name) <= 64:  # noqa: PLR2004 - longer ones are nobody's habit
        if len(verdicts) >= _MAX_REMEMBERED:
            verdicts.clear()
        verdicts[name] = verdict
    return verdict


def _request_name_passes(lower: str) -> bool:
    return lower in _REQUEST_NAMES or lower.startswith(_REQUEST_PREFIXES)


def _response_name_passes(lower: str) -> bool:
    if lower == "retry-after" or lower in _RESPONSE_NAMES:
        return True
    plain = len(lower) <= 64 and lower.replace("-", "").isalnum() and lower.isascii()  # noqa: PLR2004
    return plain and lower.startswith(_RESPONSE_PREFIXES)


def _response_value_passes(lower: str, value: str) -> bool:
    if lower == "retry-after":
        return _RETRY_AFTER.fullmatch(value) is not None
    return len(value) <= MAX_RESPONSE_VALUE_CHARS and _RESPONSE_VALUE.fullmatch(value) is not None


def media_type(values: Sequence[str]) -> str:
    """Return the media type of Content-Type header values in lower case; "" when it is absent or unclear."""
    if len(values) == 1:
        value = values[0]
        return _media_type(value) if len(value) <= _MAX_REMEMBERED_CHARS else _media_type.__wrapped__(value)
    found = {_media_type.__wrapped__(value) for value in values}
    return found.pop() if len(found) == 1 else ""


_MAX_REMEMBERED_CHARS: Final = 100


@lru_cache(maxsize=256)
def _media_type(value: str) -> str:
    return match[1].lower() if (match := _CONTENT_TYPE.fullmatch(value)) else ""


def content_codings(values: Sequence[str]) -> list[str]:
    """Return the content codings that were applied, in order, without `identity`."""
    if not values:
        return []
    codings = [coding.strip().lower() for value in values for coding in value.split(",")]
    return [coding for coding in codings if coding and coding != "identity"]


def require_json(headers: CIMultiDictProxy[str]) -> None:
    """Check that a request body is declared as plain JSON in UTF-8. Raises `ClientFault` 415."""
    declared = media_type(headers.getall(hdrs.CONTENT_TYPE, ()))
    if declared != JSON_TYPE and not (declared.startswith("application/") and declared.endswith("+json")):
        raise ClientFault("unsupported_media_type", "Send the request with Content-Type: application/json.", 415)
    charset = headers[hdrs.CONTENT_TYPE].lower().partition("charset=")[2].strip(' ";')
    if charset not in {"", "utf-8", "utf8"}:
        raise ClientFault("unsupported_media_type", "Send the request body in UTF-8.", 415)
    if content_codings(headers.getall(hdrs.CONTENT_ENCODING, ())):
        raise ClientFault("unsupported_media_type", "Send the request body without a content encoding.", 415)


def _nominated(headers: CIMultiDictProxy[str]) -> set[str]:
    values = headers.getall(hdrs.CONNECTION, ())
    return {name.strip().lower() for value in values for name in value.split(",")} if values else set()
