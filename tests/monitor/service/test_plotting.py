"""The page of a replay: whole without a network, right about counts, and safe whatever the names are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from monitor.service import replaying
from monitor.service.plotting import HEIGHT, MAX_BINS, WIDTH, page
from monitor.service.replaying import Replayed, replay
from monitor.settings import MonitorSettings
from monitor.types import Dimension, Signal, Slice
from tests.support.watching import AlarmingEngine, alarm, items


def traces(drawn: str) -> list[list[tuple[float, float]]]:
    """The lines of a page, as points."""
    found = []
    for svg in re.findall(r"<svg.*?</svg>", drawn, re.DOTALL):
        for line in ET.fromstring(svg).iter("polyline"):
            points = [point.split(",") for point in line.attrib["points"].split()]
            found.append([(float(x), float(y)) for x, y in points])
    return found


def test_a_page_has_curves_and_the_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "Engine", AlarmingEngine)
    drawn = page(replay(items(0, 1200), MonitorSettings()), "a <title>")
    assert "a &lt;title&gt;" in drawn
    assert "1200 answers from 2026-11-26 07:00:00 to 2026-11-26 07:20:00 (UTC); alarms: 12, and 0 that" in drawn
    assert drawn.count('<tr class="own">') == 12
    assert "http" not in drawn
    answers, incidents, over_refusals, not_declined = traces(drawn)
    assert len(answers) == len(incidents) == 20
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for line in traces(drawn) for x, y in line)
    assert {y for _, y in answers} == {HEIGHT / 4} or {y for _, y in answers} == {0.0}
    assert {y for _, y in over_refusals} == {HEIGHT}
    assert not_declined == incidents
    assert drawn.count('class="mark page"') == 12


def test_a_line_ends_where_no_answers_were() -> None:
    found = Replayed()
    found.responses.update(dict.fromkeys([*range(10), 20, *range(30, 40)], 6))
    found.events[Signal.BYPASSES][3] = 3
    answers, *bypasses = traces(page(found, "gap"))
    assert len(answers) == 40
    assert [len(piece) for piece in bypasses] == [10, 2, 10]
    assert min(y for _, y in bypasses[0]) == pytest.approx(HEIGHT * (1 - 50 / 60))


@pytest.mark.parametrize("minutes", [1, 2, MAX_BINS, MAX_BINS + 1, 10_000])
def test_a_past_of_any_length_has_no_more_points_than_a_screen(minutes: int) -> None:
    found = Replayed()
    found.responses.update(dict.fromkeys(range(minutes), 1))
    (answers,) = traces(page(found, "long"))
    assert min(minutes, MAX_BINS // 2) <= len(answers) <= MAX_BINS
    assert answers == sorted(answers)


def test_what_an_alarm_explains_stands_below_it() -> None:
    alarms = [alarm(1), alarm(2), alarm(3, explained_by="alm_1"), alarm(4, explained_by="alm_3")]
    rows = re.findall(r'<tr class="(own|part)">', page(Replayed(alarms=alarms), "parts"))
    assert rows == ["own", "part", "part", "own"]
    assert {key: [one.alarm_id for one in parts] for key, parts in Replayed(alarms=alarms).parts().items()} == {
        "alm_1": ["alm_3", "alm_4"],
        "alm_2": [],
    }


def test_names_are_text() -> None:
    name = "<script>alert(1)</script>"
    assert "<script" not in page(Replayed(alarms=[alarm(slice=Slice(Dimension.TENANT, name))]), name)
    assert "0 answers" in page(Replayed(), "nothing")
