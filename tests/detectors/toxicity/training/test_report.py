"""The report shows each figure with its interval, and says where the model is behind."""

from __future__ import annotations

import math

from detectors.toxicity.training.evaluate import Row
from detectors.toxicity.training.metrics import Estimate
from detectors.toxicity.training.report import Section, cell, gap, render, table, wins
from tests.detectors.toxicity.test_card import a_card


def row(name: str, **values: float) -> Row:
    return Row(name, {key: Estimate(value, value - 0.1, value + 0.1, 50) for key, value in values.items()}, 50)


def test_a_cell_shows_an_interval_and_nothing_where_there_is_nothing() -> None:
    assert cell(Estimate(0.5, 0.25, 0.75, 10)) == "0.500 (0.250 to 0.750)"
    assert cell(Estimate(math.nan, 0, 1, 0)) == cell(math.nan) == "-"
    assert cell(0.125) == "0.125"
    assert cell(1234.0) == "1234"


def test_a_table_has_a_line_for_each_row() -> None:
    assert table([row("a", rate=0.5), row("b", rate=0.25)]).splitlines() == [
        "| what | n | rate |",
        "|---|---|---|",
        "| a | 50 | 0.500 (0.400 to 0.600) |",
        "| b | 50 | 0.250 (0.150 to 0.350) |",
    ]
    assert table([]) == "Nothing to measure.\n"


def test_it_says_where_the_model_is_behind() -> None:
    ahead, behind = row("easy", bundled=0.9, other=0.8), row("hard", bundled=0.7, other=0.75)
    assert wins([ahead]) == "It is ahead of each on all 1 sets."
    assert "On hard it is behind other by 0.050." in wins([ahead, behind])
    assert wins([ahead, behind]).startswith("It is ahead of each on 1 of 2 sets.")
    level = row("done", bundled=0.9999, other=1.0, third=0.9)
    assert wins([ahead, level]) == "It is ahead of each on 1 of 2 sets.\nOn done it is level with other."


def test_the_gap_is_between_terms() -> None:
    assert gap([row("all", rewrite=0.5), row("a", rewrite=0.25), row("b", rewrite=0.75)]) == 0.5
    assert gap([row("all", rewrite=0.5)]) == 0.0


def test_the_page_has_every_section_threshold_and_source() -> None:
    page = render(a_card(), [Section("By length", "Said before.", [row("short", area=0.5)])])
    assert "## By length\n\nSaid before.\n\n| what | n | area |" in page
    assert "| threat | 0.5 | 0.9 |" in page
    assert "| made | CC0-1.0 | 100 | 10 |" in page
