"""spaCy behind Presidio: the same entities as Presidio's own engine finds, with only what is needed loaded."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING

import pytest
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from detectors.names.engine import SpacyEngine, load_spacy, presidio_configuration, unneeded
from detectors.names.params import DEFAULT_MODEL, ENTITIES, NUMBERS
from detectors.types import DetectorConfigError
from tests.support.names import names_folder, write_pipeline, write_trained

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    "Yesterday Jane Roe of Acme Inc. crossed Quay Bridge to Portland.",
    "A Falcon, and J. R. Roe, on 10 May 1999; the Quayish Wacława.",
    "Nothing here.",
    "",
    "\U0001f468\u200d\U0001f469 e\u0301 Jane Roe\n\tPortland",
)


def analyzer(folder: Path, *, ignored: tuple[str, ...] = ()) -> AnalyzerEngine:
    """Presidio's own engine with its own way of loading a model."""
    configuration = dict(NlpEngineProvider().nlp_configuration)
    configuration["models"] = [{"lang_code": "en", "model_name": str(folder)}]
    shipped = dict(configuration["ner_model_configuration"])
    shipped["labels_to_ignore"] = [one for one in shipped["labels_to_ignore"] if one != "ORGANIZATION"] + [*ignored]
    shipped["low_score_entity_names"] = []
    configuration["ner_model_configuration"] = shipped
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def entities(numbers: tuple[float, ...]) -> list[tuple[str, int, int, float]]:
    rows = [numbers[at : at + NUMBERS] for at in range(0, len(numbers), NUMBERS)]
    return [(ENTITIES[int(which)], int(start), int(end), score) for which, start, end, score in rows]


def by_presidio(engine: AnalyzerEngine, text: str) -> list[tuple[str, int, int, float]]:
    """What its recognizer for spaCy says; its pattern for dates has no part in that."""
    found = engine.analyze(text, language="en", entities=list(ENTITIES))
    named = [r for r in found if r.recognition_metadata["recognizer_name"] == "SpacyRecognizer"]
    return sorted((r.entity_type, r.start, r.end, r.score) for r in named)


@pytest.mark.parametrize("make", [write_pipeline, write_trained])
def test_it_finds_what_presidio_finds(tmp_path: Path, make: object) -> None:
    """With rules and with a statistical model, on whole texts: labels, places and scores."""
    folder = make(tmp_path / "model")  # type: ignore[operator]
    engine, presidio = load_spacy(folder), analyzer(folder)
    found = [sorted(entities(numbers)) for numbers in engine.scores(TEXTS)]
    assert found == [by_presidio(presidio, text) for text in TEXTS]
    assert {entity for one in found for entity, *_ in one} >= {"PERSON", "LOCATION"}
    assert {score for one in found for *_, score in one} == {0.85}


def test_offsets_are_of_the_text() -> None:
    """Also behind halves of surrogates, which spaCy cannot read, and characters outside the first plane."""
    (numbers,) = load_spacy(names_folder()).scores(["\ud800\U0001f600 Jane Roe\udfff in Portland"])
    assert [(entity, start, end) for entity, start, end, _ in entities(numbers)] == [
        ("PERSON", 3, 11),
        ("LOCATION", 16, 24),
    ]


def test_neighbours_make_no_difference(tmp_path: Path) -> None:
    """A text has the same answer alone and in any batch."""
    engine = load_spacy(write_trained(tmp_path))
    alone = [engine.scores([text])[0] for text in TEXTS]
    for order in itertools.permutations(range(len(TEXTS))):
        assert engine.scores([TEXTS[at] for at in order]) == [alone[at] for at in order]
    assert engine.scores([]) == []


def test_its_memory_does_not_grow_with_what_it_reads() -> None:
    """spaCy keeps every word that it ever read, unless told otherwise."""
    engine = load_spacy(names_folder())
    engine.scores(["Jane Roe"])
    before = len(engine._nlp.vocab.strings)
    engine.scores([f"word{n} name{n} of Jane Roe" for n in range(500)])
    assert len(engine._nlp.vocab.strings) == before


