"""A detector on a view keeps the contract of detectors: what it finds and holds does not depend on the cut."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.screening import screen_of
from detectors.types import Detector
from detectors.views.catalogue import views_of
from detectors.views.names import View
from tests.detectors.test_screening import check
from tests.support.detectors import built, fed, fed_in_deltas, found_texts, spans
from tests.support.disguise import PIECES
from tests.support.prose import prose
from tests.support.scale import examples

INNER = {
    "presidio": {"entities": ["EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN"]},
    "keywords": {"words": ["falcon", "Project Orion", "paypal"]},
    "patterns": {"patterns": {"TICKET": "TKT-[0-9]{6}", "WORD": "(?i)jane"}},
}


@cache
def pairs_of(type_name: str) -> tuple[tuple[Detector, Detector], ...]:
    """The detectors on views beside the one on the text."""
    inner = built(type_name, INNER[type_name])
    return tuple((viewed, inner) for viewed in views_of(inner, type_name, list(View)))


@pytest.mark.parametrize(
    ("type_name", "text", "found"),
    [
        ("presidio", "write to jane\u200b.roe@exam\u2060ple.com today", "jane\u200b.roe@exam\u2060ple.com"),
        ("presidio", "j a n e @ e x a m p l e . c o m now", "j a n e @ e x a m p l e . c o m"),
        ("presidio", "at jane&#64;example.com.", "jane&#64;example.com"),
        ("presidio", "jane%40example.com", "jane%40example.com"),
        ("presidio", "\uff4aane\uff20example.com", "\uff4aane\uff20example.com"),
        ("presidio", "card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 ok", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        ("keywords", "about Pr\u043eject Ori\u043en", "Pr\u043eject Ori\u043en"),
        ("keywords", "fa<b>l</b>con", "fa<b>l</b>con"),
        ("patterns", "see T\u200bKT-1&#50;3456", "T\u200bKT-1&#50;3456"),
    ],
)
def test_disguised_values_are_found_where_they_stand(type_name: str, text: str, found: str) -> None:
    """The span is that of the original, all of the disguise in it."""
    viewed, inner = pairs_of(type_name)[0]
    assert found in [part for _, part in found_texts(viewed, text)]
    assert found not in [part for _, part in found_texts(inner, text)]


def test_what_is_plain_is_left_to_the_detector_on_the_text() -> None:
    """Nothing is told twice."""
    viewed, inner = pairs_of("presidio")[0]
    text = "write to jane.roe@example.com &amp; so on"
    assert found_texts(inner, text) != []
    assert found_texts(viewed, text) == []


@pytest.mark.parametrize(
    ("type_name", "text"),
    [
        ("patterns", "jane\u00b9"),
        ("patterns", "see jane&#50;"),
        ("keywords", "a falcon&nbsp;b"),
        ("presidio", "jane@example.com&nbsp;"),
    ],
)
def test_a_disguise_behind_what_is_plain_changes_nothing(type_name: str, text: str) -> None:
    """It may come when the finding is out already, so that the view must not tell it in the other case, either."""
    for viewed, inner in pairs_of(type_name):
        assert found_texts(inner, text) != []
        whole = spans(fed(viewed, text).findings)
        for cut in range(len(text) + 1):
            assert spans(fed(viewed, text, [cut]).findings) == whole
        assert spans(fed_in_deltas(viewed, text, 1).findings) == whole


@pytest.mark.parametrize("type_name", INNER)
@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_cuts_change_nothing_and_screens_hold(type_name: str, data: st.DataObject) -> None:
    """On texts made of values, disguises and their parts, cut anywhere or everywhere."""
    text = "".join(data.draw(st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=12)))
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=10) | st.just(list(range(len(text)))))
    for viewed, inner in pairs_of(type_name):
        whole = spans(fed(viewed, text).findings)
        assert spans(fed(viewed, text, cuts).findings) == whole
        if screen_of(viewed) is not None:
            check((inner, viewed), text, cuts)


@pytest.mark.parametrize("type_name", INNER)
@pytest.mark.parametrize("count", [60, 64, 65, 100])
def test_any_number_of_invisible_characters_may_stand_before_a_window(type_name: str, count: int) -> None:
    """What little of the context can be seen then may look as if it were not read to its end."""
    viewed, _ = pairs_of(type_name)[0]
    text = "aw" + "\u200b" * count
    assert fed_in_deltas(viewed, text, 1).findings == []


@pytest.mark.parametrize("type_name", INNER)
def test_ordinary_text_is_hardly_held_and_scanned_once(type_name: str) -> None:
    """The work is linear, and what is held beyond the detector's own is a letter now and then."""
    text = prose(4000)
    viewed, inner = pairs_of(type_name)[0]
    through, own = fed_in_deltas(viewed, text), fed_in_deltas(inner, text)
    assert through.findings == []
    assert through.scanned_chars <= 2.5 * len(text)
    held = sum(through.held_chars) / len(through.held_chars)
    assert held <= sum(own.held_chars) / len(own.held_chars) + 0.7
