"""The monitor's engine: records and times in, changes of alarms out. No clock, no socket, no thread, no chance.

`now_s` is the time at which a record came in, which a log keeps beside it (for Kafka, the record's timestamp): the
same records with the same times give the same state, bit for bit. Models judge at every tenth second of that time,
whether a record or `advance` brings it; call `advance` only with a time that no record to come lies before.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Self

from monitor import snapshots
from monitor.models.answer import answer_of, is_answer
from monitor.models.bursts import Bursts
from monitor.models.category import CategoryWatch
from monitor.models.desk import Desk
from monitor.models.directory import Directory
from monitor.models.intake import Intake
from monitor.models.kinship import Kinship
from monitor.models.rating import balanced
from monitor.models.review import Review
from monitor.models.revisions import Revisions
from monitor.models.watch import Watch
from monitor.records import ExchangeRecord, IncidentRecord, PolicyRecord, VerdictRecord
from monitor.settings import WEEK_S, MonitorSettings
from monitor.types import WHOLE, WINDOWS_S, Alarm, Dimension, Level, Signal, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.models.calibrator import Proposal
    from monitor.models.firing import Firing
    from monitor.models.labels import Precision, Recall, Waiting
    from monitor.models.shape import Histogram
    from monitor.records import Record
    from monitor.types import Oddity, Point, Rate, SliceInfo, Totals

TICK_S: Final = 10.0
"""Time between two looks at what time alone changes: burn rates, silence, alarms that are over."""
MAX_CATCH_UP_S: Final = 3600.0
"""After a longer pause the engine looks only at its last hour: budgets and silence say nothing of what is older."""
IDLE_EVERY_S: Final = 3600.0
"""Time between two looks for slices that are no more."""
SAY: Final = 0.05
"""Share of a slice's answers that a policy must have, so that a change of it is one of the slice."""


