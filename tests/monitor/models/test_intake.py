"""What is seen before, too old or too far ahead does not count, and each is counted for itself."""

from __future__ import annotations

from monitor.models.intake import IDLE_S, MAX_REASONS, Intake
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


def test_the_watermark_is_ten_minutes_behind_the_newest_record_and_never_less_behind_now() -> None:
    intake = Intake(HygieneSettings())
    for time_s, now_s in ((START_S - 40, START_S), (START_S - 90, START_S + 5)):
        intake.admit(exchange(time_s), now_s)
    assert intake.watermark_s(START_S + 5) == START_S - 640, "records come in 40 s after they were made"
    intake.admit(exchange(START_S + 70), START_S + 10)
    assert intake.watermark_s(START_S + 10) == START_S - 590, "one is ahead, and the others are not late for it"
    assert intake.watermark_s(START_S + 300) == START_S - 530


def test_time_moves_the_watermark_once_nothing_comes() -> None:
    """An outage is over before that, and what happened in it is in its order."""
    intake = Intake(HygieneSettings())
    record = exchange(START_S)
    intake.admit(record, START_S)
    assert intake.watermark_s(START_S + IDLE_S - 1) == START_S - 600
    assert intake.watermark_s(START_S + IDLE_S) == START_S + IDLE_S - 600
    intake.admit(record, START_S + IDLE_S)
    assert intake.watermark_s(START_S + IDLE_S) == START_S + IDLE_S - 600, "a copy has not come"
