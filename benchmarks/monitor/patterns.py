"""The whole engine under what traffic does: steps, ramps, days, bursts, copies, disorder, wrong clocks."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Final

from benchmarks.monitor.streams import median_interval
from benchmarks.monitor.traffic import START_S, Arrival, Fleet, answers, burst, late
from benchmarks.report import Table
from monitor.engine import Engine
from monitor.settings import MonitorSettings
from monitor.types import Activity, Level, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from monitor.records import ExchangeRecord
    from monitor.types import Alarm

QUIET: Final = MonitorSettings(budgets=())
"""Without budgets, which fire by what they are set to and not by change."""
FLEET: Final = Fleet()
LEARN: Final = 12_000
"""Answers before something happens."""
COPIES: Final = 5
LONG: Final = 100_000
"""Answers of the run in which nothing changes: half a million counted by slice."""


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What the engine said."""

    created: list[Alarm]
    delay: float | None
    """Answers of after the change that had come in at the first alarm of incidents; None where there was none."""
    digest: str


def play(arrivals: Iterable[Arrival], *, changes: bool = True) -> Seen:
    """Play records that come in at their times; `changes`: something does after the first `LEARN`."""
    engine = Engine(QUIET)
    created: list[Alarm] = []
    delay: float | None = None
    since_s = START_S + LEARN / FLEET.per_s if changes else math.inf
    after = 0
    for record, now_s in arrivals:
        after += record.time_s >= since_s
        for alarm in engine.receive(record, now_s):
            if alarm.activity is Activity.CREATE and alarm.level is not Level.INFO:
                created.append(alarm)
                if delay is None and after and alarm.signal is Signal.INCIDENTS:
                    delay = float(after)
    return Seen(created, delay, engine.digest())


def at_once(records: Iterable[ExchangeRecord]) -> Iterator[Arrival]:
    """Let each record come in at its own time."""
    return ((record, record.time_s) for record in records)


def step_to(after: float, before: float = 0.01, change: int = LEARN) -> Callable[[int], float]:
    """Return a rate that jumps."""
    return lambda place: after if place >= change else before


def _told(seen: list[Seen]) -> tuple[str, str, str]:
    """Return alarms a run, those that nothing explains, and the median delay."""
    delays = [one.delay for one in seen if one.delay is not None]
    middle = f"{median_interval(delays)[0]:,.0f}" if delays else "-"
    own = sum(len([a for a in one.created if a.explained_by is None]) for one in seen) / len(seen)
    return f"{sum(len(one.created) for one in seen) / len(seen):.1f}", f"{own:.1f}", middle


def table(runs: int) -> Table:
    """Run every pattern."""
    rows = [(name, note, *_told(seen)) for name, note, seen in _patterns(runs)]
    return Table(
        "The whole engine under what traffic does",
        ("pattern", "what holds", "alarms a run", "unexplained", "median delay"),
        rows,
        f"{runs} runs each; {FLEET.tenants} tenants, {FLEET.models} models, {FLEET.routes} routes, "
        f"{FLEET.policies} policies; every detector of every slice, with the desk; no budgets; advice (level info) "
        f"not counted. The change comes after {LEARN:,} answers; delays are the "
        "answers of after it, of the whole traffic, that had come in at the first alarm.",
    )


def _patterns(runs: int) -> list[tuple[str, str, list[Seen]]]:
    def each(make: Callable[[int], Seen]) -> list[Seen]:
        return [make(run) for run in range(runs)]

    total = LEARN + 3000
    day = Fleet(per_s=10_000 / 86_400)
    plain = each(lambda run: play(at_once(answers(FLEET, total, step_to(0.05), run))))
    copied = each(lambda run: _copied(total, run))
    same = all(one.digest == other.digest for one, other in zip(copied, plain, strict=True))
    return [
        ("stationary, 2 %, 100,000", "", each(_stationary)),
        ("step, 1 to 5 %", "", plain),
        ("step, 1 to 10 %", "", each(lambda run: play(at_once(answers(FLEET, LEARN + 1000, step_to(0.1), run))))),
        ("ramp, 1 to 5 % over 3,000", "", each(lambda run: play(at_once(answers(FLEET, total, _ramp, run))))),
        (
            "6 days of +-50 %, 10,000 a day",
            "nothing changes but the hour",
            each(lambda run: play(at_once(answers(day, 60_000, _daily, run)), changes=False)),
        ),
        ("a burst of 500 of one tenant", "F3: at most one", each(_burst)),
        ("the step, every record 5 times", f"F4: state as with one copy: {'yes' if same else 'NO'}", copied),
        ("the step, up to 10 minutes late", "F6: the same answers in hand", each(lambda run: _late(total, run))),
        ("the step, every 50th clock in 1970 or 2100", "F7", each(lambda run: play(_lying(total, run)))),
    ]


def _stationary(run: int) -> Seen:
    return play(at_once(answers(FLEET, LONG, _steady, run)), changes=False)


def _burst(run: int) -> Seen:
    return play(at_once([*answers(FLEET, LEARN, lambda _: 0.01, run), *burst(FLEET, LEARN, 500, run)]))


def _copied(total: int, run: int) -> Seen:
    records = at_once(answers(FLEET, total, step_to(0.05), run))
    seen = play(arrival for arrival in records for _ in range(COPIES))
    return dataclasses.replace(seen, delay=None if seen.delay is None else seen.delay / COPIES)


def _late(total: int, run: int) -> Seen:
    """Half of the change's first answers come after 5 minutes, among those of before it."""
    return play(late(answers(FLEET, total + 8000, step_to(0.05), run), 600, run))


def _steady(_place: int) -> float:
    return 0.02


def _ramp(place: int) -> float:
    return 0.01 + 0.04 * min(1.0, max(0.0, (place - LEARN) / 3000))


def _daily(place: int) -> float:
    return 0.02 * (1 + 0.5 * math.sin(2 * math.pi * place / 10_000))


def _lying(total: int, run: int) -> Iterator[Arrival]:
    """Give records of which some have a time that no clock should have."""
    clocks = (0.0, START_S + 75 * 365 * 86_400)
    for place, record in enumerate(answers(FLEET, total, step_to(0.05), run)):
        is_lie = place % 50 == 49
        yield dataclasses.replace(record, time_s=clocks[place // 50 % 2]) if is_lie else record, record.time_s
