"""Every message about a broken policy: where it is, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.loader import load_policy_text
from policies.problems import PolicyError
from tests.support.broken_table import Broken, read_table

CASES = read_table(Path(__file__).with_name("broken_policies.txt"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_policy_says_where_and_what_to_do(case: Broken) -> None:
    """Exactly these lines, in the order of the file."""
    with pytest.raises(PolicyError) as caught:
        load_policy_text(case.text, "p.yaml")
    assert str(caught.value).split("\n") == case.lines


def test_there_are_enough_broken_policies() -> None:
    """The table has at least 40 cases, all different."""
    assert len(CASES) >= 40
    assert len({case.text for case in CASES}) == len(CASES)
