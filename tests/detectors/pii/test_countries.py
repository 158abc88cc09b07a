"""Countries and languages: every one that Presidio ships, what they add, and the same for every cut."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer import predefined_recognizers

from detectors.pii.catalogue import Added, make_recognizers
from detectors.pii.countries import (
    entities_by_country,
    languages,
    with_countries,
    with_regions,
    without_countries,
)
from detectors.pii.presidio import DEFAULT_ENTITIES
from detectors.types import DetectorConfigError
from tests.support.detectors import built, fed, fed_in_deltas, found_texts, spans
from tests.support.pii import SAMPLES
from tests.support.scale import examples

NATIONAL = (
    "36574261809", "B-AB 1234", "DE123456788", "10115", "12345678Z", "X1234567L", "RSSMRA80A01H501U", "44051401359",
    "131052-308T", "19811228-9874", "S1234567D", "10000000146", "34 ABC 123", "AB123456C", "SW1A 1AA",
    "51 824 753 556", "046 454 286", "K1A 0B1", "960121-1234567", "2234 5678 9012", "AAAPA1234A", "8001015009087",
    "943 476 5919",
)  # fmt: skip
PIECES = (*NATIONAL, *(value for _, value, _ in SAMPLES), " ", ", ", "-", "nr ", "A", "9", "\n", "é")
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def test_every_country_of_presidio_is_there() -> None:
    """The codes are those on Presidio's classes, and each has its entities; none is in two."""
    shipped = {getattr(c, "COUNTRY_CODE", None) for c in vars(predefined_recognizers).values()} - {None}
    assert set(entities_by_country()) == shipped
    assert {"us", "uk", "de", "es", "it", "in"} <= shipped
    entities = [entity for each in entities_by_country().values() for entity in each]
    assert len(entities) == len(set(entities)) >= 75


@pytest.mark.parametrize("country", entities_by_country())
def test_each_country_can_be_asked_for(country: str) -> None:
    """It adds its entities to those of no country, and finds them as when they are named one by one."""
    detector = built("presidio", {"countries": [country]})
    named = [*without_countries(DEFAULT_ENTITIES), *entities_by_country()[country]]
    assert list(detector.categories) == named
    regions = list(with_regions(("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR"), [country]))
    text = ", ".join(NATIONAL)
    alike = built("presidio", {"entities": named, "phone_regions": regions})
    assert spans(fed(detector, text).findings) == spans(fed(alike, text).findings)


@settings(max_examples=examples(60), deadline=None)
@given(texts, st.integers(0, 2**32))
def test_all_countries_together_find_the_same_for_every_cut(text: str, seed: int) -> None:
    """Whole, in deltas of a character, and cut at random. IN_PAN looks ahead without bound, and is left out."""
    every = [entity for entity in with_countries((), entities_by_country()) if entity != "IN_PAN"]
    detector = built("presidio", {"entities": every, "languages": ["en", "de", "es"]})
    whole = spans(fed(detector, text).findings)
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == whole
    rng = random.Random(seed)
    cuts = rng.sample(range(len(text) + 1), rng.randint(0, min(6, len(text))))
    assert spans(fed(detector, text, cuts).findings) == whole


def test_named_entities_stay_beside_those_of_countries() -> None:
    """`entities` says what else is looked for; nothing is listed twice."""
    detector = built("presidio", {"entities": ["US_SSN", "ES_NIE"], "countries": ["es"]})
    assert detector.categories == ("US_SSN", "ES_NIE", "ES_NIF", "ES_PASSPORT")
    assert ("ES_NIF", "12345678Z") in found_texts(detector, "NIF 12345678Z")


def test_the_phone_numbers_of_a_country_count() -> None:
    """Its national format is one, unless the regions are named."""
    asked = {"entities": ["PHONE_NUMBER"], "countries": ["pl"]}
    assert ("PHONE_NUMBER", "22 312 45 67") in found_texts(built("presidio", asked), "tel. 22 312 45 67")
    named = built("presidio", {**asked, "phone_regions": ["US"]})
    assert ("PHONE_NUMBER", "22 312 45 67") not in found_texts(named, "tel. 22 312 45 67")


def test_context_words_of_all_languages_count() -> None:
    """Each language brings the words that Presidio's configuration gives it, in order, once."""
    (made,) = make_recognizers("CREDIT_CARD", "es", ("US",), Added(("en", "it")))
    assert {"tarjeta", "credit"} <= set(made.context)
    assert len(made.context) == len(set(made.context))
    assert made.supported_language == "es"
    (german,) = make_recognizers("DE_TAX_ID", "en", ("US",), Added(("es",)))
    assert "steuernummer" in " ".join(german.context).lower()


def test_languages_have_two_letters() -> None:
    """They are spaCy's, but for the one that is no language."""
    assert {"en", "de", "es", "it", "pl", "ko", "sv", "fi", "th", "tr", "hi", "uk"} <= set(languages())
    assert "xx" not in languages()
    with pytest.raises(DetectorConfigError, match="Did you mean 'ko'"):
        built("presidio", {"languages": ["kr"]})
