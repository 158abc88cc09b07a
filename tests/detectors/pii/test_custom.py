"""A policy's own recognizers: what Presidio finds with the same, at every cut, and what is told of mistakes."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.types import DetectorConfigError
from policies.loader import load_policy_text
from tests.support.detectors import built, fed, fed_in_deltas, found_texts, spans
from tests.support.presidio import analyzer
from tests.support.scale import examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from detectors.types import Detector

RECOGNIZERS: list[dict[str, Any]] = [
    {
        "name": "Zip code Recognizer",
        "supported_language": "en",
        "patterns": [
            {"name": "zip code (weak)", "regex": r"(\b\d{5}(?:\-\d{4})?\b)", "score": 0.01},
            {"name": "zip code (named)", "regex": r"(?<=zip )\d{5}", "score": 0.5},
        ],
        "context": ["zip", "code"],
        "supported_entity": "ZIP",
    },
    {
        "name": "Titles recognizer",
        "supported_language": "en",
        "supported_entity": "TITLE",
        "deny_list": ["Mr.", "Mrs.", "Miss", "Dr. med.", "C++"],
    },
    {
        "name": "Tickets",
        "type": "custom",
        "supported_entities": ["TICKET"],
        "supported_languages": [{"language": "en", "context": ["ticket"]}],
        "patterns": [{"name": "ticket", "regex": "^TKT-[a-z0-9]+(-[0-9]+)*$", "score": 0.7}],
        "global_regex_flags": 8,
    },
    {
        "name": "Own addresses",
        "supported_entity": "EMAIL_ADDRESS",
        "deny_list": ["reception desk"],
        "deny_list_score": 0.4,
    },
]
PIECES = (
    "12345", "-6789", "zip ", "Mr.", "mrs.", "Miss", "Dr. med", ".", "C++", "TKT-", "tkt-", "a1", "-12", "\n", " ",
    "é", "_", "ſ", "k", "000", "reception", " desk", "jane@example.com", "x", "1", "\u0663",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@cache
def _presidios() -> list[Any]:
    """Return Presidio's own recognizers, made of the same mappings."""
    from presidio_analyzer.recognizer_registry.recognizers_loader_utils import (  # noqa: PLC0415 - imports spaCy
        RecognizerListLoader,
    )

    return [
        one  # the loader gives all of a file the flags of the file
        for given in RECOGNIZERS
        for one in RecognizerListLoader.get(cast("Any", [given]), ["en"], given.get("global_regex_flags", 26))
    ]


@cache
def _presidios_of(file: Path) -> list[Any]:
    """Return the recognizers that Presidio itself makes of a file."""
    from presidio_analyzer.recognizer_registry.recognizers_loader_utils import (  # noqa: PLC0415 - imports spaCy
        RecognizerConfigurationLoader,
        RecognizerListLoader,
    )

    read = RecognizerConfigurationLoader.get(conf_file=file)
    return list(RecognizerListLoader.get(read["recognizers"], ["en"], read["global_regex_flags"]))


def _expected(text: str, made: Sequence[Any] | None = None) -> list[tuple[int, int, str, float]]:
    """Return what Presidio's own recognizers find in the whole text."""
    made = _presidios() if made is None else made
    entities = ["EMAIL_ADDRESS", *dict.fromkeys(entity for one in made for entity in one.supported_entities)]
    engine = analyzer("en", ("EMAIL_ADDRESS",))
    found = engine.analyze(text, "en", list(dict.fromkeys(entities)), ad_hoc_recognizers=list(made))
    return sorted((f.start, f.end, f.entity_type, float(f.score)) for f in found)


@settings(max_examples=examples(150), deadline=None)
@given(texts, st.integers(0, 2**32))
def test_findings_are_those_of_presidio_for_every_cut(text: str, seed: int) -> None:
    """The same recognizers, loaded by Presidio from the same mappings, find the same in the whole text."""
    detector = built("presidio", {"entities": ["EMAIL_ADDRESS"], "recognizers": RECOGNIZERS})
    expected = _expected(text)
    assert spans(fed(detector, text).findings) == expected
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == expected
    cuts = random.Random(seed).sample(range(len(text) + 1), min(5, len(text)))
    assert spans(fed(detector, text, cuts).findings) == expected


