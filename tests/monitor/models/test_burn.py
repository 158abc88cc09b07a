"""F8: burn rates by table: they fire, they reset within five minutes, and are silent below the least volume."""

from __future__ import annotations

import pytest

from monitor.models.buckets import COLUMNS, RESPONSES, Buckets
from monitor.models.burn import budgets_of, burns
from monitor.settings import Budget, BurnSettings
from monitor.types import WHOLE, Dimension, Signal, Slice
from tests.support.monitor import START_S

BUDGET = Budget(signal=Signal.BYPASSES, share=0.001)
BYPASS = COLUMNS[Signal.BYPASSES]
HOUR, DAY = 3600, 86_400


def filled(*spans: tuple[int, int, float, float]) -> Buckets:
    """Spans: seconds ago it began and ended, answers a second, share of them bad."""
    buckets = Buckets()
    for begin, end, rate, share in spans:
        for ago in range(begin, end, -10):
            answers = max(1, round(10 * rate))
            bad = round(answers * share)
            for number in range(answers):
                buckets.add(START_S - ago, [RESPONSES, BYPASS] if number < bad else [RESPONSES])
    return buckets


@pytest.mark.parametrize(
    ("spans", "fires"),
    [
        ([], None),
        ([(HOUR, 0, 1.0, 0.0)], None),
        ([(HOUR, 0, 1.0, 0.1)], "page"),
        ([(HOUR, 600, 1.0, 0.0), (600, 0, 1.0, 0.2)], "page"),
        ([(HOUR, 300, 1.0, 0.2), (300, 0, 1.0, 0.0)], None),
        ([(6 * HOUR, 0, 1.0, 0.0), (1200, 0, 1.0, 0.1)], "page"),
        ([(6 * HOUR, HOUR, 0.3, 0.34), (HOUR, 0, 0.3, 0.0)], None),
        ([(20, 0, 1.0, 1.0)], None),
        ([(HOUR, 0, 0.1, 0.0), (40, 0, 0.1, 1.0)], None),
    ],
    ids=["nothing", "clean", "steady", "sudden", "over", "sudden, busy", "old", "too few answers", "too few bad"],
)
def test_f8_the_table(spans: list[tuple[int, int, float, float]], fires: str | None) -> None:
    (burn,) = burns(WHOLE, filled(*spans), [BUDGET], BurnSettings(), START_S)
    assert (burn.firing.level if burn.firing else None) == fires


def test_slow_burning_is_a_ticket() -> None:
    """Twice the budget for three days: nobody gets up for it."""
    spans = [(3 * DAY, 0, 0.1, 0.0), *[(ago, ago - 10, 0.1, 1.0) for ago in range(10_000, 250_000, 8_000)]]
    spans += [(ago, ago - 10, 0.1, 1.0) for ago in range(1000, 21_000, 4000)]
    (burn,) = burns(WHOLE, filled(*spans), [BUDGET], BurnSettings(min_events=5), START_S)
    assert burn.firing is not None
    assert burn.firing.level == "ticket"
    assert burn.firing.evidence["factor"] == 1.0


def test_the_numbers_are_told() -> None:
    (burn,) = burns(WHOLE, filled((HOUR, 0, 1.0, 0.1)), [BUDGET], BurnSettings(), START_S)
    assert burn.firing is not None
    evidence = burn.firing.evidence
    assert (evidence["count"], evidence["responses"]) == (359.0, 3590.0)
    assert evidence["burn_long"] == pytest.approx(100.0)
    assert (burn.firing.observed, burn.firing.expected) == (0.1, 0.001)


def test_a_budget_that_names_a_slice_comes_before_that_of_its_dimension() -> None:
    wide = Budget(signal=Signal.BLOCKS, share=0.1, dimension=Dimension.POLICY)
    named = Budget(signal=Signal.BLOCKS, share=0.5, dimension=Dimension.POLICY, value="strict")
    budgets = (named, wide, BUDGET)
    assert budgets_of(Slice(Dimension.POLICY, "strict"), budgets) == [named]
    assert budgets_of(Slice(Dimension.POLICY, "acme"), budgets) == [wide]
    assert budgets_of(WHOLE, budgets) == [BUDGET]
    assert budgets_of(Slice(Dimension.MODEL, "m"), budgets) == []
