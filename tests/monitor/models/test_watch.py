"""A slice knows when it was seen, and which slices its answers were in too; nothing depends on what waits in it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from monitor.models.answer import Answer, answer_of
from monitor.models.watch import MAX_MATES, Watch
from monitor.settings import MonitorSettings
from monitor.snapshots import dump, load
from monitor.types import WHOLE, Dimension, Signal, Slice
from tests.support.monitor import START_S, caught, exchange


def test_a_slice_knows_when_it_was_seen() -> None:
    watch = Watch(WHOLE, START_S, MonitorSettings(), {})
    watch.learn(answer_of(caught(START_S + 5), []), is_echo=False)
    watch.learn(answer_of(caught(START_S + 2), []), is_echo=False)
    info = watch.info()
    assert (info.responses, info.since_s, info.seen_s) == (2, START_S, START_S + 5)


def test_shares_in_other_slices_are_of_all_answers_so_far() -> None:
    watch, model, route = Watch(WHOLE, START_S, MonitorSettings(), {}), *mates("m", "/r")
    for number in range(100):
        answer = answer_of(exchange(), [model, route] if number % 4 == 0 else [route])
        watch.learn(answer, is_echo=False)
        assert watch.share_in(route) == 1.0
    assert watch.share_in(model) == 0.25


def test_the_first_slices_are_counted_and_no_more() -> None:
    watch = Watch(WHOLE, START_S, MonitorSettings(), {})
    names = [f"m{number}" for number in range(MAX_MATES + 20)]
    for _ in range(2):
        for mate in mates(*names):
            watch.learn(answer_of(caught(), [mate]), is_echo=False)
    shares = [watch.share_in(mate) for mate in mates(*names)]
    assert shares == [2 / (2 * len(names))] * MAX_MATES + [0.0] * 20


def mates(*names: str) -> list[Slice]:
    return [Slice(Dimension.MODEL, name) for name in names]


def answered(late_s: float, count: int) -> list[tuple[Answer, bool]]:
    """Return answers in the order in which they come, and which are echoes; two thirds on, most of it changes."""
    chance, found = random.Random(11), []
    for number in range(count):
        is_worse = number > count * 2 // 3
        is_hit = chance.random() < (0.1 if is_worse else 0.02)
        values: dict[str, Any] = {
            "refusal": "full" if chance.random() < (0.2 if is_worse else 0.05) else "none",
            "chars": int(chance.lognormvariate(7 if is_worse else 6, 0.5)),
            "score": chance.betavariate(2, 4 if is_worse else 8),
            "held_chars": chance.randrange(40),
            "added_ms": None if chance.random() < 0.1 else chance.lognormvariate(0, 0.2),
        }
        record = (caught if is_hit else exchange)(START_S + 2.0 * number, **values)
        came_s = record.time_s + chance.uniform(0, late_s)
        found.append(
            (came_s, answer_of(record, mates(f"m{chance.randrange(3)}")), is_hit and chance.random() < 0.2)
        )
    return [(answer, is_echo) for _, answer, is_echo in sorted(found, key=lambda one: one[0])]


def told(answers: list[tuple[Answer, bool]], *, may_wait: bool) -> tuple[list[str], bytes]:
    """Return what was said, and the state at the end. Whoever reads leaves none to wait, and so does a snapshot."""
    watch, said = Watch(WHOLE, START_S, MonitorSettings(), {}), []
    for number, (answer, is_echo) in enumerate(answers):
        said += [repr(firing) for firing in watch.learn(answer, is_echo=is_echo)]
        now_s = answer.time_s + 700.0
        if number % 300 == 299:
            said += [repr(firing) for firing in watch.minute(now_s, now_s - 600.0)]
            said += [repr(watch.burns(now_s, MonitorSettings())), repr(watch.share_now(now_s, Signal.INCIDENTS))]
        if number == len(answers) // 2:
            watch.renew(now_s, MonitorSettings(), {})
        if not may_wait:
            watch.quantiles()
            watch = load(dump(watch)) if number % 50 == 0 else watch
    return said, dump(watch)


@pytest.mark.parametrize("late_s", [0.0, 600.0])
def test_answers_that_wait_leave_nothing_else_than_those_that_do_not(late_s: float) -> None:
    answers = answered(late_s, 3000)
    waited = told(answers, may_wait=True)
    assert sum("Firing(" in one for one in waited[0]) > 3
    assert waited == told(answers, may_wait=False)
