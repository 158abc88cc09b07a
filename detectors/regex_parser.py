"""Reads a regular expression into the tree of `detectors.regex_tree`. It is not a matcher and not a linter.

What it accepts it understands; whether the pattern is otherwise valid is for the engine that compiles it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from detectors.regex_tree import (
    Anchor,
    AnchorKind,
    Atom,
    Choice,
    Look,
    Repeat,
    Sequence,
    UnsupportedPatternError,
    Untold,
)

if TYPE_CHECKING:
    from detectors.regex_tree import Node, PatternSource

MAX_PATTERN_CHARS = 40_000
"""Longest pattern read. Presidio's URL pattern has 11,000 characters; nothing useful is longer."""

MAX_KNOWN_PATTERNS = 512
"""How many trees are kept: a detector asks for that of each pattern three times, and policies share patterns."""

MAX_NESTING = 100
"""Deepest group nesting, so that a hostile pattern ends in an error here and not in a RecursionError."""


def parse_pattern(source: PatternSource) -> Node:
    """Return the tree of `source`. Raises UnsupportedPatternError.

    A back-reference becomes a copy of its group: the tree then describes more than the pattern matches.
    """
    return parse_wholly(source)[0]


@lru_cache(maxsize=MAX_KNOWN_PATTERNS)
def parse_wholly(source: PatternSource) -> tuple[Node, tuple[Untold, ...]]:
    """Return the tree of `source`, and what it leaves out. Raises UnsupportedPatternError."""
    if len(source.pattern) > MAX_PATTERN_CHARS:
        raise UnsupportedPatternError(f"longer than {MAX_PATTERN_CHARS} characters", MAX_PATTERN_CHARS)
    flags = _Flags(source.ignore_case, source.multi_line, source.dot_all, source.ascii)
    while True:
        parser = _Parser(source, flags)
        node = parser.parse()
        if parser.pattern_flags == flags:
            return node, tuple(parser.untold)
        flags = parser.pattern_flags  # `regex` applies a bare (?i) to the whole pattern, wherever it stands


class _Flags(NamedTuple):
    ignore_case: bool
    multi_line: bool
    dot_all: bool
    ascii: bool


_FLAG_FIELDS = {"i": "ignore_case", "m": "multi_line", "s": "dot_all", "a": "ascii"}
_FLAGS_WITHOUT_EFFECT = {"re2": "U", "regex": "u"}  # greediness; Unicode, which is the default
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_CLASS_LETTERS = frozenset("dDwWsS")
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_ANCHOR_LETTERS = {
    "b": AnchorKind.WORD_BOUNDARY,
    "B": AnchorKind.NOT_WORD_BOUNDARY,
    "A": AnchorKind.TEXT_START,
    "Z": AnchorKind.TEXT_END,
    "z": AnchorKind.TEXT_END,
}
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_NO_LOOK_AROUND = (
    "RE2 has no look-around: match the neighbouring characters too, or use \\b, or write whole_word: true"
)
_NO_BACKREFERENCE = "RE2 has no back-references: write the repeated part out, or the alternatives"


