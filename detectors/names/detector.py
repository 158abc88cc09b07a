"""The `names` detector: the texts it asks a model about, and what it makes of the entities found in them.

It knows windows and offsets, not models: those are behind `detectors.types.ModelSource`. Building it looks at a
model's description; the model is loaded where it is asked, which in the server is a process of its own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.names.installed import source_of
from detectors.names.params import ENTITIES, NUMBERS, NamesParams
from detectors.names.pieces import MAX_HELD_CHARS, SHOWN_CHARS, held_from, is_over, pieces_of
from detectors.names.screen import Screen
from detectors.registry import DetectorType
from detectors.spans import settle
from detectors.types import CONTENT_KINDS, CostClass, Finding, ScanResult, Stability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.names.pieces import Piece
    from detectors.types import Engine, ModelSource, Scores, Window


class NamesDetector:
    """Reports the names that a model finds. One at the end of a window waits until it is clear where it ends."""

    stability = Stability.WINDOW
    cost_class = CostClass.MODEL
    kinds = CONTENT_KINDS
    context_chars = SHOWN_CHARS
    max_span = SHOWN_CHARS

    def __init__(
        self,
        name: str,
        model: ModelSource,
        entities: Sequence[str],
        screen: Screen | None,
        digest: str = "",
        version: str = "",
    ) -> None:
        """Without a screen the model is asked about everything.

        `digest` is of the model's files, `version` what events call the model.
        """
        self.name = name
        self.model = model
        self.digest = digest
        self.version = version
        self.categories = tuple(entities)
        self._screen = screen

    def inputs(self, window: Window) -> Sequence[str]:
        """Return the texts in which a name may be."""
        return [piece.shown for piece in self._asked(window)]

    def read(self, window: Window, scores: Sequence[Scores]) -> ScanResult:
        """Report the entities that were asked for, and keep back what may be the first half of one."""
        asked = self._asked(window)
        found: dict[Finding, None] = {}
        for piece, numbers in zip(asked, scores, strict=True):
            found.update(dict.fromkeys(self._found(window, piece, numbers)))
        if window.final or not asked or asked[-1].end < len(window.text):
            return ScanResult(list(found), window.end)
        settled = settle(window.start + self._held_from(window, list(found)), found)
        if window.end - settled.watermark > MAX_HELD_CHARS:
            return ScanResult(list(found), window.end)
        return settled

    def scan(self, window: Window) -> ScanResult:
        """Judge a window here, with the model in this process."""
        texts = self.inputs(window)
        return self.read(window, loaded(self.model).scores(texts) if texts else ())

    def _asked(self, window: Window) -> list[Piece]:
        pieces = pieces_of(window.context[-SHOWN_CHARS:], window.text)
        screen = self._screen
        return [one for one in pieces if not one.shown.isspace() and (screen is None or screen.may_hold(one.shown))]

    def _found(self, window: Window, piece: Piece, numbers: Scores) -> Iterator[Finding]:
        """Yield what lies in a piece: not what ended before it, nor what begins after it and is the next one's."""
        for at in range(0, len(numbers), NUMBERS):
            which, start, end, score = numbers[at : at + NUMBERS]
            if not 0 <= start < end <= len(piece.shown):
                raise ValueError("the model found something outside the text")
            entity = ENTITIES[int(which)]
            begin, stop = max(piece.shown_from + int(start), 0), piece.shown_from + int(end)
            if entity in self.categories and stop > piece.start and begin < piece.end:
                yield Finding(
                    self.name, entity, window.start + begin, window.start + min(stop, len(window.text)), score
                )

    def _held_from(self, window: Window, found: Sequence[Finding]) -> int:
        """Return where in a window's text what may go on begins; its length when nothing may."""
        context, text = window.context[-SHOWN_CHARS:], window.text
        if is_over(context, text):
            return len(text)
        end = window.start + len(text.rstrip())
        touching = [one.start - window.start for one in found if one.end >= end]
        return min([held_from(text), *touching])


@lru_cache(maxsize=4)
def loaded(model: ModelSource) -> Engine:
    """Return a model in this process, loading it the first time."""
    return model.load()


def build(name: str, params: NamesParams) -> NamesDetector:
    """Build a detector. Raises `DetectorConfigError` for a model that is not there or cannot be used."""
    source = source_of(params.model)
    entities = tuple(dict.fromkeys(params.entities))
    screen = Screen(entities, source.language) if params.screen else None
    return NamesDetector(name, source, entities, screen, source.digest, source.version)


TYPE = DetectorType(
    name="names",
    summary="names of people and places, on request organisations, nationalities, dates (spaCy by way of Presidio)",
    params=NamesParams,
    build=build,
    detector=NamesDetector,
)
