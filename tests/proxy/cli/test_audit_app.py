"""The options of `sluicegate audit`."""

from __future__ import annotations

import pytest

from events.audit.keys import read_keys
from proxy.cli.main import run
from tests.support.cli import Sluicegate

FILTERS = ["--since", "--until", "--rule", "--category", "--tenant", "--model"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("list", [*FILTERS, "--json", "--limit"]),
        ("show", ["--key", "--show-policy", "--json"]),
        ("verify", ["--anchors", "--json"]),
        ("export", [*FILTERS, "--text", "--key"]),
        ("erase", ["--request", "--subject", "--user", "--yes"]),
        ("rewrap", ["--key", "--database"]),
        ("key", []),
    ],
)
def test_help_is_enough(command: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", command, "--help"]) == 0
    text = capsys.readouterr().out
    assert [option for option in options if option not in text] == []


def test_a_new_key_is_one(sluicegate: Sluicegate) -> None:
    assert read_keys(sluicegate("audit", "key").out).ids
