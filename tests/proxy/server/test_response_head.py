"""The head of an answer: what stands in it, and what can never get into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from proxy.server.response_head import _date_line, response_head


def lines_of(head: bytes) -> list[str]:
    assert head.endswith(b"\r\n\r\n")
    return head.decode("ascii")[:-4].split("\r\n")


@pytest.mark.parametrize(
    ("is_http10", "keeps_alive", "start", "connection"),
    [
        (False, True, "HTTP/1.1 200 OK", []),
        (False, False, "HTTP/1.1 200 OK", ["Connection: close"]),
        (True, True, "HTTP/1.0 200 OK", ["Connection: keep-alive"]),
        (True, False, "HTTP/1.0 200 OK", []),
    ],
)
def test_version_and_connection(is_http10: bool, keeps_alive: bool, start: str, connection: list[str]) -> None:
    """Each version is told what it does not assume by itself."""
    first, server, *rest = lines_of(response_head(200, [("A", "b")], is_http10=is_http10, keeps_alive=keeps_alive))
    assert (first, server, rest[-1]) == (start, "Server: sluicegate", "A: b")
    assert [line for line in rest if line.startswith("Connection")] == connection


def test_the_date_is_the_present() -> None:
    """And in the one format that HTTP has, whatever the locale."""
    (date,) = (line for line in lines_of(response_head(404, [])) if line.startswith("Date: "))
    assert date.endswith(" GMT")
    assert abs(parsedate_to_datetime(date[6:]) - datetime.now(UTC)) < timedelta(seconds=5)
    assert _date_line(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"


@pytest.mark.parametrize("status", [200, 404, 429, 503, 599])
def test_a_status_without_a_name_has_none(status: int) -> None:
    """The reason is ours or empty, never the upstream's."""
    first = lines_of(response_head(status, []))[0]
    assert first.startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\n", "a\r", "a\0", "\u00e9", "a\r\n\r\n<html>"])
@pytest.mark.parametrize("in_name", [True, False])
def test_nothing_is_injected(value: str, in_name: bool) -> None:
    """A header that would become two, or that a client could read otherwise, is a bug and raises."""
    pair = (value, "x") if in_name else ("X-A", value)
    with pytest.raises(ValueError, match=r"line break|ascii"):
        response_head(200, [("Content-Type", "text/plain"), pair])
