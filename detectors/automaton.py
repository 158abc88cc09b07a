r"""Where a match could still begin: the earliest live offset of a text that ends here but may go on.

An offset `s` is *live* when `text[s:]` is a proper prefix of something a pattern matches, or is matched already
but an assertion at its end (`\b`, `$`, a look-ahead) waits for the next character. The patterns become one
Thompson automaton whose reverse is run from the end of the text backwards, by subset construction on demand, for
as long as a thread lives: on ordinary English that is a few characters a call.

The answer is exact but for these, where more is called live than is (which holds longer and loses nothing):
look-behind wider than one character and look-ahead inside a pattern count as met, a back-reference counts as
another copy of its group, repeats over `nfa.MAX_UNROLLED` have no upper bound, and `regex`'s `$` stands before any
newline.
It does not match: which spans are findings is for the engine that owns the pattern.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from detectors.nfa import Nfa, Sight, is_met

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.regex_tree import PatternSource

MAX_CACHE_CELLS = 2_000_000
"""Size at which the cache of the reversed automaton is emptied, in 8-byte cells: about 16 to 40 MB. Under the
bundled policies, 200 kB of mixed text fill half of it."""

ASKED = -1
"""Answer where a pattern is live of which only that is wanted."""

_ASKS = 1 << 24  # added to the spans of such patterns; no text that is held is that long
_ENTRY_CELLS = 12  # a dict entry with its key
_ROW_CELLS = 80
_START_OF_TEXT = ""  # stands for the character before the first one


class HoldAutomaton:
    """Patterns, and the question where one could still begin.

    Immutable from outside. The cache inside is bounded by `MAX_CACHE_CELLS` and may be shared by threads: it
    holds only what can be computed again.
    """

    def __init__(
        self,
        patterns: Iterable[PatternSource],
        max_span: int | Iterable[int],
        asks: Iterable[tuple[PatternSource, int]] = (),
    ) -> None:
        """`max_span`: of all patterns, or of each: a start further than this from the end is not live.

        `asks` are patterns with their spans of which it is only wanted whether one is live: see `ASKED`.
        Raises UnsupportedPatternError.
        """
        sources = tuple(patterns)
        spans = (max_span,) * len(sources) if isinstance(max_span, int) else tuple(max_span)
        nfa = Nfa()
        for source, span in zip(sources, spans, strict=True):
            nfa.add_pattern(source, span)
        asked = tuple(asks)
        for source, span in asked:
            nfa.add_pattern(source, span + _ASKS)
        self.max_span = max((*spans, *(span for _, span in asked)), default=0)
        self.state_count = nfa.state_count
        self._rows = _RowCache(nfa)

    def earliest_live(self, text: str, start: int) -> int:
        """Return the smallest live offset in `[start, len(text)]`; `len(text)` when no offset is.

        `ASKED` when a pattern of `asks` is live there, within its span or about so.
        `text[:start]` is left context: at least one character unless the text really begins at `start`.
        """
        end = len(text)
        low = max(start, end - self.max_span)
        best = end
        length = 0
        row = self._rows.initial
        for char in reversed(text[low:]):
            row = row[char]
            length += 1
            if row.is_marked:
                if row.live_span >= _ASKS or row.live_span_after >= _ASKS:
                    return ASKED
                if row.live_span >= length:
                    best = end - length
                elif row.live_span_after >= length - 1:
                    best = end - length + 1
                if not row.states:
                    return best
        # Whether a match may begin at `low` can hang on the character before it.
        if best > low < end:
            span = row[text[low - 1] if low else _START_OF_TEXT].live_span_after
            if span >= length:
                return ASKED if span >= _ASKS else low
        return best

    @property
    def cache_cells(self) -> int:
        """How full the cache is, in cells of about 8 bytes."""
        return self._rows.cells


class _Key(NamedTuple):
    """What a row means."""

    states: frozenset[int]
    """States from which the text from here on can be read to where it ends; none: nothing before matters."""
    after: int | None
    """Mask of the character that follows this place; None at the end of the text."""
    live_span: int
    """Longest span of the patterns that may have begun here; -1 when none has."""
    live_span_after: int
    """The same of the place one character further on, where a condition looked at this character."""


class _Row(dict[str, "_Row"]):
    """A state of the reversed automaton: the row for each character that may stand before this place."""

    __slots__ = ("_by_mask", "_cache", "after", "is_marked", "live_span", "live_span_after", "met", "states")

    def __init__(self, cache: _RowCache, key: _Key) -> None:
        super().__init__()
        self._cache = cache
        self._by_mask: dict[int | None, _Row] = {}
        self.met: dict[int | None, tuple[frozenset[int], int]] = {}
        """By what conditions see of the character before this place: the states with those they add, and the
        longest span of patterns that may have begun."""
        self.states, self.after, self.live_span, self.live_span_after = key
        self.is_marked = bool(self.live_span >= 0 or self.live_span_after >= 0 or not self.states)

    def __missing__(self, char: str) -> _Row:
        mask = None if char == _START_OF_TEXT else self._cache.mask(char)
        row = self._by_mask.get(mask)
        if row is None:
            row = self._by_mask[mask] = self._cache.row_before(self, mask)
        self[char] = row
        self._cache.note_growth(_ENTRY_CELLS)
        return row

    def clear_all(self) -> None:
        """Forget every row before this one."""
        self.clear()
        self._by_mask.clear()
        self.met.clear()


class _RowCache:
    """Rows by what they mean, built on demand and forgotten all at once when they are too many."""

    def __init__(self, nfa: Nfa) -> None:
        self._nfa = nfa
        self._rows: dict[_Key, _Row] = {}
        self._seen_after = reduce(
            or_,
            (c.bits for steps in nfa.stepping.values() for c, _ in steps if c and c.sight is not Sight.BEFORE),
            0,
        )
        self._seen_before = reduce(
            or_,
            (c.bits for steps in nfa.stepping.values() for c, _ in steps if c and c.sight is not Sight.AFTER),
            0,
        )
        self._conditional = frozenset(
            state for state, steps in nfa.stepping.items() if any(c is not None for c, _ in steps)
        )
        self._useful = self._conditional.union(nfa.consuming)
        """States with a way in; the others are starts, or nothing."""
        self._starts = frozenset(nfa.starts)
        self._ways: dict[int, list[tuple[int, int]]] = defaultdict(list)
        """bit -> (state, the state before it)"""
        for state, ways in nfa.consuming.items():
            for bit, source in ways:
                self._ways[bit].append((state, source))
        self._reached: dict[int, frozenset[int]] = {}
        self._moves: dict[int, dict[int, frozenset[int]]] = {}
        seen: frozenset[int] = frozenset().union(*map(self._reach, nfa.live))
        self.initial = _Row(self, _Key(seen & self._useful, None, -1, -1))
        self.cells = 0

    def mask(self, char: str) -> int:
        return self._nfa.alphabet.mask(char)

    def note_growth(self, cells: int) -> None:
        self.cells += cells
        if self.cells > MAX_CACHE_CELLS:
            self._forget()

    def _forget(self) -> None:
        for row in self._rows.values():
            row.clear_all()
        self._rows.clear()
        self.initial.clear_all()
        self._nfa.alphabet.masks.clear()
        self._moves.clear()
        self.cells = 0

    def row_before(self, row: _Row, mask: int | None) -> _Row:
        """Return the row reached from `row` when the character before it has `mask` (None: the text begins)."""
        sight = None if mask is None else mask & self._seen_before
        met = row.met.get(sight)
        if met is None:
            closed = self._met(row.states, mask, row.after)
            met = row.met[sight] = closed, self._live_span(closed)
            self.note_growth(_ENTRY_CELLS + (0 if closed is row.states else len(closed)))
        seen: frozenset[int] = frozenset()
        if mask is not None:
            moves = self._moves.get(mask)
            if moves is None:
                moves = self._moves[mask] = self._moves_on(mask)
            seen = frozenset().union(*map(moves.__getitem__, moves.keys() & met[0]))
        after = None if mask is None else mask & self._seen_after
        key = _Key(seen & self._useful, after, self._live_span(seen), met[1])
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = _Row(self, key)
            self.note_growth(_ROW_CELLS + len(key.states))
        return found

    def _moves_on(self, mask: int) -> dict[int, frozenset[int]]:
        """Return, for each state that a character with `mask` leads to, all states it is reached from."""
        moves: dict[int, frozenset[int]] = {}
        for bit, ways in self._ways.items():
            if mask & bit:
                for state, source in ways:
                    reached, known = self._reach(source), moves.get(state)
                    moves[state] = reached if known is None else known | reached
        self.note_growth(_ENTRY_CELLS * len(moves))
        return moves

    def _reach(self, state: int) -> frozenset[int]:
        """Return a state and all from which steps without condition lead to it."""
        found = self._reached.get(state)
        if found is None:
            seen = {state}
            todo = [state]
            for target in todo:
                for condition, source in self._nfa.stepping.get(target, ()):
                    if condition is None and source not in seen:
                        seen.add(source)
                        todo.append(source)
            found = self._reached[state] = frozenset(seen)
        return found

    def _met(self, states: frozenset[int], mask: int | None, after: int | None) -> frozenset[int]:
        """Return `states`, which are closed under steps without condition, and what conditions that are met add."""
        seen = set(states)
        todo = list(self._conditional & states)
        for state in todo:
            for condition, source in self._nfa.stepping[state]:
                if condition is not None and source not in seen and is_met(condition, mask, after):
                    new = self._reach(source) - seen
                    seen |= new
                    todo += self._conditional & new
        return frozenset(seen) if len(seen) > len(states) else states

    def _live_span(self, states: frozenset[int]) -> int:
        begun = states & self._starts
        return max(map(self._nfa.starts.__getitem__, begun)) if begun else -1
