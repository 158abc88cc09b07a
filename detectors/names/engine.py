"""A model of spaCy's behind Presidio's own engine and recognizer. Imports both: only to load a model.

What is a person or a place to Presidio, which labels count for nothing and what an entity scores is Presidio's to
say: its code runs here, with its shipped configuration. Only components that have a part in that are loaded.
"""

from __future__ import annotations

import logging
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

import spacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpEngineProvider, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from detectors.names.params import ENTITIES
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from detectors.types import Scores

_OF_WORDS: Final = frozenset(
    (
        *("tagger", "parser", "senter", "sentencizer", "attribute_ruler", "morphologizer"),
        *("lemmatizer", "trainable_lemmatizer", "textcat", "textcat_multilabel"),
    )
)
"""What has no part in finding entities, by its factory. The parser's sentences are a hint to `ner`: without them
one entity in a thousand is another one (benchmarks/ner.py), and most of the time is saved."""

_OF_NAMES: Final = frozenset(("ner", "beam_ner"))
_SHARED: Final = frozenset(("tok2vec", "transformer", "curated_transformer"))
_LISTENER: Final = "Listener"

_SURROGATE = re.compile("[\ud800-\udfff]")
_SAMPLE: Final = "Ada Lovelace was born in London on 10 December 1815."
_LOGGER: Final = "presidio-analyzer"


class SpacyEngine:
    """A model that is loaded. Its answers have four numbers for each entity (`params.NUMBERS`)."""

    labels: tuple[str, ...] = ()

    def __init__(self, nlp: Any) -> None:  # noqa: ANN401 - Presidio takes any
        self._nlp = nlp
        self._engine = SpacyNlpEngine(ner_model_configuration=presidio_configuration())
        vars(self._engine)["nlp"] = {nlp.lang: nlp}  # as its `load` would, without its download
        self._recognizer = SpacyRecognizer(supported_language=nlp.lang)

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Find the entities of each text. Offsets are of the text."""
        whole = [_SURROGATE.sub("\ufffd", text) for text in texts]  # spaCy's texts are UTF-8
        with self._nlp.memory_zone():  # or its vocabulary would grow with every word that it ever read
            found = self._engine.process_batch(whole, self._nlp.lang, batch_size=max(len(whole), 1))
            return [self._numbers(*one) for one in found]

    def _numbers(self, text: str, artifacts: Any) -> Scores:  # noqa: ANN401 - Presidio has no types
        numbers: list[float] = []
        for one in self._recognizer.analyze(text, ENTITIES, artifacts):
            numbers += (float(ENTITIES.index(one.entity_type)), float(one.start), float(one.end), float(one.score))
        return tuple(numbers)


def presidio_configuration() -> NerModelConfiguration:
    """Return Presidio's own configuration of spaCy, with organisations, which a policy must ask for by name."""
    shipped = NlpEngineProvider().nlp_configuration["ner_model_configuration"]
    ignored = [label for label in shipped["labels_to_ignore"] if label not in ENTITIES]
    low = [entity for entity in shipped.get("low_score_entity_names") or () if entity]
    return NerModelConfiguration(**{**shipped, "labels_to_ignore": ignored, "low_score_entity_names": low})


def load_spacy(folder: Path) -> SpacyEngine:
    """Load a model and try it on a sentence. Raises `DetectorConfigError` with what is wrong with its files."""
    # It warns of each label that Presidio has no word for, at every text.
    logging.getLogger(_LOGGER).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of another version of spaCy: what matters is whether it works
            engine = SpacyEngine(spacy.load(folder, exclude=unneeded(folder)))
            engine.scores([_SAMPLE])
    except Exception as error:  # noqa: BLE001 - the library's errors have no common base
        said = " ".join(str(error).split())[:200] or type(error).__name__
        message = f"{folder} cannot be used: spaCy cannot load it ({said}). Install the model again."
        raise DetectorConfigError(message, ("model",)) from None
    return engine


def unneeded(folder: Path) -> list[str]:
    """Return the components of a model that need not be loaded to find entities.

    A component of a kind that is not known here may use any other; then all of them are needed.
    """
    config = spacy.util.load_config(folder / "config.cfg")
    components = config["components"]
    factories = {name: components[name].get("factory", "") for name in config["nlp"]["pipeline"]}
    if any(factory not in _OF_WORDS | _OF_NAMES | _SHARED for factory in factories.values()):
        return []
    listening = any(_listens(components[name]) for name, factory in factories.items() if factory in _OF_NAMES)
    spared = _OF_WORDS if listening else _OF_WORDS | _SHARED
    return [name for name, factory in factories.items() if factory in spared]


def _listens(component: Any) -> bool:  # noqa: ANN401 - a part of a configuration file
    """Whether a component uses what another one makes of the words."""
    embedding = component.get("model", {}).get("tok2vec", {})
    return _LISTENER in str(embedding.get("@architectures", ""))
