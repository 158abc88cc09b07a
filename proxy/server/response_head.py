"""The head of an answer to a client, as bytes. Sans-io but for the clock of the Date header.

Which headers may be in it is decided in `headers`; framing, Date, Server and Connection are written here.
"""

from __future__ import annotations

import time
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER_NAME: Final = "sluicegate"

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


def response_head(
    status: int, headers: Sequence[tuple[str, str]], *, is_http10: bool = False, keeps_alive: bool = True
) -> bytes:
    """Return status line and headers to the empty line.

    Raises ValueError for a line break, a NUL or a character outside of ASCII in any header.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers) or "\0" in lines:
        raise ValueError("line break inside a header")
    start = _start(status, is_http10, keeps_alive)
    return f"{start}{_date_line(int(time.time()))}{lines}\r\n".encode("ascii")


@lru_cache(maxsize=256)
def _start(status: int, is_http10: bool, keeps_alive: bool) -> str:
    """Return what is the same for all answers of a kind."""
    version = "HTTP/1.0" if is_http10 else "HTTP/1.1"
    connection = ""
    if is_http10 and keeps_alive:
        connection = "Connection: keep-alive\r\n"
    elif not is_http10 and not keeps_alive:
        connection = "Connection: close\r\n"
    return f"{version} {status} {_REASONS.get(status, '')}\r\nServer: {SERVER_NAME}\r\n{connection}"


@lru_cache(maxsize=2)
def _date_line(now_s: int) -> str:
    """Return the Date header; `strftime` would follow the locale."""
    at = time.gmtime(now_s)
    day, month = _DAYS[at.tm_wday], _MONTHS[at.tm_mon - 1]
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"Date: {day}, {at.tm_mday:02} {month} {at.tm_year} {clock} GMT\r\n"
