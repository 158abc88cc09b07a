"""What drives a guard and what a guard gives back: scan requests in flight, outcomes, the state of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from detectors.types import ChannelKind, Detector, Window
from policies.restoring import RESTORER
from proxy.wire.types import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.refusals import AnswerEnds
    from detectors.types import Finding


class ScanRequest(NamedTuple):
    """A window that a detector must judge before the guard can go on. The driver chooses where it runs."""

    id: int
    detector: Detector
    window: Window
    holding: bool
    """False when nobody waits for the answer (flag rules, shadow mode)."""


class ScanFailureReason(Enum):
    """Why a scan brought no usable answer; the value is the label of the bypass metric."""

    ERROR = "error"
    DEADLINE = "deadline"
    GARBAGE = "garbage"
    LIMIT = "limit"
    OVERLOAD = "overload"
    """More is asked of a model than it can do in time."""


ScanNow: TypeAlias = "Callable[[Detector, Window], object]"
"""Judges a window at once, or says None: it is to be judged elsewhere. Else it gives a `ScanFailureReason`, or what
the detector answered: a `ScanResult` when the detector keeps its word, which nobody has looked at yet."""


def nothing_now(_detector: Detector, _window: Window) -> None:
    """Leave every scan to be done elsewhere."""


def never_late() -> bool:
    """Give all the time there is."""
    return False


class GuardState(Enum):
    """Where a guarded message stands."""

    STATE_OPEN = "open"
    STATE_DONE = "done"
    """Everything left for the receiver; `take` is empty from here on."""
    STATE_BLOCKED = "blocked"
    """The policy stopped it. The ending is in the last bytes taken (responses), or is the driver's to write
    (requests)."""
    STATE_BROKEN = "broken"
    """The sender broke its format or died; what was judged has left, the rest is dropped, the ending is the
    driver's to write."""


@dataclass(frozen=True, slots=True)
class Block:
    """Why a message was stopped."""

    rule: str
    """Id of the rule."""
    message: str
    """What the receiver reads in place of the rest."""
    channel: Channel
    offset: int
    """Where the blocked text began."""
    failure: ScanFailureReason | None = None
    """Set when the block is a detector's failure under `on_error: block`, not a finding."""


class ChannelSummary(NamedTuple):
    """One text of a message, as events speak of it."""

    label: str
    kind: str
    chars: int
    """Its length in code points."""
    is_watched: bool
    """Whether a detector of the policy is in charge of its kind."""
    is_observed: bool
    """Whether a detector that only tells is."""


def answers_of(found: Iterable[tuple[Channel, AnswerEnds]]) -> list[AnswerEnds]:
    """Return how each choice's answer begins and ends, from the ends of a message's texts."""
    by_choice: dict[int, AnswerEnds] = {}
    for channel, ends in found:
        if channel.kind is ChannelKind.TEXT:
            before = by_choice.get(channel.choice)
            by_choice[channel.choice] = ends if before is None else before.followed_by(ends)
    return list(by_choice.values())


@dataclass(slots=True)
class GuardStats:
    """Counters of one message, in code points unless said otherwise. Grows while the message passes."""

    text_chars: int = 0
    """Text received over all channels."""
    scanned_chars: dict[str, int] = field(default_factory=dict)
    """By detector: characters shown in windows, context not counted."""
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    """By detector and category: the highest score of a finding, whether a rule acted on it or not."""
    held_chars_peak: int = 0
    """Most characters that detectors asked to hold at one time."""
    held_chars_sum: int = 0
    """Sum over `samples` of the characters that detectors asked to hold."""
    waiting_chars_sum: int = 0
    """Sum over `samples` of the characters in frames that had not left: held ones and what shares a frame with
    them."""
    samples: int = 0
    """How often the two sums were taken: once for every input that brought text and did not end the message."""
    frames: int = 0
    edits: int = 0
    """Spans replaced."""
    restored: int = 0
    """Placeholders in place of which the value was written for which they stand."""
    unknown_placeholders: int = 0
    """Texts in the form of a placeholder that stand for nothing in this exchange: they stay."""
    not_restorable: int = 0
    """Values that a rule would restore, and replaced without a way back."""

    def note_scanned(self, detector: str, chars: int) -> None:
        """Count what a detector was shown."""
        self.scanned_chars[detector] = self.scanned_chars.get(detector, 0) + chars

    def note_scores(self, findings: Iterable[Finding]) -> None:
        """Keep the highest score of each category. Placeholders are nothing that was judged."""
        for finding in findings:
            if finding.detector == RESTORER:
                continue
            by_category = self.scores.setdefault(finding.detector, {})
            if finding.score > by_category.get(finding.category, -1.0):
                by_category[finding.category] = finding.score