FILE = r"""
supported_languages: [en]
global_regex_flags: 10
recognizers:
  - name: Claims
    supported_language: en
    supported_entity: CLAIM
    patterns:
      - {name: beside no digit, regex: '(?<!\d)\d{5}(?!\d)', score: 0.3}
      - {name: not of zeros, regex: '(?!000)\d{3}-\d+$', score: 0.6}
      - {name: after a word, regex: '(?<=zip )\d+', score: 0.5}
    context: [zip]
  - name: Names
    supported_languages: [{language: en, context: [desk]}]
    supported_entity: NAME
    patterns:
      - {name: endless, regex: '\b(?:[a-zé]+[.-]?)+_', score: 0.4}
      - {name: looks ahead in the middle, regex: 'm(?=r)[a-z]+\.', score: 0.7}
      - {name: back, regex: '\b(\w)\1', score: 0.2}
  - name: Titles
    supported_language: en
    supported_entity: TITLE
    deny_list: [Mr., Miss, C++, kſ]
  - name: Desks
    supported_language: en
    supported_entity: EMAIL_ADDRESS
    deny_list: [reception desk]
"""


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of recognizers in Presidio's own format."""
    file = tmp_path_factory.mktemp("staff") / "staff.yaml"
    file.write_text(FILE.replace(r"\u017f", "\u017f"), encoding="utf-8")
    return file


@cache
def _detector_of(file: Path) -> Detector:
    policy = (
        "version: 1\ndetectors:\n  people: {type: presidio, entities: [EMAIL_ADDRESS], "
        f"recognizers_file: {file.name}}}\nrules:\n  - {{id: people, detector: people, action: redact}}\n"
    )
    return load_policy_text(policy, str(file.parent / "p.yaml")).detectors["people"]


@settings(max_examples=examples(150), deadline=None)
@given(text=texts, seed=st.integers(0, 2**32))
def test_findings_of_a_file_are_those_of_presidio_for_every_cut(staff: Path, text: str, seed: int) -> None:
    """Of patterns that RE2 runs, of such that need `regex`, and of a deny list; Presidio reads the same file."""
    detector, expected = _detector_of(staff), _expected(text, _presidios_of(staff))
    assert spans(fed(detector, text).findings) == expected
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == expected
    cuts = random.Random(seed).sample(range(len(text) + 1), min(5, len(text)))
    assert spans(fed(detector, text, cuts).findings) == expected


def test_every_cut_of_a_text_with_all_of_a_file(staff: Path) -> None:
    """One text, cut once at each place."""
    detector = _detector_of(staff)
    text = "Mr. Roe, zip 12345 zip 678901 123-45\nmrs. a-b.c_ éé_ C++ Kſ at the reception desk, jane@example.com"
    expected = _expected(text, _presidios_of(staff))
    assert {entity for _, _, entity, _ in expected} == {"TITLE", "CLAIM", "NAME", "EMAIL_ADDRESS"}
    for cut in range(len(text) + 1):
        assert spans(fed(detector, text, [cut], end_apart=True).findings) == expected


def test_patterns_that_can_take_long_are_told_of() -> None:
    """With the recognizer, the pattern and the place; not those that run in linear time, and none that is off."""
    slow = _pattern(r"(?:\d+(?=\d))+x")
    off = {**slow, "name": "off", "enabled": False}
    detector = cast("Any", built("presidio", {"recognizers": [_one(name="m"), off, slow]}))
    (advice,) = detector.advice
    assert advice.loc == ("recognizers", 2, "patterns", 0, "regex")
    assert advice.message.startswith("pattern 'p' of 'n' backtracks, because of its look-ahead (character 7)")
    assert cast("Any", built("presidio", {"recognizers": RECOGNIZERS})).advice == ()


