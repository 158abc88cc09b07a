"""Who is measured: the detector `presidio`, and Presidio's own `AnalyzerEngine` with the same recognizers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine

from detectors.pii.catalogue import make_recognizers, recognizer_classes
from detectors.pii.presidio import DEFAULT_PHONE_REGIONS
from detectors.registry import detector_type
from detectors.types import ChannelKind, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from detectors.types import Detector


class Found(NamedTuple):
    """A finding of either party."""

    start: int
    end: int
    entity: str
    score: float


class Party(Protocol):
    """Somebody who finds values of entities in a text."""

    name: str

    def find(self, text: str, entities: tuple[str, ...]) -> list[Found]:
        """Return what is found of `entities`."""


class PlainPresidio:
    """`AnalyzerEngine` with a blank pipeline of spaCy and every recognizer that the detector can use."""

    name = "Presidio"

    def __init__(self, entities: Iterable[str] | None = None) -> None:
        known = sorted(recognizer_classes()) if entities is None else entities
        registry = RecognizerRegistry(
            [each for entity in known for each in make_recognizers(entity, "en", DEFAULT_PHONE_REGIONS)]
        )
        self._engine = AnalyzerEngine(registry, _blank_pipeline(), supported_languages=["en"])

    def find(self, text: str, entities: tuple[str, ...]) -> list[Found]:
        """Return what is found of `entities`."""
        found = self._engine.analyze(text, "en", list(entities))
        return sorted(Found(one.start, one.end, one.entity_type, float(one.score)) for one in found)


def _blank_pipeline() -> Any:  # noqa: ANN401 - Presidio has no types
    engine: Any = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    engine.nlp = {"en": spacy.blank("en")}
    return engine


class Sluicegate:
    """Detectors of type `presidio`, one for each choice of entities."""

    def __init__(self, name: str = "Sluicegate", params: Mapping[str, object] | None = None) -> None:
        self.name = name
        self._params = dict(params or {})
        self.detector: Callable[[tuple[str, ...]], Detector] = cache(self._build)

    def _build(self, entities: tuple[str, ...]) -> Detector:
        found = detector_type("presidio")
        params = found.params.model_validate(self._params | {"entities": list(entities)})
        return found.build("pii", params)

    def find(self, text: str, entities: tuple[str, ...]) -> list[Found]:
        """Return what is found of `entities`."""
        window = Window(ChannelKind.TEXT, "", text, 0, final=True)
        found = self.detector(entities).scan(window).findings
        return sorted(Found(one.start, one.end, one.category, one.score) for one in found)