class Engine:
    """Everything that one monitor knows. Reading takes in what waits: one thread at a time does either."""

    def __init__(
        self, settings: MonitorSettings | None = None, references: dict[str, Histogram] | None = None
    ) -> None:
        """`references`: shapes of scores that were kept, by the name that the settings use."""
        self.settings = MonitorSettings() if settings is None else settings
        self._references = references or {}
        self._now_s = 0.0
        self._tick_s = 0.0
        self._answers = 0
        self._intake = Intake(self.settings.hygiene)
        self._directory = Directory(self.settings.slices)
        self._watches: dict[Slice, Watch] = {}
        self._categories: dict[Slice, CategoryWatch] = {}
        self._touched: dict[Slice, None] = {}
        """Slices that had an answer since the last tick, or whose budget may be burning."""
        self._bursts = Bursts(self.settings.hygiene.burst_s)
        self._revisions = Revisions(self.settings.drift.shadow_s)
        self._review = Review(self.settings.labels)
        self._desk = Desk(self.settings.alarms, self.settings.drift.false_discovery_rate)

    # Writing.

    def receive(self, record: Record, now_s: float) -> list[Alarm]:
        """Learn from a record that came in at `now_s`; return the alarms that changed."""
        changed = self.advance(now_s)
        if not self._intake.admit(record, self._now_s):
            return changed
        if isinstance(record, ExchangeRecord):
            if is_answer(record):
                changed += self._count(record)
        elif isinstance(record, IncidentRecord):
            self._review.expect(record)
        elif isinstance(record, VerdictRecord):
            changed += self._fire(self._review.judge(record))
        elif isinstance(record, PolicyRecord):
            self._note_revision(record.policy, record.revision)
        return changed

    def refuse(self, reason: str) -> None:
        """Count an event that was no record."""
        self._intake.refuse(reason)

    def advance(self, now_s: float) -> list[Alarm]:
        """Let time pass; return the alarms that changed. Time that goes back stands still."""
        if now_s <= self._now_s:
            return []
        changed: list[Alarm] = []
        self._tick_s = max(self._tick_s, (now_s - MAX_CATCH_UP_S) // TICK_S * TICK_S)
        while self._tick_s + TICK_S <= now_s:
            self._tick_s += TICK_S
            self._now_s = max(self._now_s, self._tick_s)
            changed += self._tick()
        self._now_s = now_s
        return changed

    def acknowledge(self, alarm_id: str, now_s: float) -> list[Alarm]:
        """Note that somebody looks at an alarm. Raises KeyError for one that is not open."""
        return [*self.advance(now_s), *self._desk.acknowledge(alarm_id, self._now_s)]

    def close(self, alarm_id: str, now_s: float) -> list[Alarm]:
        """Close an alarm that a person has dealt with. Raises KeyError for one that is not open."""
        return [*self.advance(now_s), *self._desk.close(alarm_id, self._now_s)]

    # Steps.

    def _count(self, record: ExchangeRecord) -> list[Alarm]:
        self._note_revision(record.policy, record.revision)
        self._answers += 1
        whole = self._watches.get(WHOLE)
        is_echo = self._bursts.is_echo(record, whole.baseline if whole else float("nan"))
        places = self._directory.slices_of(record)
        answer = answer_of(record, mates=places[1:])
        found: list[Firing] = []
        own = Slice(Dimension.TENANT, record.tenant) if is_echo and record.tenant else None
        for place in places:
            watch = self._watches.get(place) or self._new_watch(place, record.time_s)
            found += watch.learn(answer, is_echo=is_echo and place != own)
            self._touched[place] = None
        for place in self._directory.categories_of(record):
            category = self._category(place, record.time_s)
            found += category.learn(answer.signals, record.time_s, self._answers, is_echo=is_echo)
        self._review.sample(record, is_caught=answer.is_incident)
        changed = self._fire(found) if found else []
        for gone in self._directory.review():
            changed += self._drop(gone)
        return changed

    def _tick(self) -> list[Alarm]:
        changed: list[Alarm] = []
        touched, self._touched = self._touched, {}
        for place in touched:
            watch = self._watches.get(place)
            for burn in watch.burns(self._tick_s, self.settings) if watch else ():
                if burn.firing is not None:
                    changed += self._fire([burn.firing])
                else:
                    changed += self._desk.calm(place, burn.signal, self._tick_s)
            if self._desk.has_burn(place):
                self._touched[place] = None
        if self._tick_s % IDLE_EVERY_S == 0.0:
            changed += self._forget_idle()
        if self._tick_s % 60.0 == 0.0:
            watermark_s = self._intake.watermark_s(self._tick_s)
            for watch in list(self._watches.values()):
                changed += self._fire(watch.minute(self._tick_s, watermark_s))
        return changed + self._desk.tick(self._tick_s)

    def _forget_idle(self) -> list[Alarm]:
        """Give up slices that no window shows any more: names come and go, and places are few."""
        since_s = self._tick_s - WINDOWS_S["3d"]
        idle = [info.slice for info in self.slices() if info.seen_s < since_s and info.slice != WHOLE]
        return [alarm for place in idle for alarm in self._drop(self._directory.drop(place))]

    def _fire(self, firings: Iterable[Firing]) -> list[Alarm]:
        changed: list[Alarm] = []
        kinship = Kinship(self._share_in, self._share_now)
        for firing in firings:
            changed += self._desk.fire(firing, self._now_s, len(self._watches), kinship)
        return changed

    def _share_in(self, child: Slice, parent: Slice) -> float:
        watch = self._watches.get(child)
        return watch.share_in(parent) if watch else 0.0

    def _share_now(self, place: Slice, signal: Signal) -> float | None:
        watch = self._watches.get(place)
        return watch.share_now(self._now_s, signal) if watch else None

    def _note_revision(self, policy: str, revision: str) -> None:
        """Begin new detectors wherever a policy has a say, when its revision is new."""
        if not self._revisions.is_new(policy, revision, self._now_s):
            return
        changed = Slice(Dimension.POLICY, policy)
        for place, watch in self._watches.items():
            if place == changed or watch.share_in(changed) >= SAY:
                watch.renew(self._now_s, self.settings, self._references)
        if self._share_in(WHOLE, changed) >= SAY:
            for category in self._categories.values():
                category.renew(self._now_s, self.settings)

    def _new_watch(self, place: Slice, time_s: float) -> Watch:
        watch = self._watches[place] = Watch(place, time_s, self.settings, self._references)
        return watch

    def _category(self, place: Slice, time_s: float) -> CategoryWatch:
        watch = self._categories.get(place)
        if watch is None:
            watch = self._categories[place] = CategoryWatch(place, time_s, self._answers - 1, self.settings)
        return watch

    def _drop(self, place: Slice) -> list[Alarm]:
        self._watches.pop(place, None)
        self._categories.pop(place, None)
        return self._desk.drop(place, self._now_s)

    # Reading.

    @property
    def now_s(self) -> float:
        """The latest time that it was told."""
        return self._now_s

    def totals(self) -> Totals:
        """Return what became of the records."""
        return self._intake.totals()

    def slices(self) -> list[SliceInfo]:
        """Return the live slices."""
        live: list[Watch | CategoryWatch] = [*self._watches.values(), *self._categories.values()]
        return [watch.info() for watch in live]

    def rates(self, dimension: Dimension | None = None) -> list[Rate]:
        """Return every signal's rate over every window, for the slices of a dimension or for all."""
        found = [
            rate
            for place, watch in self._watches.items()
            if dimension in {None, place.dimension}
            for rate in watch.rates(self._now_s)
        ]
        if dimension in {None, Dimension.CATEGORY}:
            for category in self._categories.values():
                found += category.rates(self._now_s, self._watches[WHOLE].buckets)
        return found

    def balance(self, window: str = "1h") -> list[tuple[Rate, Rate]]:
        """Return over-refusals and harmful compliance of each slice, which say little without each other."""
        return balanced(rate for rate in self.rates() if rate.window == window)

    def series(self, place: Slice, signal: Signal, window: str = "1h") -> list[Point]:
        """Return the buckets of a window. Raises KeyError for a slice, signal or window that is not there."""
        watch = self._categories[place] if place.dimension is Dimension.CATEGORY else self._watches[place]
        return watch.series(self._now_s, WINDOWS_S[window], signal)

    def quantiles(self, place: Slice = WHOLE) -> dict[Signal, dict[float, float]]:
        """Return quantiles of latency and held characters. Raises KeyError for a slice that is not there."""
        return self._watches[place].quantiles()

    def oddities(self) -> list[Oddity]:
        """Return the last minute of the whole and of each model, as odd as it was."""
        found = (watch.oddity() for watch in self._watches.values())
        return [one for one in found if one is not None]

    def reference(self, place: Slice = WHOLE) -> Histogram | None:
        """Return a slice's shape of scores, to be kept under a name. Raises KeyError as `quantiles` does."""
        return self._watches[place].reference()

    def alarms(self) -> list[Alarm]:
        """Return the open alarms and the last closed ones, the newest first."""
        return self._desk.alarms()

    def weekly_digest(self) -> list[Alarm]:
        """Return the alarms of the last week that no channel had room for."""
        since_s = self._now_s - WEEK_S
        return [alarm for alarm in self.alarms() if alarm.level is Level.DIGEST and alarm.opened_s > since_s]

    def waiting(self) -> Iterator[Waiting]:
        """Yield incidents without a verdict, the oldest first, and then allowed answers of the sample."""
        return self._review.waiting()

    def knows(self, about: str) -> bool:
        """Whether a verdict on this incident or request counts here."""
        return self._review.knows(about)

    def precisions(self) -> list[Precision]:
        """Return what verdicts say about each rule."""
        return self._review.precisions()

    def estimated_precisions(self) -> dict[tuple[str, str], float]:
        """Return, by policy and rule, the precision that scores speak for: an estimate, not what verdicts say."""
        return self._review.estimates()

    def recall(self) -> Recall | None:
        """Return the estimated recall; None before a sampled answer has a verdict."""
        return self._review.recall()

    def label_delays_s(self) -> dict[float, float]:
        """Return quantiles of the time from an incident to its verdict."""
        return self._review.delays_s()

    def proposals(self) -> list[Proposal]:
        """Return the last threshold proposed for each rule."""
        return self._review.proposals()

    # State.

    def snapshot(self) -> bytes:
        """Return the whole state."""
        return snapshots.dump((self._intake, self._state()))

    @classmethod
    def restore(
        cls,
        data: bytes,
        settings: MonitorSettings | None = None,
        references: dict[str, Histogram] | None = None,
    ) -> Self:
        """Return the engine of a snapshot, which must come from a checkpoint whose signature was checked.

        Settings apply from here on, but for those under `drift`: detectors keep what they began with.
        Raises `SnapshotError`.
        """
        engine = cls(settings, references)
        engine._intake, state = snapshots.load(data)
        for name, value in state.items():
            setattr(engine, name, value)
        engine._adopt()
        return engine

    def _adopt(self) -> None:
        """Put the settings in the place of those of the snapshot."""
        self._intake.adopt(self.settings.hygiene)
        self._directory.adopt(self.settings.slices)
        self._review.adopt(self.settings.labels)
        self._desk.adopt(self.settings.alarms, self.settings.drift.false_discovery_rate)
        for watch in self._watches.values():
            watch.adopt(self.settings)

    def digest(self) -> str:
        """Return a hash of what was learned; how often a record came again is not in it."""
        return hashlib.sha256(snapshots.dump((self._intake.state(), self._state()))).hexdigest()

    def _state(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name not in _NOT_LEARNED}


_NOT_LEARNED: Final = frozenset({"settings", "_references", "_intake"})
