"""The presidio detector as a policy sees it: what is found, what it is told of mistakes, and what it costs."""

from __future__ import annotations

import logging
import random
import socket
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.pii.context import MAX_PIECE_CHARS, raised
from detectors.pii.presidio import DEFAULT_ENTITIES
from detectors.types import CONTENT_KINDS, ChannelKind, DetectorConfigError
from tests.support.detectors import Feed, built, fed, fed_in_deltas, found_texts, spans
from tests.support.pii import SAMPLES, presidio_spans
from tests.support.presidio import analyzed, analyzed_alone
from tests.support.prose import prose
from tests.support.scale import examples

DEFAULT = built("presidio")
EVERY = [*DEFAULT_ENTITIES, "URL", "MAC_ADDRESS", "UUID", "US_CLAIM_NUMBER"]
PIECES = (
    "write ", "to ", "or ", "call ", "In 2024, ", "a", "Z", ".", ",", "-", " ", "\n", "(", "+", "#", "x", "ext. 12",
    "@", ":", "::", "/", "_", "é", "٣", "ſ", "½", "\u00a0", "\u200b", "1", "12", "0", "claim #", "$", "%",
    "555-0123",
    *(value for _, value, _ in SAMPLES), *(miss for *_, miss in SAMPLES),
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize(("entity", "value", "near_miss"), SAMPLES)
def test_each_entity_is_found_and_its_near_miss_is_not(entity: str, value: str, near_miss: str) -> None:
    """A sample in a sentence is found with its whole span; a look-alike is not found in it."""
    detector = built("presidio", {"entities": [entity]})
    assert (entity, value) in found_texts(detector, f"It is {value} she said.")
    assert (entity, near_miss) not in found_texts(detector, f"It is {near_miss} she said.")


@pytest.mark.parametrize(("entity", "value", "near_miss"), SAMPLES)
def test_every_single_cut_and_every_byte_apart_find_the_same(entity: str, value: str, near_miss: str) -> None:
    """Neither where a sample is cut nor how often changes what is found."""
    detector = built("presidio", {"entities": [entity]})
    text = f"is {value}, not {near_miss} or {value}"
    whole = spans(fed(detector, text).findings)
    assert whole == presidio_spans(text, entity)
    for cut in range(1, len(text)):
        assert spans(fed(detector, text, [cut], end_apart=True).findings) == whole
    assert spans(fed_in_deltas(detector, text, 1).findings) == whole


@pytest.mark.parametrize(("entity", "value", "_"), SAMPLES)
def test_no_character_of_a_value_is_released_before_it_is_found(entity: str, value: str, _: str) -> None:
    """In deltas of one character, the watermark stays before the value until the finding covers it."""
    feed = Feed(built("presidio", {"entities": [entity]}))
    text = f"It is {value}, yes."
    start = text.index(value)
    for char in text:
        feed.feed(char)
        assert feed.watermark <= start or any(f.start <= start < f.end for f in feed.findings)


@settings(max_examples=examples(150), deadline=None)
@given(texts, st.integers(0, 2**32))
@example("acall 212-555-0123", 0)
@example("is:5acall 212-555-0123", 0)
def test_findings_are_those_of_presidio_for_every_cut(text: str, seed: int) -> None:
    """Generated text gives what `AnalyzerEngine` gives, whole, in characters and cut at random."""
    detector = built("presidio", {"entities": EVERY})
    rng = random.Random(seed)
    found = spans(fed(detector, text).findings)
    if max(map(len, text.split()), default=0) <= MAX_PIECE_CHARS:
        assert found == analyzed_alone(text, EVERY)
    else:  # not a matter of spaCy's rules: which words count is not Presidio's answer, and all the rest is
        expected = presidio_spans(text, *EVERY)
        assert [place for *place, _ in found] == [place for *place, _ in expected]
        assert all(
            score in {least, raised(least)} for (*_, score), (*_, least) in zip(found, expected, strict=True)
        )
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == found
    cuts = rng.sample(range(len(text) + 1), rng.randint(0, min(6, len(text))))
    assert spans(fed(detector, text, cuts).findings) == found


def test_every_structural_entity_agrees_with_presidio() -> None:
    """All recognizers that can be asked for, over one text that holds something for most of them."""
    from detectors.pii.catalogue import recognizer_classes  # noqa: PLC0415 - imports Presidio

    text = ", ".join(value for _, value, _ in SAMPLES) + ". claim number: 12345678; rx # 1234567"
    entities = sorted(set(recognizer_classes()) - {"IN_PAN"})  # IN_PAN looks ahead without bound; here it has one
    detector = built("presidio", {"entities": entities})
    expected = analyzed(text, entities)
    assert len({entity for _, _, entity, _ in expected}) >= 20
    assert spans(fed(detector, text).findings) == expected
    assert spans(fed_in_deltas(detector, text, 5).findings) == expected


def test_ordinary_text_is_hardly_held() -> None:
    """An address can begin at any word, so the last word is held, and no more; nothing is found."""
    feed = fed_in_deltas(DEFAULT, prose(4000))
    assert feed.findings == []
    assert sum(feed.held_chars) / len(feed.held_chars) < 4
    assert feed.scanned_chars < 2.5 * 4000


def test_without_email_words_are_not_held() -> None:
    """Entities of digits hold nothing on words, but a number that could go on."""
    detector = built("presidio", {"entities": ["PHONE_NUMBER", "CREDIT_CARD", "US_SSN"]})
    assert fed(detector, "the boats are", end_apart=True).held_chars[0] == 0
    assert fed(detector, "since 2024", end_apart=True).held_chars[0] == 4
    assert fed(detector, "call (", end_apart=True).held_chars[0] == 1


def test_a_finding_inside_a_longer_and_surer_one_is_dropped() -> None:
    """Several patterns of one entity see the same number; one finding is left, the surest."""
    assert spans(fed(DEFAULT, "219-09-9999").findings) == [(0, 11, "US_SSN", 0.5)]


def test_iban_with_text_after_it_keeps_its_own_end() -> None:
    """What follows an IBAN may look like another group of it; the check digits tell."""
    text = "in DE89370400440532013000 2 days"
    assert found_texts(DEFAULT, text) == [("IBAN_CODE", "DE89370400440532013000")]
    assert spans(fed_in_deltas(DEFAULT, text, 1).findings) == spans(fed(DEFAULT, text).findings)


@pytest.mark.parametrize(
    ("params", "loc", "told"),
    [
        ({"entities": ["EMAIL_ADRESS"]}, ("entities", 0), "Did you mean 'EMAIL_ADDRESS'?"),
        ({"entities": ["URL", "email_address"]}, ("entities", 1), "Did you mean 'EMAIL_ADDRESS'?"),
        ({"entities": ["URL", "qqq"]}, ("entities", 1), "Known entities: ABA_ROUTING_NUMBER, "),
        ({"entities": ["PERSON"]}, ("entities", 0), "{type: names, entities: [PERSON]}"),
        ({"entities": ["URL", "GPE"]}, ("entities", 1), "{type: names, entities: [LOCATION]}"),
        ({"entities": ["URL", "URL"]}, ("entities", 1), "listed twice"),
        ({"phone_regions": ["US", "UK"]}, ("phone_regions", 1), "Did you mean 'GB'?"),
        ({"phone_regions": ["XX"]}, ("phone_regions", 0), "'XX' is not a phone region"),
        ({"phone_regions": ["US", "US"]}, ("phone_regions", 1), "listed twice"),
        ({"countries": ["us", "gb"]}, ("countries", 1), "Did you mean 'uk'?"),
        ({"countries": ["DE"]}, ("countries", 0), "Did you mean 'de'?"),
        ({"countries": ["germny"]}, ("countries", 0), "Did you mean 'de'?"),
        ({"countries": ["fr"]}, ("countries", 0), "Countries: au, ca, de, "),
        ({"countries": ["de", "de"]}, ("countries", 1), "listed twice"),
        ({"countries": ["de"], "entities": ["URL", "DE_PLX"]}, ("entities", 1), "Did you mean 'DE_PLZ'?"),
        ({"languages": ["en", "us"]}, ("languages", 1), "Did you mean 'en'?"),
        ({"languages": ["English"]}, ("languages", 0), "Languages: af, "),
        ({"languages": ["xx"]}, ("languages", 0), "Languages: af, "),
        ({"languages": ["es", "es"]}, ("languages", 1), "listed twice"),
        ({"language": "English"}, ("language",), "Languages: af, "),
    ],
)
def test_mistakes_are_told_with_their_place(params: dict[str, Any], loc: tuple[str | int, ...], told: str) -> None:
    """Wrong parameters that only Presidio can judge end in an error that says where and what to do."""
    with pytest.raises(DetectorConfigError) as caught:
        built("presidio", params)
    assert caught.value.loc == loc
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "params",
    [
        {"entities": []},
        {"phone_regions": []},
        {"languages": []},
        {"countries": []},
        {"countries": "us"},
        {"language": "en", "languages": ["en"]},
        {"entity": ["URL"]},
        {"entities": "URL"},
    ],
)
def test_parameters_of_the_wrong_shape_are_refused(params: dict[str, Any]) -> None:
    """Empty lists, unknown keys and wrong types do not pass."""
    with pytest.raises(ValidationError):
        built("presidio", params)


