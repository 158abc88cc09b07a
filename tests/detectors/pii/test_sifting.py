"""Allow-lists and thresholds: what is found and not reported, and that it changes nothing of what is held."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.pii.sifting import AllowedParams, Span, make_sieve
from detectors.types import DetectorConfigError
from tests.support.detectors import Feed, built, fed, fed_in_deltas, found_texts, spans
from tests.support.pii import SAMPLES
from tests.support.scale import examples

BOTH = ["EMAIL_ADDRESS", "URL"]
ALLOW: list[Any] = [
    "help@example.org",
    "*@example.net",
    {"value": "Jane@Example.com", "ignore_case": True},
    {"value": "212-555-0123", "entities": ["PHONE_NUMBER"]},
    {"domain": "*.example.org"},
    {"pattern": "^4111 ", "entities": ["CREDIT_CARD"]},
]
ENTITIES = [*BOTH, "PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "US_BANK_NUMBER"]
PIECES = (
    "help@example.org", "help@example.org.uk", "x@example.net", "jane@example.com", "JANE@example.com", ".uk", "a",
    "https://www.example.org/", "?q=", "example.org", "www.", "212-555-0123", "4111 1111 1111 1111", " ", ", ", "1",
    "-", "/", "@", *(value for _, value, _ in SAMPLES),
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def _built(entities: list[str], allow: list[Any], **more: Any) -> Any:
    return built("presidio", {"entities": entities, "allow": allow, **more})


@pytest.mark.parametrize(
    ("allow", "text", "left"),
    [
        ("help@example.org", "help@example.org", []),
        ("help@example.org", "Help@example.org", ["Help@example.org", "example.org"]),
        ("help@example.org", "help@example.org.uk", ["help@example.org.uk", "example.org.uk"]),
        ("help@example.org", "xhelp@example.org", ["xhelp@example.org", "example.org"]),
        ({"value": "help@example.org", "ignore_case": True}, "HELP@example.org", []),
        ({"value": "help@example.org", "entities": ["EMAIL_ADDRESS"]}, "help@example.org", ["example.org"]),
        ("*@example.org", "anyone@Example.org", ["Example.org"]),
        ("*@example.org", "any@mail.example.org", ["any@mail.example.org", "mail.example.org"]),
        ({"domain": "example.org"}, "any@example.org, https://example.org:80/a?b", []),
        ({"domain": "Example.org"}, "'https://example.org/'", []),
        ({"domain": "example.org"}, "https://www.example.org/a", ["https://www.example.org/a"]),
        ({"domain": "*.example.org"}, "https://www.example.org/a", []),
        ({"domain": "*.example.org"}, "https://example.org/a", ["https://example.org/a"]),
        ({"domain": "*.example.org"}, "https://badexample.org/a", ["https://badexample.org/a"]),
        ({"domain": "example.org"}, "https://example.org.evil.com/", ["https://example.org.evil.com/"]),
        ({"pattern": "^a+@"}, "aa@example.org", ["example.org"]),
        ({"pattern": "EXAMPLE"}, "aa@example.org", []),
        ({"pattern": "^example"}, "aa@example.org", ["aa@example.org"]),
    ],
)
def test_what_is_allowed(allow: Any, text: str, left: list[str]) -> None:
    """Values, addresses of a domain, hosts and patterns, each with what is near to it and stays a finding."""
    assert [value for _, value in found_texts(_built(BOTH, [allow]), text)] == left


@pytest.mark.parametrize(
    "url",
    ["https://example.org@evil.example/", "https://evil.example#@example.org", "https://evil.example/@example.org"],
)
def test_an_address_that_only_looks_like_an_allowed_host_is_none(url: str) -> None:
    """The host of an address is where it leads to, not what it says first or last."""
    sieve = make_sieve([AllowedParams(domain="example.org")], {}, ["URL"])
    span = Span("URL", 0, len(url), 0.6)
    assert sieve.kept([span], url) == [span]


def test_what_an_allowed_address_carries_is_still_found() -> None:
    """A host is allowed, not what somebody puts behind it; a value says all that is in it."""
    text = "https://www.example.org/?to=jane@example.com"
    left = found_texts(_built(BOTH, [{"domain": "*.example.org"}]), text)
    assert ("EMAIL_ADDRESS", "jane@example.com") in [(e, v.rpartition("=")[2]) for e, v in left]


def test_scores_below_those_of_their_entity_are_not_reported() -> None:
    """The score of the threshold itself counts; other entities are not touched."""
    text = "219-09-9999 and 212-555-0123"
    entities = ["US_SSN", "PHONE_NUMBER"]
    every = spans(fed(built("presidio", {"entities": entities}), text).findings)
    ssn = min(score for *_, entity, score in every if entity == "US_SSN")
    at = built("presidio", {"entities": entities, "min_scores": {"US_SSN": ssn}})
    above = built("presidio", {"entities": entities, "min_scores": {"US_SSN": ssn + 0.01}})
    assert spans(fed(at, text).findings) == every
    assert spans(fed(above, text).findings) == [one for one in every if one[2] != "US_SSN"]


@settings(max_examples=examples(100), deadline=None)
@given(texts, st.integers(0, 2**32))
def test_reported_and_held_are_alike_for_every_cut(text: str, seed: int) -> None:
    """What is reported is part of what is found, the same for every cut, and held is what would be without."""
    sifted = _built(ENTITIES, ALLOW, min_scores={"US_BANK_NUMBER": 0.5})
    plain = built("presidio", {"entities": ENTITIES})
    whole = spans(fed(sifted, text).findings)
    cuts = random.Random(seed).sample(range(len(text) + 1), min(5, len(text)))
    assert set(whole) <= set(spans(fed(plain, text).findings))
    assert spans(fed(sifted, text, cuts, end_apart=True).findings) == whole
    in_chars = fed_in_deltas(sifted, text, 1, end_apart=True)
    assert spans(in_chars.findings) == whole
    assert in_chars.held_chars == fed_in_deltas(plain, text, 1, end_apart=True).held_chars


def test_an_allowed_value_waits_for_what_it_may_become() -> None:
    """An allowed address is let go only when it cannot be the beginning of another one."""
    feed = Feed(_built(["EMAIL_ADDRESS"], ["help@example.com"]))
    feed.feed("to help@example.com")
    assert feed.watermark == 3
    feed.feed(".au now", final=True)
    assert spans(feed.findings) == [(3, 22, "EMAIL_ADDRESS", 1.0)]


@settings(max_examples=examples(100), deadline=None)
@given(texts, st.sampled_from(["exact", "regex"]))
def test_entries_for_one_entity_do_what_presidio_does(text: str, kind: str) -> None:
    """Values and patterns leave of one entity's findings what Presidio's allow_list leaves."""
    import regex  # noqa: PLC0415 - like Presidio
    from presidio_analyzer import AnalyzerEngine, RecognizerResult  # noqa: PLC0415 - imports spaCy

    given = {"exact": ["help@example.org", "x@example.net"], "regex": ["^help", "example.(net|com)$", "[0-9]{2}"]}
    found = fed(built("presidio", {"entities": ["EMAIL_ADDRESS"]}), text).findings
    expected = AnalyzerEngine._remove_allow_list(
        [RecognizerResult(f.category, f.start, f.end, f.score) for f in found],
        given[kind],
        text,
        regex.DOTALL | regex.MULTILINE | regex.IGNORECASE,
        kind,
    )
    key = {"exact": "value", "regex": "pattern"}[kind]
    left = fed(_built(["EMAIL_ADDRESS"], [{key: one} for one in given[kind]]), text).findings
    assert [(f.start, f.end) for f in left] == [(r.start, r.end) for r in expected]


def test_entities_that_overlap_are_all_reported() -> None:
    """Nothing is dropped for another entity's sake: a rule may ask for one only."""
    text = "2125550123"
    one, other = ["PHONE_NUMBER", "US_BANK_NUMBER"], ["US_BANK_NUMBER", "PHONE_NUMBER"]
    found = spans(fed(built("presidio", {"entities": one}), text).findings)
    assert [(start, end, entity) for start, end, entity, _ in found] == [(0, 10, entity) for entity in one]
    assert spans(fed(built("presidio", {"entities": other}), text).findings) == found


