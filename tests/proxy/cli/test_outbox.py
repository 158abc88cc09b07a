"""The commands `outbox status`, `retry` and `drain`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import orjson
import pytest

from events.codec import encode
from events.outbox.rows import DeadLetter, Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from proxy.cli.main import run
from tests.support.events import TIME_MS, event_id, incident_event
from tests.support.kafka import library_leaves_sockets, records_of, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.broker import Broker


def filled(folder: Path, topic: str = "sluicegate.incidents.v1") -> list[str]:
    store = Store(folder / "outbox.db", OutboxSettings())
    store.subscribe(["kafka"])
    entries = [Entry(event_id(n), topic, "req_1", TIME_MS, encode(incident_event(n))) for n in (1, 2, 3)]
    store.append(entries[:2], TIME_MS)
    store.bury([DeadLetter(entries[2], TIME_MS, 1, "too_large")])
    store.close()
    return [entry.id for entry in entries]


def test_status_tells_what_waits_for_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(tmp_path)
    assert run(["outbox", "status", "--state-dir", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["events"], said["subscribers"][0]["waiting"], said["subscribers"][0]["delivered"]) == (2, 2, 0)
    assert said["dead_letters"] == [
        {"id": event_id(3), "topic": "sluicegate.incidents.v1", "reason": "too_large", "attempts": 1}
    ]
    assert run(["outbox", "status", "--state-dir", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "2 events" in text
    assert "too_large" in text
    assert "outbox retry" in text


def test_retry_puts_dead_letters_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(tmp_path)
    assert run(["outbox", "retry", "nothing", "--state-dir", str(tmp_path)]) == 2
    assert "nothing: is no dead letter" in capsys.readouterr().err
    assert run(["outbox", "retry", "--state-dir", str(tmp_path)]) == 0
    assert "1 events are in the queue again, 0 dead letters" in capsys.readouterr().err


def test_drain_publishes_without_a_proxy(
    tmp_path: Path, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(broker)
    ids = filled(tmp_path, f"{settings.topic_prefix}.incidents.v1")
    config = tmp_path / "sluicegate.yaml"
    config.write_text(
        "version: 1\nupstream: http://127.0.0.1:1\nevents:\n  kafka:\n"
        f"    servers: ['{broker.address}']\n    topic_prefix: {settings.topic_prefix}\n    partitions: 2\n"
    )
    options = ["--state-dir", str(tmp_path), "--config", str(config)]
    assert run(["outbox", "drain", *options]) == 0
    assert "0 events wait, 1 dead letters." in capsys.readouterr().err
    records = records_of(settings, "incidents.v1", until=lambda found: len(found) >= 2)
    assert [orjson.loads(record.value)["id"] for record in records] == ids[:2]
    assert run(["topics", "create", "--config", str(config)]) == 0
    assert "0 topics created, 12 were there." in capsys.readouterr().err
    assert run(["events", "tail", "--config", str(config), "--type", "incident", "-n", "1"]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == [ids[1]]


def test_drain_says_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(tmp_path)
    options = ["--state-dir", str(tmp_path), "--kafka", "127.0.0.1:9", "--timeout", "1"]
    with library_leaves_sockets():
        assert run(["outbox", "drain", *options]) == 1
    assert "2 events wait" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["outbox", "status", "--state-dir", "missing"], "missing: holds no outbox"),
        (["outbox", "drain"], "Where is Kafka?"),
        (["outbox", "drain", "--kafka", "nowhere"], "--kafka: 'nowhere' is not HOST:PORT"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "arguments"),
    [
        ("subscriber", ["outbox", "status"]),
        ("dead_letter", ["outbox", "retry"]),
        ("subscriber", ["outbox", "drain", "--kafka", "127.0.0.1:9"]),
        ("event", ["events", "tail"]),
    ],
)
def test_a_broken_outbox_is_said(
    table: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
        db.execute(f"ALTER TABLE {table} RENAME TO lost")
    assert run([*arguments, "--state-dir", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "--state-dir: " in said
    assert "unexpected" not in said
