"""Running the tests of a policy, with a runner brought from outside."""

from __future__ import annotations

from detectors.types import ChannelKind
from policies.loader import load_policy_text
from policies.selftest import run_tests
from policies.types import Action, Direction, Policy

POLICY = """
version: 1
rules: []
tests:
  - {name: passes, text: abc, expect: {action: redact, output: ABC}}
  - {name: any output, text: abc, expect: {action: redact}}
  - {name: wrong action, text: abc, expect: {action: block, output: ABC}}
  - {name: wrong both, text: abc, direction: request, channel: reasoning, expect: {action: flag, output: abc}}
"""


def test_outcomes_tell_every_expectation_that_is_not_met() -> None:
    """Each test is run with its direction and channel, in the order of the file."""
    seen: list[tuple[str, Direction, ChannelKind]] = []

    def run(_policy: Policy, text: str, direction: Direction, kind: ChannelKind) -> tuple[Action, str]:
        seen.append((text, direction, kind))
        return Action.REDACT, text.upper()

    outcomes = run_tests(load_policy_text(POLICY), run)
    assert [(o.test.name, o.test.line, o.passed, o.problems) for o in outcomes] == [
        ("passes", 5, True, ()),
        ("any output", 6, True, ()),
        ("wrong action", 7, False, ("action: expected block, got redact.",)),
        ("wrong both", 8, False, ("action: expected flag, got redact.", "output: expected 'abc', got 'ABC'.")),
    ]
    assert seen[0] == ("abc", Direction.RESPONSE, ChannelKind.TEXT)
    assert seen[-1] == ("abc", Direction.REQUEST, ChannelKind.REASONING)


def test_a_pattern_is_one_of_the_whole_output() -> None:
    """Line ends too; what does not match is shown."""
    text = """
version: 1
rules: []
tests:
  - {name: whole, text: "a<X:1>\\n", expect: {action: allow, output_matches: 'a<X:[0-9]+>.'}}
  - {name: part, text: "a<X:1>", expect: {action: allow, output_matches: '<X:[0-9]+>'}}
"""
    outcomes = run_tests(load_policy_text(text), lambda _policy, text, _direction, _kind: (Action.ALLOW, text))
    assert [one.problems for one in outcomes] == [
        (),
        ("output: expected a match of '<X:[0-9]+>', got 'a<X:1>'.",),
    ]
