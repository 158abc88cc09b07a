"""Every message about a broken policy: where it is, what is wrong, what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from policies.loader import load_policy_text
from policies.problems import PolicyError


class Broken(NamedTuple):
    name: str
    text: str
    lines: list[str]


def broken_policies() -> list[Broken]:
    """Read the table of broken policies."""
    table = Path(__file__).with_name("broken_policies.txt").read_text(encoding="utf-8")
    cases = []
    for entry in re.split(r"^=== ", table, flags=re.MULTILINE)[1:]:
        name, _, rest = entry.partition("\n")
        text, _, lines = rest.partition("--- says\n")
        cases.append(Broken(name, text, lines.strip("\n").split("\n")))
    return cases


@pytest.mark.parametrize("case", broken_policies(), ids=lambda case: case.name)
def test_a_broken_policy_says_where_and_what_to_do(case: Broken) -> None:
    """Exactly these lines, in the order of the file."""
    with pytest.raises(PolicyError) as caught:
        load_policy_text(case.text, "p.yaml")
    assert str(caught.value).split("\n") == case.lines


def test_there_are_enough_broken_policies() -> None:
    """The table has at least 40 cases, each with a message of its own."""
    cases = broken_policies()
    assert len(cases) >= 40
    assert len({case.text for case in cases}) == len(cases)
