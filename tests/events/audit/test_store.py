"""The store: appends once, erases so that the chain holds, and wraps keys anew. On SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from events.audit import records
from events.audit.database import HEAD, RECORD, AuditError
from events.audit.keys import AuditKeyError
from events.audit.reading import find
from events.audit.records import Record
from events.audit.sealing import unseal
from events.audit.store import AuditStore
from events.audit.verify import verify
from tests.support.audit import KEY, NEW_KEY, PLAIN, TIME_MS, fill, raw_bytes, record, ring, text_of


def test_records_are_appended_once_and_chained(store: AuditStore, audit_url: str) -> None:
    fill(store, 5)
    fill(store, 7)  # five of them again, as after a crash
    report = verify(store)
    assert (report.records, report.texts, report.problems) == (7, 7, [])
    assert store.head().seq == 7
    again = AuditStore(audit_url)
    assert again.head() == store.head()
    again.close()


def test_a_policy_is_kept_once_for_each_revision(store: AuditStore) -> None:
    policies = [Record(f"p{n}", records.POLICY, TIME_MS, revision=f"sha256:{n // 2}") for n in range(4)]
    store.append([(one, text_of(1)) for one in policies], TIME_MS)
    store.append([(policies[1]._replace(id="later"), text_of(1))], TIME_MS)
    assert store.head().seq == 2


def test_two_writers_make_one_chain(store: AuditStore, audit_url: str) -> None:
    other = AuditStore(audit_url)
    jobs = [(store, 100), (other, 200)]

    def work(target: AuditStore, first: int) -> None:
        for number in range(8):
            fill(target, 3, first + 3 * number)

    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    report = verify(store)
    assert (report.records, report.problems) == (48, [])


def test_erasing_takes_the_texts_and_leaves_the_chain(store: AuditStore) -> None:
    fill(store, 30)
    assert store.erase_request("req_7", TIME_MS + 1000) == 1
    assert store.erase_subject("hmac256:s0", TIME_MS + 1000) == 10
    assert store.erase_older(TIME_MS + 6, TIME_MS + 1000) == 4
    report = verify(store)
    assert (report.records, report.texts, report.erased, report.problems) == (33, 15, 15, [])
    (gone,) = find(store, "req_7")
    assert gone.sealed is None
    assert gone.record.rule == "hide"


def test_what_was_erased_before_it_arrived_is_not_kept(store: AuditStore) -> None:
    """A request or a subject may be erased while its events still wait in the outbox."""
    store.erase_request("req_1", TIME_MS + 50)
    store.erase_subject("hmac256:s2", TIME_MS + 2)
    fill(store, 6)
    report = verify(store)
    assert (report.texts, report.erased, report.problems) == (4, 2, [])
    (later,) = find(store, "req_5")  # the same subject, after it asked
    assert later.sealed is not None


def test_policies_outlive_the_retention(store: AuditStore) -> None:
    store.append([(Record("p", records.POLICY, TIME_MS, revision="sha256:1"), text_of(1))], TIME_MS)
    assert store.erase_older(TIME_MS + 9999, TIME_MS) == 0


@pytest.mark.parametrize("reason", ["request", "subject", "older"])
def test_no_byte_of_an_erased_text_is_left(reason: str, tmp_path: Path) -> None:
    """C8, in raw bytes of database and log: neither the plain text nor the encrypted one."""
    store = AuditStore(f"sqlite:///{tmp_path / 'audit.db'}")
    texts = [text_of(number) for number in range(1, 40)]
    store.append([(record(n), text) for n, text in enumerate(texts, 1)], TIME_MS)
    erase = {
        "request": lambda: store.erase_request("req_3", TIME_MS),
        "subject": lambda: store.erase_subject("hmac256:s0", TIME_MS),
        "older": lambda: store.erase_older(TIME_MS + 4, TIME_MS),
    }
    assert erase[reason]() > 0
    raw = raw_bytes(tmp_path)
    assert PLAIN.encode() not in raw
    assert texts[2].body not in raw
    assert texts[2].wrapped.data not in raw
    assert texts[4].body in raw
    assert verify(store).problems == []
    store.close()


def test_a_log_that_somebody_reads_is_told_and_cut_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long `verify` elsewhere keeps the log: who erases hears of it, and the same command cuts it afterwards."""
    monkeypatch.setattr("events.audit.database.BUSY_TIMEOUT_MS", 20)
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    store, other = AuditStore(url), AuditStore(url)
    texts = [text_of(number) for number in range(1, 7)]
    store.append([(record(n), text) for n, text in enumerate(texts, 1)], TIME_MS)
    with other.engine.begin() as reading:
        assert reading.execute(sa.select(sa.func.count()).select_from(RECORD)).scalar() == 6
        with pytest.raises(AuditError, match="Run the command again"):
            store.erase_request("req_3", TIME_MS)
        assert store.erase_older(TIME_MS + 2, TIME_MS) == 1, "who sweeps by the clock does not stop for it"
        assert texts[2].wrapped.data in raw_bytes(tmp_path)
    assert store.erase_request("req_3", TIME_MS) == 0
    raw = raw_bytes(tmp_path)
    for gone in (texts[0], texts[2]):
        assert gone.wrapped.data not in raw
        assert gone.body not in raw
    assert verify(store).problems == []
    other.close()
    store.close()


def test_keys_are_rotated_and_the_old_one_is_not_needed_any_more(store: AuditStore) -> None:
    fill(store, 5)
    store.erase_request("req_2", TIME_MS)
    with pytest.raises(AuditKeyError, match="is not in the key file"):
        store.rewrap(ring(NEW_KEY), TIME_MS)
    assert store.rewrap(ring(f"{NEW_KEY}\n{KEY}"), TIME_MS) == 4
    assert store.rewrap(ring(f"{NEW_KEY}\n{KEY}"), TIME_MS) == 0
    (link,) = find(store, "req_3")
    assert link.sealed is not None
    assert unseal(ring(NEW_KEY), link.record.id, link.sealed)["texts"][0]["original"] == f"{PLAIN} 3"
    assert verify(store).problems == []


def test_a_store_of_a_later_version_is_refused(store: AuditStore, audit_url: str) -> None:
    with store.engine.begin() as db:
        db.execute(sa.update(HEAD).values(format=99))
    with pytest.raises(AuditError, match="written by a later version"):
        AuditStore(audit_url)


def test_a_failed_append_leaves_nothing(store: AuditStore) -> None:
    with pytest.raises(AuditError):
        store.append([(record(1), text_of(1)), (record(2, rule=None), None)], TIME_MS)
    with store.engine.begin() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(RECORD)).scalar() == 0
    assert store.head().seq == 0