def test_phone_regions_decide_which_national_numbers_count() -> None:
    """A number without a country code is one only where its region is asked for; with a country code always."""
    french = built("presidio", {"entities": ["PHONE_NUMBER"], "phone_regions": ["FR"]})
    assert found_texts(DEFAULT, "ring 212-555-0123 now") == [("PHONE_NUMBER", "212-555-0123")]
    assert found_texts(french, "ring 212-555-0123 now") == []
    assert found_texts(french, "ring +1 212-555-0123 now") == [("PHONE_NUMBER", "+1 212-555-0123")]


def test_ids_are_not_looked_at() -> None:
    """A detector by shape stays off ids, where ten digits are no phone number."""
    assert DEFAULT.kinds == CONTENT_KINDS
    assert ChannelKind.ID not in DEFAULT.kinds


def test_recognizers_are_loaded_once() -> None:
    """Detectors with the same parameters share what was loaded, under their own names."""
    one, two = built("presidio", name="one"), built("presidio", name="two")
    assert one.engine is two.engine  # type: ignore[attr-defined]
    assert {f.detector for f in fed(two, "a@example.com").findings} == {"two"}


def test_importing_the_parameters_does_not_import_presidio() -> None:
    """The registry imports them to check a policy, and spaCy takes a second."""
    code = (
        "import sys, detectors.pii.presidio as m; m.PresidioParams()\n"
        "print(sorted({'presidio_analyzer', 'spacy', 'phonenumbers', 'tldextract'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_network_and_no_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The suffix list is the bundled one, and neither a hit nor a broken IBAN leaves a line in the log."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with caplog.at_level(logging.DEBUG):
        text = "a@example.com, b@example.zz, DE89370400440532013001, XX٣٣370400440532013001 and 212-555-0123"
        assert len(fed(DEFAULT, text).findings) == 2
    assert caplog.text == ""


def test_a_pattern_that_runs_too_long_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presidio would log it and pass the text; here the scan raises, so that the rule's on_error decides."""
    from detectors.pii import readings  # noqa: PLC0415 - imports Presidio

    monkeypatch.setattr(readings, "REGEX_TIMEOUT_S", 1e-9)
    with pytest.raises(TimeoutError):
        fed(built("presidio", {"entities": ["EMAIL_ADDRESS"]}), "a-" * 5000 + "@example.com")
