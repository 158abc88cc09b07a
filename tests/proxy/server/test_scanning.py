"""A guard's windows are judged on the loop or in a lane; each answer or failure goes back to the guard once."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest

from detectors.toxicity.detector import ToxicityDetector
from detectors.types import CostClass, ScanResult
from events.schema import Failure, Incident
from policies.types import Action, Limits
from proxy.guard.api import GuardState, ScanFailureReason
from proxy.guard.stream import StreamGuard
from proxy.server import scanning as module
from proxy.server.lanes import ScanLanes
from proxy.server.scanning import ScanDriver, log_scan_error
from tests.support.models import TroubleSource
from tests.support.toy import END, BrokenDetector, ToyCodec, WordDetector, line, policy, rule, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.turns import Turns
    from detectors.types import Detector, Window


class StoppedLanes(ScanLanes):
    """Lanes that keep their jobs: the test answers them."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), 1)
        self.jobs: list[tuple[Detector, object, object]] = []

    def submit(
        self, detector: Detector, window: object, deadline_s: float, answer: object, owner: object = None
    ) -> None:
        self.jobs.append((detector, window, answer))
        self.deadline_s = deadline_s

    def answer(self, outcome: object = None) -> None:
        detector, window, answer = self.jobs.pop(0)
        answer(outcome or detector.scan(window), 0.25)  # type: ignore[operator, arg-type]


def driver_for(detector: Detector, action: Action = Action.REDACT) -> tuple[ScanDriver, StreamGuard, StoppedLanes]:
    lanes = StoppedLanes()
    more = {"replacement": "[x]"} if action is Action.REDACT else {}
    given = policy([detector], [rule(detector.name, action, **more)], limits=Limits(deadline_s=0.75))
    guard = StreamGuard(ToyCodec(), given)
    return ScanDriver(guard, lanes, asyncio.get_running_loop(), 0.75), guard, lanes


async def test_inline_scans_happen_here() -> None:
    """After `run` nothing is pending, and the text has left edited."""
    driver, guard, lanes = driver_for(WordDetector("words", ("zebra",)))
    guard.receive(line("a ze") + line("bra b") + END)
    driver.run()
    assert texts(guard.take())["text", 0, 0] == "a [x] b"
    assert (driver.pending, lanes.jobs) == (0, [])
    assert driver.seconds["words"] > 0


