"""A2 and A3: no text without a judge, in any field of any type in which an official SDK reads an answer.

The numbers of fields are asserted, so that a new version of an SDK with new fields makes itself known.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form
from tests.leaks.subjects import REQUESTS, SUBJECTS
from tests.leaks.surface import surface
from tests.leaks.sweep import CANARY, fields_of, is_credential, is_leaked, leaks, outcome, passing, planted

CONTENT = {
    "content",
    "text",
    "arguments",
    "input",
    "output",
    "thinking",
    "description",
    "prompt",
    "system",
    "title",
}
"""Names that no setting has."""

SURFACE = Path(__file__).parents[2] / "docs" / "leak-surface.md"


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_canary_comes_out(name: str) -> None:
    """In texts, keys, bytes, base64, unknown members and values of a wrong type."""
    assert leaks(SUBJECTS[name]) == []


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_fields_are_those_that_somebody_has_looked_at(name: str) -> None:
    """An SDK with other fields fails here: look at `git diff` of the surface, then write the new number."""
    assert len({field.name for field in fields_of(SUBJECTS[name])}) == SUBJECTS[name].fields


@pytest.mark.parametrize("name", REQUESTS)
def test_no_canary_goes_to_the_model(name: str) -> None:
    """Only settings pass, when they look like ids, and token ids, which nobody can read here."""
    found = passing(REQUESTS[name])
    others = {sort: [place for place in places if not is_credential(place)] for sort, places in found.items()}
    assert {sort for sort, places in others.items() if places} <= {"id", "bytes"}
    assert not {place.rpartition(".")[2].rstrip("[]{}") for place in others.get("id", [])} & CONTENT


@pytest.mark.parametrize("name", REQUESTS)
def test_the_fields_of_requests_are_those_that_somebody_has_looked_at(name: str) -> None:
    """As above, for what clients send."""
    assert len({field.name for field in fields_of(REQUESTS[name])}) == REQUESTS[name].fields


def test_every_dialect_and_form_is_swept() -> None:
    """Also one that is added later; `generic` has no types, its own tests sweep it."""
    swept = {(subject.dialect, subject.form) for subject in SUBJECTS.values()}
    forms = {(name, form) for name, one in DIALECTS.items() for form in (Form.WHOLE, *one.stream_forms)}
    assert swept == forms
    assert len({field.name for subject in SUBJECTS.values() for field in fields_of(subject)}) >= 500


def test_the_sweep_would_see_a_leak() -> None:
    """What it plants is found in what it writes, as long as nothing has judged it."""
    for subject in SUBJECTS.values():
        one = next(planted(subject))
        assert CANARY in str(one.payload)
        assert is_leaked(subject.write(one.payload))
        assert not is_leaked(outcome(subject, one.payload))


def test_the_surface_in_the_documents_is_the_one_that_was_swept() -> None:
    """Written by `make leak-surface`."""
    assert SURFACE.read_text(encoding="utf-8") == surface()
