"""Rules in RE2 syntax: what they find, what they hold, and which of them are refused with which words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors import patterns
from detectors.patterns import TYPE, PatternDetector
from detectors.types import ALL_KINDS, ChannelKind, DetectorConfigError, Window
from tests.support.detectors import Feed, fed, fed_in_deltas, found_texts, spans
from tests.support.prose import prose
from tests.support.scale import examples

if TYPE_CHECKING:
    from collections.abc import Iterator


def built(**rules: object) -> PatternDetector:
    detector = TYPE.build("rules", TYPE.params.model_validate({"patterns": rules}))
    assert isinstance(detector, PatternDetector)
    return detector


TICKET = "TKT-[0-9]{6}"
CODE = {"regex": "orion", "ignore_case": True, "whole_word": True}
KEY = {"regex": r"key=\S+", "max_span": 12}

CASES = [
    # rule, hit, what is found in it, near miss
    (TICKET, "see TKT-123456!", ["TKT-123456"], "see TKT-12345, tkt-123456"),
    (TICKET, "TKT-1234567TKT-000000", ["TKT-123456", "TKT-000000"], "TKTTKT--12345"),
    (r"\b[0-9]{3}-[0-9]{4}\b", "at 555-0100 or 555-0101.", ["555-0100", "555-0101"], "1555-0100 555-01000"),
    (CODE, "Orion, ORION", ["Orion", "ORION"], "orions morion _orion"),
    (r"\bétat [0-9]{1,3}", "l état 42", [], "état 42"),  # é is no word character to RE2's \b
    (r"(?:^|\s)état [0-9]{1,3}", "un état 42é", [" état 42"], "état é42"),
    ("[\U0001f600-\U0001f64f]{2}x?", "a\U0001f600\U0001f601x", ["\U0001f600\U0001f601x"], "\U0001f600a\U0001f601"),
    ("机密[0-9]{2,4}", "是机密12345。", ["机密1234"], "机密1 机 密12"),
    ("cat|catalog", "catalog", ["cat"], "ca t"),
    ("(?:cat|catalog)s", "catalogs cats", ["catalogs", "cats"], "catalog"),
    (r"(?m)^from: [a-z]{1,9}$", "a\nfrom: bob\nfrom: eve", ["from: bob", "from: eve"], "xfrom: bob\nfrom: bob!"),
    ("(?s)<!.{0,9}!>", "<!a\nb!>", ["<!a\nb!>"], "<!0123456789!>"),
    (r"[[:upper:]]{2}\pN{2}", "xAB12", ["AB12"], "aB12"),
    (r"\Qa+b\E{2}", "a+bb", ["a+bb"], "aab"),
    (KEY, "a key=abc d", ["key=abc"], "key= abc"),
    (KEY, "key=0123456789", ["key=01234567"], "keys=0"),
    ({"regex": "a.*z", "max_span": 4}, "a12z a1234z abz", ["a12z", "abz"], "a123z"),
    ({"regex": r"a+\b", "max_span": 3}, "aaaaa", ["aaa"], "aaab"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "hit", "found", "miss"), CASES)
def test_hit_near_miss_and_every_split(rule: object, hit: str, found: list[str], miss: str) -> None:
    """What is found is the same whole, split at any place, and character by character."""
    detector = built(it=rule)
    assert [text for _, text in found_texts(detector, hit)] == found
    assert found_texts(detector, miss) == []
    for text in (hit, miss):
        whole = spans(fed(detector, text).findings)
        assert spans(fed_in_deltas(detector, text, 1).findings) == whole
        for cut in range(len(text) + 1):
            assert spans(fed(detector, text, [cut]).findings) == whole
            assert spans(fed(detector, text, [cut], end_apart=True).findings) == whole


def test_findings_carry_category_and_score() -> None:
    detector = built(a={"regex": "foo", "score": 0.5}, b="fo{1,2}")
    assert spans(fed(detector, "é foo").findings) == [(2, 5, "a", 0.5), (2, 5, "b", 1.0)]
    assert detector.categories == ("a", "b")
    assert detector.kinds == ALL_KINDS


def test_lone_surrogates_do_not_move_offsets() -> None:
    assert spans(fed(built(t=TICKET), "\ud800é\udfffTKT-123456\ud800").findings) == [(3, 13, "t", 1.0)]


@pytest.mark.parametrize(
    ("rule", "sizes"),
    [
        (TICKET, (10, 0)),
        (r"\bab", (2, 1)),
        (CODE, (5, 1)),
        (KEY, (12, 0)),
        ({"regex": "ab", "max_span": 9}, (2, 0)),
    ],
)
def test_sizes_come_from_the_pattern(rule: object, sizes: tuple[int, int]) -> None:
    detector = built(it=rule)
    assert (detector.max_span, detector.context_chars) == sizes


LOOK_AROUND = "RE2 has no look-around: match the neighbouring characters too, or use \\b, or write whole_word: true"
BACK_REFERENCE = "RE2 has no back-references: write the repeated part out, or the alternatives"
SHORTEN = "shorten the repeats, or give max_span: 200 (character 1)"
TOO_WIDE = "can match {} characters, more than the 2000 that may be held: " + SHORTEN
NESTED = "RE2 cannot read it: invalid repetition size: {30} (nested repeats count together, 1000 at most)"
EMPTY = "can match the empty text: make at least one character required"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (".*", "'.*' has no upper bound: write '.{0,200}', or give max_span: 200 (character 1)"),
        ("ab+?c", "'b+' has no upper bound: write 'b{1,200}', or give max_span: 200 (character 2)"),
        ("[a]{300,}", "'[a]{300,}' has no upper bound: write '[a]{300,300}', or give max_span: 200 (character 1)"),
        ("x(?:(ab)+|y)", "'(ab)+' has no upper bound: write '(ab){1,200}', or give max_span: 200 (character 5)"),
        (r"\d{3}\w*", r"'\w*' has no upper bound: write '\w{0,200}', or give max_span: 200 (character 6)"),
        ("(?:[a-z]+){2}", "'[a-z]+' has no upper bound: write '[a-z]{1,200}', or give max_span: 200 (character 4)"),
        ("a(?=b)", LOOK_AROUND + " (character 2)"),
        ("(?<!x)a", LOOK_AROUND + " (character 1)"),
        (r"(['x])a\1", BACK_REFERENCE + " (character 8)"),
        ("(?P<q>x)(?P=q)", BACK_REFERENCE + " (character 9)"),
        ("a{1000}b{1001}", TOO_WIDE.format(2001)),
        ("(?:a{1000}){1000}", TOO_WIDE.format(1_000_000)),
        ("a?", EMPTY),
        (r"\b", EMPTY),
        ("a|", EMPTY),
        ("(a", "the group is not closed (character 1)"),
        ("a)", "unbalanced parenthesis (character 2)"),
        ("x[a", "the character class is not closed (character 2)"),
        ("a\\", "a backslash at the end (character 2)"),
        ("+a", "nothing before + to repeat (character 1)"),
        ("a{2}{3}", "a repeat of a repeat: put the inner one into a group (character 1)"),
        (r"a\C", r"\C is not supported (character 2)"),
        ("(?x)a", "(?x is not supported (character 1)"),
        ("[z-a]", "RE2 cannot read it: invalid character class range: z-a"),
        ("[[:foo:]]", "RE2 cannot read it: invalid character class range: [:foo:]"),
        ("(?:a{50}b){30}", NESTED),
        (r"a\Z", r"RE2 cannot read it: invalid escape sequence: \Z"),
        ("(" * 101 + "a" + ")" * 101, "groups nested more than 100 deep (character 101)"),
    ],
)  # fmt: skip
def test_refused_patterns(pattern: str, message: str) -> None:
    """Each message says where, and what to do."""
    with pytest.raises(DetectorConfigError) as caught:
        built(fine="abc", bad=pattern)
    assert str(caught.value) == message
    assert caught.value.loc == ("patterns", "bad")


def test_a_proposed_pattern_is_accepted() -> None:
    """Who does as the message says gets a working rule."""
    for rule in (r"\d{3}\w{0,200}", {"regex": r"\d{3}\w*", "max_span": 200}, "(ab){1,200}"):
        assert built(it=rule).max_span <= 400


def test_patterns_too_large_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """RE2's Set finds nothing when its memory is short; that must never be taken for a clean text."""
    monkeypatch.setattr(patterns, "SCREEN_MEMORY_BYTES", 20_000)
    with pytest.raises(DetectorConfigError, match="the patterns together need more than"):
        built(**{f"p{n}": f"[a-z]{{1,60}}{n}" for n in range(20)})


