"""Every bundled policy loads, passes its own tests, and leaves ordinary text alone."""

from __future__ import annotations

import pytest

from detectors.types import ChannelKind
from policies.loader import load_policy
from policies.selftest import run_tests
from policies.sources import bundled_names
from policies.types import Action, Direction, Mode
from tests.support.prose import PROSE
from tests.support.whole import run_whole

BENIGN = [
    "Our office is open from 9:00 to 17:30; call the reception if the door at 12 Main Street is locked.",
    "def scale(xs: list[int]) -> list[float]:\n    return [x / 255.0 for x in xs if x != 0]\n",
    "SELECT id, total FROM orders WHERE created_at >= '2024-10-01' AND total > 1234567.89;",
    "commit 3f2a9c81e07b5d6f4a3b2c1d0e9f8a7b6c5d4e3f fixes #1234 and closes #5678",
    "The keyword token is in the list, and the secret of a good soup is time.",
    "Internal use of the word confidential does not make a text a secret.",
    "a = b < c | d > e; print(f'{a!r:>10}')  # [inst] and <s> are not ours",
    "ISBN 978-3-16-148410-0, DOI 10.1000/182, RFC 9110, ISO 8601, UTF-8, v2.10.3",
    "Πρόσεχε, 你好, привет, שלום: the same sentence in other scripts 🙂.",
]


@pytest.mark.parametrize("name", bundled_names())
def test_a_bundled_policy_passes_its_tests(name: str) -> None:
    """Each policy has tests, and all of them pass."""
    policy = load_policy(name)
    outcomes = run_tests(policy, run_whole)
    assert policy.name == name
    assert len(outcomes) >= 3
    assert [(o.test.name, o.problems) for o in outcomes if not o.passed] == []


def test_the_bundled_policies_are_these() -> None:
    """Their names are part of the contract."""
    assert bundled_names() == ("default", "safety", "shadow", "strict")
    assert load_policy("shadow").mode is Mode.SHADOW


def test_default_has_every_kind_of_detector() -> None:
    """Keywords, patterns, secrets and structural personal data; nothing of it blocks or touches requests."""
    policy = load_policy("default")
    assert set(policy.detectors) == {"secrets", "personal-data", "markings", "control-tokens"}
    assert Action.BLOCK not in {rule.action for rule in policy.rules}
    assert {r.action for r in policy.rules if Direction.REQUEST in r.directions} == {Action.FLAG}


@pytest.mark.parametrize("name", ["default", "safety", "strict"])
@pytest.mark.parametrize("direction", Direction)
def test_ordinary_text_is_left_alone(name: str, direction: Direction) -> None:
    """No edit and no flag in ordinary prose, code and numbers."""
    policy = load_policy(name)
    for text in [*BENIGN, PROSE]:
        assert run_whole(policy, text, direction, ChannelKind.TEXT) == (Action.ALLOW, text)


def test_strict_blocks_in_both_directions() -> None:
    """Keys, cards and social security numbers neither go in nor come out."""
    policy = load_policy("strict")
    for text in ("card 4111 1111 1111 1111", "number 536-90-4399.", "AKIA" + "QZXWVUTSRPONMLKJ"):
        for direction in Direction:
            assert run_whole(policy, text, direction, ChannelKind.TEXT)[0] is Action.BLOCK
