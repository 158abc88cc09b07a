"""Phone numbers of any country after a word that announces one: `call`, `tel.`, `mobile:`, `WhatsApp`.

Presidio finds numbers in international form of every country, and in national form of the regions it is given. To
give it all regions would make most numbers of seven digits and more phone numbers. After such a word they are: here
a national number of any country counts, and an international one without its `+`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from phonenumbers import SUPPORTED_REGIONS
from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from detectors.pii.phone_screen import RegionScreen

CUES: Final = (
    "phones?", "telephones?", "tel", "call", "calling", "ring", "dial", "mobiles?", "cell", "cellphone", "fax",
    "sms", "text me", "whats ?app", "reach (?:me|us|her|him|them|you)", "handy", "telefon", "mobil", "anrufen",
    "numéro", "téléphone", "teléfono", "móvil", "llamar?", "telefono", "cellulare", "telefone", "celular",
)  # fmt: skip
"""Words of English, German, French, Spanish, Italian and Portuguese."""
SHORTENED: Final = r"(?:tel|telef|tlf|ph|mob|fax)\."

MIN_DIGITS: Final = 7
MAX_DIGITS: Final = 15
GAP_CHARS: Final = 24
"""How much may stand between the word and the number, with no digit and no new sentence or line in it."""

_NUMBER: Final = rf"[+(]{{0,2}}\d(?:[ ().\-/\u00a0\u2010-\u2013]{{0,3}}\d){{{MIN_DIGITS - 1},{MAX_DIGITS - 1}}}"
_DIGITS = re.compile(r"\d+")
_SLASHES_OR_DOTS = re.compile(r"\d{1,2}([/.-])\d{1,2}\1(?:\d{2}){1,2}|\d{4}([/.-])\d{1,2}\2\d{1,2}")


class CuedPhoneRecognizer(PatternRecognizer):
    """Numbers after a cue, with the score of Presidio's own."""

    STANDS_FOR = PhoneRecognizer.__name__
    PATTERNS = [  # noqa: RUF012 - as Presidio's recognizers have it
        Pattern(
            "number after a cue",
            rf"(?<=\b(?:(?:{'|'.join(CUES)})\b|{SHORTENED})[^\d\n.!?]{{0,{GAP_CHARS}}}){_NUMBER}(?!\w)",
            PhoneRecognizer.SCORE,
        )
    ]
    CONTEXT = PhoneRecognizer.CONTEXT

    def __init__(
        self,
        context: list[str] | None = None,
        supported_language: str = "en",
        supported_entity: str = "PHONE_NUMBER",
    ) -> None:
        """`context`: words that raise the score."""
        super().__init__(
            supported_entity=supported_entity,
            patterns=self.PATTERNS,
            context=context or self.CONTEXT,
            supported_language=supported_language,
        )

    def invalidate_result(self, pattern_text: str) -> bool:
        """Whether it is a date, or the number of no country."""
        if _SLASHES_OR_DOTS.fullmatch(pattern_text):
            return True
        return not _everywhere().is_number("".join(_DIGITS.findall(pattern_text)))


@cache
def _everywhere() -> RegionScreen:
    return RegionScreen(SUPPORTED_REGIONS)
