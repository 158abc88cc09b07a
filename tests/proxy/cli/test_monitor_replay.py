"""`sluicegate monitor replay`: from lines, from an outbox and from a topic come the same alarms."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.run import publish
from monitor.service import replaying
from tests.support.broker import needs_apache_kafka
from tests.support.kafka import settings_for
from tests.support.watching import AlarmingEngine, answer, items, now_ms

if TYPE_CHECKING:
    from tests.support.broker import Broker
    from tests.support.cli import Sluicegate

LINES = b"".join(item.value + b"\n" for item in items(0, 150))


@pytest.fixture(autouse=True)
def _alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "Engine", AlarmingEngine)
    monkeypatch.setenv("COLUMNS", "160")


def test_lines_of_a_file_and_of_standard_input(tmp_path: Path, sluicegate: Sluicegate) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(LINES)
    ran = sluicegate("monitor", "replay", str(path), "--plot", str(tmp_path / "page.html"))
    assert (ran.code, ran.err) == (0, "150 records counted, 1 alarm.\n")
    assert "11-26 07:01 page incidents global" in ran.out
    assert "Replay of events.jsonl" in (tmp_path / "page.html").read_text()
    ran = sluicegate("monitor", "replay", "-", "--json", stdin=LINES)
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["alm_100"]


def test_an_outbox(tmp_path: Path, sluicegate: Sluicegate) -> None:
    store = Store(tmp_path / FILE_NAME, OutboxSettings())
    store.append([Entry(f"e{i.offset}", "t", "k", int(1000 * i.time_s), i.value) for i in items(0, 150)], now_ms())
    store.close()
    ran = sluicegate("monitor", "replay", str(tmp_path / FILE_NAME), "--json")
    assert json.loads(ran.out)["id"] == "alm_100"


def test_a_clock_that_is_ahead_takes_no_time_with_it(tmp_path: Path, sluicegate: Sluicegate) -> None:
    """As for a monitor that was there: what comes after such a record is not late, and it does not count itself."""
    far = encode(answer(50, time_s=time.time() + 400 * 86_400)) + b"\n"
    lines = [item.value + b"\n" for item in items(0, 150)]
    ran = sluicegate("monitor", "replay", "-", stdin=b"".join([*lines[:50], far, *lines[51:], b"{}\n"]))
    assert ran.err == (
        "149 records counted, 1 alarm; dated ahead of their coming: 1; from a clock ahead of this one: 1;"
        " refused (no_event): 1.\n"
    )


@needs_apache_kafka("a topic is read to its end")
def test_a_topic(tmp_path: Path, sluicegate: Sluicegate, broker: Broker) -> None:
    kafka = settings_for(broker)
    topic = f"{kafka.topic_prefix}.exchanges.v1"
    store = Store(tmp_path / FILE_NAME, OutboxSettings())
    store.subscribe(["kafka"])
    events = [answer(number, time_s=time.time() - 150 + number) for number in range(150)]
    store.append([Entry(e.id, topic, e.subject, e.time_ms, encode(e)) for e in events], now_ms())
    store.close()
    publish(tmp_path / FILE_NAME, OutboxSettings(), kafka, threading.Event(), until_empty=True)
    ran = sluicegate("monitor", "replay", topic, "--kafka", broker.address, "--json")
    assert json.loads(ran.out)["id"] == "alm_100"
    ran = sluicegate("monitor", "replay", "no.such.topic", "--kafka", broker.address)
    assert (ran.code, "is neither a file nor a topic" in ran.err) == (2, True)


def test_what_is_wrong_is_said(tmp_path: Path, sluicegate: Sluicegate) -> None:
    ran = sluicegate("monitor", "replay", "nowhere.jsonl")
    assert (ran.code, "nowhere.jsonl: is no file" in ran.err) == (2, True)
    ran = sluicegate("monitor", "replay", "-", "--plot", str(tmp_path / "no" / "page.html"), stdin=LINES)
    assert (ran.code, "--plot:" in ran.err) == (2, True)
    ran = sluicegate("monitor", "replay", "-", "--plot", str(tmp_path / "page.png"), stdin=LINES)
    assert (ran.code, "ends in .html" in ran.err) == (2, True)
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\0 and nothing")
    ran = sluicegate("monitor", "replay", str(tmp_path / "bad.db"))
    assert ran.code == 2


def test_where_the_drawing_cannot_go_is_told_before_anything_is_read(
    tmp_path: Path, sluicegate: Sluicegate
) -> None:
    """The file is not even there: a long past would have been read for nothing."""
    for path, said in ((tmp_path / "no" / "page.html", "there is no folder"), (tmp_path, "the drawing is a page")):
        ran = sluicegate("monitor", "replay", "nowhere.jsonl", "--plot", str(path))
        assert (ran.code, said in ran.err, "nowhere" in ran.err) == (2, True, False)


def test_where_there_is_no_alarm_there_is_no_table(sluicegate: Sluicegate) -> None:
    ran = sluicegate("monitor", "replay", "-", stdin=LINES[:1000].rpartition(b"\n")[0] + b"\n")
    assert (ran.code, ran.out) == (0, "")
    assert "0 alarms." in ran.err
