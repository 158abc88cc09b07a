"""The hold automaton against the engines: what it lets go is settled, and it holds no more than it must."""

from __future__ import annotations

from itertools import pairwise

import pytest
import re2
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors import automaton
from detectors.automaton import ASKED, HoldAutomaton
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import (
    Atom,
    Choice,
    Node,
    PatternSource,
    Repeat,
    Sequence,
    UnsupportedPatternError,
    measure,
)
from tests.support.scale import examples

SPAN = 50


def held(pattern: str, text: str, *, start: int = 0, span: int = SPAN, **options: bool) -> str:
    """Return the part of `text` that would be held."""
    return text[HoldAutomaton([PatternSource(pattern, **options)], span).earliest_live(text, start) :]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("TKT-[0-9]{6}", "hello", ""),
        ("TKT-[0-9]{6}", "hello T", "T"),
        ("TKT-[0-9]{6}", "a TKT-12345", "TKT-12345"),
        ("TKT-[0-9]{6}", "a TKT-123456", ""),
        ("TKT-[0-9]{6}", "TKT-12 ", ""),
        ("TKT-[0-9]{6,8}", "TKT-123456", "TKT-123456"),
        (r"\b\d{3}\b", "abc12", ""),
        (r"\b\d{3}\b", "abc 12", "12"),
        (r"\b\d{3}\b", "123", "123"),
        (r"\b\d{3}\b", "1234", ""),
        (r"(?<!\d)\d{3}(?!\d)", "a123", "123"),
        (r"(?<![\w:])ab", "xa", ""),
        (r"(?<![\w:])ab", "-a", "a"),
        (r"(?<=x|^)ab", "xa", "a"),
        (r"(?<=x|^)ab", "a", "a"),
        (r"(?<=x|^)ab", "ya", ""),
        (r"ab$", "ab", "ab"),
        (r"ab$", "abc", ""),
        (r"^ab", "xa", ""),
        (r"^ab", "a", "a"),
        (r"(?m)^ab", "x\na", "a"),
        (r"a(?!bcd)", "abc", "abc"),
        (r"a(?!bcd)", "abx", ""),
        (r"a(?=b)", "a", "a"),
        (r"(ab|cd)-\1", "ab-a", "ab-a"),
        (r"\Babc", "xab", "ab"),
        (r"a.c", "ab", "ab"),
        (r"a.c", "a\n", ""),
        (r"(?s)a.c", "a\n", "a\n"),
        (r"x\b", "x", "x"),
        ("[^@]+@x", "ab cd", "ab cd"),
        (r"\p{Lu}\p{Ll}+é", "x Éab", "Éab"),
    ],
)
def test_held_text(pattern: str, text: str, expected: str) -> None:
    assert held(pattern, text) == expected


def test_case_is_ignored_as_the_engine_ignores_it() -> None:
    """The Kelvin sign is a k to both engines, and the long s an s."""
    for char in "kK\u212a":
        assert held("ke", char, ignore_case=True) == char
        assert held("(?i)ke", char, flavour="re2") == char  # type: ignore[arg-type]
    assert held("ke", "K") == ""
    assert held("(?i)s!", "\u017f") == "\u017f"


def test_letters_are_what_the_engine_says() -> None:
    """RE2's words are ASCII, those of `regex` are not unless it is told so."""
    assert held(r"\bab", "éa") == ""
    assert held(r"\bab", "éa", ascii=True) == "a"
    assert held(r"\bab", "éa", flavour="re2") == "a"  # type: ignore[arg-type]


def test_text_before_the_window_is_seen_but_not_held() -> None:
    numbers = HoldAutomaton([PatternSource(r"\b[0-9]{3}\b")], SPAN)
    assert [numbers.earliest_live("a12", start) for start in range(4)] == [3, 3, 3, 3]
    assert [numbers.earliest_live(" 12", start) for start in range(4)] == [1, 1, 3, 3]
    assert numbers.earliest_live("", 0) == 0


def test_each_pattern_has_its_own_span() -> None:
    both = HoldAutomaton([PatternSource("a.*"), PatternSource("b.*")], [3, 6])
    assert [both.earliest_live("ab" + "." * n, 0) for n in range(8)] == [0, 0, 1, 1, 1, 1, 8, 9]
    assert both.max_span == 6


