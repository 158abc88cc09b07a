"""Context words: a finding is surer when one of its recognizer's words stands before it.

As Presidio's `LemmaContextAwareEnhancer` has it, with its numbers: the word in which a finding begins and the
five words before it; where it begins with a sign and no word, six words before it and the next one after. The lemma
of a word is the word, in lower case, as it has to be without a model. Stop words and punctuation are passed over.

Every look is bounded, so that a score is the same however a text is cut: `BEFORE_CHARS` back, `AFTER_CHARS` on.
What is longer than `MAX_PIECE_CHARS` without white space is no word of a language, and only what is letters and
digits in it is taken for its words. A score never depends on more, and waits for no more.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.pii.tokenizer import Tokenizer

BEFORE_CHARS = 320
"""How far before a finding its words are looked for: six words with as many stop words take about 70 in prose."""

AFTER_CHARS = 320
"""How far after the start of a finding the next word is looked for, where one is: no longer than a
pattern's own hold."""

MAX_PIECE_CHARS = 128
"""Longest piece without white space that is a matter of a language's rules. A finding in one that has not ended
waits for as much."""

CONTEXT_CHARS = BEFORE_CHARS + 1
"""What of the text before a window must be seen."""

_ENHANCER = LemmaContextAwareEnhancer()
_WORDS = _ENHANCER.context_prefix_count + 1
_RUN = re.compile(r"\s+|\S+")
_PLAIN_WORD = re.compile(r"\w+")
_JOINT = "\0"

Words = tuple[str, ...]
"""Context words, in lower case."""


def raised(score: float) -> float:
    """Return the score of a finding that stands beside a context word."""
    more = max(score + _ENHANCER.context_similarity_factor, _ENHANCER.min_score_with_context_similarity)
    return float(min(more, _ENHANCER.MAX_SCORE))


def lowered(words: Sequence[str] | None) -> Words:
    """Return a recognizer's context words as they are looked for."""
    return tuple(dict.fromkeys(word.lower() for word in words or () if word))


@lru_cache(maxsize=1_024)
def _folded(words: Words) -> Words:
    """Return context words as they are looked for character by character; they are those of recognizers."""
    return tuple(word.replace("i\u0307", "i").replace("\u03c2", "\u03c3") for word in words)


class _Run(NamedTuple):
    """A stretch of text with or without white space."""

    start: int
    end: int
    is_long: bool


class _Tokens(NamedTuple):
    """The tokens of a run, in offsets of the text."""

    ends: list[int]
    counts: list[int]
    """How many words there are up to and with each token."""
    starts: list[int]
    """Where each word begins."""
    words: list[str]


class Surroundings:
    """A text in which findings stand, for the time of one scan."""

    def __init__(self, text: str, tokenizers: Sequence[Tokenizer], *, is_start: bool, final: bool) -> None:
        """`tokenizers`: one a language. `is_start`: nothing is before the text. `final`: nothing comes after it."""
        self.text = text
        self.is_start = is_start
        self.final = final
        self._readings = tuple(_Reading(self, each) for each in tokenizers)
        self._folded = ""
        self._occurrences: dict[Words, list[int]] = {}
        self._runs: list[_Run] | None = None
        self._ends: list[int] = []

    def is_raised(self, start: int, end: int, words: Sequence[Words]) -> bool | None:
        """Whether a context word stands by a finding, of any language's; None while that may still change.

        `words` has those of each language, in the order of the languages.
        """
        answers = [
            reading.answer(start, end, each) for reading, each in zip(self._readings, words, strict=True) if each
        ]
        if any(answers):
            return True
        return None if None in answers else False

    def may_occur(self, start: int, words: Words) -> bool:
        """Whether any of the words is near a finding at all, in whatever word of the text."""
        if words not in self._occurrences:
            self._occurrences[words] = self._found(words)
        places = self._occurrences[words]
        first = bisect_left(places, start - BEFORE_CHARS)
        return first < len(places) and places[first] < start + AFTER_CHARS

    def _found(self, words: Words) -> list[int]:
        if not self._folded and self.text:
            # Character by character, so that offsets stay: two letters have longer or other small forms in words.
            self._folded = self.text.replace("\u0130", "i").lower().replace("\u03c2", "\u03c3")
        places: set[int] = set()
        for looked_for in _folded(words):
            at = self._folded.find(looked_for)
            while at >= 0:
                places.add(at)
                at = self._folded.find(looked_for, at + 1)
        return sorted(places)

    def runs(self) -> list[_Run]:
        """Return the stretches that begin in the text; a single space after a word is part of none."""
        if self._runs is None:
            self._runs = list(self._cut())
            self._ends = [run.end for run in self._runs]
        return self._runs

    def run_at(self, place: int) -> int:
        """Return the index of the first run that ends after a place."""
        self.runs()
        return bisect_right(self._ends, place)

    def _cut(self) -> Iterator[_Run]:
        for found in _RUN.finditer(self.text):
            start, end = found.span()
            if self.text[start] == " " and start:
                start += 1
            if start < end:
                yield _Run(start, end, end - start > MAX_PIECE_CHARS and not self.text[start].isspace())


