"""Letters written for other letters are read back."""

from __future__ import annotations

import pytest

from detectors.views.ciphers import ATBASH, ROT13
from detectors.views.reading import plain
from detectors.views.steps import Step


@pytest.mark.parametrize(
    ("step", "written", "read"),
    [
        (ROT13, "Wnar.Ebr@rknzcyr.pbz, 42", "Jane.Roe@example.com, 42"),
        (ATBASH, "Qzmv, 42", "Jane, 42"),
        (ROT13, "\u043f\u0440\u0438", "\u043f\u0440\u0438"),
    ],
)
def test_each_letter_reads_as_its_other(step: Step, written: str, read: str) -> None:
    """Every letter keeps its place; what is no letter of ASCII stays."""
    view = plain(written).changed(step.changes(written), len(written))
    assert view.text == read
    assert list(view.starts) == list(range(len(written) + 1))
