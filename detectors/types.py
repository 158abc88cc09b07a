"""What a detector is shown, and what it answers: the vocabulary every other layer shares.

Pure data, no behaviour beyond small derived properties. It is not a base class for detectors: a detector
is anything that has the shape of `Detector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias


class ChannelKind(StrEnum):
    """What sort of text a channel holds."""

    TEXT = "text"
    REASONING = "reasoning"
    REFUSAL = "refusal"
    TOOL_NAME = "tool_name"
    TOOL_ARGUMENTS = "tool_arguments"
    ANNOTATION = "annotation"
    ID = "id"
    """Short machine-made values (ids, model names) that passed a character-set and length check."""
    OTHER = "other"
    """Any other string: unknown fields, comments of the wire, error messages."""


CONTENT_KINDS = frozenset(ChannelKind) - {ChannelKind.ID}
"""Kinds that people read. Detectors that judge by shape alone (a phone number is ten digits) stay off ids."""

ALL_KINDS = frozenset(ChannelKind)


class Stability(StrEnum):
    """How a detector copes with text that is still growing (docs/architecture.md, "Two kinds of detector")."""

    PREFIX_STABLE = "prefix-stable"
    WINDOW = "window"


class CostClass(StrEnum):
    """Where a scan may run: on the event loop, in a worker thread, in a worker process, or beside a model."""

    INLINE = "inline"
    THREAD = "thread"
    PROCESS = "process"
    MODEL = "model"
    """A `ModelDetector`: its model has a process of its own, which takes the texts of many streams at a time."""


class Window(NamedTuple):
    """A piece of one channel that a detector is asked to judge.

    Offsets are code points from the start of the channel. `context` is the text just before `start`, at most
    the detector's `context_chars` long, shorter only at the start of the channel; findings never lie in it.
    """

    kind: ChannelKind
    context: str
    text: str
    start: int
    final: bool
    """True when the channel ends where this window ends: nothing more can follow."""

    @property
    def end(self) -> int:
        """Offset just past the last character of the window."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Finding:
    """A span of a channel that a detector recognised. It never carries the text itself."""

    detector: str
    category: str
    start: int
    end: int
    score: float
    """Confidence from 0 to 1."""


class ScanResult(NamedTuple):
    """A detector's answer to one window.

    Invariants (checked by the guard; a result that breaks one counts as a detector failure):
    `window.start <= watermark <= window.end`; every finding has `window.start <= start < end <= watermark`;
    `watermark == window.end` when the window is final.
    """

    findings: Sequence[Finding]
    watermark: int
    """Offset before which the detector will not change its mind; the next window starts here. It never lies
    inside a match, finished or possible. A window detector may keep back the end of a window, too, until the next
    one ends: what it will say of it must not depend on that."""


class Detector(Protocol):
    """Stateless judge of windows. All state of a stream is in the stream, none is here."""

    @property
    def name(self) -> str:
        """Name given in the policy; findings carry it."""

    @property
    def stability(self) -> Stability:
        """Whether the answer below the watermark is independent of what follows."""

    @property
    def cost_class(self) -> CostClass:
        """Where `scan` may run."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category its findings can have."""

    @property
    def kinds(self) -> frozenset[ChannelKind]:
        """Channel kinds it looks at."""

    @property
    def context_chars(self) -> int:
        """How much text before a window it needs to see."""

    @property
    def max_span(self) -> int:
        """Longest finding it can report, in characters; also the longest text it can ask to hold."""

    def scan(self, window: Window) -> ScanResult:
        """Judge one window. Raises only on a bug; the caller treats any exception as a failure."""


Scores: TypeAlias = tuple[float, ...]
"""What a model says of one text: a score from 0 to 1 for each of its labels, in their order. A model without labels
gives numbers that its detector understands."""


class Engine(Protocol):
    """A model that is loaded. It is used by one thread at a time.

    One that may become another while it is used has a `version` as well, a string: what gave the last scores.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """What it scores; empty when it gives as many numbers for a text as it finds things in it."""

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text by itself: what else is asked at the same time makes no difference."""


class ModelSource(Protocol):
    """Where a model comes from: hashable, picklable, and small. Equal sources give equal models."""

    @property
    def batch_chars(self) -> int:
        """About how much text is best asked at a time: more only makes the first ones wait."""

    def __hash__(self) -> int: ...

    def load(self) -> Engine:
        """Load the model, which may take long. Raises `DetectorConfigError` when that can never succeed."""


class ModelUnavailableError(Exception):
    """A model cannot answer anything at present. The message holds no text that was to be judged."""


class ModelDetector(Detector, Protocol):
    """A detector that asks a model. The guard's driver gets its texts scored together with those of others."""

    @property
    def model(self) -> ModelSource:
        """What scores its texts."""

    def inputs(self, window: Window) -> Sequence[str]:
        """Return the texts that the model must score to judge a window: all that the answer depends on."""

    def read(self, window: Window, scores: Sequence[Scores]) -> ScanResult:
        """Judge the window by the scores of its inputs."""


class Advice(NamedTuple):
    """Something to change in a detector's parameters, which can be used as they are."""

    message: str
    loc: tuple[str | int, ...] = ()
    """The path below the detector's YAML mapping, as in `DetectorConfigError`."""


class DetectorConfigError(ValueError):
    """A detector cannot be built from its parameters. The message says what to do about it."""

    def __init__(self, message: str, loc: tuple[str | int, ...] = ()) -> None:
        """`loc` is the path below the detector's YAML mapping, e.g. `("patterns", "ticket")`."""
        super().__init__(message)
        self.loc = loc
