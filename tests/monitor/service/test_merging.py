"""What several shares say together is what one would have said of all of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.engine import Engine
from monitor.records import parse
from monitor.service.merging import merged_points, merged_rates, merged_slices, merged_totals
from monitor.types import WHOLE, Dimension, Rate, Signal, Slice, SliceInfo
from tests.support.monitor import START_S, caught, exchange
from tests.support.scale import examples


def compared(rates: list[Rate]) -> list[Rate]:
    """All but categories: an engine counts the answers of one from when it first saw it."""
    return sorted((one for one in rates if one.slice.dimension is not Dimension.CATEGORY), key=repr)


def ordered(slices: list[SliceInfo]) -> list[SliceInfo]:
    return sorted((one for one in slices if one.slice.dimension is not Dimension.CATEGORY), key=repr)


@settings(max_examples=examples(25))
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_two_shares_are_one(records: list[tuple[bool, bool]]) -> None:
    parts, whole = (Engine(), Engine()), Engine()
    for number, (left, is_caught) in enumerate(records):
        record = (caught if is_caught else exchange)(START_S + number, model=f"m{number % 3}")
        for engine in (parts[left], whole):
            engine.receive(record, record.time_s)
    for engine in (*parts, whole):
        engine.advance(START_S + 100)

    rates = merged_rates(rate for engine in parts for rate in engine.rates())
    assert compared(rates) == compared(whole.rates())
    slices = merged_slices(info for engine in parts for info in engine.slices())
    assert [(one.slice, one.responses, one.seen_s) for one in ordered(slices)] == [
        (one.slice, one.responses, one.seen_s) for one in ordered(whole.slices())
    ]
    assert merged_totals(engine.totals() for engine in parts) == whole.totals()
    if records:
        points = [p for e in parts if e.slices() for p in e.series(WHOLE, Signal.INCIDENTS, "1h")]
        wanted = [p for p in whole.series(WHOLE, Signal.INCIDENTS, "1h") if p.responses]
        assert [p for p in merged_points(points) if p.responses] == wanted


def test_a_late_answer_that_only_its_category_still_counts_breaks_no_rate() -> None:
    """The ring of a category may reach further back than that of the whole, which has newer answers."""
    place = Slice(Dimension.CATEGORY, "WORD")
    (rate,) = merged_rates([Rate(place, Signal.INCIDENTS, "3d", 3, 1, 3.0, 0.0, 1.0)])
    assert (rate.count, rate.responses, rate.high) == (3, 1, 1.0)


def test_reasons_are_added_up() -> None:
    one, two = Engine(), Engine()
    one.refuse("no_data")
    two.refuse("no_data")
    two.refuse("bad_time")
    assert merged_totals([one.totals(), two.totals()]).refused == {"no_data": 2, "bad_time": 1}
    with pytest.raises(ValueError, match="no_event"):
        parse("x")  # type: ignore[arg-type]
