"""What is said of a value, beside what Presidio's own validators say, one after the other."""

from __future__ import annotations

import random
from typing import Any

import pytest
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers.generic.iban_patterns import regex_per_country

from detectors.pii.catalogue import make_recognizers, recognizer_classes, refined_classes
from detectors.pii.verdicts import verdict_of

_RNG = random.Random(41)
_DIGITS = "0123456789"


def _some(signs: str, least: int, most: int) -> str:
    return "".join(_RNG.choice(signs) for _ in range(_RNG.randint(least, most)))


def _cards() -> list[str]:
    values = [_some(_DIGITS, 12, 19) for _ in range(2_000)] + ["4111 1111 1111 1111", "4111-1111-1111-1112"]
    return values + ["-".join([value[:4], value[4:8], value[8:]]) for value in values]


def _accounts() -> list[str]:
    """Made with right and wrong check digits, in the length of some country, grouped or not."""
    values = []
    for country in [*regex_per_country, "XX", "Gb", "de"] * 6:
        rest = _some(_DIGITS if _RNG.random() < 0.7 else _DIGITS + "ABCxyz", 8, 30)
        number = "".join(str(int(char, 36)) for char in f"{rest}{country}00")
        right = f"{98 - int(number) % 97:02}" if _RNG.random() < 0.8 else _some(_DIGITS, 2, 2)
        value = f"{country}{right}{rest}"
        values += [value, " ".join(value[at : at + 4] for at in range(0, len(value), 4)), value.lower()]
    return [*values, "GB82 WEST 1234 5698 7654 32", "gb82 west 1234 5698 7654 32", "GB82-WEST", "GB", ""]


def _addresses() -> list[str]:
    parts = ("0", "1", "9", "10", "99", "100", "199", "200", "249", "250", "255", "256", "00", "01", "300", "1000")
    values = [".".join(_RNG.choices(parts, k=_RNG.choice((3, 4, 4, 4, 5)))) for _ in range(1_500)]
    ends = ("/0", "/8", "/32", "/33", "/08", "\n", ".", "\u0661", "%1", "")
    return [value + _RNG.choice(ends) for value in values] + [
        "::1",
        "fe80::1%eth0",
        "1::2::3",
        "::ffff:1.2.3.4/128",
    ]


_VALUES = {"CREDIT_CARD": _cards(), "IBAN_CODE": _accounts(), "IP_ADDRESS": _addresses()}
_ODD = [
    "",
    "x",
    "\u0664\u0661\u0661\u0661 1111",
    "4111\u00a01111",
    "536-90-4399",
    "078-05-1120",
    "\u00b2" * 16,
    "a@b.co",
]


def _said(recognizer: Any, value: str) -> bool | None:
    """What Presidio's `analyze` makes of what its validators say."""
    valid = recognizer.validate_result(value)
    if recognizer.invalidate_result(value):
        return False
    return None if valid is None else bool(valid)


def _answer(ask: Any, value: str) -> object:
    try:
        return ask(value)
    except Exception as error:  # noqa: BLE001 - some validators fail on what is no match of their patterns
        return type(error)


@pytest.mark.parametrize("entity", sorted(set(recognizer_classes()) - {"PHONE_NUMBER"}))
def test_a_verdict_is_what_the_validators_say_together(entity: str) -> None:
    """Of values of the entity, where it has a shorter way, and of values of all others."""
    values = [*_ODD, *_VALUES.get(entity, ()), *(v for each in _VALUES.values() for v in _RNG.sample(each, 40))]
    for recognizer in make_recognizers(entity, "en", ("US",)):
        if not isinstance(recognizer, EntityRecognizer) or not hasattr(recognizer, "validate_result"):
            continue
        verdict = verdict_of(recognizer)
        for value in values:
            assert _answer(verdict, value) == _answer(lambda one, r=recognizer: _said(r, one), value), value


@pytest.mark.parametrize("entity", ["CREDIT_CARD", "DATE_TIME", "URL"])
def test_our_own_recognizers_are_asked_themselves(entity: str) -> None:
    """What takes the place of Presidio's and has a validator of its own is no card by Luhn's digit alone."""
    [kind] = refined_classes()[entity]
    recognizer: Any = kind()
    verdict = verdict_of(recognizer)
    for value in (*_VALUES["CREDIT_CARD"][:500], "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "2024-02-31", "setup.py"):
        assert verdict(value) == _said(recognizer, value)


def test_values_of_each_answer_are_among_them() -> None:
    """The comparison sees both answers of each check that is worked out here."""
    for entity, values in _VALUES.items():
        [recognizer] = make_recognizers(entity, "en", ())
        assert len(set(map(verdict_of(recognizer), values))) > 1
