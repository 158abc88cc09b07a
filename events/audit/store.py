"""The audit store: appends records to the chain, and erases texts so that the chain still holds.

Every change is one transaction that first takes the row of the head: so writers queue, in one process or several,
and the numbers of records have no gaps.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from events.audit import records
from events.audit.database import CONTENT, FORMAT, HEAD, METADATA, RECORD, AuditError, database_errors, open_engine
from events.audit.keys import Wrapped
from events.audit.records import Head, Record
from events.audit.sealing import rewrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from events.audit.keys import KeyRing
    from events.audit.sealing import Sealed

_STILL_READ: Final = (
    "It is done, but the database's log still has the earlier form, because somebody reads the store."
    " Run the command again when that is over."
)
SCRUB_TRIES: Final = 3
SCRUB_PAUSE_S: Final = 0.05
BATCH: Final = 1000
"""Records that are erased or wrapped anew in one transaction."""


class AuditStore:
    """The open store. Raises `AuditError` for all that goes wrong."""

    def __init__(self, url: str) -> None:
        """Open the database, or make its tables."""
        self.erased_on_arrival = 0
        """Texts that were not kept because they were erased before they came. Its user sets it back."""
        self._is_scrubbed = True
        self.engine = open_engine(url)
        try:
            with database_errors():
                self._prepare()
        except BaseException:
            self.engine.dispose()
            raise

    def _prepare(self) -> None:
        with self.engine.begin() as db:
            if db.dialect.name == "postgresql":
                db.execute(sa.text("SELECT pg_advisory_xact_lock(8257433)"))  # two may start at once
            METADATA.create_all(db)
            found = db.execute(sa.select(HEAD.c.format)).scalar()
            if found is None:
                chain = os.urandom(8).hex()
                first = {"one": 1, "format": FORMAT, "chain": chain, "seq": 0, "hash": records.genesis(chain)}
                db.execute(sa.insert(HEAD), [first])
        if found is not None and found > FORMAT:
            raise AuditError("The audit database was written by a later version. Update Sluicegate.")

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()

    def head(self) -> Head:
        """Return where the chain ends."""
        with database_errors(), self.engine.begin() as db:
            return _head(db)

    def append(self, entries: Sequence[tuple[Record, Sealed | None]], now_ms: int) -> int:
        """Append records with their encrypted texts, all or none; those whose id is there already are left out.

        Texts that were erased before they arrived are not kept. Returns how many records are new.
        """
        with self._change() as db:
            ids = [record.id for record, _ in entries]
            there = set(db.execute(sa.select(RECORD.c.id).where(RECORD.c.id.in_(ids))).scalars())
            fresh = {record.id: (record, sealed) for record, sealed in entries if record.id not in there}
            known = self._known_revisions(db, [record for record, _ in fresh.values()])
            chosen = [
                (record, sealed)
                for record, sealed in fresh.values()
                if record.kind != records.POLICY or known.pop(record.revision, False)
            ]
            seqs = _link(db, chosen)
            gone = _honour(db, [(seq, record) for seq, (record, _) in zip(seqs, chosen, strict=True)], now_ms)
        if gone:
            self.erased_on_arrival += gone
            self._scrub(must=False)
        return len(chosen)

    @staticmethod
    def _known_revisions(db: sa.Connection, fresh: Sequence[Record]) -> dict[str, bool]:
        """Return for each revision of new policies that it is to be kept: those that are not there yet."""
        wanted = {record.revision for record in fresh if record.kind == records.POLICY}
        query = sa.select(RECORD.c.revision).where(
            RECORD.c.kind == records.POLICY, RECORD.c.revision.in_(sorted(wanted))
        )
        there = set(db.execute(query).scalars()) if wanted else set()
        return dict.fromkeys(wanted - there, True)

    # Erasing.

    def erase_request(self, request_id: str, now_ms: int) -> int:
        """Erase the texts of an exchange, of what is still on its way too. Returns how many records had one."""
        return self._erase("request", RECORD.c.request_id == request_id, now_ms, request_id=request_id)

    def erase_subject(self, subject_hash: str, now_ms: int) -> int:
        """Erase the texts of all exchanges of an end user so far. Returns how many records had one."""
        return self._erase("subject", RECORD.c.subject_hash == subject_hash, now_ms, subject_hash=subject_hash)

    def erase_older(self, before_ms: int, now_ms: int) -> int:
        """Erase the texts of records from before a time, policies left alone. Returns how many had one."""
        chosen = sa.and_(RECORD.c.time_ms < before_ms, RECORD.c.kind != records.POLICY)
        return self._erase("retention", chosen, now_ms)

    def count(self, chosen: sa.ColumnElement[bool]) -> int:
        """Return how many records with a text fit."""
        query = sa.select(sa.func.count()).select_from(RECORD.join(CONTENT, CONTENT.c.seq == RECORD.c.seq))
        with database_errors(), self.engine.begin() as db:
            return int(db.execute(query.where(chosen)).scalar_one())

    def _erase(self, reason: str, chosen: sa.ColumnElement[bool], now_ms: int, **about: str) -> int:
        query = (
            sa.select(RECORD.c.seq)
            .join(CONTENT, CONTENT.c.seq == RECORD.c.seq)
            .where(chosen)
            .order_by(RECORD.c.seq)
            .limit(BATCH)
        )
        total, is_first = 0, bool(about)
        while True:
            with self._change() as db:
                seqs = list(db.execute(query).scalars())
                if seqs or is_first:
                    _erase_seqs(db, seqs, now_ms, reason, about)
            total += len(seqs)
            is_first = False
            if len(seqs) < BATCH:
                break
        if total or about or not self._is_scrubbed:
            self._scrub(must=bool(about))
        return total

    def _scrub(self, *, must: bool) -> None:
        """Take what was deleted out of the files, too.

        Where somebody reads for too long, it is done with the next erasing; `must`: `AuditError` is raised.
        """
        self._is_scrubbed = False
        with database_errors(), self.engine.connect() as connection:
            db = connection.execution_options(isolation_level="AUTOCOMMIT")
            if db.dialect.name == "postgresql":
                db.execute(sa.text("VACUUM audit_content"))
            else:  # deleted pages are overwritten (`secure_delete`); the log still has their earlier form
                for _ in range(SCRUB_TRIES):  # it does not wait for another checkpoint
                    (busy, *_), *_ = db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                    if not busy:
                        break
                    time.sleep(SCRUB_PAUSE_S)
                else:
                    if must:
                        raise AuditError(_STILL_READ)
                    return
        self._is_scrubbed = True

    # Rotation.

    def rewrap(self, ring: KeyRing, now_ms: int) -> int:
        """Wrap every data key under the ring's current key. Returns how many. Raises `AuditKeyError`."""
        query = (
            sa.select(CONTENT.c.seq, RECORD.c.id, CONTENT.c.key_id, CONTENT.c.wrapped)
            .join(RECORD, CONTENT.c.seq == RECORD.c.seq)
            .where(CONTENT.c.key_id != ring.current)
            .order_by(CONTENT.c.seq)
            .limit(BATCH)
        )
        total = 0
        while True:
            with self._change() as db:
                hashes: dict[int, str] = {}
                for seq, record_id, key_id, wrapped in db.execute(query).fetchall():
                    new = rewrapped(ring, record_id, Wrapped(key_id, bytes(wrapped)))
                    values = {"key_id": new.key_id, "wrapped": new.data}
                    db.execute(sa.update(CONTENT).where(CONTENT.c.seq == seq).values(values))
                    hashes[seq] = records.wrapped_hash(*new)
                if hashes:
                    _link(db, [(records.rewrap(_new_id(), now_ms, ring.current, hashes), None)])
            total += len(hashes)
            if len(hashes) < BATCH:
                break
        if total:
            self._scrub(must=True)
        return total

    @contextmanager
    def _change(self) -> Iterator[sa.Connection]:
        """Run a transaction that no other writer's runs beside."""
        with database_errors(), self.engine.begin() as db:
            db.execute(sa.update(HEAD).values(one=1))
            yield db