def test_every_cut_of_a_text_with_all_of_them() -> None:
    """One text, cut once at each place."""
    detector = built("presidio", {"entities": ["EMAIL_ADDRESS"], "recognizers": RECOGNIZERS})
    text = "Dr. med. Roe, zip 12345-6789, C++\nTKT-a1-12\nat the reception desk, jane@example.com"
    expected = _expected(text)
    assert {entity for _, _, entity, _ in expected} == {"TITLE", "ZIP", "TICKET", "EMAIL_ADDRESS"}
    assert max(score for *_, entity, score in expected if entity == "ZIP") > 0.5  # the word "zip" stands near
    for cut in range(len(text) + 1):
        assert spans(fed(detector, text, [cut], end_apart=True).findings) == expected


def test_what_a_policy_finds_itself_becomes_a_category() -> None:
    """Behind those asked for, or where named; an entity that only it is for is not looked for by Presidio's."""
    zips = {"name": "z", "supported_entity": "ZIP", "deny_list": ["a"]}
    urls = {"name": "u", "supported_entity": "URL", "deny_list": ["our site"]}
    off = {**zips, "name": "o", "supported_entity": "OFF", "enabled": False}
    detector = built("presidio", {"entities": ["UUID"], "recognizers": [zips, urls, off]})
    assert detector.categories == ("UUID", "ZIP", "URL")
    assert found_texts(detector, "our site https://www.example.com/") == [("URL", "our site")]
    both = built("presidio", {"entities": ["ZIP", "URL"], "recognizers": [zips, urls]})
    assert both.categories == ("ZIP", "URL")
    assert len(found_texts(both, "our site https://www.example.com/")) == 2


def test_a_pattern_that_backtracks_without_end_is_a_failure() -> None:
    """The scan raises, so that the rule's `on_error` decides; a text on which it does not is judged."""
    detector = built("presidio", {"entities": ["E"], "recognizers": [_pattern("(?:a(?=[ab])|a)*b")]})
    with pytest.raises(TimeoutError):
        fed(detector, "ab " + "a" * 60 + "-b")
    assert found_texts(detector, "x aab y") == [("E", "aab")]


def test_a_check_of_digits_decides() -> None:
    """What passes is certain whatever the pattern's score; what does not is no finding."""
    imei = {
        "name": "imei",
        "supported_entity": "IMEI",
        "patterns": [{"name": "15 digits", "regex": r"\b[0-9]{15}\b", "score": 0.1}],
        "validator": "luhn",
    }
    detector = built("presidio", {"entities": ["IMEI"], "recognizers": [imei]})
    text = "490154203237518 and 490154203237519"
    assert spans(fed_in_deltas(detector, text, 1).findings) == [(0, 15, "IMEI", 1.0)]


def _one(**change: Any) -> dict[str, Any]:
    return {"name": "n", "supported_entity": "E", "deny_list": ["a"], **change}


def _pattern(regex: str) -> dict[str, Any]:
    return _one(deny_list=None, patterns=[{"name": "p", "regex": regex, "score": 0.5}])


@pytest.mark.parametrize(
    ("recognizers", "loc", "told"),
    [
        ([_pattern("a(")], (0, "patterns", 0, "regex"), "is not a regular expression"),
        ([_pattern("a*")], (0, "patterns", 0, "regex"), "can match the empty text"),
        ([_one(name="m"), _pattern("(?|a|b)c")], (1, "patterns", 0, "regex"), "(character "),
        ([_pattern("a" * 50_000)], (0, "patterns", 0, "regex"), "longer than 40000 characters"),
        ([_one(), _one()], (1, "name"), "rename one of them"),
        ([_one(deny_list=["a" * 30, *(f"{n:030}" for n in range(1999))])], (0, "deny_list"), "longer than"),
    ],
)
def test_mistakes_are_told_with_their_place(
    recognizers: list[dict[str, Any]], loc: tuple[str | int, ...], told: str
) -> None:
    """Patterns that cannot be used, and names given twice."""
    with pytest.raises(DetectorConfigError) as caught:
        built("presidio", {"entities": ["UUID"], "recognizers": recognizers})
    assert caught.value.loc == ("recognizers", *loc)
    assert told in str(caught.value)
