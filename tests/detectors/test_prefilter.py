"""One pass says which patterns can be in a text; none that is there is left out."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from detectors.pii.presidio import DEFAULT_PHONE_REGIONS
from detectors.pii.readings import Allowance
from detectors.pii.rules import Stretches
from detectors.prefilter import PatternSet, Prefilter, loosened, sighted
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource
from tests.support.pii import SAMPLES

ATOMS = ["a", "B", "i", "[h-k]", ".", r"\d", r"\w", r"\s", r"\W", "[a-f]", "[^a]", r"[\w-]", "[@~-]", "\u00e9", "@"]


def patterns() -> st.SearchStrategy[str]:
    """Patterns of the shapes that Presidio and the secrets use."""
    return st.recursive(
        st.sampled_from([*ATOMS, r"\b", "(?=a)", "(?<!b)"]),
        lambda inner: st.one_of(
            st.builds("{}{}".format, inner, inner),
            st.builds("(?:{}|{})".format, inner, inner),
            st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,20}"])),
        ),
        max_leaves=6,
    )


@given(
    st.lists(patterns(), min_size=1, max_size=4),
    st.text("aAbBf1@~ \n-.\u00e9\u0663\u017f\u212a\u0130\u0131\x0b\x1ci", max_size=12),
    st.booleans(),
)
def test_a_pattern_that_matches_is_a_candidate(written: list[str], text: str, ignore_case: bool) -> None:
    """Whatever its engine finds, the prefilter lets through."""
    found = Prefilter([PatternSource(p, ignore_case=ignore_case) for p in written]).candidates(text)
    flags = regex.IGNORECASE if ignore_case else 0
    assert {i for i, p in enumerate(written) if regex.search(p, text, flags)} <= set(found)


@given(
    st.tuples(patterns(), patterns(), st.sampled_from(["", r"\b", "^", "(?<!x)", "(?<=a)"])),
    st.text("aAbBf1@~ \n-.\u00e9\u0663\u017f\u212a\u0130\u0131\x0b\x1ci", max_size=12),
    st.booleans(),
)
def test_what_is_looked_behind_at_is_looked_for_too(
    parts: tuple[str, str, str], text: str, ignore_case: bool
) -> None:
    """Whatever its engine finds where it sees all before it is let through."""
    behind, rest, first = parts
    source = PatternSource(f"{first}(?<={behind}){rest}", ignore_case=ignore_case)
    found = Prefilter((), [sighted(parse_pattern(source))]).candidates(text)
    flags = regex.IGNORECASE if ignore_case else 0
    assert found or regex.search(source.pattern, text, flags) is None


def test_a_pattern_that_looks_behind_needs_what_it_looks_for() -> None:
    """Only where it begins with that, and is to see it."""
    for written, text, expected in (
        (r"(?<=no\.?\s*)\d+", "12 no 12", [0]),
        (r"(?<=no\.?\s*)\d+", "12 an 12", []),
        (r"(?<!no)\d+", "12", [0]),
        (r"\d(?<=no1)", "1", [0]),
    ):
        tree = parse_pattern(PatternSource(written))
        assert Prefilter((), [sighted(tree)]).candidates(text) == expected
        assert Prefilter((), [loosened(tree)]).candidates(text) == [0]


@pytest.mark.parametrize(("entity", "value", "_miss"), SAMPLES)
def test_no_value_of_presidio_is_left_out(entity: str, value: str, _miss: str) -> None:
    """Every sample passes the prefilter of its own engine, alone and among words."""
    from detectors.pii.engine import make_engine  # noqa: PLC0415 - imports Presidio

    engine = make_engine((entity,), "en", DEFAULT_PHONE_REGIONS)
    for text in (value, f"and so {value}, then", value.replace("1", "\u0661")):
        expected = any(
            True for rule in engine.rules for _ in rule.matches(text, 0, Allowance(), Stretches(text, 0))
        )
        assert engine.prefilter.candidates(text) or not expected
        assert engine.prefilter.candidates(value)


def test_ordinary_text_passes_none() -> None:
    """The point of it: text with digits, too, is searched once and not by every pattern."""
    from detectors.pii.engine import make_engine  # noqa: PLC0415 - imports Presidio

    entities = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "IBAN_CODE", "IP_ADDRESS", "CRYPTO")
    engine = make_engine(entities, "en", DEFAULT_PHONE_REGIONS)
    found = engine.prefilter.candidates("On the 7th of May 1843, at 10:30, some 250 people came (12 on foot).")
    assert [number for number in found if number < len(engine.rules)] == []
    assert engine.prefilter.candidates("On the 7th of May some people came.") == []


def test_a_text_that_re2_cannot_be_shown_passes_all() -> None:
    """A lone surrogate has no UTF-8."""
    assert Prefilter([PatternSource("abc"), PatternSource("x")]).candidates("\ud800") == [0, 1]


def test_patterns_of_re2_are_numbered_after_the_others() -> None:
    """They are taken as they are. Digits of other scripts may be anything."""
    assert Prefilter([PatternSource("abc")], [r"\pN{3}"]).candidates("123") == [1]
    assert Prefilter([PatternSource("abc")], [r"\pN{3}"]).candidates("1\u0663") == [0, 1]


def test_every_digit_beyond_ascii_is_known() -> None:
    """Checked against all of Unicode."""
    digits = regex.findall(r"\d", "".join(map(chr, range(0x80, 0x110000))))
    nothing = PatternSet([])
    assert [digit for digit in digits if nothing.found_in(digit) is not nothing.all] == []


def test_patterns_in_the_syntax_of_re2_are_loosened_too() -> None:
    """Assertions go; classes and flags stay."""
    sources = [
        PatternSource(r"(?i:\bab$)", "re2"),
        PatternSource(r"[[:digit:]]\pL", "re2"),
        PatternSource("x.y", "re2"),
    ]
    assert Prefilter(sources).candidates("xABx 7\u00e9 x\ny xzy") == [0, 1, 2]
    assert Prefilter(sources).candidates("xA Bx 7 x\ny") == []
