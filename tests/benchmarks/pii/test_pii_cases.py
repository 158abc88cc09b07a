"""The collections are read into cases: what is trusted of them and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.pii.cases import Case, other_things, recognizer_cases, sentences, validator_cases
from tests.support.pii_vectors import SENTENCE, write_collections

if TYPE_CHECKING:
    from pathlib import Path


def _vector(text: str, **params: Any) -> dict[str, Any]:
    return {"file": "test_x.py", "test": "t", "entities": ["US_SSN"], "params": {"text": text, **params}}


def test_vectors_of_presidio_tell_spans_counts_or_nothing(tmp_path: Path) -> None:
    """Places where they are given, a number where only that is, and no case where neither is."""
    rows = [
        _vector("a 1 b", expected_len=1, expected_positions=[[2, 3]]),
        _vector("a 1 b", expected_len=1, expected_position=[2, 3]),
        _vector("a 1 2", expected_len=2),
        _vector("a 1 2", expected_len=2, expected_positions=[[2, 3]]),
        _vector("none", expected_len=0, expected_position=[0, 1]),
        {"file": "test_x.py", "test": "t", "entities": ["US_SSN"], "params": {"number": "1", "expected": True}},
        _vector("a", expected_len=1) | {"entities": ["PERSON", "DATE_TIME"]},
        _vector("call 1", expected_len=1) | {"entities": None, "file": "test_phone_recognizer.py"},
        _vector("call 1", expected_len=1, leniency=3) | {"entities": None, "file": "test_phone_recognizer.py"},
    ]
    write_collections(tmp_path, recognizers=rows)
    assert list(recognizer_cases(tmp_path)) == [
        Case("US_SSN", "a 1 b", 1, ((2, 3),)),
        Case("US_SSN", "a 1 b", 1, ((2, 3),)),
        Case("US_SSN", "a 1 2", 2, None),
        Case("US_SSN", "a 1 2", 2, None),
        Case("US_SSN", "none", 0, ()),
        Case("PHONE_NUMBER", "call 1", 1, None),
    ]


def test_values_of_validators_are_whole_texts(tmp_path: Path) -> None:
    """What is invalid only for one issuer or country is no near miss, and half a character is no text."""

    def row(validator: str, text: str, label: str, args: Any = None, locale: Any = None) -> dict[str, Any]:
        return {"validator": validator, "text": text, "label": label, "args": args, "locale": locale}

    rows = [
        row("isCreditCard", "4111111111111111", "valid", [{"provider": "Visa"}]),
        row("isCreditCard", "4111111111111111", "invalid", [{"provider": "AmEx"}]),
        row("isCreditCard", "4111111111111112", "invalid"),
        row("isMobilePhone", "0301234567", "valid", None, "de-DE"),
        row("isMobilePhone", "123", "invalid", None, "de-DE"),
        row("isURL", "localhost", "valid", [{"require_tld": False}]),
        row("isTaxID", "26954371827", "valid", ["de-DE"]),
        row("isTaxID", "12345678", "valid", ["xx-XX"]),
        row("isEmail", "\ud800@example.com", "invalid"),
    ]
    write_collections(tmp_path, validators=rows)
    found = list(validator_cases(tmp_path))
    assert [(case.entity, case.text, case.count) for case in found] == [
        ("CREDIT_CARD", "4111111111111111", 1),
        ("PHONE_NUMBER", "0301234567", 1),
        ("DE_TAX_ID", "26954371827", 1),
        ("CREDIT_CARD", "4111111111111112", 0),
    ]
    assert found[0].spans == ((0, 16),)


def test_other_things_are_valid_and_of_other_kinds(tmp_path: Path) -> None:
    """Each once."""
    rows = [
        {"validator": "isSemVer", "text": text, "label": label, "args": None, "locale": None}
        for text, label in (("1.2.3", "valid"), ("1.2.3", "valid"), ("1.2", "invalid"))
    ]
    write_collections(tmp_path, validators=rows)
    assert other_things(tmp_path, "URL") == ["1.2.3"]


def test_sentences_have_presidios_names(tmp_path: Path) -> None:
    """Each word with the entity it belongs to; a span without text marks none."""
    write_collections(tmp_path, synthetic=[SENTENCE])
    (found,) = sentences(tmp_path)
    assert [(found.text[start:end], entity) for start, end, entity in found.words] == [
        ("Ann", "PERSON"),
        ("pays", ""),
        ("DE89370400440532013000", "IBAN_CODE"),
    ]
