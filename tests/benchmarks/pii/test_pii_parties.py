"""Both parties are asked the same and answer alike."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.pii.parties import Found, PlainPresidio, Sluicegate, with_names
from detectors.names.params import DEFAULT_MODEL

TEXT = "write to jane.roe@example.com or pay with 4111 1111 1111 1111 on 2024-03-09"
ENTITIES = ("EMAIL_ADDRESS", "CREDIT_CARD", "DATE_TIME")


def test_the_detector_finds_what_the_analyzer_finds() -> None:
    """Spans and entities."""
    plain, ours = PlainPresidio().find(TEXT, ENTITIES), Sluicegate().find(TEXT, ENTITIES)
    assert [found[:3] for found in ours] == [found[:3] for found in plain]
    assert [found.entity for found in ours] == ["EMAIL_ADDRESS", "CREDIT_CARD", "DATE_TIME"]


def test_only_what_is_asked_for_is_found() -> None:
    """And parameters of the detector hold for every choice of entities."""
    ours = Sluicegate("French", {"phone_regions": ["FR"]})
    assert ours.name == "French"
    assert ours.find(TEXT, ("CREDIT_CARD",)) == [Found(42, 61, "CREDIT_CARD", 1.0)]
    assert ours.find("ring 212-555-0123", ("PHONE_NUMBER",)) == []
    assert len(PlainPresidio(("PHONE_NUMBER",)).find("ring 212-555-0123", ("PHONE_NUMBER",))) == 1


def test_names_are_found_where_their_model_is_installed() -> None:
    """By both, and beside names what has a shape; without the model nobody is measured."""
    parties = with_names()
    assert len(parties) == (2 if find_spec(DEFAULT_MODEL) else 0)
    for party in parties:
        found = party.find("Jane Roe lives in Portland; card 4111 1111 1111 1111.", ("PERSON", "CREDIT_CARD"))
        assert [one.entity for one in found] == ["PERSON", "CREDIT_CARD"], party.name
