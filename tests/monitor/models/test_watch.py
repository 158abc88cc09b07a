"""A slice knows when it was seen, and which slices its answers were in too."""

from __future__ import annotations

from monitor.models.answer import answer_of
from monitor.models.watch import COMPANY, MAX_MATES, Watch
from monitor.settings import MonitorSettings
from monitor.types import WHOLE, Dimension, Slice
from tests.support.monitor import START_S, caught


def test_a_slice_knows_when_it_was_seen() -> None:
    watch = Watch(WHOLE, START_S, MonitorSettings(), {})
    watch.learn(answer_of(caught(START_S + 5)), [], is_echo=False)
    watch.learn(answer_of(caught(START_S + 2)), [], is_echo=False)
    info = watch.info()
    assert (info.responses, info.since_s, info.seen_s) == (2, START_S, START_S + 5)


def test_shares_in_other_slices_are_of_all_answers_so_far() -> None:
    watch, model, route = Watch(WHOLE, START_S, MonitorSettings(), {}), *mates("m", "/r")
    answer = answer_of(caught())
    for number in range(2 * COMPANY + 4):
        watch.learn(answer, [model, route] if number % 4 == 0 else [route], is_echo=False)
        assert watch.share_in(route) == 1.0
    assert watch.share_in(model) == 0.25


def test_the_first_slices_are_counted_and_no_more() -> None:
    watch = Watch(WHOLE, START_S, MonitorSettings(), {})
    names = [f"m{number}" for number in range(MAX_MATES + 20)]
    for _ in range(2):
        for mate in mates(*names):
            watch.learn(answer_of(caught()), [mate], is_echo=False)
    shares = [watch.share_in(mate) for mate in mates(*names)]
    assert shares == [2 / (2 * len(names))] * MAX_MATES + [0.0] * 20


def mates(*names: str) -> list[Slice]:
    return [Slice(Dimension.MODEL, name) for name in names]
