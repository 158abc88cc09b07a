"""Runs the `tests:` of a policy: what they expect, held against what happens.

How a text goes through a policy is the guard's business, which this package does not know: the caller brings it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import re2

from detectors.types import ChannelKind
from policies.fields import pattern_options
from policies.problems import shown
from policies.types import Action, Direction, Policy

if TYPE_CHECKING:
    from policies.types import PolicyTest

Runner = Callable[[Policy, str, Direction, ChannelKind], tuple[Action, str]]
"""Takes a text through a policy as one message, and returns the most severe action and what is let out."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What became of one test."""

    __test__ = False  # pytest would take the name for a test class

    test: PolicyTest
    action: Action
    output: str
    problems: tuple[str, ...]
    """Empty when the test passed; else a sentence for each expectation that was not met."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


def run_tests(policy: Policy, run: Runner) -> list[TestOutcome]:
    """Run every test of the policy, in the order of the file. What `run` raises goes through."""
    return [_outcome(test, *run(policy, test.text, test.direction, test.channel)) for test in policy.tests]


def _outcome(test: PolicyTest, action: Action, output: str) -> TestOutcome:
    problems = []
    if action is not test.action:
        problems.append(f"action: expected {test.action}, got {action}.")
    if test.output is not None and output != test.output:
        problems.append(f"output: expected {shown(test.output)}, got {shown(output)}.")
    if test.output_matches is not None and re2.fullmatch(test.output_matches, output, pattern_options()) is None:
        problems.append(f"output: expected a match of {shown(test.output_matches)}, got {shown(output)}.")
    return TestOutcome(test, action, output, tuple(problems))