def _head(db: sa.Connection) -> Head:
    return Head(*db.execute(sa.select(HEAD.c.chain, HEAD.c.seq, HEAD.c.hash)).one())


def _new_id() -> str:
    return os.urandom(13).hex()


def _link(db: sa.Connection, entries: Sequence[tuple[Record, Sealed | None]]) -> list[int]:
    """Append records to the chain. Returns their numbers."""
    head = _head(db)
    seq, before = head.seq, head.hash
    rows, contents = [], []
    for given, sealed in entries:
        seq += 1
        record = given
        if sealed is not None:
            wrapped = sealed.wrapped
            record = given._replace(
                body_hash=records.body_hash(sealed.body), key_hash=records.wrapped_hash(*wrapped)
            )
            contents.append({"seq": seq, "key_id": wrapped.key_id, "wrapped": wrapped.data, "body": sealed.body})
        before = records.link_hash(before, seq, record)
        rows.append({"seq": seq, **record._asdict(), "hash": before})
    if rows:
        db.execute(sa.insert(RECORD), rows)
        db.execute(sa.update(HEAD).values(seq=seq, hash=before))
    if contents:
        db.execute(sa.insert(CONTENT), contents)
    return list(range(head.seq + 1, seq + 1))


def _erase_seqs(db: sa.Connection, seqs: Sequence[int], now_ms: int, reason: str, about: dict[str, str]) -> None:
    """Delete texts and append the record that says so."""
    if seqs:
        db.execute(sa.delete(CONTENT).where(CONTENT.c.seq.in_(seqs)))
    _link(db, [(records.erasure(_new_id(), now_ms, reason, records.ranges(seqs), **about), None)])


def _honour(db: sa.Connection, fresh: Sequence[tuple[int, Record]], now_ms: int) -> int:
    """Erase what was erased before it arrived: it was still in the outbox then. Returns how many."""
    requests = sorted({record.request_id for _, record in fresh if record.request_id})
    subjects = sorted({record.subject_hash for _, record in fresh if record.subject_hash})
    if not requests and not subjects:
        return 0
    query = sa.select(RECORD.c.request_id, RECORD.c.subject_hash, RECORD.c.time_ms).where(
        RECORD.c.kind == records.ERASURE,
        sa.or_(RECORD.c.request_id.in_(requests), RECORD.c.subject_hash.in_(subjects)),
    )
    asked = db.execute(query).fetchall()
    by_request = {one.request_id for one in asked}
    until_ms: dict[str, int] = {}
    for one in asked:
        until_ms[one.subject_hash] = max(until_ms.get(one.subject_hash, 0), one.time_ms)
    seqs = [
        seq
        for seq, record in fresh
        if (record.request_id and record.request_id in by_request)
        or (record.subject_hash and record.time_ms <= until_ms.get(record.subject_hash, -1))
    ]
    if seqs:
        _erase_seqs(db, seqs, now_ms, "on its way", {})
    return len(seqs)
