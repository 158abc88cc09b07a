"""The command `topics create`; with a broker it is in test_outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.cli.main import run
from tests.support.kafka import library_leaves_sockets

if TYPE_CHECKING:
    import pytest


def test_no_broker_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with library_leaves_sockets():
        assert run(["topics", "create", "--kafka", "127.0.0.1:9"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("127.0.0.1:9 does not answer as a Kafka broker")
    assert error.count("\n") == 1