def test_only_what_finds_names_is_loaded(tmp_path: Path) -> None:
    """What has no part in it is not, and where that cannot be told everything is."""
    assert sorted(unneeded(write_trained(tmp_path / "trained"))) == ["sentencizer", "tagger"]
    assert load_spacy(tmp_path / "trained")._nlp.pipe_names == ["ner"]
    assert unneeded(write_pipeline(tmp_path / "rules", is_parsed=True)) == []


def test_what_a_component_listens_to_is_kept(tmp_path: Path) -> None:
    """Larger models share what they make of the words."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("tagger").add_label("NN")  # type: ignore[attr-defined]
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    model = {"@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner", "extra_state_tokens": False}
    ner = nlp.add_pipe(
        "ner",
        config={"model": {**model, "hidden_width": 64, "maxout_pieces": 2, "use_upper": True, "tok2vec": listener}},
    )
    ner.add_label("PERSON")  # type: ignore[attr-defined]
    nlp.initialize()
    nlp.to_disk(tmp_path)
    assert unneeded(tmp_path) == ["tagger"]
    assert load_spacy(tmp_path)._nlp.pipe_names == ["tok2vec", "ner"]


def test_presidio_configuration_is_the_shipped_one_with_organisations() -> None:
    """Everything that Presidio's file says, but that organisations count for nothing."""
    shipped, ours = NlpEngineProvider().nlp_configuration["ner_model_configuration"], presidio_configuration()
    assert ours.model_to_presidio_entity_mapping == shipped["model_to_presidio_entity_mapping"]
    assert {*shipped["labels_to_ignore"]} - {*(ours.labels_to_ignore or ())} == {"ORGANIZATION"}
    assert ours.default_score == 0.85


def test_it_says_nothing_and_warns_of_nothing(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Presidio would warn of each label it does not know, at every text; spaCy of another version of itself."""
    folder = write_pipeline(tmp_path)
    meta = (folder / "meta.json").read_text()
    (folder / "meta.json").write_text(meta.replace('"spacy_version":">=3', '"spacy_version":">=2.0,<2.1,>=3'))
    with caplog.at_level(logging.DEBUG):
        load_spacy(folder).scores(["A Falcon is no person."])
    assert not [record for record in caplog.records if record.name.startswith("presidio")]


@pytest.mark.parametrize(
    ("name", "text"), [("config.cfg", "[nlp]\n"), ("entity_ruler/patterns.jsonl", "{"), ("vocab/strings.json", "")]
)
def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path, name: str, text: str) -> None:
    """In one line, with its folder."""
    folder = write_pipeline(tmp_path)
    (folder / name).write_text(text)
    with pytest.raises(DetectorConfigError, match="spaCy cannot load it") as caught:
        load_spacy(folder)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.models
def test_the_model_of_the_extra_finds_what_presidio_finds() -> None:
    """Beside plain Presidio with the whole pipeline of the model; runs where the extra is installed."""
    pytest.importorskip(DEFAULT_MODEL)
    from detectors.names.installed import source_of  # noqa: PLC0415 - only with the model

    source = source_of(DEFAULT_MODEL)
    engine = source.load()
    assert isinstance(engine, SpacyEngine)
    assert engine._nlp.pipe_names == ["ner"]
    presidio = analyzer(source.path)  # type: ignore[arg-type]
    texts = [
        "Ada Lovelace was born in London on 10 December 1815 and worked with Charles Babbage.",
        "The University of Vienna and Microsoft invited a French delegation to Portland, Oregon.",
        "She told Dr. Jane Roe that the meeting in Berlin starts at 9 am on Monday.",
        "Nothing of the sort happened here.",
    ]
    found = [sorted(entities(numbers)) for numbers in engine.scores(texts)]
    assert found == [by_presidio(presidio, text) for text in texts]
    assert {entity for one in found for entity, *_ in one} == {*ENTITIES}
