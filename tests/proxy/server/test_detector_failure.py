"""B1 and B2: a detector that raises, hangs, dies or returns nonsense never lets text pass unless told so."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from detectors.types import ALL_KINDS, ChannelKind, CostClass, Finding, ScanResult, Window
from events.schema import Bypass, Failure
from policies.types import Action, Limits, OnError, Rule
from tests.support.gateway import guarded, policy_with, until
from tests.support.misbehaving import RELEASE, Misbehaving
from tests.support.upstream import says, texts_of


@pytest.fixture(autouse=True)
def _release_hung_threads() -> Any:
    RELEASE.clear()
    yield
    RELEASE.set()


CASES = [
    *((how, cost) for how in ("raise", "none", "beyond", "before", "outside", "score") for cost in CostClass),
    ("hang", CostClass.THREAD),
    ("hang", CostClass.PROCESS),
    ("die", CostClass.PROCESS),
]
PROCESS_CASES = {("raise", CostClass.PROCESS), ("hang", CostClass.PROCESS), ("die", CostClass.PROCESS)}
CASES = [case for case in CASES if case[1] is not CostClass.PROCESS or case in PROCESS_CASES]
CASES = [case for case in CASES if case[1] is not CostClass.MODEL]  # see test_model_failure.py


@pytest.mark.parametrize("on_error", list(OnError))
@pytest.mark.parametrize(("how", "cost"), CASES, ids=[f"{how}-{cost}" for how, cost in CASES])
async def test_failed_detector_follows_on_error(how: str, cost: CostClass, on_error: OnError) -> None:
    """Closed: nothing unjudged leaves and one failure is recorded. Open: it leaves and one bypass is (B1)."""
    rule = Rule(id="odd", detector="odd", action=Action.BLOCK, on_error=on_error)
    policy = policy_with(Misbehaving(how, cost), rule, limits=Limits(deadline_s=0.3))
    async with guarded(says("well ", "then ", "now ", "after"), policy) as proxy:
        answer = await proxy.chat(stream=False)
        metric = "sluicegate_bypasses_total" if on_error is OnError.ALLOW else "sluicegate_detector_failures_total"
        reason = proxy.sink.events[0][2].reason  # type: ignore[union-attr]
        assert proxy.metric(metric, detector="odd", reason=reason) == 1
    assert answer.status == 200
    assert (b"now" in answer.body) is (on_error is OnError.ALLOW)
    kind = Bypass if on_error is OnError.ALLOW else Failure
    assert [type(event) for _, _, event in proxy.sink.events] == [kind]


async def test_hanging_detector_ends_the_stream_at_its_deadline() -> None:
    """A stream behind a detector that hangs ends at the deadline (B2)."""
    rule = Rule(id="odd", detector="odd", action=Action.BLOCK)
    policy = policy_with(Misbehaving("hang", CostClass.THREAD), rule, limits=Limits(deadline_s=0.2))
    async with guarded(says("well ", "now ", "after"), policy) as proxy:
        began_s = time.monotonic()
        answer = await proxy.chat(stream=True)
        spent_s = time.monotonic() - began_s
    assert b"content_filter" in answer.body
    assert "now" not in texts_of(answer.body)
    assert 0.2 <= spent_s < 0.2 + 0.05 + 0.15  # the last is for this machine


async def test_hung_threads_are_replaced_then_shed() -> None:
    """Threads that hang do not use up the pool: others take their place; too many, and scans fail at once."""
    rule = Rule(id="odd", detector="odd", action=Action.BLOCK)
    policy = policy_with(Misbehaving("hang", CostClass.THREAD), rule, limits=Limits(deadline_s=0.1))
    async with guarded(says("well ", "now ", "after"), policy) as proxy:
        lanes = proxy.server.services.lanes
        while lanes.lost < 8:
            await asyncio.gather(*(proxy.chat(stream=False) for _ in range(4)))
        proxy.upstream.script = says("nothing wrong here")
        good = await proxy.chat(stream=False)
        assert proxy.metric("sluicegate_scan_threads_lost") == lanes.lost >= 8
        RELEASE.set()
        await until(lambda: not lanes.lost)
    assert b"nothing wrong here" in good.body


class Slow(Misbehaving):
    """Takes a while, in a thread, and finds every `x`."""

    kinds = ALL_KINDS

    def __init__(self, seconds: float, cost_class: CostClass = CostClass.THREAD) -> None:
        super().__init__("slow", cost_class)
        self._seconds = seconds

    def scan(self, window: Window) -> ScanResult:
        time.sleep(self._seconds)
        found = [
            Finding("odd", "odd", window.start + at, window.start + at + 1, 1.0)
            for at, character in enumerate(window.text)
            if character == "x"
        ]
        return ScanResult(found, window.end)


@pytest.mark.parametrize("stream", [True, False])
async def test_scans_in_threads_hold_and_edit(stream: bool) -> None:
    """A detector in a thread edits like one on the loop."""
    rule = Rule(
        id="odd", detector="odd", action=Action.REDACT, replacement="-", channels=frozenset({ChannelKind.TEXT})
    )
    async with guarded(says("axa ", "bxb ", "cxc"), policy_with(Slow(0.01), rule)) as proxy:
        answer = await proxy.chat(stream=stream)
    text = texts_of(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
    assert text == "a-a b-b c-c"


async def test_observers_do_not_hold_and_are_still_recorded() -> None:
    """A slow detector behind a flag rule delays nothing; its incident comes afterwards."""
    rule = Rule(id="odd", detector="odd", action=Action.FLAG, channels=frozenset({ChannelKind.TEXT}))
    async with guarded(says("axa"), policy_with(Slow(0.3), rule)) as proxy:
        began_s = time.monotonic()
        answer = await proxy.chat(stream=True)
        assert time.monotonic() - began_s < 0.25
        await until(lambda: proxy.sink.events)
    assert texts_of(answer.body) == "axa"
    assert [event.action for _, _, event in proxy.sink.events] == ["flag"]  # type: ignore[union-attr]


async def test_errors_of_detectors_are_logged_without_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What a detector's exception says may quote the text; it is not logged."""
    rule = Rule(id="odd", detector="odd", action=Action.BLOCK)
    policy = policy_with(Misbehaving("raise", CostClass.INLINE), rule)
    async with guarded(says("well ", "now ", "after"), policy) as proxy:
        await proxy.chat(stream=False)
    printed = capsys.readouterr()
    assert "boom" not in printed.out + printed.err
    assert "RuntimeError" in printed.out + printed.err
