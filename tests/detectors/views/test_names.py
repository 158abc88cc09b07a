"""The names of the views."""

from __future__ import annotations

from pathlib import Path

from detectors.views.names import DEFAULT_VIEWS, View


def test_each_view_is_explained() -> None:
    """A user finds every name in the documents; those that cost ordinary text something are asked for."""
    page = (Path(__file__).parents[3] / "docs" / "evasion.md").read_text()
    assert [view.value for view in View if f"`{view.value}`" not in page] == []
    assert set(View) - set(DEFAULT_VIEWS) == {View.LEETSPEAK, View.ENCODED, View.CIPHERS}
