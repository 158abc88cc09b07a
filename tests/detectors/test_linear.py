r"""RE2 in the place of `regex`: the same matches for the same places, whatever the pattern and the text."""

from __future__ import annotations

import random
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.linear import MAX_REPEATED, LinearPattern, linear
from detectors.linear_shape import NotLinearError
from detectors.regex_tree import PatternSource, UnsupportedPatternError
from tests.support.scale import examples

ATOMS = (
    r"\w", r"\d", r"\s", r"\W", ".", "a", "b", "k", "S", "i", "1", "é", "ß", "[ab]", "[^a]", r"[\w-]", r"[^\s]",
    r"\.", "-", r"\n", "İ", "ſ", r"[^\W\d]",
)  # fmt: skip
CHARS = "abkKSs12 \n-.éÉßſ\u212a\u0131Iiİ\u0663_\ud800ẞςΣ"
ANCHORS = (r"\b", r"\B", "^", "$", r"\A", r"\Z")
REPEATS = ("*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "??", "{1,3}?", "{0,2}?")
FLAGS = (0, 2, 8, 16, 10, 26)


def _node(chance: random.Random, depth: int) -> str:
    kind = chance.random()
    if depth <= 0 or kind < 0.35:
        return chance.choice(ATOMS)
    if kind < 0.55:
        return _node(chance, depth - 1) + _node(chance, depth - 1)
    if kind < 0.7:
        options = [_node(chance, depth - 1) for _ in range(chance.randint(2, 3))]
        return f"(?:{'|'.join(options)}{'|' * (chance.random() < 0.15)})"
    if kind < 0.77:
        return chance.choice(ANCHORS)
    return f"({'?:' * chance.randint(0, 1)}{_node(chance, depth - 1)}){chance.choice(REPEATS)}"


def _look(chance: random.Random, *signs: str) -> str:
    inner = chance.choice(ATOMS)
    if chance.random() < 0.5:
        inner = chance.choice(["^|" + inner, "$|" + inner, inner + chance.choice(ATOMS)])
    return f"(?{chance.choice(signs)}{inner})"


def _pattern(chance: random.Random) -> str:
    parts = [_node(chance, 3)]
    if chance.random() < 0.3:
        parts.insert(0, _look(chance, "<=", "<!"))
    if chance.random() < 0.2:
        parts.insert(0, _look(chance, "=", "!"))
    if chance.random() < 0.3:
        parts.append(_look(chance, "=", "!"))
    if chance.random() < 0.1:
        parts.append("$")
    written = "".join(parts)
    return rf"(?:^|(?<=\W))({written})(?:(?=\W)|$)" if chance.random() < 0.1 else written


def _source(pattern: str, flags: int = 0) -> PatternSource:
    return PatternSource(pattern, ignore_case=bool(flags & 2), multi_line=bool(flags & 8), dot_all=bool(flags & 16))


def _differences(pattern: str, flags: int, made: LinearPattern, text: str, stop: int) -> list[Any]:
    """Return where the two do not answer the same from some place on."""
    theirs, ours = regex.compile(pattern, flags), made.reading(text)
    told = []
    for low in range(stop + 1):
        expected: list[Any] = [
            theirs.search(text, low, stop, timeout=5),
            theirs.match(text, low, stop, timeout=5),
            *theirs.finditer(text, low, stop, timeout=5),
        ]
        found = [ours.search(low, stop), ours.match(low, stop), *ours.finditer(low, stop)]
        pairs = [[None if one is None else one.span() for one in each] for each in (expected, found)]
        if pairs[0] != pairs[1]:
            told.append((pattern, flags, ascii(text), low, stop, *pairs))
    return told


@settings(max_examples=examples(400), deadline=None)
@given(st.integers(0, 2**64), st.sampled_from(FLAGS))
def test_what_is_found_is_what_regex_finds(seed: int, flags: int) -> None:
    """Any pattern that runs, any text, from each place on, and as if the text ended somewhere."""
    chance = random.Random(seed)
    pattern = _pattern(chance)
    try:
        regex.compile(pattern, flags)
        made = linear(_source(pattern, flags))
    except (regex.error, NotLinearError, UnsupportedPatternError):
        return
    for _ in range(3):
        few = chance.sample(CHARS, chance.randint(1, 6))
        text = "".join(chance.choices(few, k=chance.randint(0, 12)))
        assert (
            _differences(pattern, flags, made, text, chance.choice([len(text), chance.randint(0, len(text))])) == []
        )


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?<!\d)\d{4}(?!\d)", "12345 1234 x1234"),
        (r"(?<=zip )\d{5}", "zip 12345 zap 12345"),
        (r"(?<!no )\d+", "no 12 is 12"),
        (r"(?!000|666)\d{3}-\d\d", "000-11 123-11 666-22"),
        (r"\d+(?! %)", "12 % 12% 12"),
        (r"\d+(?:(?= USD)|$)", "12 EUR\n13 USD 14\n15\n"),
        (r"\d+(?=\s+EUR\b)", "12 EUR 13 EURO 14  EUR"),
        (r"(?:^|(?<=\W))(Mr\.|Dr\. med\.)(?:(?=\W)|$)", "Mr. Mr.x Dr. med. Dr. med."),
        (r"(\b\d{5}(?:\-\d{4})?\b)", "12345-678 12345-6789 é12345"),
        (r"^TKT-[a-z0-9]+(-[0-9]+)*$", "TKT-a1\nTKT-a-1-2\n"),
        (r"a$", "ba\na\n"),
        (r"(?i)straße", "STRASSE Straße STRAẞE"),
        (r"(a|ab)(c|bcd)(d*)", "abcd"),
        (r"(?:a|(?:b?)*)+c", "ababc bbc c"),
    ],
)
@pytest.mark.parametrize("flags", FLAGS)
def test_patterns_that_people_write(pattern: str, text: str, flags: int) -> None:
    """They run, and find the same."""
    made = linear(_source(pattern, flags))
    for stop in range(len(text) + 1):
        assert _differences(pattern, flags, made, text, stop) == []


