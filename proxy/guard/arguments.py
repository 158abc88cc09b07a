"""The structure of tool arguments: which of their characters an edit may touch so that they stay valid JSON.

It reads JSON text that arrives in pieces and remembers where the strings, keys and bare values lie. Not a parser:
it builds no values and accepts a little more than JSON (it does not check numbers). Text that is not JSON at all
(a custom tool's free text) makes it `broken`; edits are then plain.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import NamedTuple

MAX_DEPTH = 256
"""Deeper nesting than any real tool call; the text is then treated as not being JSON."""

_STRING_STOP = re.compile(r'["\\]')
_SCALAR_STOP = re.compile(r"[\s,\]}:\[{\"]")
_SPACE = " \t\r\n"
_SCALAR_START = frozenset("-0123456789tfn")


class TokenKind(Enum):
    """What part of JSON a token is."""

    KEY = "key"
    STRING = "string"
    SCALAR = "scalar"
    """A number, true, false or null."""


class Token(NamedTuple):
    """A string's content (without its quotes) or a bare value, by offsets in the arguments' text."""

    kind: TokenKind
    start: int
    end: int


class Piece(NamedTuple):
    """One part of an edit: offsets in the arguments' text and what is written there, escaped as needed."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class _Expect:
    key: bool = False
    value: bool = False
    comma: bool = False
    colon: bool = False


_KEY, _VALUE, _COMMA, _COLON = _Expect(key=True), _Expect(value=True), _Expect(comma=True), _Expect(colon=True)


class ArgumentsLexer:
    """Tokens of a growing JSON text."""

    __slots__ = ("_closable", "_escaped", "_expect", "_offset", "_open", "_stack", "_starts", "_tokens", "broken")

    def __init__(self) -> None:
        self.broken = False
        """True when the text is not JSON: it has no structure to keep."""
        self._tokens: list[Token] = []
        self._starts: list[int] = []
        self._stack: list[str] = []
        self._expect = _VALUE
        self._closable = False
        self._open: tuple[TokenKind, int] | None = None
        self._escaped = False
        self._offset = 0

    @property
    def open_scalar(self) -> int | None:
        """Where a bare value begins that may still go on; None when there is none."""
        if self._open is not None and self._open[0] is TokenKind.SCALAR:
            return self._open[1]
        return None

    def feed(self, text: str) -> None:
        """Take the next piece of the text."""
        position = 0
        while position < len(text) and not self.broken:
            if self._open is None:
                position = self._structure(text, position)
            elif self._open[0] is TokenKind.SCALAR:
                position = self._scalar(text, position)
            else:
                position = self._string(text, position)
        self._offset += len(text)

    def feed_end(self) -> None:
        """Take the end of the text: a bare value that was open ends here."""
        if self.open_scalar is not None:
            self._close(self._offset)

    def _string(self, text: str, position: int) -> int:
        if self._escaped:
            self._escaped = False
            return position + 1
        stop = _STRING_STOP.search(text, position)
        if stop is None:
            return len(text)
        if stop[0] == "\\":
            self._escaped = True
        else:
            self._close(self._offset + stop.start())
        return stop.end()

    def _scalar(self, text: str, position: int) -> int:
        stop = _SCALAR_STOP.search(text, position)
        if stop is None:
            return len(text)
        self._close(self._offset + stop.start())
        return stop.start()

    def _close(self, end: int) -> None:
        assert self._open is not None  # noqa: S101 - only called with a token open
        kind, start = self._open
        self._tokens.append(Token(kind, start, end))
        self._starts.append(start)
        self._open = None
        self._closable = True
        self._expect = _COLON if kind is TokenKind.KEY else _COMMA

    def _structure(self, text: str, position: int) -> int:
        char = text[position]
        if char in _SPACE:
            return position + 1
        if char == '"' and (self._expect.key or self._expect.value):
            kind = TokenKind.KEY if self._expect.key else TokenKind.STRING
            self._open = (kind, self._offset + position + 1)
        elif char in _SCALAR_START and self._expect.value:
            self._open = (TokenKind.SCALAR, self._offset + position)
        elif not self._punctuation(char):
            self.broken = True
        return position + 1

    def _punctuation(self, char: str) -> bool:
        """Take a structural character; False when it cannot stand here."""
        inside = self._stack[-1] if self._stack else ""
        if char in "{[" and self._expect.value and len(self._stack) < MAX_DEPTH:
            self._stack.append(char)
            self._expect = _KEY if char == "{" else _VALUE
            self._closable = True
        elif char in "}]" and inside == {"}": "{", "]": "["}[char] and self._closable:
            self._stack.pop()
            self._expect = _COMMA
            self._closable = True
        elif char == "," and self._expect.comma and inside:
            self._expect = _KEY if inside == "{" else _VALUE
            self._closable = False
        elif char == ":" and self._expect.colon:
            self._expect = _VALUE
            self._closable = False
        else:
            return False
        return True

    def tokens_in(self, start: int, end: int) -> list[Token]:
        """Return the tokens that share a character with the span, the open one included, in order."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        found = []
        for token in islice(self._tokens, first, None):
            if token.start >= end:
                break
            if token.end > max(start, token.start):
                found.append(token)
        if self._open is not None and self._open[1] < end:
            found.append(Token(self._open[0], self._open[1], max(self._offset, end)))
        return found


def touches_key(lexer: ArgumentsLexer, start: int, end: int) -> bool:
    """Whether the span shares a character with a key: keys cannot be edited without breaking the call."""
    return not lexer.broken and any(t.kind is TokenKind.KEY for t in lexer.tokens_in(start, end))


def edit_pieces(lexer: ArgumentsLexer, start: int, end: int, replacement: str, digits: str) -> list[Piece]:
    """Return the changes that take the span out of the arguments and leave them valid JSON.

    The replacement is written into each string the span reaches; a bare value that the span covers whole becomes
    a string; of one that it covers in part each digit becomes a 9. `digits` is the text of the span.
    """
    if lexer.broken:
        return [Piece(start, end, replacement)]
    inside = json.dumps(replacement, ensure_ascii=False)
    pieces = []
    for token in lexer.tokens_in(start, end):
        low, high = max(start, token.start), min(end, token.end)
        if token.kind is TokenKind.SCALAR and (low, high) != (token.start, token.end):
            masked = re.sub(r"[0-9]", "9", digits[low - start : high - start])
            pieces.append(Piece(low, high, masked))
        else:
            pieces.append(Piece(low, high, inside if token.kind is TokenKind.SCALAR else inside[1:-1]))
    return pieces