@pytest.mark.parametrize(
    ("domain", "host", "is_allowed"),
    [
        ("B\u00fccher.example", "xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "b\u00dccher.example", True),
        ("xn--bcher-kva.example", "\uff42\u00fccher.example", True),
        ("*.b\u00fccher.example", "post.XN--BCHER-KVA.example", True),
        ("*.xn--bcher-kva.example", "b\u00fccher.example", False),
        ("b\u00fccher.example", "bucher.example", False),
        ("b\u00fccher.example", "b\u0443cher.example", False),
        ("b\u00fccher.example", "b\u00fc--cher.example", False),
        ("b\u00fc--cher.example", "b\u00fc--cher.example", True),
    ],
)
def test_hosts_are_compared_as_they_are_looked_up(domain: str, host: str, is_allowed: bool) -> None:
    """In letters or in the form of the name system; what is no name there is compared as it is written."""
    sieve = make_sieve([AllowedParams(domain=domain)], {}, ["EMAIL_ADDRESS", "URL"])
    for entity, value in (("EMAIL_ADDRESS", f"any@{host}"), ("URL", f"https://{host}/a")):
        kept = sieve.kept([Span(entity, 0, len(value), 1.0)], value)
        assert (kept == []) is is_allowed


@pytest.mark.parametrize(
    ("params", "loc", "told"),
    [
        (
            {"min_scores": {"UUID": 0.5}},
            ("min_scores", "UUID"),
            "does not look for 'UUID', only for EMAIL_ADDRESS, URL",
        ),
        ({"allow": [{"value": "a", "entities": ["UUID"]}]}, ("allow", 0, "entities", 0), "does not look for"),
        ({"allow": ["a", {"pattern": "a("}]}, ("allow", 1, "pattern"), "RE2 cannot read it: missing )"),
        ({"allow": [{"pattern": "(?=a)"}]}, ("allow", 0, "pattern"), "It has no look-around"),
        ({"allow": [{"pattern": "a*"}]}, ("allow", 0, "pattern"), "would allow every value"),
        ({"allow": [{"pattern": r"\b"}]}, ("allow", 0, "pattern"), "would allow every value"),
        ({"allow": [{"domain": "https://example.org"}]}, ("allow", 0, "domain"), "is not a host"),
        ({"allow": [{"domain": "org"}]}, ("allow", 0, "domain"), "is not a host"),
        ({"allow": [{"domain": "example.org"}], "entities": ["UUID"]}, ("allow", 0, "domain"), "does nothing"),
        (
            {"allow": [{"domain": "example.org", "entities": ["UUID"]}], "entities": ["UUID"]},
            ("allow", 0, "entities", 0),
            "UUID names no host",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(params: dict[str, Any], loc: tuple[str | int, ...], told: str) -> None:
    """What cannot be used ends in an error that says where and what to do."""
    with pytest.raises(DetectorConfigError) as caught:
        built("presidio", {"entities": BOTH, **params})
    assert caught.value.loc == loc
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "params",
    [
        {"allow": []},
        {"allow": [""]},
        {"allow": [{}]},
        {"allow": [{"value": "a", "pattern": "a"}]},
        {"allow": [{"pattern": "a", "ignore_case": True}]},
        {"allow": [{"words": "a"}]},
        {"allow": "a"},
        {"min_scores": {}},
        {"min_scores": {"URL": 1.5}},
        {"min_scores": {"URL": "high"}},
        {"min_scores": 0.5},
    ],
)
def test_parameters_of_the_wrong_shape_are_refused(params: dict[str, Any]) -> None:
    """Empty, doubled and unknown parameters do not pass."""
    with pytest.raises(ValidationError):
        built("presidio", {"entities": BOTH, **params})


def test_a_value_that_is_no_text_for_re2_is_not_allowed() -> None:
    """A lone surrogate, which JSON can carry, never makes a value an allowed one."""
    sieve = make_sieve([AllowedParams(pattern="."), AllowedParams(value="a")], {}, ["URL"])
    span = Span("URL", 0, 2, 1.0)
    assert sieve.kept([span], "a\ud800") == [span]
    assert sieve.kept([span], "ab") == []
