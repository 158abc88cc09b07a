"""Which detectors look at views, and at which."""

from __future__ import annotations

from detectors.views.catalogue import views_of
from detectors.views.names import DEFAULT_VIEWS, View
from tests.support.detectors import built, found_texts

WORDS = built("keywords", {"words": ["falcon"]})


def test_no_view_no_detector() -> None:
    """What is switched off costs nothing."""
    assert views_of(WORDS, "keywords", ()) == ()


def test_each_view_shows_what_it_is_for_and_nothing_else() -> None:
    """One disguise for each, and one view at a time."""
    disguised = {
        View.CHARACTERS: "fal\u200bcon",
        View.LOOKALIKES: "f\u0430lcon",
        View.MARKUP: "fal**c**on",
        View.SPACING: "f a l c o n",
        View.LEETSPEAK: "f4lc0n",
        View.ENCODED: b"a falcon".hex(),
        View.CIPHERS: "snypba",
    }
    seen = {
        view: {
            name
            for name, text in disguised.items()
            for one in views_of(WORDS, "keywords", [view])
            if found_texts(one, text)
        }
        for view in View
    }
    assert seen == {view: {view} for view in View}


def test_only_words_are_looked_for_behind_digits() -> None:
    """A card number is not read as letters."""
    pii = built("presidio", {"entities": ["CREDIT_CARD"]})
    assert views_of(pii, "presidio", [View.LEETSPEAK]) == ()
    assert len(views_of(WORDS, "keywords", [*DEFAULT_VIEWS, View.LEETSPEAK])) == 3
