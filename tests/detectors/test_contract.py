"""The contract that every registered detector keeps, whatever it looks for.

A new detector type adds one entry to `CASES` in `tests.support.detector_cases`; a type without one fails.
The rules themselves (findings inside the window, nothing held at the end, spans within `max_span` ...) are asserted
on every single scan by `tests.support.detectors.check_lawful`.
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.registry import DETECTOR_TYPES
from detectors.types import Detector, Stability, Window
from tests.support.detector_cases import CASES
from tests.support.detectors import Feed, built, check_lawful, fed, fed_in_deltas, spans
from tests.support.prose import prose
from tests.support.scale import examples

MAX_SCANNED_PER_CHAR = 2.5
"""Characters scanned per character of ordinary text, in deltas of four (docs/architecture.md, "Linear")."""


PAIRS = [
    pytest.param(type_name, index, id=f"{type_name}-{index}")
    for type_name in DETECTOR_TYPES
    for index in range(len(CASES.get(type_name, ())))
]

AWKWARD = (
    "",
    " ",
    "\x00",
    "\ud800",
    "a\udfffb",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "e\u0301\u0323\u0301",
    "\u202eabc\u202c \u05d0\u05d1",
    "\u0130\u0131\u00df\ufb03\u1e9e",
    "\r\n\t\u00a0\u2028",
)
"""Texts that break offsets, encodings and case tables."""

SEPARATORS = (" ", "", "", ".", ", ", "\n", "-", "_", "x", "é")


@cache
def detector_of(type_name: str, index: int) -> Detector:
    """One detector for all tests here: if it kept anything between them, they would disturb each other."""
    return built(type_name, CASES[type_name][index].params)


each_case = pytest.mark.parametrize(("type_name", "index"), PAIRS)


def texts_of(type_name: str, index: int) -> tuple[str, ...]:
    """The short texts of a case: those with findings, all parts in a row, and the awkward ones."""
    case = CASES[type_name][index]
    return (*case.found, " ".join(case.vocabulary), "".join(case.vocabulary), *AWKWARD)


@st.composite
def cut_texts(draw: st.DrawFn, vocabulary: tuple[str, ...]) -> tuple[str, list[int], bool]:
    """Draw a text made of a detector's own words, where to cut it, and whether its end comes apart."""
    parts = st.sampled_from(vocabulary + AWKWARD) | st.text(max_size=3)
    pairs = draw(st.lists(st.tuples(parts, st.sampled_from(SEPARATORS)), max_size=12))
    text = "".join(part + separator for part, separator in pairs)
    return text, draw(st.lists(st.integers(0, len(text)), max_size=20)), draw(st.booleans())


def test_every_registered_type_has_a_case() -> None:
    """No detector type comes in without being held to the contract."""
    assert set(CASES) == set(DETECTOR_TYPES)
    assert all(CASES.values())


@each_case
def test_what_it_says_of_itself(type_name: str, index: int) -> None:
    """Name, categories and sizes are what the guard and the policy can rely on."""
    detector = detector_of(type_name, index)
    assert detector.name == type_name
    assert detector.categories
    assert len(set(detector.categories)) == len(detector.categories)
    assert detector.kinds
    assert detector.context_chars >= 0
    assert detector.max_span >= 1


@each_case
def test_it_finds_what_it_is_for(type_name: str, index: int) -> None:
    """The texts of the case are not chosen so that nothing happens."""
    detector = detector_of(type_name, index)
    found = {text: bool(fed(detector, text).findings) for text in CASES[type_name][index].found}
    assert found == dict.fromkeys(found, True)


@each_case
def test_one_cut_anywhere_changes_nothing(type_name: str, index: int) -> None:
    """A value split over two deltas is found as if it had come in one."""
    detector = detector_of(type_name, index)
    for text in texts_of(type_name, index):
        whole = spans(fed(detector, text).findings)
        for cut in range(len(text) + 1):
            for end_apart in (False, True):
                assert spans(fed(detector, text, [cut], end_apart=end_apart).findings) == whole, (text, cut)


@each_case
def test_any_cuts_change_nothing(type_name: str, index: int) -> None:
    """Findings depend on the text, not on how it was cut."""
    case = CASES[type_name][index]
    detector = detector_of(type_name, index)

    @settings(max_examples=examples(case.examples), deadline=None)
    @given(cut_texts(case.vocabulary))
    def cut_invariant(drawn: tuple[str, list[int], bool]) -> None:
        text, cuts, end_apart = drawn
        whole = spans(fed(detector, text).findings)
        assert spans(fed(detector, text, cuts, end_apart=end_apart).findings) == whole
        assert spans(fed_in_deltas(detector, text, 1).findings) == whole

    cut_invariant()


@each_case
def test_below_the_watermark_nothing_changes(type_name: str, index: int) -> None:
    """At every prefix: all findings below the watermark are out, and the watermark is inside none."""
    detector = detector_of(type_name, index)
    for text in texts_of(type_name, index):
        whole = fed(detector, text).findings
        feed = Feed(detector)
        for char in text:
            before = feed.watermark
            feed.feed(char)
            assert feed.watermark >= before
            if detector.stability is Stability.PREFIX_STABLE:
                assert spans(feed.findings) == spans(f for f in whole if f.end <= feed.watermark)
                assert not [f for f in whole if f.start < feed.watermark < f.end]


@each_case
def test_nothing_is_kept_between_scans(type_name: str, index: int) -> None:
    """Two channels that take turns on one detector do not know of each other."""
    detector = detector_of(type_name, index)
    texts = [" ".join(CASES[type_name][index].vocabulary), "".join(reversed(CASES[type_name][index].vocabulary))]
    alone = [fed_in_deltas(built(type_name, CASES[type_name][index].params), text, 3) for text in texts]
    feeds = [Feed(detector), Feed(detector)]
    for start in range(0, max(map(len, texts)), 3):
        for feed, text in zip(feeds, texts, strict=True):
            if start < len(text):
                feed.feed(text[start : start + 3], final=start + 3 >= len(text))
    assert [feed.findings for feed in feeds] == [feed.findings for feed in alone]
    assert [feed.held_chars for feed in feeds] == [feed.held_chars for feed in alone]


@each_case
@pytest.mark.parametrize("final", [False, True])
def test_nothing_to_see(type_name: str, index: int, final: bool) -> None:
    """An empty window, at the start of a channel or after some text, has an answer."""
    detector = detector_of(type_name, index)
    for context, start in (("", 0), ("some text before "[-detector.context_chars :], 17)):
        for kind in detector.kinds:
            window = Window(kind, context if detector.context_chars else "", "", start, final)
            result = detector.scan(window)
            check_lawful(detector, window, result)
            assert not result.findings


@each_case
def test_much_text_at_once(type_name: str, index: int) -> None:
    """Texts of 100,000 characters, friendly and not, are judged to the end."""
    detector = detector_of(type_name, index)
    vocabulary = CASES[type_name][index].vocabulary
    for unit in (prose(2000), " ".join(vocabulary) + " ", "".join(vocabulary), vocabulary[0], "a"):
        feed = fed(detector, unit * (100_000 // len(unit) + 1))
        assert feed.finished
        assert feed.watermark == len(feed.text)


@each_case
def test_scanned_characters_are_bounded(type_name: str, index: int) -> None:
    """On ordinary text in small deltas, no character is looked at much more than once."""
    feed = fed_in_deltas(detector_of(type_name, index), prose(20_000), 4)
    assert feed.scanned_chars <= MAX_SCANNED_PER_CHAR * len(feed.text)
    assert feed.finished
