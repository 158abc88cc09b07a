r"""Characters that are not what they seem: invisible ones, styled ones, and those written as an escape.

Zero-width and other invisible characters are left out; so are combining marks, and variation selectors but those in
a row, which can spell bytes. Tag characters read as the ASCII that they copy, outside of flags. Fullwidth,
mathematical and other styled letters read as the plain ones (NFKC). Escapes are those of HTML (`&#64;`), of URLs
(`%40`) and of source code (`\u0040`, `\x40`).
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from detectors.regex_tree import PatternSource
from detectors.screening import Cut, Hold
from detectors.views.reading import Change
from detectors.views.steps import REACH_CHARS, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAGS = "\U000e0020-\U000e007e"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_FLAG = "\U0001f3f4"
_FLAG_END = "\U000e007f"

INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\U0001d173-\U0001d17a\U000e0001\U000e007f"
    "\u0300-\u0362\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Of a character class: default-ignorable characters of Unicode (DerivedCoreProperties.txt) that stand for nothing,
and combining marks that sit on letters of European scripts."""

STYLED = (
    "\u00aa\u00b2\u00b3\u00b9\u00ba\u02b0-\u02b8\u1d2c-\u1d6a\u2070-\u209c\u2100-\u214f\u2160-\u217f\u2460-\u24ea"
    "\ufb00-\ufb06\uff01-\uff5e\U0001d400-\U0001d7ff\U0001f100-\U0001f189"
)
"""Of a character class: letters, digits and signs that NFKC turns into plain ones."""

_ENTITY = r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})|[A-Za-z][A-Za-z0-9]{1,30});"
_OCTETS = r"%[0-7][0-9a-fA-F]|%[c-fC-F][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){1,3}"
_CODE = r"\\(?:u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2})"

_PIECE = re.compile(
    f"(?P<flag>{_FLAG}[{_TAGS}]{{1,8}}{_FLAG_END})"
    f"|(?P<tag>[{_TAGS}])"
    f"|(?P<byte>(?<=[{_SELECTORS}])[{_SELECTORS}]|[{_SELECTORS}](?=[{_SELECTORS}]))"
    f"|(?P<gone>[{INVISIBLE}{_SELECTORS}])"
    f"|(?P<styled>[{STYLED}])"
    f"|(?P<entity>{_ENTITY})|(?P<octets>{_OCTETS})|(?P<code>{_CODE})"
)
_BEGINS = re.compile(f"[{_TAGS}{_SELECTORS}{INVISIBLE}{STYLED}{_FLAG}&%\\\\]")
"""The first character of every piece: where there is none, which is soon said, there is no piece."""
_OPEN = re.compile(
    r"(?:&(?:#(?:[0-9]{0,7}|[xX][0-9a-fA-F]{0,6})|[A-Za-z][A-Za-z0-9]{0,30})?"
    r"|%(?:[c-fC-F][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){0,3}(?:%[89abAB]?)?|[0-9a-fA-F]?)"
    r"|\\(?:u(?:[0-9a-fA-F]{0,3}|\{[0-9a-fA-F]{0,6})|x[0-9a-fA-F]?)?"
    f"|[{_SELECTORS}]|{_FLAG}[{_TAGS}]{{0,8}})\\Z"
)
"""A piece that what follows may complete or change."""


def _changes(text: str) -> Iterator[Change]:
    begin = _BEGINS.search(text)
    for found in () if begin is None else _PIECE.finditer(text, begin.start()):
        kind = found.lastgroup or ""
        new = found[0] if kind == "flag" else _read(kind, found[0])
        if new != found[0]:
            yield Change(found.start(), found.end(), new)


def _read(kind: str, piece: str) -> str:
    """Return what a piece reads as; an escape that spells an invisible or styled character reads as that does."""
    if kind == "tag":
        return chr(ord(piece) - 0xE0000)
    if kind == "byte":
        return _byte(piece)
    if kind == "gone":
        return ""
    if kind == "styled":
        return _styled(piece)
    spelled = _unescaped(kind, piece)
    return spelled if spelled == piece else "".join(map(_character, spelled))


def _character(char: str) -> str:
    found = _PIECE.fullmatch(char)
    return char if found is None else _read(found.lastgroup or "", char)


@cache
def _styled(char: str) -> str:
    return unicodedata.normalize("NFKC", char)


def _byte(selector: str) -> str:
    # U+FE00..FE0F are 16 selectors, U+E0100..E01EF go on from there: together one for each value of a byte.
    code = ord(selector)
    first = 0xE0100 - 16 if code >= 0xE0100 else 0xFE00  # noqa: PLR2004 - as said above
    return chr(code - first)


def _unescaped(kind: str, piece: str) -> str:
    if kind == "entity":
        return html.unescape(piece)
    if kind == "octets":
        try:
            return bytes.fromhex(piece.replace("%", "")).decode()
        except UnicodeDecodeError:
            return piece
    code = int(piece[2:].strip("{}"), base=16)
    is_character = code <= sys.maxunicode and code not in range(0xD800, 0xE000)
    return chr(code) if is_character else piece


def _pending(text: str) -> int:
    tail = max(0, len(text) - REACH_CHARS)
    found = _OPEN.search(text, tail)
    return len(text) if found is None else found.start()


def _cut(pattern: str, span: int) -> Cut:
    return Cut(Hold(PatternSource(pattern), span), "&%\\")


CHARACTERS = Step(
    changes=_changes,
    pending=_pending,
    finds=(
        (f"[{_TAGS}{_SELECTORS}{INVISIBLE}{STYLED}{_FLAG}]", 16),
        (r"&#|&[A-Za-z][A-Za-z0-9]{1,};", 40),
        ("%[0-9A-Fa-f]{2}", 16),
        (r"\\[ux]", 16),
    ),
    cuts=(
        _cut(r"&(?:#|[A-Za-z][A-Za-z0-9]{1,30};)", 33),
        _cut("%[0-9A-Fa-f]{2}", 3),
        _cut(r"\\[ux]", 2),
    ),
)
"""Reads invisible, styled and escaped characters."""
