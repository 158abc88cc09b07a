"""Shapes of strings that machines write."""

from __future__ import annotations

import pytest

from proxy.wire.shapes import ID_SHAPED, PADDING_SHAPED, TIME_SHAPED


@pytest.mark.parametrize(
    ("value", "is_time"),
    [
        ("2025-07-07T20:22:19Z", True),
        ("2025-07-07T20:22:19.184789Z", True),
        ("2025-07-07T20:22:19.184789123+02:00", True),
        ("2025-07-07T20:22:19.1847891234Z", False),
        ("2025-07-07T20:22:19", False),
        ("2025-07-07T20:22:19Z call me", False),
        ("２025-07-07T20:22:19Z", False),
    ],
)
def test_times(value: str, is_time: bool) -> None:
    """A time of RFC 3339, and not one digit more."""
    assert bool(TIME_SHAPED(value)) is is_time


def test_ids_and_padding() -> None:
    """No blanks, no at signs, and not without end."""
    assert ID_SHAPED("chatcmpl-1:a/b")
    assert not ID_SHAPED("call me")
    assert not ID_SHAPED("a" * 129)
    assert PADDING_SHAPED("aZ09")
    assert not PADDING_SHAPED("a-b")
