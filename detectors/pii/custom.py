"""A policy's own recognizers made ready: Presidio's `PatternRecognizer`, with a check of digits by name.

It imports Presidio. How their patterns are matched and what is held for them is what `detectors.pii.rules` and
`detectors.pii.engine` do for Presidio's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import regex
from presidio_analyzer import Pattern, PatternRecognizer

from detectors.backtracking import advice_on
from detectors.pii.checksums import CHECKSUMS
from detectors.pii.readings import CUSTOM_ALLOWANCE_S
from detectors.pii.recognizer_params import LanguageContext
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, UnsupportedPatternError, measure
from detectors.types import Advice, DetectorConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.pii.recognizer_params import RecognizerParams

DENY_LIST = "deny_list"
"""Name that Presidio gives the pattern of a deny list."""


class Custom(NamedTuple):
    """A recognizer that can be made. Equal ones find the same."""

    name: str
    entity: str
    patterns: tuple[tuple[str, str, float], ...]
    """Name, regular expression, score."""
    words: tuple[str, ...]
    words_score: float
    context: tuple[str, ...]
    flags: int
    validator: str | None


class CustomRecognizer(PatternRecognizer):
    """A `PatternRecognizer` whose values may have to pass a check of digits."""

    def __init__(self, custom: Custom, language: str) -> None:
        super().__init__(
            supported_entity=custom.entity,
            name=custom.name,
            supported_language=language,
            patterns=[Pattern(*pattern) for pattern in custom.patterns],
            deny_list=list(custom.words),
            deny_list_score=custom.words_score,
            context=list(custom.context),
            global_regex_flags=custom.flags,
        )
        self._check = None if custom.validator is None else CHECKSUMS[custom.validator]

    def validate_result(self, pattern_text: str) -> bool | None:
        """Say whether the digits are right, None where none are to be checked."""
        return None if self._check is None else self._check(pattern_text)


def read_customs(given: Sequence[RecognizerParams], languages: Sequence[str]) -> tuple[Custom, ...]:
    """Return the recognizers that are enabled. Raises DetectorConfigError for the first that cannot be used."""
    names: set[str] = set()
    for index, params in enumerate(given):
        if params.name in names:
            message = f"{params.name!r} is the name of another recognizer, too: rename one of them"
            raise DetectorConfigError(message, ("recognizers", index, "name"))
        names.add(params.name)
        _check_patterns(params, ("recognizers", index))
    return tuple(_custom(params, languages) for params in given if params.enabled)


def _custom(params: RecognizerParams, languages: Sequence[str]) -> Custom:
    context = list(params.context or ())
    for one in params.supported_languages or ():
        if isinstance(one, LanguageContext) and one.language in languages:
            context += one.context or ()
    return Custom(
        name=params.name,
        entity=params.entity,
        patterns=tuple((one.name, one.regex, one.score) for one in params.patterns or ()),
        words=tuple(params.deny_list or ()),
        words_score=params.deny_list_score,
        context=tuple(dict.fromkeys(context)),
        flags=params.global_regex_flags,
        validator=params.validator,
    )


def advice_on_customs(given: Sequence[RecognizerParams]) -> tuple[Advice, ...]:
    """Return what to say of patterns that can take long on a text made for that."""
    found = []
    for index, params in enumerate(given):
        for number, one in enumerate(params.patterns or () if params.enabled else ()):
            said = advice_on(_source(one.regex, params.global_regex_flags), CUSTOM_ALLOWANCE_S)
            if said is not None:
                loc = ("recognizers", index, "patterns", number, "regex")
                found.append(Advice(f"pattern {one.name!r} of {params.name!r} {said}", loc))
    return tuple(found)


def _source(pattern: str, flags: int) -> PatternSource:
    return PatternSource(
        pattern,
        ignore_case=bool(flags & regex.IGNORECASE),
        multi_line=bool(flags & regex.MULTILINE),
        dot_all=bool(flags & regex.DOTALL),
    )


def _check_patterns(params: RecognizerParams, loc: tuple[str | int, ...]) -> None:
    for index, one in enumerate(params.patterns or ()):
        _check_pattern(one.regex, params.global_regex_flags, (*loc, "patterns", index, "regex"))
    if params.deny_list is not None:
        made: Any = PatternRecognizer("X", deny_list=list(params.deny_list))
        _check_pattern(made.patterns[0].regex, params.global_regex_flags, (*loc, DENY_LIST))


def _check_pattern(pattern: str, flags: int, loc: tuple[str | int, ...]) -> None:
    """Raise DetectorConfigError for a pattern that is none, that cannot be held for, or that finds nothing."""
    try:
        regex.compile(pattern, flags)
        node = parse_pattern(_source(pattern, flags))
    except regex.error as error:
        raise DetectorConfigError(f"is not a regular expression: {error}", loc) from error
    except UnsupportedPatternError as error:
        message = f"{error.message} (character {error.position + 1}): write it without"
        raise DetectorConfigError(message, loc) from error
    if measure(node).least == 0:
        raise DetectorConfigError("can match the empty text: make at least one character required", loc)