def test_the_last_live_place_counts_where_a_boundary_decides() -> None:
    """A start as far from the end as its span is live, though only the character before it shows that it is one."""
    both = HoldAutomaton([PatternSource(r"\ba.*"), PatternSource(r"\bb.*")], [3, 6])
    assert [both.earliest_live("- a" + "." * n, 0) for n in range(4)] == [2, 2, 2, 6]


def test_many_patterns_hold_what_the_greediest_of_them_holds() -> None:
    patterns = ["TKT-[0-9]{6}", r"\b[0-9]{4}\b", "(?i)bearer [a-z]{3,9}"]
    alone = [HoldAutomaton([PatternSource(p)], SPAN) for p in patterns]
    together = HoldAutomaton(map(PatternSource, patterns), SPAN)
    text = "TKT-1 Bearer abc 123 TKT-123456 12345 bearer xyzxyzxyzxyz 12"
    for end in range(len(text) + 1):
        prefix = text[:end]
        assert together.earliest_live(prefix, 0) == min(one.earliest_live(prefix, 0) for one in alone)


CHARS = "ab1 \n"
TEXTS = st.text(CHARS, max_size=9)
ATOMS = st.sampled_from(
    ["a", "b", "1", " ", ".", "[ab]", "[^a]", r"\d", r"\w", r"\s", r"\W", "ab", "(?i:A)", r"\n"]
)
REPEATS = st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,3}", "{2,}", "??", "*?", "+?"])
RE2_PLACES = st.sampled_from([r"\b", r"\B", "^", "$", r"\A", "(?m:^)", "(?m:$)"])
LOOKS = st.sampled_from(
    [r"(?=a)", r"(?!a)", r"(?!\w)", r"(?=ab)", r"(?!ab1)",
     r"(?<=a)", r"(?<!\w)", r"(?<=^|a)", r"(?<!ab)", r"(?=.*1)", r"(?!a\b)"]
)  # fmt: skip


