"""A policy's own recognizers as its YAML gives them, in Presidio's format. It imports nothing of Presidio."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

MAX_RECOGNIZERS = 100
MAX_PATTERNS = 100
MAX_WORDS = 2_000
"""Limits of what one detector looks for by recognizers of a policy: patterns are compiled together."""

MAX_FLAGS = 26
"""All of the flags that may be given: IGNORECASE (2), MULTILINE (8) and DOTALL (16), Presidio's default."""

Entity = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]
Text = Annotated[str, Field(min_length=1)]
Score = Annotated[float, Field(ge=0.0, le=1.0)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?$")]


class _Params(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class RecognizerPattern(_Params):
    """One pattern of a recognizer."""

    name: Text
    regex: Text
    """In the syntax of Python's `regex`, as with Presidio."""
    score: Score


class LanguageContext(_Params):
    """The context words of one language."""

    language: Language
    context: list[Text] | None = None


class RecognizerParams(_Params):
    """One recognizer."""

    name: Text
    type: Literal["custom", "predefined"] = "custom"
    enabled: bool = True
    supported_entity: Entity | None = None
    """What it finds; it becomes a category."""
    supported_entities: Annotated[list[Entity], Field(min_length=1, max_length=1)] | None = None
    """The same as a list, of one."""
    supported_language: Language | None = None
    """Whose context words these are. A recognizer looks at every text, whatever its language."""
    supported_languages: Annotated[list[Language], Field(min_length=1)] | list[LanguageContext] | None = None
    patterns: Annotated[list[RecognizerPattern], Field(min_length=1, max_length=MAX_PATTERNS)] | None = None
    context: list[Text] | None = None
    """Words that raise the score when they stand near."""
    deny_list: Annotated[list[Text], Field(min_length=1, max_length=MAX_WORDS)] | None = None
    """Whole words that are found."""
    deny_list_score: Score = 1.0
    global_regex_flags: Annotated[int, Field(ge=0, le=MAX_FLAGS)] = MAX_FLAGS
    """Flags of Python's `re` as a number: IGNORECASE 2, MULTILINE 8, DOTALL 16; the default is all."""
    validator: Literal["luhn", "mod-97", "iban", "mod-11", "verhoeff"] | None = None
    """Check of digits: what passes it has score 1, what does not is no finding."""

    @model_validator(mode="after")
    def _is_whole(self) -> RecognizerParams:
        message = self._fault()
        if message is not None:
            raise PydanticCustomError("sluicegate", "{message}", {"message": f"{self.name!r} {message}"})
        return self

    def _fault(self) -> str | None:
        if self.type == "predefined":
            return "is Presidio's own: name what it finds under 'entities', and remove it here."
        if (self.supported_entity is None) == (self.supported_entities is None):
            return "needs one of 'supported_entity' and 'supported_entities', the name of what it finds."
        if self.supported_language is not None and self.supported_languages is not None:
            return "has 'supported_language' beside 'supported_languages'. Keep one of them."
        if self.patterns is None and self.deny_list is None:
            return "finds nothing: give it 'patterns' or a 'deny_list'."
        if self.global_regex_flags & ~MAX_FLAGS:
            return "has flags beside IGNORECASE (2), MULTILINE (8) and DOTALL (16). Leave them out."
        return None

    @property
    def entity(self) -> str:
        """What it finds."""
        return self.supported_entity or (self.supported_entities or [""])[0]
