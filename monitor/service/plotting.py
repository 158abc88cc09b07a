"""A replay as a page: rates over time with their intervals, alarms where they opened. One HTML file, no script.

Drawn as SVG through a template: a plotting library would be ten times as large as all the rest of the monitor, and
the page would need it, or a network, to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from events.schema.envelope import rfc3339
from monitor.models.intervals import wilson
from monitor.service.replaying import BIN_S

if TYPE_CHECKING:
    from collections import Counter

    from monitor.service.replaying import Replayed
    from monitor.types import Alarm, Signal

WIDTH: Final = 960
HEIGHT: Final = 160
MAX_BINS: Final = 240
"""Points of a curve: a few pixels each."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An alarm on a curve."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One signal over time, in the units of the drawing."""

    signal: Signal
    line: str
    band: str
    """The 95 % interval."""
    top: float
    """The share at the upper edge."""
    marks: list[Mark]


def page(replayed: Replayed, title: str) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("monitor.service", "templates"), autoescape=True, undefined=StrictUndefined
    )
    first, last, step = _span(replayed.responses)
    curves = [_curve(replayed, signal, first, last, step) for signal in replayed.events]
    return environment.get_template("replay.html.j2").render(
        title=title,
        curves=[curve for curve in curves if curve.line],
        alarms=[(_time(alarm), alarm) for alarm in replayed.raised],
        answers=sum(replayed.responses.values()),
        first=rfc3339(first * BIN_S * 1000),
        last=rfc3339((last + step) * BIN_S * 1000),
        width=WIDTH,
        height=HEIGHT,
    )


def _time(alarm: Alarm) -> str:
    return rfc3339(int(1000 * alarm.opened_s))


def _span(responses: Counter[int]) -> tuple[int, int, int]:
    """Return the first and last minute, and how many of them are one point."""
    if not responses:
        return 0, 0, 1
    first, last = min(responses), max(responses)
    return first, last, max(1, -(-(last - first + 1) // MAX_BINS))


def _curve(replayed: Replayed, signal: Signal, first: int, last: int, step: int) -> Curve:
    counts = replayed.events[signal]
    points: list[tuple[float, float, float, float]] = []
    for start in range(first, last + 1, step):
        minutes = range(start, start + step)
        responses = sum(replayed.responses[one] for one in minutes)
        if responses:
            count = sum(counts[one] for one in minutes)
            points.append((_x(start + step / 2, first, last), count / responses, *wilson(count, responses)))
    top = max((share for _, share, _, _ in points), default=0.0) * 1.25 or 0.01
    line = " ".join(f"{x:.1f},{_y(share, top):.1f}" for x, share, _, _ in points)
    upper = [f"{x:.1f},{_y(high, top):.1f}" for x, _, _, high in points]
    lower = [f"{x:.1f},{_y(low, top):.1f}" for x, _, low, _ in reversed(points)]
    marks = [
        Mark(_x(alarm.opened_s / BIN_S, first, last), f"{alarm.level} {alarm.slice}")
        for alarm in replayed.raised
        if alarm.signal is signal
    ]
    return Curve(signal, line, " ".join(upper + lower), top, marks)


def _x(minute: float, first: int, last: int) -> float:
    return WIDTH * min(1.0, max(0.0, (minute - first) / max(1, last - first + 1)))


def _y(share: float, top: float) -> float:
    return HEIGHT * (1 - min(1.0, share / top))
