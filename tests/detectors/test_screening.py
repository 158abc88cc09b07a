"""What a screen says of a text holds for every detector behind it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.registry import DETECTOR_TYPES
from detectors.screening import QUIET, FusedScreen, Screen, fused, screen_of
from detectors.types import ChannelKind, Window
from policies.loader import load_policy
from tests.detectors.test_contract import PAIRS, cut_texts, detector_of
from tests.support.detector_cases import CASES
from tests.support.detectors import built, fed, spans
from tests.support.prose import PROSE
from tests.support.scale import examples

if TYPE_CHECKING:
    from detectors.types import Detector, Finding

BUNDLED = ("default", "strict")

WITHOUT = {"names", "toxicity"}
"""Types that offer no screen: models judge all that they are shown."""


@cache
def detectors_of(policy: str) -> tuple[Detector, ...]:
    """The detectors of a bundled policy that offer a screen."""
    return tuple(d for d in load_policy(policy).detectors.values() if screen_of(d) is not None)


def check(detectors: tuple[Detector, ...], text: str, cuts: list[int]) -> int:
    """Let a fused screen lead through a text as the guard does, and ask every detector too.

    Where it is quiet, nobody finds anything; and each finds what it finds in the whole text. Returns how often it
    was quiet.
    """
    screen = fused(detectors)
    if screen is None:
        return 0
    marks = [0] * len(detectors)
    found: list[list[Finding]] = [[] for _ in detectors]
    at = quiet = wary_until = 0
    for end in sorted({*cuts, len(text)}):
        answers = [d.scan(_window(d, text, mark, end)) for d, mark in zip(detectors, marks, strict=True)]
        reach = screen.look(text[at:end])
        place = None
        if reach == QUIET and at >= wary_until:
            quiet += 1
            last = [
                d.scan(_window(d, text, mark, end, final=True)) for d, mark in zip(detectors, marks, strict=True)
            ]
            assert [a.findings for a in (*answers, *last) if a.findings] == []
            left = min(at, 1)
            place = screen.held_from(text[at - left : end], left)
        if place is not None:
            at += place - left
            assert at <= end
            marks = [max(mark, at) for mark in marks]
            continue
        wary_until = max(wary_until, end + reach if reach > 0 else 0)
        for known, answer in zip(found, answers, strict=True):
            known.extend(answer.findings)
        marks = [answer.watermark for answer in answers]
        at = min(marks, default=end)
    for detector, mark, known in zip(detectors, marks, found, strict=True):
        known.extend(detector.scan(_window(detector, text, mark, len(text), final=True)).findings)
        assert spans(known) == spans(fed(detector, text).findings)
    return quiet


def _window(detector: Detector, text: str, start: int, end: int, *, final: bool = False) -> Window:
    context = text[max(0, start - detector.context_chars) : start]
    return Window(ChannelKind.TEXT, context, text[start:end], start, final)


@pytest.mark.parametrize(("type_name", "index"), PAIRS)
@given(data=st.data())
@settings(max_examples=examples(60), deadline=None)
def test_quiet_means_that_nothing_is_found(type_name: str, index: int, data: st.DataObject) -> None:
    """Each registered detector, on texts made of its own words, cut anywhere."""
    text, cuts, _ = data.draw(cut_texts(CASES[type_name][index].vocabulary))
    check((detector_of(type_name, index),), text, cuts)


@pytest.mark.parametrize("policy", BUNDLED)
@given(data=st.data())
@settings(max_examples=examples(60), deadline=None)
def test_quiet_means_that_nobody_finds_anything(policy: str, data: st.DataObject) -> None:
    """All detectors of a bundled policy together, on the words of all."""
    screened = [case for name, cases in CASES.items() if name not in WITHOUT for case in cases]
    vocabulary = tuple(word for case in screened for word in case.vocabulary)
    text, cuts, _ = data.draw(cut_texts(vocabulary))
    check(detectors_of(policy), text, cuts)


@pytest.mark.parametrize(
    "text", ["4 1 1 1jane@ex.com", "(0P@ex.com", "1 #12-34z@ex.com", "4 #12-34-567-8901 z", "1/x2 3jane@ex.com"]
)
def test_what_was_refused_may_be_let_go(text: str) -> None:
    """Presidio holds digits that are no number while an address may begin in them; the screen lets them go.

    Nothing comes of it: where the digits have ended without a number, no part of them is one.
    """
    numbers = built("presidio", {"entities": ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD"]})
    assert check((numbers,), text, list(range(len(text)))) > 0


def test_ordinary_text_is_quiet() -> None:
    """The point of it, also where there are years, counts and code."""
    text = PROSE + "In 1984 there were 12 of 1,024: see (3) and [4], x[0:10] += 1.\n"
    assert fused(detectors_of("default")) is not None
    assert check(detectors_of("default"), text, list(range(0, len(text), 40))) > len(text) // 40


def test_what_follows_an_opening_is_looked_at() -> None:
    """The lines of a private key are known by its opening, which may be thousands of characters back."""
    screen = fused((built("secrets"),))
    assert screen is not None
    assert screen.look("so -----BEGIN RSA PRIV") > 1000
    assert screen.look("-----BEGUN") == QUIET


def test_every_registered_type_offers_a_screen() -> None:
    """A type that offers none costs every text its own look: that is to be seen here."""
    offering = {name for name in DETECTOR_TYPES for i in range(len(CASES[name])) if screen_of(detector_of(name, i))}
    assert offering == set(DETECTOR_TYPES) - WITHOUT


def test_detectors_without_a_screen_have_no_fused_one() -> None:
    """Nor have those with too many patterns for one look."""
    words = built("keywords", {"words": [f"word{n}" for n in range(2000)]})
    assert screen_of(words) is None
    assert fused((words,)) is None
    assert fused(()) is not None


def test_a_screen_of_nothing_is_quiet() -> None:
    """A policy without rules looks at nothing."""
    assert FusedScreen([]).look("anything") == QUIET
    assert FusedScreen([Screen(("a",), ())]).look("anything") == 0
    assert FusedScreen([Screen(("a",), ())]).look("\ud800") == 0


def test_patterns_that_re2_cannot_read_are_no_screen() -> None:
    """Then each detector looks for itself."""
    with pytest.raises(ValueError, match="RE2"):
        FusedScreen([Screen(("(?=a)",), ())])
