"""Every detector type by its name in the policy: a visible dict, and nothing that runs at import.

A type's module is imported when a policy first names it, so that a policy of keywords never pays for spaCy.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from detectors.types import Detector


@dataclass(frozen=True, slots=True)
class DetectorType:
    """A kind of detector: its parameters (a pydantic model) and how one is built from them."""

    name: str
    summary: str
    params: type[BaseModel]
    build: Callable[[str, Any], Detector]
    """Called with the detector's name in the policy and its validated parameters.
    Raises `DetectorConfigError`."""
    detector: type[Detector] | None = None
    """Its class, where that says of itself what can be known before one is built."""


DETECTOR_TYPES: dict[str, str] = {
    "keywords": "detectors.keywords:TYPE",
    "patterns": "detectors.patterns:TYPE",
    "secrets": "detectors.secrets:TYPE",
    "presidio": "detectors.pii.presidio:TYPE",
    "toxicity": "detectors.toxicity.detector:TYPE",
    "names": "detectors.names.detector:TYPE",
}
"""Name in the policy -> `module:attribute` of its `DetectorType`."""


def detector_type(name: str) -> DetectorType:
    """Return the detector type called `name`. Raises KeyError when there is none."""
    module, _, attribute = DETECTOR_TYPES[name].partition(":")
    found: DetectorType = getattr(import_module(module), attribute)
    return found
