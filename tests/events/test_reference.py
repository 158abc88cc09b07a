"""The reference in the docs is made from the schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.reference import BEGIN, END, render, renewed
from events.schema.envelope import EVENT_TYPES

PAGE = Path(__file__).resolve().parents[2] / "docs/events.md"


def test_the_page_is_up_to_date() -> None:
    """After a change: python -m events.reference docs/events.md."""
    page = PAGE.read_text()
    assert renewed(page) == page


def test_the_reference_names_every_member() -> None:
    text = render()
    assert all(f"`{kind.type}`" in text for kind in EVENT_TYPES.values())
    assert "`action.violating_bytes_delivered`" in text
    assert "`detectors[].scores`" in text


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="reference"):
        renewed("# a page")
    assert renewed(f"a {BEGIN} b {END} c").startswith(f"a {BEGIN}\n")
