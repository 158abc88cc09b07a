"""The words of the monitor: slices, alarms, rates, points of a series, totals. Values: nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

WINDOWS_S: Final = {"1m": 60, "5m": 300, "30m": 1800, "1h": 3600, "6h": 21_600, "3d": 259_200}
"""The windows that rates are told over, by their names."""


class Dimension(StrEnum):
    """What traffic is told apart by."""

    __hash__ = str.__hash__
    """That of Enum is written in Python, and slices are looked up by the dozen for each answer."""

    GLOBAL = "global"
    MODEL = "model"
    ROUTE = "route"
    POLICY = "policy"
    CATEGORY = "category"
    TENANT = "tenant"


class Slice(NamedTuple):
    """A part of the traffic: one value of one dimension."""

    dimension: Dimension
    value: str = ""
    """Empty for the whole; `POOLED` for all that have no slice of their own."""

    def __str__(self) -> str:
        """Write it as `model=gpt-x`."""
        return f"{self.dimension}={self.value}" if self.value else str(self.dimension)


WHOLE: Final = Slice(Dimension.GLOBAL)
POOLED: Final = "~other"
"""The value of the slice that has what is too rare for one of its own. No name begins with a tilde."""


class Signal(StrEnum):
    """What is watched. The ones up to REFUSALS_PARTIAL are counted, and have rates."""

    INCIDENTS = "incidents"
    """Answers with an incident: a rule acted, be it with a flag."""
    BLOCKS = "blocks"
    """Answers that a rule ended or refused."""
    EDITS = "edits"
    """Answers of which a rule changed a part."""
    BYPASSES = "bypasses"
    """Answers of which a part left without having been judged."""
    ERRORS = "errors"
    """Answers of which a detector could not judge a part, whatever was done about it."""
    REFUSALS = "refusals"
    """Answers in which the model declined, wholly or in part."""
    REFUSALS_FULL = "refusals_full"
    REFUSALS_PARTIAL = "refusals_partial"
    OVER_REFUSALS = "over_refusals"
    """Answers in which the model declined a request in which no rule found anything."""
    HARMFUL_COMPLIANCE = "harmful_compliance"
    """Answers with an incident that the model gave without declining. What is harm is the rules' word: a masked
    e-mail address counts as a threat does."""
    SCORES = "scores"
    """The highest score of an answer."""
    LENGTHS = "lengths"
    """log(1 + characters) of an answer."""
    MIX = "mix"
    """How incidents spread over categories."""
    SILENCE = "silence"
    """Answers or incidents that do not come."""
    LATENCY = "latency"
    """Milliseconds that the proxy added to an answer."""
    HELD = "held"
    """Most characters held back in an answer."""
    ODDITY = "oddity"
    """All of a minute's numbers together."""
    PRECISION = "precision"
    """Share of a rule's incidents that reviewers call right."""
    RECALL = "recall"
    """Share of what should have been found that was found, from a sample of allowed answers."""
    LABEL_DELAY = "label_delay"
    """Seconds from an incident to its verdict."""
    THRESHOLD = "threshold"
    """A threshold that labels speak for: a proposal."""


COUNTED: Final = (
    Signal.INCIDENTS, Signal.BLOCKS, Signal.EDITS, Signal.BYPASSES, Signal.ERRORS, Signal.REFUSALS,
    Signal.REFUSALS_FULL, Signal.REFUSALS_PARTIAL, Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE,
)  # fmt: skip
"""Signals that an answer has or has not."""


class Level(StrEnum):
    """How much attention an alarm asks for, and so the channel that it goes to."""

    PAGE = "page"
    """Somebody gets up."""
    TICKET = "ticket"
    """Somebody looks on a working day."""
    DIGEST = "digest"
    """It would have been a ticket or page, but its channel's budget of the week is spent: read in the digest."""
    INFO = "info"
    """Nobody is told; it is there to be read."""


class AlarmState(StrEnum):
    """Where an alarm stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Activity(StrEnum):
    """What has just happened to an alarm, in the words of the alarm event."""

    CREATE = "create"
    UPDATE = "update"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is after a change. The engine returns one for each change, and for nothing else."""

    alarm_id: str
    """The same while it is open, and the same again in a replay."""
    activity: Activity
    state: AlarmState
    level: Level
    signal: Signal
    slice: Slice
    detector: str
    """The test that fired."""
    observed: float
    """The value that fired."""
    expected: float | None
    """The value before; None where there is none."""
    evidence: dict[str, float] = field(hash=False)
    """The numbers that the test used, so that it can be done again."""
    window_start_s: float
    """Time of the first event in the window that fired, in seconds since 1970."""
    window_end_s: float
    events: int
    """How many answers were in it."""
    opened_s: float
    changed_s: float
    explained_by: str | None = None
    """Id of the alarm of a wider slice that says the same; such an alarm is for nobody's pager."""
    about: dict[str, str] = field(default_factory=dict, hash=False)
    """What it is about beyond its slice: `{"rule": "cards"}`."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one signal was seen in one slice over one window, with its 95 % interval by Wilson."""

    slice: Slice
    signal: Signal
    window: str
    """A key of `WINDOWS_S`."""
    count: int
    responses: int
    share: float
    """NaN where there were no answers."""
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a series."""

    start_s: float
    seconds: float
    """How long the bucket is."""
    count: int
    responses: int


@dataclass(frozen=True, slots=True)
class SliceInfo:
    """One live slice."""

    slice: Slice
    responses: int
    """Answers since the slice began."""
    since_s: float
    seen_s: float
    """Event time of its last answer."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """The last minute of a slice, judged by all of its numbers together. Advice: no threshold is set by anybody."""

    slice: Slice
    end_s: float
    """End of the minute."""
    score: float | None
    """How odd it was, from 0 to 1; None while the model learns what is common."""
    limit: float | None
    """What all but one in 200 minutes stay below; None likewise."""
    is_odd: bool
    minutes: int
    """Minutes with answers, so far."""
    warm_up: int
    """Minutes that it learns from before anything is said."""
    answers: int
    """Of that minute."""
    numbers: dict[str, float] = field(hash=False)
    """What the minute was like: shares, means of log(1 + characters), scores and milliseconds."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the records. Those refused before they were records count in `refused`, by reason."""

    received: int
    """Records that came in, whatever became of them."""
    counted: int
    duplicates: int
    late: int
    """Event time more than 24 h ago."""
    future: int
    """Event time more than 60 s ahead."""
    behind: int
    """Counted, though the watermark had passed their time."""
    refused: dict[str, int] = field(hash=False)