@pytest.mark.parametrize("over", [0, 1])
async def test_long_windows_do_not_stop_the_loop(over: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inline detector scans here up to a length, and in a lane beyond it."""
    driver, guard, lanes = driver_for(WordDetector("words", ("zebra",)))
    monkeypatch.setattr(module, "MAX_INLINE_CHARS", 100)
    guard.receive(line("y" * (100 + over)))
    driver.run()
    assert (driver.pending, len(lanes.jobs)) == (over, over)


class SlowDetector(WordDetector):
    """Takes some turns for each window."""

    turns = 5

    def scan_in_turns(self, window: Window) -> Turns[ScanResult]:
        for _ in range(self.turns):
            yield
        return self.scan(window)


class FailingDetector(SlowDetector):
    """Fails in its last turn."""

    def scan(self, window: Window) -> ScanResult:
        raise RuntimeError(window.text)


async def turned(driver: ScanDriver) -> int:
    """Wait for the scans under way; return how many times the loop was free before they were over."""
    turns = 0
    while driver.pending:
        await asyncio.sleep(0)
        turns += 1
        driver.run()
    return turns


@pytest.mark.parametrize("action", [Action.REDACT, Action.FLAG])
async def test_a_long_look_lets_others_go_first(action: Action, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on turn by turn, and what leaves is the same."""
    monkeypatch.setattr(module, "MAX_RUN_S", 0.0)
    monkeypatch.setattr(module, "MIN_TURN_S", 0.0)
    driver, guard, lanes = driver_for(SlowDetector("words", ("zebra",)), action)
    guard.receive(line("a zebra b") + END)
    driver.run()
    assert (driver.pending, driver.holding) == (1, int(action is Action.REDACT))
    assert (guard.take() == b"") is (action is Action.REDACT)
    assert await turned(driver) >= SlowDetector.turns - 1
    guard.take()
    assert [type(event) for event in guard.take_events()] == [Incident]
    assert (driver.holding, guard.state, lanes.jobs) == (0, GuardState.STATE_DONE, [])
    assert driver.seconds["words"] > 0


async def test_a_look_that_is_late_is_not_interrupted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the deadline gone it ends in the next turn; and one that takes no time is never interrupted."""
    driver, guard, _ = driver_for(SlowDetector("words", ("zebra",)))
    guard.receive(line("a zebra b"))
    driver.run()
    assert driver.pending == 0
    monkeypatch.setattr(module, "MAX_RUN_S", 0.0)
    monkeypatch.setattr(module, "MIN_TURN_S", 0.0)
    driver._deadline_s = -1.0
    guard.receive(line(" and more"))
    driver.run()
    assert driver.pending == 1
    assert await turned(driver) <= 2


async def test_a_long_look_that_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever turn; and one of an exchange that is over does not go on."""
    monkeypatch.setattr(module, "MAX_RUN_S", 0.0)
    monkeypatch.setattr(module, "MIN_TURN_S", 0.0)
    detector = FailingDetector("words", ("zebra",))
    driver, guard, _ = driver_for(detector, Action.BLOCK)
    guard.receive(line("a zebra b"))
    driver.run()
    await turned(driver)
    assert guard.state is GuardState.STATE_BLOCKED
    assert [event.reason for event in guard.take_events()] == ["error"]  # type: ignore[union-attr]
    driver, guard, _ = driver_for(detector, Action.BLOCK)
    guard.receive(line("a zebra b"))
    driver.run()
    driver.cancel()
    for _ in range(2 * SlowDetector.turns):
        await asyncio.sleep(0)
    assert guard.state is GuardState.STATE_OPEN


async def test_a_lane_answers_later() -> None:
    """The text waits for it; the answer wakes who waits, is counted, and goes to the guard."""
    driver, guard, lanes = driver_for(WordDetector("words", ("zebra",), cost_class=CostClass.THREAD))
    guard.receive(line("a zebra b") + END)
    driver.run()
    wake = driver.wait()
    assert (driver.holding, driver.answered, wake.done(), lanes.deadline_s) == (1, False, False, 0.75)
    assert guard.take() == b""
    while lanes.jobs:
        lanes.answer()
        assert driver.answered
        driver.run()
    assert wake.done()
    assert texts(guard.take())["text", 0, 0] == "a [x] b"
    assert (driver.holding, driver.pending) == (0, 0)
    assert driver.seconds["words"] >= 0.25


async def test_a_message_asks_a_model_about_a_few_windows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are asked as answers come: none is late only because a message has many texts."""
    monkeypatch.setattr(module, "MAX_RUN_S", math.inf)
    source = TroubleSource("/nowhere")
    detector = ToxicityDetector("tox", source, ("length",), {"length": 0.9})
    driver, guard, lanes = driver_for(detector, Action.BLOCK)
    guard.receive(b"".join(line(f"text {n}", choice=n) for n in range(40)) + END)
    driver.run()
    assert (driver.pending, driver.holding, len(lanes.jobs)) == (40, 40, module.MAX_ASKING)
    for left in range(40, 0, -1):
        assert len(lanes.jobs) == min(left, module.MAX_ASKING)
        (_, window, _) = lanes.jobs[0]
        lanes.answer(ScanResult((), window.end))  # type: ignore[attr-defined]
        driver.run()
    assert (driver.pending, guard.state) == (0, GuardState.STATE_DONE)


async def test_a_message_that_is_over_asks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had not yet asked is forgotten."""
    monkeypatch.setattr(module, "MAX_RUN_S", math.inf)
    detector = ToxicityDetector("tox", TroubleSource("/nowhere"), ("length",), {"length": 0.9})
    driver, guard, lanes = driver_for(detector, Action.BLOCK)
    guard.receive(b"".join(line(f"text {n}", choice=n) for n in range(40)))
    guard.receive_end()
    driver.run()
    driver.cancel()
    lanes.answer(ScanFailureReason.ERROR)
    assert (driver.pending, len(lanes.jobs)) == (0, module.MAX_ASKING - 1)


async def test_observing_scans_hold_nothing() -> None:
    """A scan behind a flag is pending, but no text waits for it."""
    driver, guard, lanes = driver_for(WordDetector("words", ("zebra",), cost_class=CostClass.THREAD), Action.FLAG)
    guard.receive(line("a zebra b") + END)
    driver.run()
    assert (driver.holding, driver.pending) == (0, len(lanes.jobs))
    assert driver.pending
    assert texts(guard.take())["text", 0, 0] == "a zebra b"
    lanes.answer()
    assert [type(event) for event in guard.take_events()] == [Incident]


@pytest.mark.parametrize("cost", [CostClass.INLINE, CostClass.THREAD])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [(RuntimeError("zebra"), "error"), (17, "garbage"), ("text", "garbage"), (None, "garbage")],
    ids=str,
)
async def test_failures_block(cost: CostClass, answer: object, reason: str) -> None:
    """What raises or answers nonsense is a failure to the guard, wherever it ran; nothing leaves."""
    driver, guard, lanes = driver_for(BrokenDetector("broken", answer, cost_class=cost), Action.BLOCK)
    guard.receive(line("a zebra b"))
    driver.run()
    if lanes.jobs:
        lanes.answer(ScanFailureReason.ERROR if isinstance(answer, Exception) else answer)
    assert guard.state is GuardState.STATE_BLOCKED
    (event,) = guard.take_events()
    assert isinstance(event, Failure)
    assert event.reason == reason
    assert b"zebra" not in guard.take()


