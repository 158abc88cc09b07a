"""Presidio's recognizers by entity, made fit for a proxy: offline, silent, loaded once.

Only recognizers that judge by shape: those of patterns and those of phone numbers. It imports Presidio (and spaCy).
"""

from __future__ import annotations

import inspect
import logging
from difflib import get_close_matches
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import phonenumbers
import tldextract
from presidio_analyzer import EntityRecognizer, PatternRecognizer, predefined_recognizers
from presidio_analyzer.predefined_recognizers import IbanRecognizer, PhoneRecognizer
from presidio_analyzer.predefined_recognizers.country_specific.south_africa.za_phone_number_recognizer import (
    ZaPhoneNumberRecognizer,
)
from presidio_analyzer.predefined_recognizers.generic import email_recognizer
from presidio_analyzer.recognizer_registry.recognizers_loader_utils import RecognizerConfigurationLoader

from detectors.pii.cards import CardRecognizer
from detectors.pii.cued_phones import CuedPhoneRecognizer
from detectors.pii.custom import Custom, CustomRecognizer
from detectors.pii.dates import CalendarRecognizer
from detectors.pii.links import LinkRecognizer
from detectors.types import DetectorConfigError

NER_ENTITIES = frozenset(
    {"PERSON", "LOCATION", "ORGANIZATION", "NRP", "AGE", "ID", "FACILITY", "GPE", "NORP", "TITLE", "ZIP"}
)
"""Entities of Presidio's NER recognizers that people ask for; none of them has a pattern."""

_NAMES = {
    "LOCATION": "LOCATION", "FACILITY": "LOCATION", "GPE": "LOCATION", "ZIP": "LOCATION",
    "ORGANIZATION": "ORGANIZATION", "NRP": "NRP", "NORP": "NRP",
}  # fmt: skip
"""What the detector `names` calls them, where that is not a person."""

_LOGGERS = ("presidio-analyzer", "decision_process", "tldextract")
_SILENT = logging.CRITICAL + 1


@cache
def recognizer_classes() -> dict[str, tuple[type[Any], ...]]:
    """Return Presidio's structural recognizers by the entity they find; an entity may have several."""
    _make_silent()
    _make_offline()
    found: dict[str, tuple[type[Any], ...]] = {}
    for candidate in _candidates():
        if _is_structural(candidate):
            for entity in candidate().supported_entities:
                found[entity] = (*found.get(entity, ()), candidate)
    return found


@cache
def unlike_classes() -> dict[str, str]:
    """Return the pattern recognizers that judge in a way of their own, by entity: their class, by name.

    What such a class finds cannot be told piece by piece, so that an entity of which one finds a part is refused.
    """
    return {
        entity: candidate.__name__
        for candidate in _candidates()
        if issubclass(candidate, PatternRecognizer) and not _is_structural(candidate)
        for entity in candidate().supported_entities
    }


def _candidates() -> list[Any]:
    found: list[tuple[str, Any]] = inspect.getmembers(predefined_recognizers, inspect.isclass)
    return [candidate for _, candidate in found if candidate is not PatternRecognizer]


def _is_structural(candidate: type[Any]) -> bool:
    """Whether `detectors.pii` can do what it does: `analyze` is that of the base class, of IBAN or of phones.

    And its scores are raised by context words, if at all, in the way that all recognizers share.
    """
    known = {c.analyze for c in (PatternRecognizer, IbanRecognizer, PhoneRecognizer, ZaPhoneNumberRecognizer)}
    enhance = EntityRecognizer.enhance_using_context
    return getattr(candidate, "analyze", None) in known and candidate.enhance_using_context is enhance


def _make_silent() -> None:
    # Presidio logs the matched text when an IBAN cannot be validated, and a warning for each regex timeout.
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(_SILENT)


def _make_offline() -> None:
    """Give Presidio's e-mail recognizer the suffix list that comes with tldextract.

    Its own `tldextract.extract` tries to download a fresh one at the first e-mail address, and caches it on disk.
    Only that module's name `tldextract` is replaced; other users of the library are not touched.
    """
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    extract("someone@example.com")  # reads the list now and not within the first response
    vars(email_recognizer)["tldextract"] = SimpleNamespace(extract=extract)


