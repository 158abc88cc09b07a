"""What the views that policies name consist of, and the detectors that look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.types import CostClass, Stability
from detectors.views.apart import APART, MARKUP
from detectors.views.characters import CHARACTERS
from detectors.views.ciphers import ATBASH, ROT13
from detectors.views.encoded import EncodedDetector
from detectors.views.lookalikes import LOOKALIKES, leetspeak
from detectors.views.names import View
from detectors.views.viewed import ViewedDetector

if TYPE_CHECKING:
    from collections.abc import Collection

    from detectors.types import Detector
    from detectors.views.steps import Step

_STEPS: Final[dict[View, Step]] = {
    View.CHARACTERS: CHARACTERS,
    View.LOOKALIKES: LOOKALIKES,
    View.SPACING: APART,
    View.MARKUP: MARKUP,
}
"""In the order in which they are taken: markup signs between single characters are what stands between them."""

_WORDS: Final = frozenset({"keywords"})
"""Types of detectors that look for words. Digits are not letters to any other."""


def views_of(detector: Detector, type_name: str, views: Collection[View]) -> tuple[Detector, ...]:
    """Return the detectors that look at the views of a text, for one that looks at the text.

    None for a detector that judges meaning: it takes a disguise as it is.
    """
    if detector.stability is not Stability.PREFIX_STABLE or detector.cost_class is not CostClass.INLINE:
        return ()
    steps = [step for view, step in _STEPS.items() if view in views]
    viewed: list[Detector] = [ViewedDetector(detector, steps)] if steps else []
    if View.LEETSPEAK in views and type_name in _WORDS:
        viewed += [ViewedDetector(detector, [*steps, leetspeak(one)]) for one in ("i", "l")]
    if View.CIPHERS in views:
        viewed += [ViewedDetector(detector, [cipher]) for cipher in (ROT13, ATBASH)]
    if View.ENCODED in views:
        viewed.append(EncodedDetector((detector, *viewed)))
    return tuple(viewed)
