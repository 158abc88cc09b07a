"""The names that drivers and metrics rely on."""

from proxy.guard.api import GuardState, ScanFailureReason


def test_failure_reasons_are_the_metric_labels() -> None:
    """`bypasses_total{reason}` has exactly these values."""
    assert {reason.value for reason in ScanFailureReason} == {"error", "deadline", "garbage", "limit", "overload"}


def test_states_are_final_but_one() -> None:
    """A driver waits in one state only."""
    assert {state.value for state in GuardState} == {"open", "done", "blocked", "broken"}