def check_entities(entities: tuple[str, ...], own: frozenset[str] = frozenset()) -> None:
    """Raise DetectorConfigError for the first entity that is unknown, needs NER or is named twice.

    Those of `own` are found by recognizers of the policy.
    """
    known = recognizer_classes()
    for index, entity in enumerate(entities):
        loc = ("entities", index)
        if entity in own and entity not in entities[:index]:
            continue
        if entity in NER_ENTITIES:
            raise DetectorConfigError(
                f"{entity} needs named-entity recognition, which is a detector of its own: "
                f"{{type: names, entities: [{_NAMES.get(entity, 'PERSON')}]}}. Remove it here",
                loc,
            )
        if entity in unlike_classes():
            raise DetectorConfigError(
                f"{entity} is found by Presidio's {unlike_classes()[entity]}, which does not judge by patterns "
                f"alone: its findings cannot be told while a text still grows. Remove it",
                loc,
            )
        if entity not in known:
            near = get_close_matches(entity.upper(), known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known entities: {', '.join(sorted(known))}."
            raise DetectorConfigError(f"{entity!r} is not an entity that Presidio finds by pattern. {hint}", loc)
        if entity in entities[:index]:
            raise DetectorConfigError(f"{entity} is listed twice: remove one", loc)


def check_regions(regions: tuple[str, ...]) -> None:
    """Raise DetectorConfigError for the first phone region that does not exist or is named twice."""
    for index, region in enumerate(regions):
        loc = ("phone_regions", index)
        if region not in phonenumbers.SUPPORTED_REGIONS:
            other = {"UK": "GB", "EN": "GB", "USA": "US"}.get(region.upper(), region.upper())
            hint = f" Did you mean {other!r}?" if other in phonenumbers.SUPPORTED_REGIONS else ""
            raise DetectorConfigError(
                f"{region!r} is not a phone region, which is written as two capital letters such as 'US'.{hint}",
                loc,
            )
        if region in regions[:index]:
            raise DetectorConfigError(f"{region} is listed twice: remove one", loc)


class Added(NamedTuple):
    """What a policy adds to Presidio's recognizers."""

    languages: tuple[str, ...] = ()
    """Further languages whose context words count."""
    refined: bool = False
    """Whether our own recognizers look for what Presidio's are known to miss or to find too much of."""
    customs: tuple[Custom, ...] = ()
    """Recognizers of the policy's own."""
    own: frozenset[str] = frozenset()
    """Entities that only these look for."""


NOTHING_ADDED = Added()


def make_recognizers(
    entity: str, language: str, regions: tuple[str, ...], added: Added = NOTHING_ADDED
) -> list[Any]:
    """Return new recognizers for a known `entity`, in the order of their names."""
    customs = [CustomRecognizer(custom, language) for custom in added.customs if custom.entity == entity]
    if entity in added.own:
        return customs
    classes = recognizer_classes()[entity]
    if added.refined:
        classes = refined_classes().get(entity, classes)
    return [*(_made(found, (language, *added.languages), regions) for found in classes), *customs]


@cache
def refined_classes() -> dict[str, tuple[type[Any], ...]]:
    """Return what looks for an entity where a policy says `refined: true`; other entities stay as they are."""
    return {
        "CREDIT_CARD": (CardRecognizer,),
        "DATE_TIME": (CalendarRecognizer,),
        "PHONE_NUMBER": (PhoneRecognizer, CuedPhoneRecognizer),
        "URL": (LinkRecognizer,),
    }


def _made(found: type[Any], languages: tuple[str, ...], regions: tuple[str, ...]) -> Any:  # noqa: ANN401 - Presidio has no types
    """Return one recognizer for all languages: a word of any of them counts, as it would for one of each."""
    more: dict[str, Any] = {"supported_regions": regions} if found is PhoneRecognizer else {}
    name = getattr(found, "STANDS_FOR", found.__name__)
    configured = [_contexts().get((name, language)) for language in languages]
    if any(configured):
        own = tuple(found().context or ())
        more["context"] = list(dict.fromkeys(word for words in configured for word in words or own))
    return found(supported_language=languages[0], **more)


def context_words(recognizer: Any, language: str) -> tuple[str, ...]:  # noqa: ANN401 - Presidio has no types
    """Return the words that make a recognizer surer in one of its languages."""
    name = type(recognizer).__name__
    if (name, language) in _contexts():
        return _contexts()[name, language]
    is_configured = any(each == name for each, _ in _contexts())
    return tuple((type(recognizer)().context if is_configured else recognizer.context) or ())


@cache
def _contexts() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the context words that Presidio's own configuration gives a class in a language."""
    configured = RecognizerConfigurationLoader.get()["recognizers"]
    return {
        (each["name"], language["language"]): tuple(language["context"])
        for each in configured
        for language in each.get("supported_languages", ())
        if isinstance(language, dict) and language.get("context")
    }
