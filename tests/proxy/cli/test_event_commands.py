"""The options of `events`, `topics` and `outbox`."""

from __future__ import annotations

import pytest

from proxy.cli.main import run


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["events", "tail"], ["--kafka", "--state-dir", "--type", "--follow", "--format"]),
        (["topics", "create"], ["--kafka", "--config", "--partitions", "--replication"]),
        (["outbox", "status"], ["--state-dir", "--json"]),
        (["outbox", "retry"], ["--state-dir", "ID"]),
        (["outbox", "drain"], ["--kafka", "--timeout"]),
    ],
)
def test_help_is_enough(command: list[str], options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert [option for option in options if option not in text] == []
