"""What is seen before, too old or too far ahead does not count, and each is counted for itself."""

from __future__ import annotations

from monitor.models.intake import MAX_REASONS, Intake
from monitor.settings import HygieneSettings
from tests.support.monitor import START_S, exchange


def test_each_fate_is_counted() -> None:
    intake = Intake(HygieneSettings())
    record = exchange()
    ahead, late = exchange(START_S + 61), exchange(START_S - 86_401)
    assert [intake.admit(one, START_S) for one in (record, record, ahead, late)] == [True, False, False, False]
    intake.admit(exchange(START_S - 700), START_S)
    intake.refuse("bad_time")
    totals = intake.totals()
    assert (totals.received, totals.counted, totals.duplicates) == (6, 2, 1)
    assert (totals.future, totals.late, totals.behind, totals.refused) == (1, 1, 1, {"bad_time": 1})


def test_ids_are_forgotten_by_time_and_number() -> None:
    settings = HygieneSettings(remember_ids_s=100.0, max_ids=10)
    intake = Intake(settings)
    record = exchange()
    intake.admit(record, START_S)
    assert not intake.admit(record, START_S + 100)
    assert intake.admit(record, START_S + 101)
    for _ in range(50):
        intake.admit(exchange(), START_S + 101)
    assert len(intake.state()[0]) == 10


def test_an_id_seen_too_early_may_come_again() -> None:
    """A record that was refused for its time is not remembered: its clock may be put right."""
    intake = Intake(HygieneSettings())
    record = exchange(START_S + 90)
    assert not intake.admit(record, START_S)
    assert intake.admit(record, START_S + 40)


def test_reasons_are_bounded() -> None:
    intake = Intake(HygieneSettings())
    for number in range(MAX_REASONS + 20):
        intake.refuse(f"r{number}")
    assert len(intake.totals().refused) == MAX_REASONS + 1
