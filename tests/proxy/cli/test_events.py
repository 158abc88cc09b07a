"""The command `events tail` on an outbox; on Kafka it is in test_outbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from events.codec import encode
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from proxy.cli.events import TailOptions, wants
from proxy.cli.main import run
from tests.support.events import TIME_MS, all_events, exchange_event, incident_event

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def state(tmp_path: Path) -> str:
    store = Store(tmp_path / "outbox.db", OutboxSettings())
    store.append([Entry(e.id, "t", e.subject, TIME_MS, encode(e)) for e in all_events()], TIME_MS)
    store.append([Entry("x", "t", "k", TIME_MS, b"{")], TIME_MS)
    store.close()
    return str(tmp_path)


def test_the_newest_events_come_as_lines(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events", "tail", "--state-dir", state, "-n", "3"]) == 0
    shown = capsys.readouterr()
    assert [json.loads(line)["type"] for line in shown.out.splitlines()] == [
        "dev.sluicegate.policy.v1",
        "dev.sluicegate.audit-head.v1",
    ]
    assert "An event could not be shown: not JSON." in shown.err


def test_types_are_chosen(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events", "tail", "--state-dir", state, "--type", "exchange", "--type", "verdict"]) == 0
    types = [json.loads(line)["type"] for line in capsys.readouterr().out.splitlines()]
    assert types == ["dev.sluicegate.verdict.v1", "dev.sluicegate.exchange.v1"]


def test_ocsf_has_incidents_and_verdicts(state: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events", "tail", "--state-dir", state, "--format", "ocsf"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["class_uid"], one["activity_id"]) for one in shown] == [(2004, 1), (2004, 3)]


def test_an_empty_outbox_says_where_the_events_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path / "outbox.db", OutboxSettings()).close()
    assert run(["events", "tail", "--state-dir", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert (shown.out, "published are in Kafka: --kafka HOST:PORT" in shown.err) == ("", True)


def test_what_is_wanted() -> None:
    every = TailOptions((), 1, False, False)
    assert wants(every, encode(exchange_event()))
    assert not wants(every._replace(as_ocsf=True), encode(exchange_event()))
    assert wants(every._replace(names=("incident",)), encode(incident_event()))
