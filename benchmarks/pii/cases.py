"""Texts and what is to be found in them: three collections that others published, read into one shape.

They are not part of this repository: `python -m benchmarks.pii --data DIR` says where their folders lie.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

RECOGNIZERS: Final = "presidio-recognizer-vectors/recognizer_vectors.jsonl"
VALIDATORS: Final = "validatorjs-vectors/vectors.jsonl"
SYNTHETIC: Final = "presidio-synth-v1/synth_dataset_v1.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A text, and which spans of it are values of one entity."""

    entity: str
    text: str
    count: int
    """How many values there are."""
    spans: tuple[tuple[int, int], ...] | None
    """Where they are; None when only their number is known."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the development set: the entity that each of its words belongs to, "" for none."""

    text: str
    words: tuple[tuple[int, int, str], ...]


_POSITIONS: Final = ("expected_positions", "expected_res", "expected_position")

_ALL_WHATEVER_ARGUMENTS: Final = {
    "isCreditCard": "CREDIT_CARD",
    "isIBAN": "IBAN_CODE",
    "isIP": "IP_ADDRESS",
    "isUUID": "UUID",
    "isBtcAddress": "CRYPTO",
    "isAbaRouting": "ABA_ROUTING_NUMBER",
    "isMobilePhone": "PHONE_NUMBER",
    "isRFC3339": "DATE_TIME",
}
"""What their options choose (an issuer, a country) does not change that it is a value of the entity."""
_WITHOUT_ARGUMENTS: Final = {
    "isEmail": "EMAIL_ADDRESS",
    "isURL": "URL",
    "isMACAddress": "MAC_ADDRESS",
    "isDate": "DATE_TIME",
}
"""Options of theirs make valid what is none elsewhere, such as an address with a name before it."""
_BY_COUNTRY: Final = {
    ("isTaxID", "de-DE"): "DE_TAX_ID",
    ("isTaxID", "en-CA"): "CA_SIN",
    ("isTaxID", "fi-FI"): "FI_PERSONAL_IDENTITY_CODE",
    ("isTaxID", "it-IT"): "IT_FISCAL_CODE",
    ("isTaxID", "sv-SE"): "SE_PERSONNUMMER",
    ("isIdentityCard", "FI"): "FI_PERSONAL_IDENTITY_CODE",
    ("isIdentityCard", "IN"): "IN_AADHAAR",
    ("isIdentityCard", "PL"): "PL_PESEL",
    ("isIdentityCard", "TH"): "TH_TNIN",
    ("isPassportNumber", "DE"): "DE_PASSPORT",
    ("isPassportNumber", "GB"): "UK_PASSPORT",
    ("isPassportNumber", "IN"): "IN_PASSPORT",
    ("isPassportNumber", "US"): "US_PASSPORT",
    ("isPostalCode", "CA"): "CA_POSTAL_CODE",
    ("isPostalCode", "DE"): "DE_PLZ",
    ("isPostalCode", "GB"): "UK_POSTCODE",
    ("isVAT", "DE"): "DE_VAT_ID",
    ("isVAT", "IT"): "IT_VAT_CODE",
}

_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")

NEVER: Final = {
    "CREDIT_CARD": ("isIMEI", "isEAN", "isSemVer", "isISO8601", "isTime", "isLatLong", "isUUID", "isIP", "isISSN"),
    "PHONE_NUMBER": ("isSemVer", "isTime", "isLatLong", "isUUID", "isIP", "isRgbColor", "isISSN", "isISO8601"),
    "URL": ("isSemVer", "isTime", "isLatLong", "isUUID", "isIP", "isDecimal", "isRgbColor", "isISRC", "isMimeType"),
    "DATE_TIME": ("isSemVer", "isLatLong", "isUUID", "isIP", "isDecimal", "isRgbColor", "isISSN", "isEAN"),
}
"""Kinds of valid things of which none is a value of the entity."""


def recognizer_cases(folder: Path) -> Iterator[Case]:
    """Yield the vectors of Presidio's own tests that say where in a text the values are."""
    for row in _lines(folder / RECOGNIZERS):
        params = row["params"]
        entity = (row["entities"] or ["PHONE_NUMBER"] * row["file"].startswith("test_phone") or [""])[0]
        text = params.get("text", params.get("iban"))
        has_one = bool(entity) and len(row["entities"] or [""]) == 1
        if not has_one or text is None or params.get("leniency", 1) != 1:
            continue
        spans = _spans(params)
        count = params.get("expected_len", len(spans))
        if "expected_len" in params or spans:
            yield Case(entity, text, count, spans if len(spans) == count else None)


def _spans(params: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    places: Any = next((params[name] for name in _POSITIONS if params.get(name)), ())
    if not params.get("expected_len", 1) or not places:
        return ()
    pairs = [places] if isinstance(places[0], int) else places
    return tuple((start, end) for start, end in pairs)


def validator_cases(folder: Path) -> Iterator[Case]:
    """Yield values and near misses of validator.js: the whole text is the value, or nothing is."""
    valid: dict[tuple[str, str], None] = {}
    invalid: dict[tuple[str, str], None] = {}
    for row in _lines(folder / VALIDATORS):
        entity = _entity_of(row)
        if entity is None or not row["text"].strip():
            continue
        if row["label"] == "valid":
            valid[entity, row["text"].strip()] = None
        elif row["label"] == "invalid" and row["validator"] != "isMobilePhone":  # no mobile number may be another
            invalid[entity, row["text"].strip()] = None
    yield from (Case(entity, text, 1, ((0, len(text)),)) for entity, text in valid)
    yield from (Case(entity, text, 0, ()) for entity, text in invalid if (entity, text) not in valid)


def _entity_of(row: dict[str, Any]) -> str | None:
    validator, arguments, locale = row["validator"], row["args"], row["locale"]
    if validator in _ALL_WHATEVER_ARGUMENTS:
        is_trusted = row["label"] == "valid" or not arguments
        return _ALL_WHATEVER_ARGUMENTS[validator] if is_trusted else None
    if validator in _WITHOUT_ARGUMENTS:
        return None if arguments else _WITHOUT_ARGUMENTS[validator]
    first = arguments[0] if arguments else locale
    return _BY_COUNTRY.get((validator, first)) if isinstance(first, str) else None


def other_things(folder: Path, entity: str) -> list[str]:
    """Return valid values of other kinds, of which none is one of `entity`."""
    kinds = NEVER[entity]
    rows = _lines(folder / VALIDATORS)
    return list(dict.fromkeys(row["text"] for row in rows if row["validator"] in kinds and row["label"] == "valid"))


def sentences(folder: Path) -> list[Sentence]:
    """Return the synthetic development set, with Presidio's names for its entities."""
    names = {"IBAN": "IBAN_CODE", "BIRTHDAY": "DATE_TIME", "NATIONALITY": "NRP"}
    found = []
    for row in json.loads((folder / SYNTHETIC).read_bytes()):
        marked = [
            (one["start_position"], one["end_position"], names.get(one["entity_type"], one["entity_type"]))
            for one in row["spans"]
        ]
        words = ((token["idx"], token["idx"] + len(token["text"])) for token in row["tokens"])
        found.append(Sentence(row["full_text"], tuple((s, e, _at(s, e, marked)) for s, e in words)))
    return found


def _at(start: int, end: int, marked: Iterable[tuple[int, int, str]]) -> str:
    return next((entity for low, high, entity in marked if low < end and start < high), "")


def _lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, without those that hold half a surrogate pair: no text of an answer can."""
    return [json.loads(line) for line in path.read_bytes().splitlines() if not _HALF.search(line)]
