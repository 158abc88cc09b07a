"""The words of a language as spaCy's tokenizer tells them apart: its rules, without its vocabulary.

spaCy keeps every token that it ever saw in a store of strings, so that a proxy would grow with what passes through
it, and remember it. This module asks the rules of spaCy's blank pipeline (affixes, infixes, exceptions, stop words)
itself, and remembers a bounded number of short pieces, those with digits only by their shape.

A piece is what stands between white space; spaCy's rules look no further, but for a few of its exceptions that hold
a space (an emoticon such as `: )`, `EE. UU.` in Spanish), which are not taken together here.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from spacy.attrs import IS_PUNCT, IS_STOP, ORTH
from spacy.util import get_lang_class
from spacy.vocab import create_vocab

from detectors.pii.affixes import Affixes, Infixes, always_holds, see_digits_alike, take_no_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_KNOWN_PIECES = 8_192
"""How many pieces are remembered with their tokens: the words of a language that come again and again."""

MAX_KNOWN_CHARS = 24
"""Longest piece that is remembered: longer ones hardly come again."""

_ANY_LANGUAGE = "xx"
_BY_RULES = "spacy.Tokenizer.v1"
"""What the settings of a language call the tokenizer that has affixes, infixes and exceptions."""
_NO_WORDS = frozenset({"-PRON-", "be"})
"""What Presidio does not count: how spaCy once wrote pronouns, and a verb that says nothing."""
_ALIKE = str.maketrans("123456789", "0" * 9)


_Match: TypeAlias = "Callable[[str], object]"


class Token(NamedTuple):
    """A token of a piece, in offsets of the piece."""

    start: int
    end: int
    is_word: bool
    """Whether it is one of the words that context is made of."""


class Tokenizer:
    """Takes pieces of text apart in one language. Its answers depend on nothing but the piece."""

    def __init__(self, language: str) -> None:
        rules = _rules(language)
        exceptions = rules.tokenizer_exceptions.items()
        self._exceptions = {text: tuple(part[ORTH] for part in parts) for text, parts in exceptions}
        self._prefixes = Affixes(_parts(rules.prefixes), at_end=False)
        self._suffixes = Affixes(_parts(rules.suffixes), at_end=True)
        self._infixes = Infixes(_parts(rules.infixes))
        self._token_match: _Match | None = rules.token_match
        self._url_match: _Match | None = rules.url_match
        self._urls_have_dots = always_holds(".", rules.url_match)
        vocab: Any = create_vocab(language, get_lang_class(language).Defaults)
        getters = vocab.lex_attr_getters
        self._is_stop, self._is_punct = getters[IS_STOP], getters[IS_PUNCT]
        self._joins = self._found_joins()
        self._least_digits = self._digits_that_do_not_matter()
        self._known: dict[str, tuple[Token, ...]] = {}

    def tokens(self, piece: str) -> tuple[Token, ...]:
        """Return the tokens of a piece of text, in order; together they are the piece."""
        shape = piece.translate(_ALIKE)
        known = self._known.get(shape) if self._may_know(shape) else None
        if known is not None:
            return known
        parts, is_url_asked = self._apart(piece)
        joined = self._join(parts)
        ends = list(accumulate(map(len, joined)))
        starts = [0, *ends[:-1]]
        found = tuple(map(Token, starts, ends, map(self.is_word, joined)))
        if self._may_know(shape) and not ("0" in shape and (is_url_asked or joined is not parts)):
            if len(self._known) >= MAX_KNOWN_PIECES:
                self._known.clear()
            self._known[shape] = found
        return found

    def _may_know(self, shape: str) -> bool:
        if len(shape) > MAX_KNOWN_CHARS or "@" in shape:
            return False
        return "0" not in shape or (self._least_digits is not None and shape.count("0") >= self._least_digits)

    def is_word(self, token: str) -> bool:
        """Whether Presidio would count a token: it splits at colons what it looks for, but not where it looks."""
        return not (":" in token or token in _NO_WORDS or self._is_stop(token) or self._is_punct(token))

    def _apart(self, piece: str, *, with_exceptions: bool = True) -> tuple[list[str], bool]:
        """Return the parts of a piece, and whether it mattered what an address looks like."""
        middle, prefixes, suffixes = self._without_affixes(piece, self._exceptions if with_exceptions else {})
        parts, is_url_asked = self._middle_apart(middle, with_exceptions=with_exceptions) if middle else ([], False)
        return [*prefixes, *parts, *reversed(suffixes)], is_url_asked

    def _without_affixes(self, text: str, exceptions: Mapping[str, object]) -> tuple[str, list[str], list[str]]:
        prefixes: list[str] = []
        suffixes: list[str] = []
        before = 0
        while text and len(text) != before and not self._stays(text, exceptions):
            before = len(text)
            first = self._prefixes.length(text)
            if first and text[first:] in exceptions:
                return text[first:], [*prefixes, text[:first]], suffixes
            last = self._suffixes.length(text[first:])
            if last and text[:-last] in exceptions:
                return text[:-last], prefixes, [*suffixes, text[-last:]]
            if first:
                prefixes.append(text[:first])
            if last and first + last <= len(text):
                suffixes.append(text[-last:])
                text = text[first:-last]
            else:
                text = text[first:]
        return text, prefixes, suffixes

    def _stays(self, text: str, exceptions: Mapping[str, object]) -> bool:
        return text in exceptions or (self._token_match is not None and bool(self._token_match(text)))

    def _middle_apart(self, text: str, *, with_exceptions: bool) -> tuple[list[str], bool]:
        if with_exceptions and text in self._exceptions:
            return list(self._exceptions[text]), False
        if self._token_match is not None and self._token_match(text):
            return [text], False
        parts: list[str] = []
        start = 0
        for begin, end in self._infixes.spans(text):
            if begin:
                parts += [part for part in (text[start:begin], text[begin:end]) if part]
                start = end
        parts += [text[start:]] if start < len(text) else []
        if len(parts) == 1 or self._url_match is None or (self._urls_have_dots and "." not in text):
            return parts, False
        return [text] if self._url_match(text) else parts, True

    def _join(self, parts: list[str]) -> list[str]:
        """Return the parts with the exceptions among them as they are to be: longest first, then from the left."""
        if not any(part in self._joins for part in parts):
            return parts
        spans = [
            (start, start + len(sequence))
            for start, part in enumerate(parts)
            for sequence in self._joins.get(part, ())
            if tuple(parts[start : start + len(sequence)]) == sequence
        ]
        taken: set[int] = set()
        chosen: dict[int, int] = {}
        for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
            if start not in taken and end - 1 not in taken:
                chosen[start] = end
            taken.update(range(start, end))
        joined: list[str] = []
        place = 0
        while place < len(parts):
            end = chosen.get(place, place + 1)
            whole = "".join(parts[place:end])
            joined += self._exceptions[whole] if place in chosen else (whole,)
            place = end
        return joined

    def _found_joins(self) -> dict[str, list[tuple[str, ...]]]:
        """Return the exceptions that spaCy also looks for among the parts of pieces, as parts, by their first."""
        joins: dict[str, list[tuple[str, ...]]] = {}
        for text in self._exceptions:
            has_affix = self._prefixes.length(text) or self._suffixes.length(text)
            if (has_affix or any(self._infixes.spans(text))) and not any(map(str.isspace, text)):
                sequence = tuple(self._apart(text, with_exceptions=False)[0])
                joins.setdefault(sequence[0], []).append(sequence)
        return joins

    def _digits_that_do_not_matter(self) -> int | None:
        """Return from how many digits on it does not matter which they are; None when it always may.

        Every rule but that for addresses must see all digits alike, and no exception may have as many.
        """
        affixes = (*self._prefixes.trees(), *self._suffixes.trees())
        if self._token_match is not None or not take_no_digits(affixes):
            return None
        if not see_digits_alike((*affixes, *self._infixes.trees())):
            return None
        return 1 + max((sum(map(str.isdigit, text)) for text in self._exceptions), default=0)


def _rules(language: str) -> Any:  # noqa: ANN401 - spaCy's own class of them
    """Return what spaCy's tokenizer of a language is made of. It is not made here, which would take the longest.

    A language whose tokenizer has no such rules (Chinese), or is a package of its own (Japanese), gets those of no
    language in particular.
    """
    chosen = get_lang_class(language)
    if chosen.default_config["nlp"]["tokenizer"]["@tokenizers"] != _BY_RULES:
        chosen = get_lang_class(_ANY_LANGUAGE)
    return chosen.Defaults


def _parts(parts: Iterable[str] | None) -> list[str]:
    """Return the patterns that spaCy joins to one: those that are not empty."""
    return [part for part in parts or () if part.strip()]


@cache
def tokenizer(language: str) -> Tokenizer:
    """Return the tokenizer of a language. The same language gives the same object."""
    return Tokenizer(language)
