"""What is written as JSON: names of the words, times of the calendar, no number that JSON does not have."""

from __future__ import annotations

import math

import orjson

from monitor.engine import Engine
from monitor.service.views import alarm_view, point_view, rate_view, slice_view, totals_view
from monitor.types import WHOLE, Dimension, Point, Signal, Slice, SliceInfo
from tests.support.monitor import START_S, caught
from tests.support.watching import alarm


def test_a_share_of_nothing_is_null() -> None:
    engine = Engine()
    engine.receive(caught(), START_S)
    views = [rate_view(rate) for rate in engine.rates(Dimension.GLOBAL)]
    (one,) = [view for view in views if (view["window"], view["signal"]) == ("1h", "incidents")]
    assert (one["dimension"], one["value"], one["count"], one["share"]) == ("global", "", 1, 1.0)
    engine.advance(START_S + 7200)
    (late,) = [
        v
        for v in map(rate_view, engine.rates(Dimension.GLOBAL))
        if (v["window"], v["signal"]) == ("1h", "incidents")
    ]
    assert late["share"] is None


def test_an_alarm_is_written_with_its_numbers() -> None:
    view = alarm_view(
        alarm(slice=Slice(Dimension.MODEL, "m"), observed=math.nan, evidence={"a": math.inf, "b": 1.0})
    )
    assert (view["dimension"], view["value"], view["observed"], view["evidence"]) == (
        "model", "m", None, {"a": None, "b": 1.0},
    )  # fmt: skip
    assert view["opened"] == "2026-11-26T07:00:00.000Z"
    assert orjson.loads(orjson.dumps(view)) == view


def test_points_slices_and_totals() -> None:
    assert point_view(Point(START_S, 10, 1, 4)) == {
        "time": "2026-11-26T07:00:00.000Z", "seconds": 10, "count": 1, "responses": 4,
    }  # fmt: skip
    view = slice_view(SliceInfo(WHOLE, 7, START_S, START_S + 1))
    assert (view["dimension"], view["responses"], view["seen"]) == ("global", 7, "2026-11-26T07:00:01.000Z")
    assert totals_view(Engine().totals())["counted"] == 0
    assert Signal.INCIDENTS.value == "incidents"
