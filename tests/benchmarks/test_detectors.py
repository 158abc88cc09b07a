"""The figures of detectors come from real scans and real guards."""

from __future__ import annotations

from benchmarks.detectors import detector_cost, guard_stats
from benchmarks.payloads import PACED, stream_events
from policies.loader import load_policy_text

POLICY = """
version: 1
name: bench
detectors:
  codenames: {type: keywords, words: [Project Orion]}
rules:
  - {id: codenames, detector: codenames, action: redact}
"""


def test_cost_of_a_detector() -> None:
    """A short keyword costs time and holds next to nothing on ordinary text."""
    cost = detector_cost(load_policy_text(POLICY).detectors["codenames"])
    assert cost.delta_us > 0
    assert cost.whole_us > 0
    assert 0 <= cost.held_chars < 1


def test_guard_counts_what_it_scans() -> None:
    """Every character is scanned at least once, and an event at a time is at most a little more work."""
    policy = load_policy_text(POLICY)
    events = stream_events(PACED, 1)
    for together in (False, True):
        stats = guard_stats(policy, events, together=together)
        assert stats.text_chars <= stats.scanned_chars["codenames"] <= 2.5 * stats.text_chars
