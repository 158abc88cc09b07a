"""What the monitor watches, how strictly, and whom it may disturb. Plain values: nothing is read or opened here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from monitor.types import Dimension, Signal

DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The share of answers that may show a signal before somebody has to know."""

    signal: Signal
    share: float
    dimension: Dimension = Dimension.GLOBAL
    """Each slice of this dimension has the budget ..."""
    value: str | None = None
    """... or only this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSettings:
    """How traffic is told apart."""

    dimensions: tuple[Dimension, ...] = tuple(Dimension)
    top_tenants: int = 50
    """Tenants with a slice of their own; the others share one."""
    max_live: int = 200
    """Slices of all dimensions together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HygieneSettings:
    """What is believed of a record."""

    remember_ids_s: float = DAY_S
    """How long the id of a record is known."""
    max_ids: int = 300_000
    """Ids remembered at most; beyond, the oldest is forgotten early."""
    max_late_s: float = DAY_S
    max_ahead_s: float = 60.0
    watermark_s: float = 600.0
    """Age at which a bucket is taken to be whole."""
    burst_s: float = 60.0
    """Incidents of one tenant and rule within this time are one to the change detectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSettings:
    """When something has changed."""

    events_per_false_alarm: float = 10_000_000.0
    """Answers between two false alarms of the change detectors over a whole fleet of slices."""
    adwin_ticket: float = 0.002
    """ADWIN's delta for a ticket."""
    adwin_page: float = 0.0001
    """ADWIN's delta for a page."""
    min_ratio: float = 1.5
    """A rate that rose by less is not worth an alarm."""
    shape_limit: float = 0.2
    """Population stability index that two windows in a row must pass."""
    shape_window: int = 2000
    """Scores in a window."""
    reference: str = "pinned"
    """What shapes are held against: `pinned` (the first window), `rolling` (the one before), or the name of a
    reference that was kept."""
    false_discovery_rate: float = 0.05
    """Share of alarms over the slices of an hour that may be chance."""
    mix_floor: float = 0.1
    """Smallest change of a category's share that counts."""
    shadow_s: float = DAY_S
    """How long the detectors of the policy before go on beside the new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnSettings:
    """When a budget is spent too fast: the factor over a long window and a short one."""

    min_responses: int = 30
    min_events: int = 5
    rules: tuple[tuple[float, str, str, str], ...] = (
        (14.4, "1h", "5m", "page"),
        (6.0, "6h", "30m", "page"),
        (1.0, "3d", "6h", "ticket"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """Whom alarms may disturb, and how often."""

    cool_down_s: float = 3600.0
    """Shortest time between two alarms of one slice and signal."""
    pages_per_week: int = 10
    """Pages beyond it go to the digest."""
    tickets_per_week: int = 40
    close_after_s: float = 300.0
    """A burn rate that has been below its factor for this long closes its alarm."""
    drift_open_s: float = DAY_S
    """A drift alarm closes by itself after this time: what it saw is the new normal."""
    keep_closed: int = 500
    """Closed alarms that can still be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSettings:
    """What reviewers' verdicts are used for."""

    target_precision: float = 0.9
    """A rule whose precision is surely below asks for a review."""
    min_verdicts: int = 20
    """Verdicts on a rule before anything is said of it."""
    max_waiting: int = 50_000
    """Incidents that wait for their verdict; beyond, the oldest is forgotten."""
    propose_every: int = 50
    """Verdicts on a rule between two proposals."""
    sample_share: float = 0.01
    """Share of allowed answers that people look at, to know what was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """Settings of the monitor."""

    budgets: tuple[Budget, ...] = (
        Budget(signal=Signal.INCIDENTS, share=0.02),
        Budget(signal=Signal.BYPASSES, share=0.001),
        Budget(signal=Signal.ERRORS, share=0.001),
    )
    slices: SliceSettings = SliceSettings()
    hygiene: HygieneSettings = HygieneSettings()
    drift: DriftSettings = DriftSettings()
    burn: BurnSettings = BurnSettings()
    alarms: AlarmSettings = AlarmSettings()
    labels: LabelSettings = LabelSettings()
