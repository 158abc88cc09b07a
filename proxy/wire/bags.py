"""Text in unusual clothes: structures read as one text, integers as bytes, base64, long numbers."""

from __future__ import annotations

import base64
import binascii
import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.wire.jsontext import Json

SHORT_OPAQUE_CHARS = 24
"""Below this a base64 string may as well be a word or a key: it is judged as the text it looks like."""

MIN_TEXT_DIGITS = 7
"""Fewer digits name nobody: no phone, card or account number is shorter. Time stamps and counts of tokens that
no table lists have more, and are judged."""

_BASE64_SHAPED = re.compile(r"[A-Za-z0-9+/_-]*={0,2}").fullmatch
_DATA_URL = re.compile(r"data:[A-Za-z0-9.+/;=-]{0,100};base64,")
_TAG = re.compile(r"<[^<>]*>")
_EXACT_FLOAT = 10**15


def bag_text(value: Json) -> str:
    """Return every text in a structure, one a line: keys, strings, integers as bytes, long numbers."""
    lines: list[str] = []
    _collect(value, lines)
    return "\n".join(lines)


def _collect(value: Json, lines: list[str]) -> None:
    if isinstance(value, str):
        if value:
            lines.append(value)
    elif isinstance(value, dict):
        for key, child in value.items():
            lines.append(key)
            _collect(child, lines)
    elif isinstance(value, list):
        hidden = bytes_text(value)
        if hidden:
            lines.append(hidden)
        for child in value:
            _collect(child, lines)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        digits, _ = decimal_text(value)
        if digits:
            lines.append(digits)


def is_token_ids(value: Json) -> bool:
    """Whether `value` is made of integers alone: a list, or a list of lists."""
    if value.__class__ is list:
        return all(is_token_ids(item) for item in value)
    return value.__class__ is int


def bytes_text(value: list[Json]) -> str:
    """Return what a list of integers says when they are bytes of UTF-8, or code points; "" when neither."""
    if not value or any(item.__class__ is not int for item in value):
        return ""
    if min(value) >= 0 and max(value) < 256:  # noqa: PLR2004 - a byte
        return bytes(value).decode("utf-8", "replace")
    if min(value) >= 0 and max(value) < 0x110000:  # noqa: PLR2004 - Unicode
        return "".join(map(chr, value)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return ""


def decimal_text(value: Json) -> tuple[str, bool]:
    """Return a number as text when it has enough digits to name somebody, else "".

    The flag is False when the wire may have held more digits than the parsed number shows.
    """
    if isinstance(value, int):
        return (str(value), True) if abs(value) >= 10 ** (MIN_TEXT_DIGITS - 1) else ("", True)
    digits = repr(value)
    is_long = sum(map(str.isdigit, digits)) >= MIN_TEXT_DIGITS
    return (digits if is_long else ""), not is_long and abs(value) < _EXACT_FLOAT


def readable_text(value: str) -> str:
    """Return what can be read in an opaque string: "" for base64 of bytes that are no text.

    A string that is not base64, or a short one, is itself the text; base64 of text is judged in both forms. The
    head of a data URL is no text.
    """
    head = _DATA_URL.match(value)
    if head is not None:
        value = value[head.end() :]
    if len(value) < SHORT_OPAQUE_CHARS or not _BASE64_SHAPED(value):
        return value
    try:
        standard = value.replace("-", "+").replace("_", "/").rstrip("=")
        decoded = base64.b64decode(standard + "=" * (-len(standard) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    is_text = all(char.isprintable() or char.isspace() for char in decoded)
    return f"{value}\n{decoded}" if is_text else ""


def shown_text(value: str) -> str:
    """Return what a browser shows of HTML, about: without tags, entities decoded. Styles and scripts stay."""
    return html.unescape(_TAG.sub("", value))
