"""Templates of JSON: marks, their types, and what is none."""

from __future__ import annotations

import pytest

from proxy.wire.json_templates import TemplateError, fill, marks_of


def test_marks_are_filled() -> None:
    """A mark alone becomes the value with its type; among other text it is written; the rest stays."""
    known = {"message": "stop {text}", "choice": 2, "text": None, "$.id": 7}
    template = {
        "{message}": ["{message}", "a {message}, {text}b {choice}", "{choice}", "{$.id}", 5, None, "{}", "{X}"]
    }
    assert fill(template, known.get) == {
        "{message}": ["stop {text}", "a stop {text}, b 2", 2, 7, 5, None, "{}", "{X}"],
    }


def test_marks_are_found() -> None:
    """Anywhere in values; keys are no place for them."""
    assert marks_of({"a": ["x {message}", {"b": "{$.id}{said}"}], "{text}": 1}) == {"message", "$.id", "said"}
    assert marks_of(5) == marks_of([]) == frozenset()


@pytest.mark.parametrize(
    ("mark", "said"),
    [("{mesage}", "means nothing"), ("{$.a..b}", "is not a selector"), ("{$.a[*]}", "names many places")],
)
def test_marks_that_are_none(mark: str, said: str) -> None:
    """They are told, and what to write."""
    with pytest.raises(TemplateError, match=said):
        marks_of({"a": [mark]})