@pytest.mark.parametrize(
    ("params", "loc"),
    [
        ({}, ("patterns",)),
        ({"patterns": {}}, ("patterns",)),
        ({"patterns": ["a"]}, ("patterns",)),
        ({"patterns": {"a": 3}}, ("patterns", "a")),
        ({"patterns": {"a": ""}}, ("patterns", "a", "regex")),
        ({"patterns": {"a": {"regx": "a"}}}, ("patterns", "a", "regex")),
        ({"patterns": {"a": {"regex": "a", "max_span": 2001}}}, ("patterns", "a", "max_span")),
        ({"patterns": {"a": {"regex": "a", "score": 2.0}}}, ("patterns", "a", "score")),
        ({"patterns": {"a": {"regex": "a", "ignore_case": "yes"}}}, ("patterns", "a", "ignore_case")),
        ({"patterns": {"a b": "a"}}, ("patterns", "a b", "[key]")),
        ({"patterns": {"a": "a"}, "words": []}, ("words",)),
    ],
)
def test_refused_parameters(params: dict[str, Any], loc: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        TYPE.params.model_validate(params)
    assert caught.value.errors()[0]["loc"] == loc


RULES = st.sampled_from(
    [
        "ab", "aba", "a{2,3}", r"\bab?\b", "a|abb", "[ab]{3}c", "b{1,2}?c", "é{2}",
        "(?m)^b{1,2}$", "(?i)AB.{0,2}C", r"a\Bb",
        {"regex": "a+b", "max_span": 3}, {"regex": "(?:ab?)+c?", "max_span": 4},
        {"regex": r"\bb.*c\b", "max_span": 5},
        {"regex": "(?s)c.*?a", "max_span": 4}, {"regex": "b+$|ab*", "max_span": 3},
        {"regex": "ba", "whole_word": True},
    ]
)  # fmt: skip


@settings(max_examples=examples(500), deadline=None)
@given(st.lists(RULES, min_size=1, max_size=3), st.text("aabbcé \n", max_size=40), st.data())
def test_any_rules_any_cuts(rules: list[object], text: str, data: st.DataObject) -> None:
    """Cut-invariance, and each rule finds what it finds alone."""
    detector = built(**{f"r{index}": rule for index, rule in enumerate(rules)})
    whole = spans(scanned(detector, text, []))
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert spans(scanned(detector, text, cuts)) == whole
    alone = [
        (start, end, f"r{index}", score)
        for index, rule in enumerate(rules)
        for start, end, _, score in spans(scanned(built(it=rule), text, []))
    ]
    assert whole == sorted(alone)


def scanned(detector: PatternDetector, text: str, cuts: list[int]) -> Iterator[Any]:
    """Feed without the check on held text: a chain of overlapping matches is held longer than one of them."""
    at = 0
    for end in [*sorted(cuts), len(text), None]:
        context = text[max(0, at - detector.context_chars) : at]
        final = end is None
        result = detector.scan(Window(ChannelKind.TEXT, context, text[at : len(text) if final else end], at, final))
        assert all(at <= f.start < f.end <= result.watermark for f in result.findings)
        yield from result.findings
        assert at <= result.watermark
        at = result.watermark
    assert at == len(text)


CUT = st.sampled_from(["a+b", "(?:ab?)+c?", r"\bb.*c\b", "b+$|ab*", "a(?:.*c)?", "(?:a|b)+?c", r"a+\b"])


@settings(max_examples=examples(300), deadline=None)
@given(CUT, st.integers(1, 6), st.text("aabbc \né", max_size=30))
def test_cut_matches_by_definition(regex: str, span: int, text: str) -> None:
    """A match is what the pattern matches in the `max_span` characters from a place; leftmost, without overlap."""
    engine = re2.compile(regex)
    expected, at = [], 0
    while at < len(text):
        match = engine.match(text, at, min(len(text), at + span))
        if match:
            expected.append(match.span())
        at = match.end() if match else at + 1
    found = fed(built(it={"regex": regex, "max_span": span}), text).findings
    assert [(finding.start, finding.end) for finding in found] == expected


@pytest.mark.parametrize(
    ("rule", "unit"),
    [
        ("(?:a?){20}a{20}", "a"),
        (r"(?:[a-z]{1,20}\s?){1,20}!", "abc de "),
        ({"regex": "(?:a+)+$", "max_span": 200}, "a"),
        ({"regex": "a.*z", "max_span": 200}, "a"),
        ({"regex": r"(?:\w+\s?)+!", "max_span": 2000}, "ab "),
        ({"regex": "(?:é|e)*x", "max_span": 200}, "é"),
    ],
)
def test_worst_text_stays_linear(rule: object, unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What RE2 is asked to look at is bounded by the text times the longest match, whatever the pattern."""
    detector = built(it=rule)
    looked_at = 0
    rules = detector._rules

    class Counting:
        """Counts the bytes that a search may look at."""

        def __init__(self, engine: Any) -> None:
            self._engine = engine

        def search(self, data: bytes, start: int, stop: int) -> Any:
            nonlocal looked_at
            looked_at += stop - start
            return self._engine.search(data, start, stop)

        match = search

        def finditer(self, data: bytes, start: int) -> Any:
            nonlocal looked_at
            looked_at += len(data) - start
            return self._engine.finditer(data, start)

    for each in rules:
        object.__setattr__(each, "compiled", Counting(each.compiled))
    text = unit * (20_000 // len(unit))
    fed(detector, text)
    assert looked_at <= 2 * len(text.encode()) * 2 * detector.max_span


@pytest.mark.parametrize(
    "rule",
    ["a(?:.{998}z)?", "a{1,1000}", ".{1,1000}z", "(?:a|.{998}z)", {"regex": "a(?:.*z)?", "max_span": 1000}],
)
def test_what_is_held_is_not_matched_again_for_every_delta(rule: object) -> None:
    """D6: a stream costs one match for each finding and one for each delta, however often the rule could match in
    what it holds; and the hold looks at no more than the longest match for each delta."""
    detector = built(it=rule)
    matches = steps = 0

    class Counting:
        """Counts the matches that are taken."""

        def __init__(self, engine: Any) -> None:
            self._engine = engine

        def search(self, data: bytes, start: int, stop: int) -> Any:
            nonlocal matches
            matches += 1
            return self._engine.search(data, start, stop)

        match = search

        def finditer(self, data: bytes, start: int) -> Iterator[Any]:
            nonlocal matches
            for match in self._engine.finditer(data, start):
                matches += 1
                yield match

    class Steps(str):
        """Counts the characters that are gone back over."""

        __slots__ = ()

        def __getitem__(self, at: Any) -> str:
            nonlocal steps
            piece = super().__getitem__(at)
            steps += len(piece)
            return piece

    live = detector._automaton.earliest_live
    for each in detector._rules:
        object.__setattr__(each, "compiled", Counting(each.compiled))
    with pytest.MonkeyPatch.context() as patched:
        counted = SimpleNamespace(earliest_live=lambda text, start: live(Steps(text), start))
        patched.setattr(detector, "_automaton", counted)
        found = list(scanned(detector, "a" * 4000, list(range(8, 4000, 8))))
    deltas = 4000 // 8 + 1
    assert matches <= 2 * (len(found) + deltas)
    assert steps <= deltas * (detector.max_span + 1)


def test_a_megabyte_that_matches_nothing_is_one_look() -> None:
    """The screen decides: no rule's own search runs on text in which none matches."""
    detector = built(**{f"r{n}": f"(?:a?){{20}}a{{20}}{n}" for n in range(5)})
    for rule in detector._rules:
        object.__setattr__(rule, "compiled", None)
    assert fed(detector, "a" * 1_000_000).findings == []


def test_ordinary_text_is_hardly_held() -> None:
    detector = built(
        ticket=TICKET,
        phone=r"\b[0-9]{3}-[0-9]{4}\b",
        key={"regex": r"\bkey=\S+", "max_span": 200},
        name=CODE,
    )
    feed: Feed = fed_in_deltas(detector, prose(20_000), 4)
    assert sum(feed.held_chars) / len(feed.held_chars) < 0.5
    assert feed.scanned_chars < 1.2 * len(feed.text)
