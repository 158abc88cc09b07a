"""Presidio as it is, over whole texts: what the detector `presidio` is compared with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from detectors.pii.presidio import DEFAULT_PHONE_REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterable


@cache
def analyzer(language: str, entities: tuple[str, ...]) -> Any:
    """Return Presidio's engine with its recognizers of some entities, on spaCy's blank pipeline of a language.

    A blank pipeline knows no lemmas, without which Presidio raises no score at all: the lemma is the word.
    """
    import spacy  # noqa: PLC0415 - takes a second
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415 - takes a second
    from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: PLC0415 - takes a second

    from detectors.pii.catalogue import make_recognizers  # noqa: PLC0415 - imports Presidio

    class Blank(SpacyNlpEngine):
        nlp: Any

        def load(self) -> None:
            self.nlp = {language: spacy.blank(language)}

        def _doc_to_nlp_artifact(self, doc: Any, language: str) -> Any:
            for token in doc:
                token.lemma_ = token.text
            return super()._doc_to_nlp_artifact(doc, language)

    engine = Blank(models=[{"lang_code": language, "model_name": "blank"}])
    engine.load()
    registry = RecognizerRegistry(
        [found for entity in entities for found in make_recognizers(entity, language, DEFAULT_PHONE_REGIONS)],
        supported_languages=[language],
    )
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])


def analyzed(text: str, entities: Iterable[str], language: str = "en") -> list[tuple[int, int, str, float]]:
    """Return what `AnalyzerEngine.analyze` finds in a whole text."""
    asked = tuple(entities)
    found = analyzer(language, asked).analyze(text, language, list(asked))
    return sorted((f.start, f.end, f.entity_type, float(f.score)) for f in found)


def analyzed_alone(text: str, entities: Iterable[str], language: str = "en") -> list[tuple[int, int, str, float]]:
    """Return the same, where no token is a word because of another (`is_decided_later`)."""
    asked = tuple(entities)
    engine = analyzer(language, asked)
    artifacts = engine.nlp_engine.process_text(text, language)
    artifacts.keywords = _words(engine.nlp_engine, artifacts.lemmas, language)
    found = engine.analyze(text, language, list(asked), nlp_artifacts=artifacts)
    return sorted((f.start, f.end, f.entity_type, float(f.score)) for f in found)


def is_decided_later(text: str, language: str = "en") -> bool:
    """Whether what counts as a word depends on the whole text.

    Presidio looks a token up among the parts of all tokens between colons: `is:5`, anywhere in a text, makes a word
    of each `is` in it.
    """
    nlp = analyzer(language, ("URL",)).nlp_engine
    artifacts = nlp.process_text(text, language)
    words = _words(nlp, artifacts.lemmas, language)
    return any(lemma.lower() in artifacts.keywords and lemma.lower() not in words for lemma in artifacts.lemmas)


def _words(nlp: Any, lemmas: Iterable[str], language: str) -> set[str]:
    """Return the tokens that are words by themselves, in lower case."""
    words = {
        token.lower()
        for token in lemmas
        if ":" not in token and not nlp.is_stopword(token, language) and not nlp.is_punct(token, language)
    }
    return words - {"be", "-pron-"}
