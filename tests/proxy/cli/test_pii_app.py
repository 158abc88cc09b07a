"""The options below `sluicegate pii`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pii", "--help"], ["decrypt", "key"]),
        (["pii", "decrypt", "--help"], ["--key", "--tenant", "--json", "SLUICEGATE_ENCRYPT_KEYS", "Exit code 0"]),
        (["serve", "--help"], ["--encrypt-key"]),
    ],
)
def test_help_is_enough(sluicegate: Sluicegate, arguments: list[str], said: list[str]) -> None:
    ran = sluicegate(*arguments)
    assert ran.code == 0
    assert [word for word in said if word not in ran.out] == []
