"""A replay as a page: rates over time with their intervals, alarms where they opened. One HTML file, no script.

Drawn as SVG through a template: a plotting library would be ten times as large as all the rest of the monitor, and
the page would need it, or a network, to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.models.intervals import wilson
from monitor.service.axes import round_top, time_marks
from monitor.service.replaying import BIN_S
from monitor.types import Signal

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from monitor.service.replaying import Replayed
    from monitor.types import Alarm

WIDTH: Final = 900
HEIGHT: Final = 150
MAX_BINS: Final = 180
"""Points of a curve: a few pixels each."""
GROUPS: Final = (
    (Signal.INCIDENTS,), (Signal.REFUSALS,), (Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE), (Signal.BYPASSES,),
)  # fmt: skip
"""What is drawn together: over-refusals and harmful compliance say little without each other."""
NAMES: Final = {Signal.HARMFUL_COMPLIANCE: "incidents that nobody declined"}


@dataclass(frozen=True, slots=True)
class Mark:
    """An alarm on a chart."""

    x: float
    level: str
    label: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One quantity over time, in the units of the drawing; a piece ends where no answers were."""

    name: str
    lines: list[str]
    bands: list[str]
    """The 95 % interval; none for what is only counted."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Quantities on one scale."""

    title: str
    unit: str
    top: float
    """At the upper edge."""
    traces: list[Trace]
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The time that is drawn, in minutes since 1970."""

    first: int
    last: int
    step: int
    """Minutes that are one point."""

    def x(self, minute: float) -> float:
        return WIDTH * min(1.0, max(0.0, (minute - self.first) / (self.last - self.first)))

    def bins(self) -> Iterable[range]:
        return (range(start, start + self.step) for start in range(self.first, self.last, self.step))


@dataclass(frozen=True, slots=True)
class _Point:
    x: float
    value: float
    low: float
    high: float


def page(replayed: Replayed, title: str) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("monitor.service", "templates"), autoescape=True, undefined=StrictUndefined
    )
    frame = _frame(replayed.responses)
    parts = replayed.parts()
    own = [alarm for alarm in replayed.raised if alarm.alarm_id in parts]
    return environment.get_template("replay.html.j2").render(
        title=title,
        charts=_charts(replayed, own, frame) if replayed.responses else [],
        times=[(frame.x(minute), label) for minute, label in time_marks(frame.first, frame.last)],
        alarms=own,
        parts=parts,
        answers=sum(replayed.responses.values()),
        first=_time(frame.first * BIN_S),
        last=_time(frame.last * BIN_S),
        step=frame.step,
        width=WIDTH,
        height=HEIGHT,
        time=_time,
    )


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def _frame(responses: Counter[int]) -> _Frame:
    if not responses:
        return _Frame(0, 1, 1)
    first, last = min(responses), max(responses)
    step = -(-(last - first + 1) // MAX_BINS)
    return _Frame(first, first - (first - last - 1) // step * step, step)


def _charts(replayed: Replayed, own: list[Alarm], frame: _Frame) -> list[Chart]:
    charts = [_traffic(replayed, own, frame)]
    for signals in GROUPS:
        points = [_rates(replayed, signal, frame) for signal in signals]
        if any(one for signal in signals for one in replayed.events[signal].values()):
            charts.append(_chart([NAMES.get(one, one.replace("_", " ")) for one in signals], points))
            charts[-1].marks.extend(_marks(own, signals, frame))
    return charts


def _traffic(replayed: Replayed, own: list[Alarm], frame: _Frame) -> Chart:
    """Return the answers of a minute: none is a point too, which silence is about."""
    points = []
    for minutes in frame.bins():
        rate = sum(replayed.responses[one] for one in minutes) / len(minutes)
        points.append(_Point(frame.x(minutes[0] + frame.step / 2), rate, rate, rate))
    top = round_top(max(point.value for point in points))
    line = " ".join(_at(point.x, point.value, top) for point in points)
    marks = _marks(own, (Signal.SILENCE,), frame)
    return Chart("answers a minute", "", top, [Trace("answers a minute", [line], [])], marks)


def _rates(replayed: Replayed, signal: Signal, frame: _Frame) -> list[_Point | None]:
    """Return the share of each bin, in per cent, with its interval; None where no answers were."""
    found: list[_Point | None] = []
    for minutes in frame.bins():
        responses = sum(replayed.responses[one] for one in minutes)
        count = sum(replayed.events[signal][one] for one in minutes)
        if not responses:
            found.append(None)
            continue
        low, high = wilson(count, responses)
        found.append(_Point(frame.x(minutes[0] + frame.step / 2), 100 * count / responses, 100 * low, 100 * high))
    return found


def _chart(names: list[str], points: list[list[_Point | None]]) -> Chart:
    values = [point.value for trace in points for point in trace if point is not None]
    top = min(100.0, round_top(1.2 * max(values)))
    traces = []
    for name, trace in zip(names, points, strict=True):
        pieces = [list(piece) for is_there, piece in groupby(trace, key=lambda one: one is not None) if is_there]
        whole = [[point for point in piece if point is not None] for piece in pieces]
        traces.append(Trace(name, [_line(piece, top) for piece in whole], [_band(piece, top) for piece in whole]))
    return Chart(" and ".join(names), " %", top, traces, [])


def _line(piece: list[_Point], top: float) -> str:
    if len(piece) == 1:  # a line of one point is not drawn
        return f"{_at(piece[0].x - 1, piece[0].value, top)} {_at(piece[0].x + 1, piece[0].value, top)}"
    return " ".join(_at(point.x, point.value, top) for point in piece)


def _band(piece: list[_Point], top: float) -> str:
    upper = [_at(point.x, point.high, top) for point in piece]
    return " ".join(upper + [_at(point.x, point.low, top) for point in reversed(piece)])


def _at(x: float, value: float, top: float) -> str:
    return f"{x:.1f},{HEIGHT * (1 - min(1.0, value / top)):.1f}"


def _marks(own: list[Alarm], signals: tuple[Signal, ...], frame: _Frame) -> list[Mark]:
    return [
        Mark(frame.x(alarm.opened_s / BIN_S), alarm.level, f"{_time(alarm.opened_s)} {alarm.level} {alarm.slice}")
        for alarm in own
        if alarm.signal in signals
    ]
