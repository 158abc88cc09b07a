"""What a policy's `countries` and `languages` stand for: which entities, phone regions and context words.

Which countries there are is Presidio's to say: its recognizers carry their country, and lie in a folder that has
the country's name. It imports Presidio.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import spacy.lang

from detectors.pii.catalogue import recognizer_classes
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CODE = re.compile("[a-z]{2}")
_ANY_LANGUAGE = "xx"
"""spaCy's name for what is in no language in particular."""
_OTHER_NAMES = {"gb": "uk", "england": "uk", "usa": "us", "america": "us", "deutschland": "de"}
"""What people write for a country, beside the names that Presidio's folders have."""
_LANGUAGE_OF_COUNTRY = {
    "us": "en", "gb": "en", "in": "hi", "kr": "ko", "jp": "ja", "cn": "zh", "se": "sv", "dk": "da", "cz": "cs",
    "gr": "el", "at": "de", "br": "pt", "ua": "uk",
}  # fmt: skip
"""Codes of countries that are taken for those of languages."""


@cache
def entities_by_country() -> Mapping[str, tuple[str, ...]]:
    """Return the entities of each country that Presidio has recognizers for, by its code (`uk`, `us`, `de` ...)."""
    found: dict[str, list[str]] = {}
    for entity, classes in recognizer_classes().items():
        for code in {candidate.COUNTRY_CODE for candidate in classes} - {None}:
            found.setdefault(code, []).append(entity)
    return {code: tuple(sorted(found[code])) for code in sorted(found)}


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages whose words spaCy can tell apart, which context words need."""
    names = {module.name for module in iter_modules(spacy.lang.__path__)}
    return tuple(sorted(name for name in names if _CODE.fullmatch(name) and name != _ANY_LANGUAGE))


@cache
def _codes_by_name() -> Mapping[str, str]:
    """Return the code of each country by the name of its folder."""
    found = {
        candidate.__module__.split(".")[-2]: candidate.COUNTRY_CODE
        for classes in recognizer_classes().values()
        for candidate in classes
        if candidate.COUNTRY_CODE
    }
    return found | {name: code for name, code in _OTHER_NAMES.items() if code in found.values()}


def check_countries(countries: tuple[str, ...]) -> None:
    """Raise DetectorConfigError for the first country that Presidio has nothing for, or that is named twice."""
    known = entities_by_country()
    for index, country in enumerate(countries):
        loc = ("countries", index)
        if country not in known:
            other = country.lower()
            names = _codes_by_name()
            near = [other] if other in known else [names[n] for n in get_close_matches(other, names, n=1)]
            hint = f" Did you mean {near[0]!r}?" if near else f" Countries: {', '.join(known)}."
            raise DetectorConfigError(f"{country!r} is not a country that Presidio has recognizers for.{hint}", loc)
        _check_once(countries, index, loc)


def check_languages(asked: tuple[str, ...], key: str = "languages") -> None:
    """Raise DetectorConfigError for the first language that is unknown or named twice."""
    known = languages()
    for index, language in enumerate(asked):
        loc: tuple[str | int, ...] = (key, index) if key == "languages" else (key,)
        if language not in known:
            near = _LANGUAGE_OF_COUNTRY.get(language.lower(), language.lower())
            hint = f" Did you mean {near!r}?" if near in known else f" Languages: {', '.join(known)}."
            raise DetectorConfigError(f"{language!r} is not a language whose words can be told apart.{hint}", loc)
        _check_once(asked, index, loc)


def _check_once(asked: tuple[str, ...], index: int, loc: tuple[str | int, ...]) -> None:
    if asked[index] in asked[:index]:
        raise DetectorConfigError(f"{asked[index]} is listed twice: remove one", loc)


def with_countries(entities: Iterable[str], countries: Iterable[str]) -> tuple[str, ...]:
    """Return `entities`, then those of known `countries` that are not among them."""
    named, known = tuple(entities), entities_by_country()
    added = dict.fromkeys(entity for country in countries for entity in known[country])
    return (*named, *(entity for entity in added if entity not in named))


def without_countries(entities: Iterable[str]) -> tuple[str, ...]:
    """Return those of `entities` that belong to no country."""
    of_countries = {entity for each in entities_by_country().values() for entity in each}
    return tuple(entity for entity in entities if entity not in of_countries)


def with_regions(regions: Iterable[str], countries: Iterable[str]) -> tuple[str, ...]:
    """Return phone `regions`, then those of `countries` that are not among them."""
    return tuple(dict.fromkeys([*regions, *("GB" if code == "uk" else code.upper() for code in countries)]))
