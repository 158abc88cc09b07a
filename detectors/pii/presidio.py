"""Structural personal data (e-mail, phone, card, IBAN ...) by Presidio's own recognizers: parameters and building.

No detection happens here. Presidio imports spaCy, which takes about a second, and the registry imports this module
to check parameters; so Presidio is imported by `detectors.pii.building`, when the first detector is built.

Entities that need named-entity recognition (PERSON, LOCATION ...) are refused: the detector `names` finds them.
A score is what the pattern and the validator say, raised where a context word stands by: `detectors.pii.context`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from detectors.pii.recognizer_params import MAX_RECOGNIZERS, RecognizerParams
from detectors.pii.sifting import MAX_ALLOWED, Allowed
from detectors.registry import DetectorType

if TYPE_CHECKING:
    from detectors.types import Detector

DEFAULT_ENTITIES = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "US_SSN",
    "IBAN_CODE",
    "IP_ADDRESS",
    "CRYPTO",
)
"""URL is left out: most answers with a link mean it."""

DEFAULT_LANGUAGE = "en"

DEFAULT_PHONE_REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Presidio's own default. Numbers with a country code are found for every region in the world."""

Score = Annotated[float, Field(ge=0.0, le=1.0)]


class PresidioParams(BaseModel):
    """What a policy may say about a `presidio` detector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    entities: Annotated[list[str], Field(min_length=1)] | None = None
    """Presidio's names of what to look for; each becomes a category. The default is `DEFAULT_ENTITIES`; beside
    `countries`, those of them that belong to no country."""
    countries: Annotated[list[str], Field(min_length=1)] | None = None
    """Countries (`us`, `uk`, `de` ...) all of whose numbers are looked for, beside `entities`."""
    languages: Annotated[list[str], Field(min_length=1)] | None = None
    """Languages (`en`, `de` ...) whose context words count; the default is English. Every recognizer looks at every
    text, whatever its language."""
    language: str | None = None
    """Short for `languages` with only this one."""
    phone_regions: Annotated[list[str], Field(min_length=1)] | None = None
    """Regions (two capital letters) whose national formats count as phone numbers. The default is Presidio's, and
    those of `countries`."""
    refined: bool = False
    """Whether recognizers of our own stand in for Presidio's where it misses values or finds too much:
    `CREDIT_CARD`, `PHONE_NUMBER`, `URL` and `DATE_TIME`. Without it everything is found as Presidio's
    `AnalyzerEngine` finds it."""

    recognizers: Annotated[list[RecognizerParams], Field(min_length=1, max_length=MAX_RECOGNIZERS)] | None = None
    """The policy's own recognizers, in the format of Presidio's own; what they find becomes a category."""
    recognizers_file: str | None = None
    """A file of recognizers in Presidio's format; a policy reads it and puts them behind `recognizers`."""
    allow: Annotated[list[Allowed], Field(min_length=1, max_length=MAX_ALLOWED)] | None = None
    """What is not reported though it is found: values (`support@example.com`), all addresses of a domain
    (`*@example.com`), or mappings with one of `value`, `pattern` and `domain`, and `entities`."""
    min_scores: Annotated[dict[str, Score], Field(min_length=1)] | None = None
    """Lowest score that is reported, by entity."""

    @model_validator(mode="after")
    def _has_one_of(self) -> PresidioParams:
        if self.language is not None and self.languages is not None:
            message = "'language' cannot stand beside 'languages'. Keep one of them."
            raise PydanticCustomError("sluicegate", "{message}", {"message": message})
        return self


def build(name: str, params: PresidioParams) -> Detector:
    """Build the detector. Raises DetectorConfigError for what does not exist: entities, countries, languages."""
    from detectors.pii.building import build_detector  # noqa: PLC0415 - imports Presidio and with it spaCy

    return build_detector(name, params)


TYPE = DetectorType(
    name="presidio",
    summary="e-mail addresses, phone, card and account numbers and other structural personal data (Presidio)",
    params=PresidioParams,
    build=build,
)
