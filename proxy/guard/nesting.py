"""How many JSON strings a place of a growing text lies in: as often a value must be escaped that is written there.

Tool arguments are JSON, an answer or a tool's result may be, and a string of JSON may hold JSON again. A text that
begins with a brace or a bracket is taken for JSON as far as it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from proxy.guard.arguments import ArgumentsLexer, TokenKind
from proxy.guard.unescape import UnescapedView

if TYPE_CHECKING:
    from proxy.guard.arguments import Token

MAX_LAYERS = 3
"""JSON, JSON in a string of it, and once more: models write no deeper."""

MAX_INNER = 64
"""Strings of one text that hold JSON and are remembered: what waits to be decided lies in the last of them."""


class Nesting:
    """The strings of one text. What it says of a place depends on the text before its end alone."""

    __slots__ = ("_end", "_inner", "_is_json", "_layers", "_lexer", "_plain_at")

    def __init__(self, *, is_json: bool, layers: int = MAX_LAYERS) -> None:
        """`is_json`: the text is JSON, whatever it begins with."""
        self._lexer: ArgumentsLexer | None = ArgumentsLexer()
        self._is_json = is_json
        self._layers = layers
        self._end = 0
        self._inner: dict[int, _Inner] = {}
        self._plain_at = -1  # where the last string began that holds no JSON

    @property
    def is_plain(self) -> bool:
        """Whether the text turned out not to be JSON from its first character on."""
        return self._lexer is None

    def feed(self, text: str) -> None:
        """Take the next piece of the text."""
        lexer = self._lexer
        if lexer is None:
            return
        if not self._is_json and (begun := text.lstrip()):
            self._is_json = begun[0] in "{["
            if not self._is_json:
                self._lexer = None
                return
        start, self._end = self._end, self._end + len(text)
        if lexer.broken:
            return
        lexer.feed(text)
        if self._layers > 1:
            for token in lexer.tokens_in(start, self._end):
                if token.kind is not TokenKind.SCALAR and token.start != self._plain_at:
                    self._feed_inner(token, text[max(token.start - start, 0) : token.end - start])

    def _feed_inner(self, token: Token, text: str) -> None:
        inner = self._inner.get(token.start)
        if inner is None:
            if len(self._inner) >= MAX_INNER:
                del self._inner[next(iter(self._inner))]
            inner = self._inner[token.start] = _Inner(self._layers - 1)
        inner.feed(text)
        if inner.nesting.is_plain:
            del self._inner[token.start]
            self._plain_at = token.start

    def depth(self, start: int, end: int) -> int | None:
        """Return how many strings the span lies in; None when it lies in more than one of the same layer."""
        tokens = [] if self._lexer is None else self._lexer.tokens_in(start, end)
        if not tokens:
            return 0
        token = tokens[0]
        if len(tokens) > 1 or start < token.start or end > token.end:
            return None
        if token.kind is TokenKind.SCALAR:
            return 0 if (start, end) == token[1:] else None
        inner = self._inner.get(token.start)
        if inner is None:
            return 1
        deeper = inner.depth(start - token.start, end - token.start)
        return None if deeper is None else 1 + deeper


class _Inner:
    """A string that holds JSON."""

    __slots__ = ("_view", "nesting")

    def __init__(self, layers: int) -> None:
        self.nesting = Nesting(is_json=False, layers=layers)
        self._view = UnescapedView(0)

    def feed(self, text: str) -> None:
        view = self._view
        before = view.buffer.end
        view.feed(text, final=False)
        self.nesting.feed(view.buffer.slice(before, view.buffer.end))

    def depth(self, start: int, end: int) -> int | None:
        return self.nesting.depth(self._view.from_source(start), self._view.from_source(end))


def unescaped(text: str, layers: int = 1) -> str:
    """Return a text with its JSON escapes decoded, so many times; what is no escape stands for itself."""
    for _ in range(layers):
        if "\\" not in text:
            break
        view = UnescapedView(0)
        view.feed(text, final=True)
        text = view.buffer.text
    return text


def escaped(text: str, layers: int = 1) -> str:
    """Return a text as it stands in so many JSON strings within each other."""
    for _ in range(layers):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text
