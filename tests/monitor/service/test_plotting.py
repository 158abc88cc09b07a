"""The page of a replay: whole without a network, right about counts, and safe whatever the names are."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from monitor.service import replaying
from monitor.service.plotting import MAX_BINS, WIDTH, page
from monitor.service.replaying import Replayed, replay
from monitor.settings import MonitorSettings
from monitor.types import Dimension, Slice
from tests.support.watching import AlarmingEngine, alarm, items

if TYPE_CHECKING:
    import pytest


def test_a_page_has_a_curve_and_the_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "Engine", AlarmingEngine)
    drawn = page(replay(items(0, 1200), MonitorSettings()), "a <title>")
    assert "a &lt;title&gt;" in drawn
    assert "1200 answers from 2026-11-26T07:00:00.000Z" in drawn
    assert drawn.count("<polyline") == 3
    assert drawn.count("<tr>") == 13
    assert "http" not in drawn
    svg = drawn[drawn.index("<svg") : drawn.index("</svg>") + 6]
    line = ET.fromstring(svg).find("polyline")
    assert line is not None
    places = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    assert len(places) == 20
    assert all(0 <= x <= WIDTH for x, _ in places)


def test_a_long_past_has_no_more_points_than_a_screen() -> None:
    found = Replayed()
    found.responses.update(dict.fromkeys(range(10000), 1))
    drawn = page(found, "long")
    assert 2 * MAX_BINS > drawn[drawn.index("polyline") :].split("/>")[0].count(",") > MAX_BINS // 2


def test_names_are_text() -> None:
    name = "<script>alert(1)</script>"
    assert "<script" not in page(Replayed(alarms=[alarm(slice=Slice(Dimension.TENANT, name))]), name)
    assert "0 answers" in page(Replayed(), "nothing")
