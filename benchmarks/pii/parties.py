"""Who is measured: the detector `presidio`, and Presidio's own `AnalyzerEngine` with the same recognizers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from detectors.names.engine import presidio_configuration
from detectors.names.params import DEFAULT_MODEL
from detectors.pii.catalogue import make_recognizers, recognizer_classes
from detectors.pii.presidio import DEFAULT_PHONE_REGIONS
from detectors.registry import detector_type
from detectors.types import ChannelKind, DetectorConfigError, Window

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
        self._engine = AnalyzerEngine(_registry(entities), _pipeline(spacy.blank("en")), supported_languages=["en"])

    def find(self, text: str, entities: tuple[str, ...]) -> list[Found]:
        """Return what is found of `entities`."""
        found = self._engine.analyze(text, "en", list(entities))
        return sorted(Found(one.start, one.end, one.entity_type, float(one.score)) for one in found)


def _registry(entities: Iterable[str] | None) -> RecognizerRegistry:
    known = sorted(recognizer_classes()) if entities is None else entities
    return RecognizerRegistry(
        [each for entity in known for each in make_recognizers(entity, "en", DEFAULT_PHONE_REGIONS)]
    )


def _pipeline(nlp: Any) -> Any:  # noqa: ANN401 - Presidio has no types
    engine: Any = SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": "given"}], ner_model_configuration=presidio_configuration()
    )
    engine.nlp = {"en": nlp}
    return engine


class PresidioWithNames(PlainPresidio):
    """The same with a whole model of spaCy's, and the recognizer of what it finds."""

    name = "Presidio with names"

    def __init__(self) -> None:
        registry = _registry(None)
        registry.add_recognizer(SpacyRecognizer())
        self._engine = AnalyzerEngine(registry, _pipeline(spacy.load(DEFAULT_MODEL)), supported_languages=["en"])


class Sluicegate:
    """Detectors of type `presidio`, one for each choice of entities; none stand for what is looked for unasked."""

    def __init__(self, name: str = "Sluicegate", params: Mapping[str, object] | None = None) -> None:
        self.name = name
        self._params = dict(params or {})
        self.detector: Callable[[tuple[str, ...]], Detector] = cache(self._build)

    def _build(self, entities: tuple[str, ...]) -> Detector:
        found = detector_type("presidio")
        asked = {"entities": list(entities)} if entities else {}
        params = found.params.model_validate(self._params | asked)
        return found.build("pii", params)

    def find(self, text: str, entities: tuple[str, ...]) -> list[Found]:
        """Return what is found of `entities`."""
        window = Window(ChannelKind.TEXT, "", text, 0, final=True)
        found = self.detector(entities).scan(window).findings
        return sorted(Found(one.start, one.end, one.category, one.score) for one in found)


class SluicegateWithNames:
    """A detector of type `presidio`, refined, and one of type `names` beside it."""

    name = "refined with names"

    def __init__(self) -> None:
        names = detector_type("names")
        params = names.params.model_validate({"entities": ["PERSON", "LOCATION", "ORGANIZATION"]})
        self._names: Any = names.build("names", params)
        self._others = Sluicegate("refined", {"refined": True})

    def find(self, text: str, entities: tuple[str, ...]) -> list[Found]:
        """Return what is found of `entities`."""
        shaped = tuple(entity for entity in entities if entity not in self._names.categories)
        found = self._names.scan(Window(ChannelKind.TEXT, "", text, 0, final=True)).findings
        named = [Found(one.start, one.end, one.category, one.score) for one in found if one.category in entities]
        return sorted([*named, *self._others.find(text, shaped)])


def with_names() -> list[Party]:
    """Return those who find names, too; nobody where the model of the extra `ner` is not installed."""
    try:
        return [PresidioWithNames(), SluicegateWithNames()]
    except (DetectorConfigError, OSError):  # spaCy's for a model that is not there
        return []
