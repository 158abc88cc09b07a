"""Personal data that belongs to nobody, and what Presidio itself says of a text."""

from __future__ import annotations

from functools import cache
from typing import Any

from detectors.pii.presidio import DEFAULT_PHONE_REGIONS

# entity, a value that is found, a near miss. Numbers are from documentation, or made up with valid check digits.
SAMPLES: list[tuple[str, str, str]] = [
    ("EMAIL_ADDRESS", "jane.roe@example.com", "jane.roe@example"),
    ("EMAIL_ADDRESS", "j@mail.example.co.uk", "j@mail.example.notasuffix"),
    ("PHONE_NUMBER", "212-555-0123", "212-555-01"),
    ("PHONE_NUMBER", "+44 20 7946 0958", "+44 20 7946 09"),
    ("PHONE_NUMBER", "(212) 555-0123 ext. 12", "12/10/2024"),
    ("CREDIT_CARD", "4111 1111 1111 1111", "4111 1111 1111 1112"),
    ("CREDIT_CARD", "3782-822463-10005", "3782-822463-10006"),
    ("US_SSN", "219-09-9999", "000-09-9999"),
    ("IBAN_CODE", "DE89370400440532013000", "DE89370400440532013001"),
    ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32", "GB83 WEST 1234 5698 7654 32"),
    ("IP_ADDRESS", "192.0.2.17", "192.0.2"),
    ("IP_ADDRESS", "2001:db8::17", "2001:db8"),
    ("CRYPTO", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BoatSLRHtKNngkdXEeobR76b53LETtpyU"),
    ("URL", "https://www.example.com/a?b=c", "https://localhost"),
    ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E", "00:1A-2B:3C:4D:5E"),
    ("UUID", "6b29fc40-ca47-4067-b31d-00dd010662da", "6b29fc40-ca47-0067-b31d-00dd010662da"),
    ("DATE_TIME", "2024-03-09", "2024-13-09"),
    ("US_ITIN", "911-70-1234", "911-10-1234"),
    ("US_PASSPORT", "A12345678", "A1234567"),
    ("US_CLAIM_NUMBER", "CLM-1234567", "CLN-1234567"),
    ("UK_NHS", "401-023-2137", "401-023-2138"),
    ("IN_PAN", "AAAPA1234A", "AAAPA123A"),
    ("ZA_MOBILE_NUMBER", "082 555 1234", "011 555 1234"),
]


@cache
def recognizers(entity: str) -> tuple[Any, ...]:
    """Return Presidio's own recognizers of an entity, offline."""
    from detectors.pii.catalogue import make_recognizers  # noqa: PLC0415 - imports Presidio

    return tuple(make_recognizers(entity, "en", DEFAULT_PHONE_REGIONS))


def presidio_spans(text: str, *entities: str) -> list[tuple[int, int, str, float]]:
    """Return what the recognizers' own `analyze` finds, each on its own: no context word raises a score."""
    return sorted(
        (found.start, found.end, found.entity_type, float(found.score))
        for entity in entities
        for recognizer in recognizers(entity)
        for found in recognizer.analyze(text, [entity])
    )
