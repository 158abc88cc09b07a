"""Building from parameters: what is asked for when nothing is said."""

from __future__ import annotations

from detectors.pii.presidio import DEFAULT_ENTITIES
from tests.support.detectors import built


def test_defaults_without_and_with_countries() -> None:
    """Alone all defaults are looked for; beside countries not those of a country that nobody named."""
    assert built("presidio").categories == DEFAULT_ENTITIES
    spanish = built("presidio", {"countries": ["es"]}).categories
    assert "US_SSN" not in spanish
    assert spanish[:2] == DEFAULT_ENTITIES[:2]


def test_one_language_is_short_for_a_list() -> None:
    """Both make the same engine."""
    one, other = built("presidio", {"language": "es"}), built("presidio", {"languages": ["es"]})
    assert one.engine is other.engine  # type: ignore[attr-defined]
