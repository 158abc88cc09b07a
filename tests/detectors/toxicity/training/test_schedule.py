"""Each text comes once a round, like lengths come together, and the rate goes up and then down."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.training.schedule import Settings, batches, rate


def settings(steps: int) -> Settings:
    return Settings(base=Path("base"), out=Path("out"), steps=steps)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=200), st.integers(1, 16), st.integers(0, 99))
def test_each_text_comes_once_a_round(lengths: list[int], size: int, seed: int) -> None:
    order = batches(lengths, size, Random(seed))
    seen: list[int] = []
    while len(seen) < len(lengths):
        seen += next(order)
    assert sorted(seen) == list(range(len(lengths)))


def test_like_lengths_are_together_and_the_order_is_the_same_again() -> None:
    lengths = [1 + number % 50 for number in range(1000)]
    first = list(islice(batches(lengths, 10, Random(1)), 200))
    assert first == list(islice(batches(lengths, 10, Random(1)), 200))
    spread = [max(lengths[place] for place in batch) - min(lengths[place] for place in batch) for batch in first]
    assert sum(spread) / len(spread) < 5


@given(st.integers(1, 5000))
def test_the_rate_rises_once_and_falls_to_a_tenth(steps: int) -> None:
    rates = [rate(step, settings(steps)) for step in range(0, steps + 1, max(1, steps // 50))]
    top = rates.index(max(rates))
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[:top] == sorted(rates[:top])
    assert all(0 < value <= 1 for value in rates)
    assert rate(steps * 2, settings(steps)) == 0.1
