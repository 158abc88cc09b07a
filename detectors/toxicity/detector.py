"""The `toxicity` detector: its parameters, the texts it asks a model about, and what it makes of the scores.

It knows windows and labels, not models: those are behind `detectors.types.ModelSource`. Building it checks the
model and keeps nothing of it; the model is loaded where it scores, which in the server is a process of its own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.registry import DetectorType
from detectors.toxicity.inputs import CONTEXT_CHARS, MAX_PIECE_CHARS, pieces_of
from detectors.toxicity.params import FLOOR, ToxicityParams
from detectors.toxicity.sources import source_of, version_of
from detectors.types import (
    CONTENT_KINDS,
    CostClass,
    DetectorConfigError,
    Finding,
    ScanResult,
    Stability,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.toxicity.card import Tiers
    from detectors.toxicity.sources import Described
    from detectors.types import Engine, ModelSource, Scores, Window


class ToxicityDetector:
    """Reports, for each window, the labels that a model gives a score to."""

    stability = Stability.WINDOW
    cost_class = CostClass.MODEL
    kinds = CONTENT_KINDS
    context_chars = CONTEXT_CHARS
    max_span = MAX_PIECE_CHARS

    def __init__(
        self,
        name: str,
        model: ModelSource,
        labels: Sequence[str],
        lowest: Mapping[str, float],
        tiers: Sequence[Tiers] = (),
        digest: str = "",
        version: str = "",
    ) -> None:
        """`labels` are the model's, in the order of its scores; `lowest` has those that are reported.

        With `tiers`, one for each label, scores are told relative to them. `digest` is of the model's files,
        `version` what events call the model.
        """
        self.name = name
        self.model = model
        self.digest = digest
        self.version = version
        self.categories = tuple(label for label in labels if label in lowest)
        self._tiers = tiers
        self._reported = tuple((at, label, lowest[label]) for at, label in enumerate(labels) if label in lowest)

    def inputs(self, window: Window) -> Sequence[str]:
        """Return what the model must score: nothing for a window without a letter or digit."""
        return [piece.shown for piece in pieces_of(window.context[-CONTEXT_CHARS:], window.text)]

    def read(self, window: Window, scores: Sequence[Scores]) -> ScanResult:
        """Report each label whose score is high enough, over the window's text without white space around it."""
        pieces = pieces_of(window.context[-CONTEXT_CHARS:], window.text)
        found = [
            Finding(self.name, label, window.start + piece.start, window.start + piece.end, score)
            for piece, given in zip(pieces, scores, strict=True)
            for at, label, lowest in self._reported
            if (score := in_tiers(given[at], self._tiers[at]) if self._tiers else given[at]) >= lowest
        ]
        return ScanResult(found, window.end)

    def scan(self, window: Window) -> ScanResult:
        """Judge a window here, with the model in this process."""
        texts = self.inputs(window)
        return self.read(window, loaded(self.model).scores(texts) if texts else ())


def in_tiers(score: float, tiers: Tiers) -> float:
    """Return a score on the scale of the two thresholds: 0.5 at the first, 0.75 at the second."""
    if score < tiers.rewrite:
        return 0.5 * score / tiers.rewrite
    if score < tiers.block:
        return 0.5 + 0.25 * (score - tiers.rewrite) / (tiers.block - tiers.rewrite)
    return 0.75 + 0.25 * ((score - tiers.block) / (1 - tiers.block) if tiers.block < 1 else 1.0)


@lru_cache(maxsize=4)
def loaded(model: ModelSource) -> Engine:
    """Return a model in this process, loading it the first time."""
    return model.load()


def build(name: str, params: ToxicityParams) -> ToxicityDetector:
    """Build a detector. Raises `DetectorConfigError` for a model that cannot be used and for unknown labels."""
    described = source_of(params)
    wanted = params.labels if params.labels is not None else list(described.labels)
    _check_labels(described, wanted, ("labels",))
    _check_labels(described, list(params.thresholds), ("thresholds",))
    lowest = {label: params.thresholds.get(label, FLOOR) for label in wanted}
    if params.scores == "tiers" and not described.tiers:
        raise DetectorConfigError("the model has no card, and so no shipped thresholds.", ("scores",))
    tiers = described.tiers if params.scores == "tiers" else ()
    version = version_of(params, described)
    return ToxicityDetector(name, described.source, described.labels, lowest, tiers, described.digest, version)


def _check_labels(described: Described, labels: Sequence[str], loc: tuple[str, ...]) -> None:
    for at, label in enumerate(labels):
        if label not in described.labels:
            key = at if loc == ("labels",) else label
            known = ", ".join(described.labels)
            raise DetectorConfigError(f"the model has no label {label!r}. It has: {known}.", (*loc, key))


TYPE = DetectorType(
    name="toxicity",
    summary="insults, threats, obscenity and hate, judged sentence by sentence by a model",
    params=ToxicityParams,
    build=build,
    detector=ToxicityDetector,
)
