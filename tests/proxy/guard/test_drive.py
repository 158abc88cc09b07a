"""Scanning with nothing else running."""

from policies.types import Action
from proxy.guard.api import GuardState, ScanFailureReason
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from tests.support.toy import END, BrokenDetector, ToyCodec, WordDetector, line, policy, rule


def test_it_scans_until_nothing_is_wanted() -> None:
    """Observers that are asked last are asked too."""
    under = policy(
        [WordDetector("w", ("abc",)), WordDetector("v", ("x",))], [rule("w", Action.REDACT), rule("v", Action.FLAG)]
    )
    guard = StreamGuard(ToyCodec(), under)
    guard.receive(line("x abc") + END)
    scan_inline(guard)
    assert guard.wanted_scans() == []
    assert [getattr(e, "action", "") for e in guard.take_events()] == ["redact", "flag"]


def test_an_exception_of_a_detector_is_a_failure_not_ours() -> None:
    """The policy decides what happens to the text."""
    guard = StreamGuard(ToyCodec(), policy([BrokenDetector("d", OSError("gone"))], [rule("d", Action.BLOCK)]))
    guard.receive(line("x"))
    scan_inline(guard)
    assert guard.state is GuardState.STATE_BLOCKED


def test_no_answer_at_all_is_garbage() -> None:
    """The guard does not wait for an answer that will never come."""
    guard = StreamGuard(ToyCodec(), policy([BrokenDetector("d", None)], [rule("d", Action.BLOCK)]))
    guard.receive(line("x"))
    scan_inline(guard)
    assert guard.block is not None
    assert guard.block.failure is ScanFailureReason.GARBAGE