@pytest.mark.parametrize(
    ("pattern", "what", "position"),
    [
        (r"(\w)x\1", "back-reference", 5),
        (r"a(?>b|c)d", "atomic group", 1),
        (r"a\d++b", "possessive repeat", 1),
        (r"a(?=b)\w", "look-ahead", 1),
        (r"a(?!bc)\w", "negative look-ahead", 1),
        (r"ab(?<!b)", "negative look-behind", 2),
        (r"(?<=a|bc)d", "changing width of a look-behind", 0),
        (r"a(?!b|cd)", "negative look-ahead", 1),
        (r"a(?=b)(?=\w\d)", "second look-ahead at the end", 6),
        (r"(?:a$|b)c", "end of the text in the middle", 4),
        (r"a*", "match of the empty text", 0),
        (rf"a{{{MAX_REPEATED + 1}}}", "size of the repeats", 0),
        (r"(?:\b){1001}a", "size of the pattern", 0),
        (rf"(?:ab){{{MAX_REPEATED}}}", "size of the repeats", 0),
        (r"\b[{}]".format("".join(map(chr, range(0x4E00, 0x4E50)))), None, 0),
        (r"\b" + "".join(map(chr, range(0x4E00, 0x4E50))), "number of different characters", 0),
    ],
)
def test_what_stands_in_the_way_is_told(pattern: str, what: str | None, position: int) -> None:
    """With its place in the pattern."""
    if what is None:
        assert linear(_source(pattern))
        return
    with pytest.raises(NotLinearError) as caught:
        linear(_source(pattern))
    assert (caught.value.what, caught.value.position) == (what, position)


def test_a_text_of_near_matches_costs_no_more_than_others() -> None:
    """`regex` needs longer than anybody waits for sixty characters of it."""
    pattern, text = r"(?:a|a)+b", "a" * 60 + "cb"
    with pytest.raises(TimeoutError):
        regex.compile(pattern).search(text, timeout=0.05)
    assert linear(_source(pattern)).reading(text * 100).search(0, len(text) * 100) is None
