"""Two models: a quick one reads everything, and a larger one decides where the quick one is in doubt.

It knows no model, only their scores. Which scores are doubtful is chosen from data: see `band`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.types import ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Engine, Scores


class LargerModelError(Exception):
    """The larger model cannot answer. Texts that it need not be asked about are scored all the same."""


class CascadeEngine:
    """A quick and a larger model as one."""

    def __init__(self, quick: Engine, larger: Engine, low: float, high: float) -> None:
        self.labels = quick.labels
        self._quick = quick
        self._larger = larger
        self._low = low
        self._high = high
        self._place = [larger.labels.index(label) if label in larger.labels else None for label in quick.labels]

    @property
    def version(self) -> str:
        """The larger model's, as it was when that was asked last."""
        return str(getattr(self._larger, "version", ""))

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Score all texts quickly, and those in doubt again. Labels of the quick one alone keep their score.

        Raises `LargerModelError` where some texts have failed, `ModelUnavailableError` where all have.
        """
        found = self._quick.scores(texts)
        doubtful = [at for at, one in enumerate(found) if is_doubtful(one, self._low, self._high)]
        if doubtful:
            try:
                again = self._larger.scores([texts[at] for at in doubtful])
            except ModelUnavailableError as error:
                if len(doubtful) == len(texts):
                    raise  # nothing is left that could be scored alone
                raise LargerModelError(str(error)) from error
            for at, scores in zip(doubtful, again, strict=True):
                found[at] = self._merged(found[at], scores)
        return found

    def _merged(self, quick: Scores, larger: Scores) -> Scores:
        return tuple(
            mine if place is None else larger[place] for mine, place in zip(quick, self._place, strict=True)
        )


def is_doubtful(scores: Scores, low: float, high: float) -> bool:
    """Whether the highest score lies in the band. Below it nothing is wrong, above it there is no question."""
    return low <= max(scores) <= high
