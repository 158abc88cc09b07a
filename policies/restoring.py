"""What finds the placeholders of a policy's rules that restore, and the values they stand for in one exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.registry import detector_type
from detectors.types import ChannelKind, Window
from policies.placeholders import canonical, label_of, pattern_of
from policies.types import Direction, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from detectors.types import Detector
    from policies.types import Rule

RESTORER = "(placeholders)"
"""Name of the detector that finds placeholders. No detector of a policy may have it."""

MAX_CATEGORY_CHARS = 64
"""Longest category that the detector of patterns takes."""


def labels_of(rules: Iterable[Rule], detectors: Mapping[str, Detector]) -> list[str]:
    """Return what can stand in the placeholders of all rules that restore, each once, in order."""
    labels: dict[str, None] = {}
    for rule in rules:
        detector = detectors.get(rule.detector)
        if rule.restore and Direction.REQUEST in rule.directions and detector is not None:
            found = detector.categories if rule.categories is None else sorted(rule.categories)
            labels |= dict.fromkeys(map(label_of, found))
    return list(labels)


def build_restorer(rules: Iterable[Rule], detectors: Mapping[str, Detector], mode: Mode) -> Detector | None:
    """Return the detector of a policy's placeholders; None where no rule writes any."""
    labels = labels_of(rules, detectors)
    if not labels or mode is Mode.SHADOW:
        return None
    patterns = {label[:MAX_CATEGORY_CHARS]: pattern_of(label) for label in labels}
    kind = detector_type("patterns")
    return kind.build(RESTORER, kind.params.model_validate({"patterns": patterns}))


def placeholders_in(restorer: Detector, text: str) -> Iterator[str]:
    """Yield the placeholders that stand in a text, in their plain form."""
    window = Window(ChannelKind.TEXT, "", text, 0, final=True)
    for finding in restorer.scan(window).findings:
        yield canonical(text[finding.start : finding.end])