def patterns_of(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return (
            st.lists(inner, min_size=2, max_size=4).map("".join)
            | st.lists(inner, min_size=2, max_size=3).map(lambda options: f"(?:{'|'.join(options)})")
            | st.builds(lambda item, repeat: f"(?:{item}){repeat}", inner, REPEATS)
        )

    return st.recursive(leaves, grown, max_leaves=6)


PLAIN = patterns_of(ATOMS)
WITH_RE2_PLACES = patterns_of(ATOMS | RE2_PLACES)
WITH_LOOKS = patterns_of(ATOMS | RE2_PLACES | LOOKS)


@settings(max_examples=examples(600), deadline=None)
@given(WITH_LOOKS, TEXTS, TEXTS)
def test_what_it_lets_go_is_settled_for_regex(pattern: str, text: str, more: str) -> None:
    """Below the earliest live offset, what matches from where does not depend on what follows."""
    pattern = pattern.replace("(?m:", "(?:")  # `regex` has no scoped multi-line
    live = HoldAutomaton([PatternSource(pattern)], SPAN).earliest_live(text, 0)
    engine = regex.compile(pattern, regex.VERSION0)
    for start in range(live):
        now, later = engine.match(text, start), engine.match(text + more, start)
        assert (now and now.span()) == (later and later.span()), start


@settings(max_examples=examples(400), deadline=None)
@given(WITH_RE2_PLACES, TEXTS, TEXTS)
def test_what_it_lets_go_is_settled_for_re2(pattern: str, text: str, more: str) -> None:
    live = HoldAutomaton([PatternSource(pattern, flavour="re2")], SPAN).earliest_live(text, 0)
    engine = re2.compile(pattern)
    for start in range(live):
        now, later = engine.match(text, start), engine.match(text + more, start)
        assert (now and now.span()) == (later and later.span()), start


def after(todo: tuple[Node, ...], char: str) -> set[tuple[Node, ...]]:
    """Return what may be left to match once `char` has been (Antimirov's partial derivatives)."""
    if not todo:
        return set()
    first, rest = todo[0], todo[1:]
    match first:
        case Atom(source):
            options = regex.IGNORECASE if first.ignore_case else 0
            return {rest} if regex.fullmatch(source, char, options) else set()
        case Sequence(items):
            return after(items + rest, char)
        case Choice(options):
            return set().union(*(after((option, *rest), char) for option in options))
        case Repeat(item, least, most):
            again = Repeat(item, max(0, least - 1), None if most is None else most - 1)
            skipped = after(rest, char) if least == 0 or not measure(item).least else set()
            entered = after((item,), char) if most != 0 else set()
            return skipped | {(*left, again, *rest) for left in entered}
    raise AssertionError(first)


@settings(max_examples=examples(400), deadline=None)
@given(PLAIN, TEXTS.filter(len))
@example("(?:(?:a)* )?", " ")  # what is left of it, no times at all, is nothing to wait for
def test_it_holds_exactly_what_could_become_a_match(pattern: str, text: str) -> None:
    """Without assertions: the first offset from which something is left to match, by an independent method."""
    tree = parse_pattern(PatternSource(pattern))
    expected = len(text)
    for start in range(len(text)):
        left = {(tree,)}
        for char in text[start:]:
            left = set().union(*(after(todo, char) for todo in left))
        if any(measure(node).most != 0 for todo in left for node in todo):
            expected = start
            break
    assert HoldAutomaton([PatternSource(pattern)], SPAN).earliest_live(text, 0) == expected


@settings(max_examples=examples(150), deadline=None)
@given(WITH_LOOKS, TEXTS, st.integers(0, 9))
def test_where_the_window_starts_changes_nothing(pattern: str, text: str, start: int) -> None:
    """Text before the window is context: the answer is that of the whole text, but never before the start."""
    pattern = pattern.replace("(?m:", "(?:")
    start = min(start, len(text))
    hold = HoldAutomaton([PatternSource(pattern)], SPAN)
    fresh = HoldAutomaton([PatternSource(pattern)], SPAN)
    live = hold.earliest_live(text, start)
    assert start <= live <= len(text)
    assert live == fresh.earliest_live(text, start)
    if (whole := hold.earliest_live(text, 0)) >= start:
        assert live == whole


def test_cost_is_what_is_walked_and_the_walk_is_short() -> None:
    """On text that cannot match, a call looks at a few characters, however long the text is."""
    seen: list[str] = []

    class Watched(str):
        __slots__ = ()

        def __getitem__(self, key: object) -> str:
            found = str.__getitem__(self, key)  # type: ignore[index]
            return Watched(found) if isinstance(key, slice) else seen.append(found) or found  # type: ignore[func-returns-value]

    hold = HoldAutomaton([PatternSource(r"\bTKT-[0-9]{6}\b"), PatternSource(r"\b[A-Z]{2}[0-9]{9}\b")], 200)
    text = "the quick brown fox " * 5000
    for end in range(99_000, 99_100):
        hold.earliest_live(Watched(text[:end]), 0)
    assert len(seen) <= 300
    seen.clear()
    HoldAutomaton([PatternSource("[a-z ]+!")], 200).earliest_live(Watched(text), 0)
    assert len(seen) <= 201


def test_the_cache_is_bounded_and_its_end_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emptied again and again, in the middle of a walk as well, it gives the same answers."""
    pattern = r"(?:[^x]{0,9}y.{0,9}x.{2,9}|\bz\w+)+!"
    texts = [
        "".join("xyz ab\u00e9"[(i * i + i * n) % 7] for i in range(n % 60)) + chr(0x4E00 + n) * (n % 3)
        for n in range(150)
    ]
    roomy = HoldAutomaton([PatternSource(pattern)], SPAN)
    expected = [roomy.earliest_live(text, 0) for text in texts]
    monkeypatch.setattr(automaton, "MAX_CACHE_CELLS", 500)
    tight = HoldAutomaton([PatternSource(pattern)], SPAN)
    answers, sizes = [], []
    for text in texts:
        answers.append(tight.earliest_live(text, 0))
        sizes.append(tight.cache_cells)
    assert answers == expected
    assert max(sizes) <= 500
    assert any(later < earlier for earlier, later in pairwise(sizes))
    assert roomy.cache_cells > 5000


def test_a_pattern_that_is_only_asked_for_says_that_it_is_live() -> None:
    """Whatever else is live, and only within its span."""
    hold = HoldAutomaton([PatternSource("abc")], 3, [(PatternSource(r"1\bx{9}"), 4)])
    assert hold.earliest_live("so ab", 0) == 3
    assert hold.earliest_live("so 1", 0) == ASKED
    assert hold.earliest_live("so 1 ab", 0) == 5
    assert HoldAutomaton([], (), [(PatternSource("1x{9}"), 4)]).earliest_live("1xxxxx", 0) == 6


def test_too_large_is_an_error() -> None:
    with pytest.raises(UnsupportedPatternError, match="the patterns need more than 100000 states"):
        HoldAutomaton([PatternSource("(?:[a-z]{60}x){60}" * 40)], SPAN)
