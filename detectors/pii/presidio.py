"""Structural personal data (e-mail, phone, card, IBAN ...) by Presidio's own recognizers: parameters and building.

No detection happens here. Presidio imports spaCy, which takes about a second, and the registry imports this module
to check parameters; so Presidio is imported by `detectors.pii.engine`, when the first detector is built.

Entities that need named-entity recognition (PERSON, LOCATION ...) are refused: this version has no NER engine.
Context words do not raise scores either; a score is what the pattern and the validator say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

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

DEFAULT_PHONE_REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Presidio's own default. Numbers with a country code are found for every region in the world."""


class PresidioParams(BaseModel):
    """What a policy may say about a `presidio` detector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    entities: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: list(DEFAULT_ENTITIES))
    """Presidio's names of what to look for; each becomes a category."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    """Language the recognizers are made for. Structural entities are found alike in every language."""
    phone_regions: Annotated[list[str], Field(min_length=1)] = Field(
        default_factory=lambda: list(DEFAULT_PHONE_REGIONS)
    )
    """Regions (two capital letters) whose national formats count as phone numbers."""


def build(name: str, params: PresidioParams) -> Detector:
    """Build the detector. Raises DetectorConfigError for entities or regions that do not exist."""
    from detectors.pii.engine import build_detector  # noqa: PLC0415 - imports Presidio and with it spaCy

    return build_detector(name, tuple(params.entities), params.language, tuple(params.phone_regions))


TYPE = DetectorType(
    name="presidio",
    summary="e-mail addresses, phone, card and account numbers and other structural personal data (Presidio)",
    params=PresidioParams,
    build=build,
)
