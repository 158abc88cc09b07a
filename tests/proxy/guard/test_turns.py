"""Much to decide is decided in steps, so that others have their turn, and the same comes out."""

from __future__ import annotations

import random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.loader import load_policy_text
from proxy.guard import timeline
from proxy.guard.api import GuardState
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.proxy.guard.test_promises import answer
from tests.support import generated
from tests.support.guards import IS_COMPILED, guarded

pytestmark = pytest.mark.skipif(IS_COMPILED, reason="a compiled module does not look its constants up")

CHAT = DIALECTS["openai-chat"]
MANY = 500
POLICY = load_policy_text(
    "version: 1\nname: many\ndetectors:\n  tickets: {type: patterns, patterns: {TICKET: 'TKT-[0-9]{6}'}}\n"
    "  pairs: {type: patterns, patterns: {PAIR: '[0-9]{3} and TKT'}}\nrules:\n"
    "  - {id: pairs, detector: pairs, action: redact}\n"
    "  - {id: tickets, detector: tickets, action: redact}\n"
)


@given(st.integers(0, 2**48), st.sampled_from([1, 2, 5]))
def test_the_outcome_does_not_depend_on_the_steps(seed: int, most: int) -> None:
    chance = random.Random(seed)
    events, _ = answer(chance, tools=chance.choice([0, 1]))
    data = generated.sse(chance, events)
    at_once = guarded(CHAT.stream_codec(), [data])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline, "MAX_DECIDED", most)
        assert guarded(CHAT.stream_codec(), [data]) == at_once


def test_nothing_is_decided_after_a_block_whatever_is_found_with_it() -> None:
    """A block at the very beginning, alone and before hundreds of findings: one incident."""
    blocks = load_policy_text(
        "version: 1\nname: stop\ndetectors:\n  tickets: {type: patterns, patterns: {TICKET: 'TKT-[0-9]{6}'}}\n"
        "rules:\n  - {id: tickets, detector: tickets, action: block}\n"
    )
    for count in (2, MANY):
        said = " ".join(f"TKT-{number:06}" for number in range(count))
        raw = orjson.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": said}}]})
        guard = StreamGuard(CHAT.body_codec(), blocks)
        guard.receive(raw)
        guard.receive_end()
        scan_inline(guard)
        assert guard.state is GuardState.STATE_BLOCKED
        assert [event.start for event in guard.take_events()] == [0]


@pytest.mark.parametrize("between", [" ", " and "])
def test_each_step_is_short(between: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of findings in one text; with `and` between them each overlaps the next: one decision."""
    said = between.join(f"TKT-{number:06}" for number in range(MANY))
    raw = orjson.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": said}}]})
    calls = 0
    decide = timeline.decide

    def counted(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        return decide(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(timeline, "decide", counted)
    guard = StreamGuard(CHAT.body_codec(), POLICY)
    guard.receive(raw)
    guard.receive_end()
    steps = 0
    while steps == 0 or guard.has_unjudged:
        before = calls
        assert guard.judge(lambda detector, window: detector.scan(window), lambda: True) == []
        assert calls - before <= timeline.MAX_DECIDED or between == " and "
        steps += 1
    again = StreamGuard(CHAT.body_codec(), POLICY)
    again.receive(raw)
    again.receive_end()
    scan_inline(again)
    assert (guard.take(), guard.take_events(), guard.state) == (again.take(), again.take_events(), again.state)
    assert (steps >= MANY // timeline.MAX_DECIDED) is (between == " ")