async def test_after_cancel_an_answer_is_nothing() -> None:
    """The exchange is over: late answers do not reach its guard, and nobody waits."""
    driver, guard, lanes = driver_for(WordDetector("words", ("zebra",), cost_class=CostClass.THREAD))
    guard.receive(line("a zebra b"))
    driver.run()
    wake = driver.wait()
    driver.cancel()
    assert wake.done()
    lanes.answer()
    assert guard.take_events() == []
    assert (driver.pending, driver.holding, driver.seconds) == (0, 0, {})


@pytest.fixture
def secret_error() -> Iterator[Exception]:
    try:
        WordDetector("words", ()).scan(None)  # type: ignore[arg-type]
    except AttributeError as error:
        error.args = ("zebra",)
        yield error


def test_errors_are_logged_without_their_message(
    secret_error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has the kind and the place."""
    log_scan_error("words", secret_error)
    printed = "".join(capsys.readouterr())
    assert "AttributeError" in printed
    assert "WordDetector.scan:" in printed
    assert "zebra" not in printed


async def test_many_texts_let_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that takes too long stops, whatever is left; called again it goes on, and the outcome is the same."""
    data = b"".join(line(f"a zebra {number}", choice=number) for number in range(20)) + END
    monkeypatch.setattr(module, "MAX_RUN_S", 60.0)
    driver, guard, _ = driver_for(WordDetector("words", ("zebra",)))
    guard.receive(data)
    driver.run()
    assert not driver.paused
    at_once = guard.take()
    monkeypatch.setattr(module, "MAX_RUN_S", -1.0)
    driver, guard, _ = driver_for(WordDetector("words", ("zebra",)))
    guard.receive(data)
    runs = 0
    driver.run()
    while driver.paused:
        runs += 1
        driver.run()
    assert runs >= 19
    assert guard.take() == at_once
