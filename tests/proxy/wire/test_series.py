"""Texts that follow one another are numbered, and end where the format lets them."""

from __future__ import annotations

from detectors.types import ChannelKind as K
from proxy.wire import series
from proxy.wire.fields import Series
from proxy.wire.scope import TOP
from proxy.wire.series import SeriesState
from proxy.wire.types import Ended

CALLS = Series("call", K.TOOL_ARGUMENTS, None, ("willContinue",))
THOUGHTS = Series("thoughts", K.REASONING, stays_open=True)
NO_THOUGHT = Series("thoughts", K.REASONING, closes=True)


def test_whole_objects_are_numbered_and_end_at_once() -> None:
    state = SeriesState()
    steps = [state.step(CALLS, {}, TOP) for _ in range(3)]
    assert [step.scope.part for step in steps] == [0, 1, 2]
    assert [step.ends for step in steps] == [(Ended(0, part, K.TOOL_ARGUMENTS),) for part in range(3)]
    assert all(step.changed for step in steps)


def test_an_object_that_goes_on_is_continued_by_the_next() -> None:
    """Between beginning and end nothing changes, so that frames there may be read by templates."""
    state = SeriesState()
    values = [{"willContinue": True}, {"willContinue": True}, {"willContinue": False}, {}]
    steps = [state.step(CALLS, value, TOP) for value in values]
    assert [step.scope.part for step in steps] == [0, 0, 0, 1]
    assert [bool(step.ends) for step in steps] == [False, False, True, True]
    assert [step.changed for step in steps] == [True, False, True, True]


def test_a_run_ends_with_what_is_not_of_it() -> None:
    """Choices do not end one another's runs, and what closes nothing changes nothing."""
    state = SeriesState()
    other = TOP._replace(choice=1)
    assert state.step(NO_THOUGHT, {}, TOP) == (TOP, (), False)
    assert state.step(THOUGHTS, {}, TOP).scope.part == 0
    assert state.step(THOUGHTS, {}, other).scope.part == 0
    assert state.step(NO_THOUGHT, {}, TOP) == (TOP, (Ended(0, 0, K.REASONING),), True)
    assert state.step(THOUGHTS, {}, other) == (other, (), False)
    assert state.step(THOUGHTS, {}, TOP) == (TOP._replace(part=1), (), True)


def test_there_is_a_limit() -> None:
    """Beyond it texts are one text, which never ends."""
    state = SeriesState()
    scopes = [TOP._replace(choice=choice) for choice in range(series.MAX_SERIES + 1)]
    last = [state.step(CALLS, {}, scope) for scope in scopes][-1]
    assert last == state.step(CALLS, {}, scopes[-1]) == (scopes[-1], (), False)


def test_a_state_can_begin_as_another_stands() -> None:
    """Then the next steps are the same."""
    state = SeriesState()
    assert state.standing == ()
    state.step(THOUGHTS, {}, TOP)
    state.step(CALLS, {}, TOP)
    other = SeriesState(state.standing)
    assert other.standing == state.standing
    assert [other.step(one, {}, TOP) for one in (NO_THOUGHT, CALLS)] == [
        state.step(one, {}, TOP) for one in (NO_THOUGHT, CALLS)
    ]


def test_texts_alone_may_be_numbered() -> None:
    """The rest of the object stays what it is a part of."""
    state, series = SeriesState(), Series("text", K.TEXT, "", stays_open=True, of_texts=True)
    assert state.part_of(series, 0) == 0
    assert state.step(series, {}, TOP._replace(part=7)).scope.part == 7
    state.step(Series("text", K.TEXT, "", closes=True), {}, TOP)
    state.step(series, {}, TOP)
    assert (state.part_of(series, 0), state.part_of(series, 1)) == (1, 0)
