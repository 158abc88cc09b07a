"""Presidio's recognizers by entity: which there are, and that they stay offline."""

from __future__ import annotations

from itertools import chain

import pytest
import tldextract
from presidio_analyzer import PatternRecognizer, predefined_recognizers
from presidio_analyzer.predefined_recognizers import PhoneRecognizer
from presidio_analyzer.predefined_recognizers.generic import email_recognizer

from detectors.pii import catalogue
from detectors.pii.catalogue import (
    NER_ENTITIES,
    check_entities,
    make_recognizers,
    recognizer_classes,
    unlike_classes,
)
from detectors.pii.presidio import DEFAULT_ENTITIES
from detectors.types import DetectorConfigError


def test_every_pattern_recognizer_of_presidio_can_be_asked_for() -> None:
    """A new version of Presidio whose recognizer judges in its own way would be left out, and fail here."""
    classes = [c for c in vars(predefined_recognizers).values() if isinstance(c, type)]
    structural = {c for c in classes if issubclass(c, PatternRecognizer | PhoneRecognizer)} - {PatternRecognizer}
    assert set(chain.from_iterable(recognizer_classes().values())) == structural
    assert len(structural) >= 90
    assert unlike_classes() == {}


def test_an_entity_of_two_classes_has_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """The later one does not take the place of the first."""
    classes = recognizer_classes() | {"URL": recognizer_classes()["URL"] + recognizer_classes()["UUID"]}
    monkeypatch.setattr(catalogue, "recognizer_classes", lambda: classes)
    assert [type(made).__name__ for made in make_recognizers("URL", "en", ("US",))] == [
        "UrlRecognizer", "UuidRecognizer",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["analyze", "enhance_using_context"])
def test_a_class_that_judges_in_its_own_way_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Whether it finds or scores otherwise; the entity is not quietly left to half of its recognizers."""
    base = predefined_recognizers.UrlRecognizer
    own = type("OwnUrlRecognizer", (base,), {method: lambda *_, **__: []})
    monkeypatch.setattr(predefined_recognizers, "OwnUrlRecognizer", own, raising=False)
    unlike_classes.cache_clear()
    try:
        with pytest.raises(DetectorConfigError, match="OwnUrlRecognizer, which does not judge by patterns alone"):
            check_entities(("UUID", "URL"))
    finally:
        unlike_classes.cache_clear()


def test_context_words_are_those_of_the_language() -> None:
    """Where Presidio's configuration has words for a language they are used, else those of the class."""
    (spanish,), (english,) = (make_recognizers("CREDIT_CARD", language, ("US",)) for language in ("es", "en"))
    assert "tarjeta" in spanish.context
    assert "credit" in english.context


def test_default_entities_exist_and_names_of_people_do_not() -> None:
    """The defaults are real, and what needs NER is not among the patterns."""
    known = set(recognizer_classes())
    assert set(DEFAULT_ENTITIES) < known
    assert not NER_ENTITIES & known


def test_only_the_email_recognizer_loses_its_download() -> None:
    """The library itself is as it was; Presidio's module has the bundled suffix list."""
    recognizer_classes()
    patched = vars(email_recognizer)["tldextract"]
    assert patched is not tldextract
    assert patched.extract.suffix_list_urls == ()
    assert tldextract.extract is not patched.extract
    assert patched.extract("a@b.example.co.uk").fqdn == "b.example.co.uk"
