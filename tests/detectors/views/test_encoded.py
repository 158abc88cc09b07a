"""Values in encoded text are found, and every cut gives the same."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.types import Detector
from detectors.views.catalogue import views_of
from detectors.views.encoded import MAX_CHARS
from detectors.views.names import View
from tests.detectors.test_screening import check
from tests.support.detectors import built, fed, fed_in_deltas, found_texts, spans
from tests.support.prose import prose
from tests.support.scale import examples

VALUE = "see jane.roe@example.com"
WRITTEN = {
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "for URLs": base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
    "twice": base64.b64encode(base64.b64encode(VALUE.encode())).decode(),
    "base32": base64.b32encode(VALUE.encode()).decode(),
    "hexadecimal": VALUE.encode().hex(),
    "binary": "".join(f"{byte:08b}" for byte in VALUE.encode()),
    "disguised inside": base64.b64encode("jane&#64;exam\u200bple.com".encode()).decode(),
}


@cache
def pair() -> tuple[Detector, Detector]:
    """The detector on encoded text beside the one on the text."""
    inner = built("presidio", {"entities": ["EMAIL_ADDRESS", "CREDIT_CARD"]})
    return views_of(inner, "presidio", [View.CHARACTERS, View.ENCODED])[-1], inner


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_what_is_encoded_is_found(written: str) -> None:
    """All of the run from where it cannot be a word."""
    ((category, found),) = found_texts(pair()[0], f"the code {written}, then")
    assert category == "EMAIL_ADDRESS"
    assert written.endswith(found)
    assert len(written) - len(found) <= 3


@pytest.mark.parametrize(
    "text", ["a1b2c3d4e5f6a7b8c9d0", "getUserNameFromRequestBody", WRITTEN["base64"][:11], "AAAA" * 9, "x" * 40]
)
def test_ids_and_names_are_nothing(text: str) -> None:
    """What decodes to no text, or to text without a finding."""
    assert found_texts(pair()[0], text) == []


PARTS = (
    *WRITTEN.values(),
    *(one[:9] for one in WRITTEN.values()),
    " ",
    "-",
    "/",
    "==",
    "the",
    "camelCase",
    "x1",
    "20",
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=2), max_size=7).map("".join), st.data())
def test_cuts_change_nothing_and_screens_hold(text: str, data: st.DataObject) -> None:
    """On encoded texts, their parts and what looks like them."""
    encoded, inner = pair()
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=10) | st.just(list(range(len(text)))))
    assert spans(fed(encoded, text, cuts).findings) == spans(fed(encoded, text).findings)
    check((inner, encoded), text, cuts)


def test_long_runs_are_let_go() -> None:
    """A picture in base64 is held up to the limit and no further, and what is decoded of it is its beginning."""
    picture = base64.b64encode(bytes(range(256)) * 40).decode()
    feed = fed_in_deltas(pair()[0], picture, 64)
    assert max(feed.held_chars) <= MAX_CHARS
    assert feed.held_chars[-2] == 0
    long = base64.b64encode((VALUE + " " * 4000).encode()).decode()
    ((start, end, *_),) = spans(fed_in_deltas(pair()[0], long, 64).findings)
    assert end - start == MAX_CHARS


def test_words_are_not_held() -> None:
    """Only what has a digit or an inner capital waits for its end."""
    feed = fed_in_deltas(pair()[0], prose(2000))
    assert sum(feed.held_chars) / len(feed.held_chars) <= 0.2
