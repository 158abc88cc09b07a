"""`audit verify`, `erase` and `rewrap`."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from events.audit.anchors import append_anchor
from events.audit.database import RECORD, sqlite_url
from events.audit.feeder import Feeder
from events.audit.settings import ANCHORS_NAME, FILE_NAME
from events.audit.store import AuditStore
from events.fingerprints import Fingerprinter
from events.outbox.database import FILE_NAME as OUTBOX_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.run import publish
from tests.support.audit import KEY, NEW_KEY, TIME_MS, fill, raw_bytes, record, text_of
from tests.support.broker import Broker
from tests.support.cli import Sluicegate
from tests.support.kafka import settings_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AuditStore]:
    opened = AuditStore(sqlite_url(tmp_path / FILE_NAME))
    fill(opened, 6)
    append_anchor(tmp_path / ANCHORS_NAME, orjson.dumps(opened.head()._asdict()))
    (tmp_path / "fingerprint.key").write_bytes(b"f" * 32)
    yield opened
    opened.close()


def test_a_whole_store_is_verified_with_the_anchors_of_its_folder(
    store: AuditStore, tmp_path: Path, sluicegate: Sluicegate
) -> None:
    ran = sluicegate("audit", "verify", "--state-dir", str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    assert "records   6, with 6 texts; 0 texts were erased" in ran.out
    assert "anchors   1" in ran.out
    assert ran.out.endswith("nothing was changed\n")
    told = json.loads(sluicegate("audit", "verify", "--state-dir", str(tmp_path), "--json").out)
    assert (told["records"], told["problems"], told["head"]["seq"]) == (6, [], 6)


def test_a_change_is_placed_and_the_exit_code_is_one(
    store: AuditStore, tmp_path: Path, sluicegate: Sluicegate
) -> None:
    with store.engine.begin() as db:
        db.execute(sa.update(RECORD).where(RECORD.c.seq == 3).values(rule="other"))
    ran = sluicegate("audit", "verify", "--state-dir", str(tmp_path))
    assert ran.code == 1
    assert "record 3: the record, or its place in the chain, was changed" in ran.out


def test_anchors_come_from_elsewhere_too(store: AuditStore, tmp_path: Path, sluicegate: Sluicegate) -> None:
    later = orjson.dumps({"data": {**store.head()._asdict(), "seq": 9}})
    where = ["audit", "verify", "--state-dir", str(tmp_path), "--anchors"]
    ran = sluicegate(*where, "-", stdin=later + b"\ncut")
    assert (ran.code, "1 of its lines are not anchors" in ran.err) == (1, True)
    assert "record 7: the records up to 9 are missing: an anchor knows of them" in ran.out
    for name, said in (("gone", "No such file"), (str(tmp_path / "fingerprint.key"), "there is no anchor in it")):
        ran = sluicegate(*where, name)
        assert (ran.code, said in ran.err) == (2, True)
    (tmp_path / ANCHORS_NAME).unlink()
    assert "There were no anchors" in sluicegate("audit", "verify", "--state-dir", str(tmp_path)).err


def test_anchors_in_kafka_find_a_store_and_a_file_that_were_put_back(
    tmp_path: Path, broker: Broker, sluicegate: Sluicegate
) -> None:
    """From the feeder through outbox and publisher to the topic: who can write the state folder cannot hide it."""
    kafka = settings_for(broker)
    config = tmp_path / "sluicegate.yaml"
    where = f"kafka: {{servers: ['{broker.address}'], topic_prefix: {kafka.topic_prefix}}}"
    config.write_text(f"version: 1\nupstream: http://127.0.0.1:9\nstate_dir: {tmp_path}\nevents: {{{where}}}\n")
    outbox = Store(tmp_path / OUTBOX_NAME, OutboxSettings())
    outbox.subscribe(["audit", "kafka"])
    store = AuditStore(sqlite_url(tmp_path / FILE_NAME))
    feeder = Feeder(
        outbox, store, tmp_path / ANCHORS_NAME, source="/s", topic_prefix=kafka.topic_prefix, retention_s=9e9,
        now_ms=lambda: TIME_MS, randomness=os.urandom,
    )  # fmt: skip
    fill(store, 4)
    feeder.close()
    store.close()  # its log goes into the file; it opens again by itself
    earlier = [path.read_bytes() for path in (tmp_path / FILE_NAME, tmp_path / ANCHORS_NAME)]
    fill(store, 3, 5)
    feeder.close()
    store.close()
    outbox.close()
    publish(tmp_path / OUTBOX_NAME, OutboxSettings(), kafka, threading.Event(), until_empty=True)
    verify = ["audit", "verify", "--config", str(config)]
    told = sluicegate(*verify, "--kafka", broker.address)
    assert (told.code, "anchors   2" in told.out) == (0, True), told
    for path, data in zip((tmp_path / FILE_NAME, tmp_path / ANCHORS_NAME), earlier, strict=True):
        path.write_bytes(data)
    assert sluicegate(*verify).code == 0, "by itself it is a whole store"
    told = sluicegate(*verify, "--kafka", broker.address)
    assert (told.code, "record 5: the records up to 7 are missing: an anchor knows of them" in told.out) == (
        1,
        True,
    )
    config.write_text(config.read_text().replace(kafka.topic_prefix, "nobody"))
    told = sluicegate(*verify, "--kafka", broker.address)
    assert (told.code, told.err) == (2, "--kafka: there is no anchor in nobody.audit-heads.v1.\n")


def test_texts_are_erased_by_request_subject_and_user(
    store: AuditStore, tmp_path: Path, sluicegate: Sluicegate
) -> None:
    subject = Fingerprinter(b"f" * 32).of("acme", "subject", b"jane.roe")
    store.append([(record(7, subject_hash=subject), text_of(7))], TIME_MS)
    where = ["--state-dir", str(tmp_path), "--yes"]
    for options, count in (
        (["--request", "req_2"], 1),
        (["--subject", "hmac256:s0"], 2),
        (["--user", "jane.roe", "--tenant", "acme"], 1),
        (["--user", "nobody"], 0),
    ):
        ran = sluicegate("audit", "erase", *options, *where)
        assert (ran.code, f"erased the texts of {count} records" in ran.out) == (0, True), ran
    assert "4 texts were erased" in sluicegate("audit", "verify", "--state-dir", str(tmp_path)).out


def test_erasing_cuts_the_log_of_the_outbox_too(
    store: AuditStore, tmp_path: Path, sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sealed passed through it; a running proxy has it open, and somebody may read it."""
    outbox = Store(tmp_path / OUTBOX_NAME, OutboxSettings())
    outbox.append([Entry("id", "t", "k", TIME_MS, b"v", b"sealed bytes")], TIME_MS)
    outbox.drop_sealed(0, 1)
    assert b"sealed bytes" in raw_bytes(tmp_path)
    erase = ["audit", "erase", "--request", "req_2", "--yes", "--state-dir", str(tmp_path)]
    assert sluicegate(*erase).code == 0
    assert b"sealed bytes" not in raw_bytes(tmp_path)
    monkeypatch.setattr(Store, "scrub", lambda _self: False)
    ran = sluicegate(*erase)
    assert (ran.code, "somebody reads its log. Run the command again." in ran.err) == (2, True)
    outbox.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Say whose texts"),
        (["--request", "a", "--subject", "b"], "Say whose texts"),
        (["--request", "req_1"], "Confirm it with --yes"),
    ],
)
def test_erasing_wants_one_target_and_a_yes(
    options: list[str], said: str, store: AuditStore, tmp_path: Path, sluicegate: Sluicegate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ran = sluicegate("audit", "erase", *options, "--state-dir", str(tmp_path))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
    assert store.count(RECORD.c.seq > 0) == 6
    assert sys.stdin is not None


def test_a_user_cannot_be_named_without_the_fingerprint_key(
    store: AuditStore, tmp_path: Path, sluicegate: Sluicegate
) -> None:
    (tmp_path / "fingerprint.key").unlink()
    ran = sluicegate("audit", "erase", "--user", "jane", "--yes", "--state-dir", str(tmp_path))
    assert (ran.code, "holds no fingerprint.key" in ran.err) == (2, True)
    assert not (tmp_path / "fingerprint.key").exists()


def test_keys_are_wrapped_anew(store: AuditStore, tmp_path: Path, sluicegate: Sluicegate) -> None:
    (tmp_path / "keys").write_text(f"{NEW_KEY}\n{KEY}\n")
    where = ["--state-dir", str(tmp_path), "--key", str(tmp_path / "keys")]
    assert "wrapped 6 keys anew" in sluicegate("audit", "rewrap", *where).out
    (tmp_path / "keys").write_text(NEW_KEY)
    assert "walrus" in sluicegate("audit", "show", "3", *where).out.replace("⟦", "").replace("⟧", "")
    (tmp_path / "keys").write_text(KEY)
    ran = sluicegate("audit", "show", "3", *where)
    assert (ran.code, "is not in the key file" in ran.err) == (2, True)