class _Parser:
    """Recursive descent over one pattern. Used once."""

    def __init__(self, source: PatternSource, flags: _Flags) -> None:
        self._text = source.pattern
        self._flavour = source.flavour
        self._at = 0
        self._depth = 0
        self._groups: dict[str, Node | None] = {}
        self._group_count = 0
        self._literal_until = -1
        self.pattern_flags = flags
        self.untold: list[Untold] = []

    def parse(self) -> Node:
        node, _ = self._choice(self.pattern_flags)
        if self._at < len(self._text):
            raise self._error("unbalanced parenthesis")
        return node

    def _error(self, message: str, position: int | None = None) -> UnsupportedPatternError:
        return UnsupportedPatternError(message, self._at if position is None else position)

    def _peek(self, literal: str) -> bool:
        return self._text.startswith(literal, self._at)

    def _take(self, literal: str) -> bool:
        is_there = self._peek(literal)
        self._at += len(literal) if is_there else 0
        return is_there

    def _take_until(self, end: str, what: str) -> str:
        stop = self._text.find(end, self._at)
        if stop < 0:
            raise self._error(f"{what} is not closed")
        found = self._text[self._at : stop]
        self._at = stop + len(end)
        return found

    def _choice(self, flags: _Flags) -> tuple[Node, _Flags]:
        options: list[Node] = []
        while True:
            node, flags = self._sequence(flags)
            options.append(node)
            if not self._take("|"):
                break
        return (options[0] if len(options) == 1 else Choice(tuple(options))), flags

    def _sequence(self, flags: _Flags) -> tuple[Node, _Flags]:
        items: list[Node] = []
        while self._at < len(self._text) and not (self._literal_until < 0 and self._text[self._at] in "|)"):
            start = self._at
            item, flags = self._item(flags)
            if item is not None:
                items.append(self._quantified(item, start))
        return (items[0] if len(items) == 1 else Sequence(tuple(items))), flags

    def _item(self, flags: _Flags) -> tuple[Node | None, _Flags]:
        if self._literal_until >= 0:
            return self._quoted(flags), flags
        char = self._text[self._at]
        if char == "(":
            return self._group(flags)
        self._at += 1
        if char == "[":
            return self._class(flags), flags
        if char == "\\":
            return self._escape(flags), flags
        return self._plain(char, flags), flags

    def _plain(self, char: str, flags: _Flags) -> Node:
        match char:
            case "^":
                return self._anchor(AnchorKind.LINE_START if flags.multi_line else AnchorKind.TEXT_START, flags)
            case "$":
                return self._end_of_line(flags)
            case ".":
                return self._atom(".", flags)
            case "*" | "+" | "?":
                raise self._error(f"nothing before {char} to repeat", self._at - 1)
            case _:
                return self._literal(char, flags)

    def _atom(self, source: str, flags: _Flags, literal: str | None = None) -> Atom:
        return Atom(source, self._flavour, flags.ignore_case, flags.dot_all, flags.ascii, literal)

    def _literal(self, char: str, flags: _Flags) -> Atom:
        plain = char.isalnum() or char == "_" or not char.isascii() or ord(char) <= ord(" ")
        return self._atom(char if plain else "\\" + char, flags, char)

    def _anchor(self, kind: AnchorKind, flags: _Flags) -> Anchor:
        return Anchor(kind, self._atom(r"\w", flags._replace(ignore_case=False, dot_all=False)))

    def _end_of_line(self, flags: _Flags) -> Node:
        if flags.multi_line:
            return self._anchor(AnchorKind.LINE_END, flags)
        end = self._anchor(AnchorKind.TEXT_END, flags)
        if self._flavour == "re2":
            return end
        # `regex` lets it stand before a newline too, if that is the last character: one more to wait for.
        ending = Sequence((self._literal("\n", flags), end))
        last_newline = Look(ending, ahead=True, negated=False, start=self._at - 1)
        return Sequence((last_newline, self._anchor(AnchorKind.LINE_END, flags)))

    def _quoted(self, flags: _Flags) -> Node:
        self._at += 1
        literal = self._literal(self._text[self._at - 1], flags)
        self._end_quote()
        return literal

    def _end_quote(self) -> None:
        """Past the last quoted character the quote is over, so that a repeat may follow it."""
        if self._at >= self._literal_until:
            self._take(r"\E")
            self._literal_until = -1

    def _quantified(self, item: Node, start: int) -> Node:
        if self._literal_until >= 0 or (bounds := self._quantifier()) is None:
            return item
        end = self._at
        is_lazy = self._take("?")
        if not is_lazy and self._flavour == "regex" and self._take("+"):
            self.untold.append(Untold("possessive repeat", start))
        repeat = Repeat(item, *bounds, start, end, is_lazy)
        if self._quantifier() is not None:
            raise self._error("a repeat of a repeat: put the inner one into a group", start)
        return repeat

    def _quantifier(self) -> tuple[int, int | None] | None:
        if (bounds := _REPEATS.get(self._text[self._at : self._at + 1])) is not None:
            self._at += 1
            return bounds
        if not self._peek("{"):
            return None
        inner, closed, _ = self._text[self._at + 1 : self._at + 20].partition("}")
        low, comma, high = inner.partition(",")
        if (
            closed
            and (low or high)
            and all(not part or (part.isascii() and part.isdigit()) for part in (low, high))
        ):
            if not low and self._flavour == "re2":
                return None  # {,5} is plain text there
            self._at += len(inner) + 2
            least = int(low or 0)
            return (least, int(high) if high else None) if comma else (least, least)
        if self._flavour == "regex" and inner[:1].isalpha():
            raise self._error("approximate matching is not supported")
        return None

    def _group(self, flags: _Flags) -> tuple[Node | None, _Flags]:
        opened = self._at
        self._at += 1
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._error(f"groups nested more than {MAX_NESTING} deep", opened)
        inner_flags, name, look = flags, None, None
        if self._take("?#"):
            self._take_until(")", "the comment")
            self._depth -= 1
            return None, flags
        if self._take("?"):
            look = self._look_around(opened)
            if look is None and (name := self._group_name(opened)) is None and not self._take_plain_group():
                if self._take("P="):
                    self._depth -= 1
                    return self._backreference(self._take_until(")", "the group"), opened), flags
                inner_flags, bare = self._inline_flags(flags, opened)
                if bare:
                    self._depth -= 1
                    return None, inner_flags
        else:
            name = ""
        key = self._open_capture(name)
        node, _ = self._choice(inner_flags)
        if not self._take(")"):
            raise self._error("the group is not closed", opened)
        self._depth -= 1
        for each in key:
            self._groups[each] = node
        return (node if look is None else Look(node, *look, opened)), flags

    def _open_capture(self, name: str | None) -> tuple[str, ...]:
        if name is None:
            return ()
        self._group_count += 1
        keys = (str(self._group_count), name) if name else (str(self._group_count),)
        for key in keys:
            self._groups[key] = None
        return keys

    def _look_around(self, opened: int) -> tuple[bool, bool] | None:
        for sign, look in (
            ("=", (True, False)),
            ("!", (True, True)),
            ("<=", (False, False)),
            ("<!", (False, True)),
        ):
            if self._take(sign):
                if self._flavour == "re2":
                    raise self._error(_NO_LOOK_AROUND, opened)
                return look
        return None

    def _group_name(self, opened: int) -> str | None:
        if self._take("P<") or self._take("<"):
            return self._take_until(">", "the group name")
        if self._peek("P=") and self._flavour == "re2":
            raise self._error(_NO_BACKREFERENCE, opened)
        return None

    def _take_plain_group(self) -> bool:
        if self._flavour == "regex" and self._take(">"):
            self.untold.append(Untold("atomic group", self._at - len("(?>")))
            return True
        return self._take(":")

    def _inline_flags(self, flags: _Flags, opened: int) -> tuple[_Flags, bool]:
        """Read `i`, `i-s` ... up to `:` or `)`; True when it was `)`, so that they hold from here on."""
        value = True
        while self._at < len(self._text):
            letter = self._text[self._at]
            self._at += 1
            if letter == ":":
                return flags, False
            if letter == ")":
                if self._flavour == "regex":
                    added = _Flags(*(a or b for a, b in zip(self.pattern_flags, flags, strict=True)))
                    self.pattern_flags = added
                return flags, True
            if letter == "-":
                value = False
            elif letter in _FLAG_FIELDS:
                flags = flags._replace(**{_FLAG_FIELDS[letter]: value})
            elif letter not in _FLAGS_WITHOUT_EFFECT[self._flavour]:
                raise self._error(f"(?{self._text[opened + 2 : self._at]} is not supported", opened)
        raise self._error("the group is not closed", opened)

    def _backreference(self, name: str, position: int) -> Node:
        if self._flavour == "re2":
            raise self._error(_NO_BACKREFERENCE, position)
        self.untold.append(Untold("back-reference", position))
        node = self._groups.get(name)
        if node is None:
            raise self._error(f"back-reference to the group {name!r}, which is not closed before it", position)
        return node

    def _class(self, flags: _Flags) -> Atom:
        opened = self._at - 1
        self._take("^")
        self._take("]")  # the first one is plain text
        while self._at < len(self._text):
            if self._take("[:"):
                self._take_until(":]", "the character class")
            elif self._take("]"):
                return self._atom(self._text[opened : self._at], flags)
            else:
                self._at += 2 if self._peek("\\") else 1
        raise self._error("the character class is not closed", opened)

    def _escape(self, flags: _Flags) -> Node | None:
        opened = self._at - 1
        if self._at >= len(self._text):
            raise self._error("a backslash at the end", opened)
        letter = self._text[self._at]
        self._at += 1
        if not letter.isalnum():
            return self._literal(letter, flags)
        if letter in _CONTROL:
            return self._literal(_CONTROL[letter], flags)
        if letter in _ANCHOR_LETTERS:
            return self._anchor(_ANCHOR_LETTERS[letter], flags)
        if letter == "Q" and self._flavour == "re2":
            end = self._text.find(r"\E", self._at)
            self._literal_until = end if end >= 0 else len(self._text)
            self._end_quote()
            return None
        return self._coded_character(letter, flags, opened)

    def _coded_character(self, letter: str, flags: _Flags, opened: int) -> Node:
        if letter in _CLASS_LETTERS:
            return self._atom("\\" + letter, flags)
        if letter in "pP" or (letter == "N" and self._peek("{")):
            if self._take("{"):
                self._take_until("}", "the Unicode class")
            else:
                self._at += 1
            return self._atom(self._text[opened : self._at], flags)
        if letter in _HEX_DIGITS:
            return self._literal(chr(self._hex(letter, opened)), flags)
        if letter.isdigit():
            return self._digits(flags, opened)
        raise self._error(f"\\{letter} is not supported", opened)

    def _hex(self, letter: str, opened: int) -> int:
        if letter == "x" and self._take("{"):
            digits = self._take_until("}", "the character code")
        else:
            digits = self._text[self._at : self._at + _HEX_DIGITS[letter]]
            self._at += len(digits)
        try:
            code = int(digits, 16)
            chr(code)
        except (ValueError, OverflowError) as cause:
            raise self._error(f"\\{letter}{digits} is not a character", opened) from cause
        return code

    def _digits(self, flags: _Flags, opened: int) -> Node:
        r"""An octal character (`\0`, `\012`, `\101`) or a back-reference (`\1`, `\12`)."""
        octal = self._text[opened + 1 : opened + 4]
        octal = octal[: next((i for i, c in enumerate(octal) if c not in "01234567"), len(octal))]
        if octal.startswith("0") or len(octal) == 3:  # noqa: PLR2004 - three octal digits are a character
            self._at = opened + 1 + len(octal)
            return self._literal(chr(int(octal, 8) & 0o777), flags)
        while self._at < len(self._text) and self._text[self._at].isdigit() and self._at < opened + 3:
            self._at += 1
        return self._backreference(self._text[opened + 1 : self._at], opened)
