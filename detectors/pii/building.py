"""Builds a `presidio` detector from its parameters: what they ask for, checked and put together.

It imports Presidio, and with it spaCy: nothing imports this module before a detector is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.pii import engine
from detectors.pii.catalogue import Added, check_entities, recognizer_classes
from detectors.pii.countries import (
    check_countries,
    check_languages,
    with_countries,
    with_regions,
    without_countries,
)
from detectors.pii.custom import advice_on_customs, read_customs
from detectors.pii.presidio import DEFAULT_ENTITIES, DEFAULT_LANGUAGE, DEFAULT_PHONE_REGIONS
from detectors.pii.sifting import make_sieve
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from detectors.pii.presidio import PresidioParams
    from detectors.types import Detector


def build_detector(name: str, params: PresidioParams) -> Detector:
    """Build the detector. Raises DetectorConfigError for what does not exist, with its place."""
    if params.recognizers_file is not None:  # what is not looked for must not go unnoticed
        raise DetectorConfigError("is read by a policy: give 'recognizers' here", ("recognizers_file",))
    countries = tuple(params.countries or ())
    check_countries(countries)
    languages = _languages(params)
    if params.entities is not None:
        named = tuple(params.entities)
    else:
        named = without_countries(DEFAULT_ENTITIES) if countries else DEFAULT_ENTITIES
    # Those that are named come first, so that the index of a wrong one is that in the policy.
    regions = tuple(params.phone_regions or with_regions(DEFAULT_PHONE_REGIONS, countries))
    customs = read_customs(params.recognizers or (), languages)
    asked = with_countries(named, countries)
    own = frozenset(
        one.entity for one in customs if one.entity not in recognizer_classes() or one.entity not in asked
    )
    check_entities(asked, own)
    entities = tuple(dict.fromkeys((*asked, *(one.entity for one in customs))))
    sieve = make_sieve(params.allow or (), params.min_scores or {}, entities)
    added = Added(languages[1:], refined=params.refined, customs=customs, own=own)
    advice = advice_on_customs(params.recognizers or ())
    try:
        return engine.build_detector(name, entities, languages[0], regions, added, sieve, advice)
    except DetectorConfigError:
        raise
    except ValueError as error:
        if not customs:
            raise
        message = f"{error}: shorten them, or split them over several detectors"
        raise DetectorConfigError(message, ("recognizers",)) from error


def _languages(params: PresidioParams) -> tuple[str, ...]:
    if params.languages is not None:
        check_languages(tuple(params.languages))
        return tuple(params.languages)
    language = DEFAULT_LANGUAGE if params.language is None else params.language
    check_languages((language,), "language")
    return (language,)
