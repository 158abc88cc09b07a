"""Presidio's recognizers by entity, made fit for a proxy: offline, silent, loaded once.

Only recognizers that judge by shape: those of patterns and those of phone numbers. It imports Presidio (and spaCy).
"""

from __future__ import annotations

import inspect
import logging
from difflib import get_close_matches
from functools import cache
from types import SimpleNamespace
from typing import Any

import phonenumbers
import tldextract
from presidio_analyzer import PatternRecognizer, predefined_recognizers
from presidio_analyzer.predefined_recognizers import IbanRecognizer, PhoneRecognizer
from presidio_analyzer.predefined_recognizers.country_specific.south_africa.za_phone_number_recognizer import (
    ZaPhoneNumberRecognizer,
)
from presidio_analyzer.predefined_recognizers.generic import email_recognizer

from detectors.types import DetectorConfigError

NER_ENTITIES = frozenset(
    {"PERSON", "LOCATION", "ORGANIZATION", "NRP", "AGE", "ID", "FACILITY", "GPE", "NORP", "TITLE", "ZIP"}
)
"""Entities of Presidio's NER recognizers that people ask for; none of them has a pattern."""

_LOGGERS = ("presidio-analyzer", "decision_process", "tldextract")
_SILENT = logging.CRITICAL + 1


@cache
def recognizer_classes() -> dict[str, type[Any]]:
    """Return Presidio's structural recognizers by the entity they find."""
    _make_silent()
    _make_offline()
    found: dict[str, type[Any]] = {}
    candidates: list[tuple[str, Any]] = inspect.getmembers(predefined_recognizers, inspect.isclass)
    for _, candidate in candidates:
        if _is_structural(candidate):
            (entity,) = candidate().supported_entities
            found[entity] = candidate
    return found


def _is_structural(candidate: type[Any]) -> bool:
    """Whether `detectors.pii` can do what its `analyze` does: that of the base class, of IBAN or of phones."""
    known = {c.analyze for c in (PatternRecognizer, IbanRecognizer, PhoneRecognizer, ZaPhoneNumberRecognizer)}
    return candidate is not PatternRecognizer and getattr(candidate, "analyze", None) in known


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


def check_entities(entities: tuple[str, ...]) -> None:
    """Raise DetectorConfigError for the first entity that is unknown, needs NER or is named twice."""
    known = recognizer_classes()
    for index, entity in enumerate(entities):
        loc = ("entities", index)
        if entity in NER_ENTITIES:
            raise DetectorConfigError(
                f"{entity} needs named-entity recognition, which this version does not have: "
                f"remove it, or list its values in a detector of type keywords",
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


def make_recognizer(entity: str, language: str, regions: tuple[str, ...]) -> Any:  # noqa: ANN401 - Presidio has no types
    """Return a new recognizer for a known `entity`."""
    found = recognizer_classes()[entity]
    if found is PhoneRecognizer:
        return found(supported_language=language, supported_regions=regions)
    return found(supported_language=language)