class _Stand(NamedTuple):
    """What a finding stands beside: the same for the context words of every recognizer."""

    joined: str
    """The words around it, in lower case."""
    words: tuple[str, ...]
    otherwise: bool | None
    """The answer where none of them holds a context word: False, or None while that may still change."""

    def answer(self, words: Words) -> bool | None:
        for word in words:
            # A context word that holds what the words are joined with is looked for in each of them.
            if word in self.joined and (_JOINT not in word or any(word in each for each in self.words)):
                return True
        return self.otherwise


def _stand(words: Sequence[str], otherwise: bool | None) -> _Stand:
    return _Stand(_JOINT.join(words), tuple(words), otherwise)


_NO_STAND = _stand((), otherwise=False)


class _Reading:
    """The words of a text in one language."""

    def __init__(self, around: Surroundings, tokenizer: Tokenizer) -> None:
        self._around = around
        self._tokenizer = tokenizer
        self._tokens: dict[int, _Tokens] = {}
        self._skips: dict[int, int] = {}
        self._stands: dict[tuple[int, int], _Stand] = {}

    def answer(self, start: int, end: int, words: Words) -> bool | None:
        """Whether one of the words stands by the finding; None while that may still change."""
        around = self._around
        stand = self._stands.get((start, end))
        if stand is not None and not stand.answer(words):
            return stand.otherwise
        is_decided = around.final or start + AFTER_CHARS < len(around.text)
        if is_decided and not around.may_occur(start, words):
            return False
        if stand is None:
            stand = self._stands[start, end] = self._stand(start, end)
        return stand.answer(words)

    def _stand(self, start: int, end: int) -> _Stand:
        around = self._around
        runs, index = around.runs(), around.run_at(start)
        if index == len(runs):
            return _NO_STAND
        low = start - BEFORE_CHARS if start >= BEFORE_CHARS or not around.is_start else -1
        run = runs[index]
        if run.is_long and run.end - max(run.start, low) > MAX_PIECE_CHARS:
            return _stand(self._words_of_long(index, start, end, low), otherwise=False)
        if run.end == len(around.text) and not around.final:
            # Five words before a finding that begins a piece count whatever the piece is.
            return _stand(self._before(index - 1, low, _WORDS - 1) if run.start >= start else (), otherwise=None)
        return self._whole_stand(index, start, low)

    def _whole_stand(self, index: int, start: int, low: int) -> _Stand:
        """Return the words around a finding in a piece that has ended, and perhaps the first one after it."""
        tokens = self._tokens_of(index)
        own = bisect_right(tokens.ends, start)
        count = tokens.counts[own]
        is_word = count > (tokens.counts[own - 1] if own else 0)
        found = tokens.words[max(0, count - _WORDS) : count] if self._around.runs()[index].start > low else []
        found = found + self._before(index - 1, low, _WORDS - len(found))
        if is_word:
            return _stand(found, otherwise=False)
        if count < len(tokens.words):
            return _stand([*found, tokens.words[count]], otherwise=False)
        following, otherwise = self._next(index + 1, start)
        return _stand([*found, *following], otherwise)

    def _next(self, index: int, start: int) -> tuple[Sequence[str], bool | None]:
        """Return the first word from a run on; Presidio looks there when a finding begins with a sign.

        And whether there is no other one: None while that may still change.
        """
        runs, size = self._around.runs(), len(self._around.text)
        while index < len(runs) and runs[index].end <= start + AFTER_CHARS:
            if runs[index].end == size and not self._around.final:
                return (), None
            if runs[index].is_long:
                return (), False
            words = self._tokens_of(index).words
            if words:
                return words[:1], False
            index += 1
        return (), False if index < len(runs) or self._around.final or size > start + AFTER_CHARS else None

    def _words_of_long(self, index: int, start: int, end: int, low: int) -> list[str]:
        """Look in a piece that is too long for rules: up to the end of the finding, which is known."""
        tokens = self._tokens_of(index)
        own = bisect_right(tokens.ends, start)
        before = bisect_left(tokens.starts, start)
        first = bisect_right(tokens.starts, low)
        found = tokens.words[max(first, before - _WORDS) : before]
        begin = max(tokens.ends[own - 1] if own else 0, low, self._around.runs()[index].start)
        last = _PLAIN_WORD.findall(self._around.text, begin, end)
        kept = found[-(_WORDS - 1) :]
        words = [*(word.lower() for word in last), *kept]
        return words + self._before(index - 1, low, _WORDS - 1 - len(kept))

    def _before(self, index: int, low: int, count: int) -> list[str]:
        """Return up to so many words before the end of a run that begin after `low`, in any order."""
        runs, found = self._around.runs(), list[str]()
        while len(found) < count and (index := self._with_words(index, low)) >= 0:
            run, tokens = runs[index], self._tokens_of(index)
            if run.start <= low and run.end - low <= MAX_PIECE_CHARS:
                break
            first = max(bisect_right(tokens.starts, low), len(tokens.words) - (count - len(found)))
            found += tokens.words[first:]
            if run.start <= low:
                break
            index -= 1
        return found

    def _with_words(self, index: int, low: int) -> int:
        """Return the nearest run up to `index` that has words, -1 when there is none after `low`.

        What has none is skipped from then on: a text of signs is walked over once, not once for each finding.
        """
        runs = self._around.runs()
        passed = []
        while index >= 0 and runs[index].end > max(low, 0):
            if index not in self._skips and self._tokens_of(index).words:
                break
            passed.append(index)
            index = self._skips.get(index, index - 1)
        for each in passed:
            self._skips[each] = index
        return index if index >= 0 and runs[index].end > max(low, 0) else -1

    def _tokens_of(self, index: int) -> _Tokens:
        tokens = self._tokens.get(index)
        if tokens is None:
            run = self._around.runs()[index]
            tokens = self._tokens[index] = self._plain(run) if run.is_long else self._read(run)
        return tokens

    def _read(self, run: _Run) -> _Tokens:
        text, base = self._around.text, run.start
        tokens = _Tokens([], [], [], [])
        for start, end, is_word in self._tokenizer.tokens(text[base : run.end]):
            if is_word:
                tokens.starts.append(base + start)
                tokens.words.append(text[base + start : base + end].lower())
            tokens.ends.append(base + end)
            tokens.counts.append(len(tokens.words))
        return tokens

    def _plain(self, run: _Run) -> _Tokens:
        tokens = _Tokens([], [], [], [])
        for found in _PLAIN_WORD.finditer(self._around.text, run.start, run.end):
            tokens.ends.append(found.end())
            if self._tokenizer.is_word(found[0]):
                tokens.starts.append(found.start())
                tokens.words.append(found[0].lower())
            tokens.counts.append(len(tokens.words))
        return tokens
