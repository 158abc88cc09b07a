"""The words that a sentence may begin with."""

from __future__ import annotations

from detectors.names.openers import OPENERS


def test_words_are_plain_and_none_is_a_first_name() -> None:
    """A word that is both hides the name from the model."""
    assert all(word.isascii() and word.islower() and word.isalpha() for word in OPENERS)
    both = {
        "may",
        "will",
        "mark",
        "hope",
        "rose",
        "grace",
        "bill",
        "frank",
        "art",
        "june",
        "april",
        "august",
        "faith",
    }
    both |= {
        "joy",
        "dawn",
        "rob",
        "sue",
        "pat",
        "jack",
        "chase",
        "grant",
        "miles",
        "drew",
        "guy",
        "max",
        "ray",
        "dean",
    }
    assert not OPENERS & both
    assert {"the", "however", "you", "because"} <= OPENERS
