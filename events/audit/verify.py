"""Proves that nobody changed the audit store, or says where: every hash is computed anew.

It needs no key. What it cannot see by itself is a store that was put back to an earlier state, or written anew from
some record on: for that it is given anchors.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from events.audit import records
from events.audit.database import CONTENT, HEAD, RECORD, database_errors
from events.audit.records import Amendments, Head, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from events.audit.store import AuditStore

MAX_PROBLEMS: Final = 100
"""A store that is wrong in more places is not explained further."""
READ_ROWS: Final = 2000
_WIDTH: Final = 1 + len(Record._fields)


class Problem(NamedTuple):
    """What is wrong, and where."""

    seq: int
    """The record; 0: the store as a whole."""
    message: str


class Report(NamedTuple):
    """What was verified."""

    records: int
    texts: int
    """Encrypted texts that are as they were."""
    erased: int
    """Texts that are gone, and a record says so."""
    anchors: int
    """Anchors of this chain that it was compared with."""
    head: Head
    problems: Sequence[Problem]


def verify(
    store: AuditStore, anchors: Iterable[Head] = (), on_rows: Callable[[int], None] = lambda _count: None
) -> Report:
    """Go through the whole chain. `on_rows` hears of how many records are done. Raises `AuditError`."""
    with database_errors(), store.engine.connect() as connection:
        db = connection
        if db.dialect.name == "postgresql":
            db = connection.execution_options(isolation_level="REPEATABLE READ")
        with db.begin():  # one moment of the store, while others go on writing
            return _Walk(db, anchors).run(on_rows)


class _Walk:
    def __init__(self, db: sa.Connection, anchors: Iterable[Head]) -> None:
        self._db = db
        self._anchors: dict[int, set[str]] = defaultdict(set)
        self._foreign = 0
        self._problems: list[Problem] = []
        self._head = self._read_head()
        for anchor in anchors:
            if anchor.chain == self._head.chain:
                self._anchors[anchor.seq].add(anchor.hash)
            else:
                self._foreign += 1
        self._texts = self._erased = 0

    def _read_head(self) -> Head:
        found = self._db.execute(sa.select(HEAD.c.chain, HEAD.c.seq, HEAD.c.hash)).fetchall()
        if len(found) == 1:
            return Head(*found[0])
        self._say(0, "the row that says where the chain ends is missing")
        return Head("", 0, "")

    def run(self, on_rows: Callable[[int], None]) -> Report:
        amendments = self._amendments()
        erased = amendments.walk()
        seq, value, count = 0, records.genesis(self._head.chain), 0
        self._check_anchor(0, value)
        result = self._rows()
        for rows in result.partitions():
            for row in rows:
                given, stored = row[0], row[_WIDTH]
                if given != seq + 1:
                    self._say(seq + 1, _missing(seq + 1, given - 1))
                elif records.row_hash(value, row[:_WIDTH]) != stored:
                    self._say(given, "the record, or its place in the chain, was changed")
                seq, value = given, stored
                if seq in self._anchors:
                    self._check_anchor(seq, value)
                self._check_text(row, amendments, is_erased=erased.is_erased(seq))
            count += len(rows)
            on_rows(len(rows))
            if len(self._problems) >= MAX_PROBLEMS:
                break
        else:
            self._check_end(seq, value)
        result.close()
        anchors = sum(map(len, self._anchors.values()))
        problems = sorted(set(self._problems))[:MAX_PROBLEMS]
        return Report(count, self._texts, self._erased, anchors, self._head, problems)

    def _rows(self) -> sa.CursorResult[Any]:
        query = (
            sa.select(RECORD, CONTENT.c.key_id, CONTENT.c.wrapped, CONTENT.c.body)
            .select_from(RECORD.outerjoin(CONTENT, CONTENT.c.seq == RECORD.c.seq))
            .order_by(RECORD.c.seq)
        )
        return self._db.execute(query, execution_options={"yield_per": READ_ROWS})

    def _amendments(self) -> Amendments:
        """Return what later records say of earlier ones. Whether these are true is seen on the way."""
        amendments = Amendments()
        query = (
            sa.select(RECORD.c.seq, *[RECORD.c[name] for name in Record._fields])
            .where(RECORD.c.kind.in_([records.ERASURE, records.REWRAP]))
            .order_by(RECORD.c.seq)
        )
        for seq, *fields in self._db.execute(query):
            try:
                amendments.add(seq, Record(*fields))
            except ValueError:
                self._say(seq, "the record does not say what was erased or wrapped anew")
        amendments.close()
        return amendments

    def _check_text(self, row: sa.Row[Any], amendments: Amendments, *, is_erased: bool) -> None:
        seq, body_hash, key_hash = row[0], row[_WIDTH - 2], row[_WIDTH - 1]
        key_id, wrapped, body = row[_WIDTH + 1 :]
        if key_id is None:
            if body_hash and not is_erased:
                self._say(seq, "the text is missing, and no later record says that it was erased")
            self._erased += bool(body_hash)
        elif is_erased:
            self._say(seq, "the text was erased, and is there again")
        elif records.body_hash(body) != body_hash:
            self._say(seq, "the encrypted text was changed")
        elif records.wrapped_hash(key_id, wrapped) != amendments.keys.get(seq, key_hash):
            self._say(seq, "the key of the text was changed")
        else:
            self._texts += 1

    def _check_anchor(self, seq: int, value: str) -> None:
        if any(one != value for one in self._anchors.get(seq, ())):
            self._say(seq, "an anchor knows this record otherwise: it, or one before it, was written anew")

    def _check_end(self, seq: int, value: str) -> None:
        head = self._head
        if head.seq > seq:
            self._say(seq + 1, _missing(seq + 1, head.seq))
        elif (head.seq, head.hash) != (seq, value):
            self._say(seq, "the chain does not end where the store says that it does")
        last = max(self._anchors, default=0)
        if last > max(seq, head.seq):
            self._say(seq + 1, f"{_missing(seq + 1, last)}: an anchor knows of them")
        if self._foreign and not self._anchors:
            self._say(0, "all anchors are of another chain: this is not the store that they were made for")
        orphans = sa.select(CONTENT.c.seq).where(CONTENT.c.seq.not_in(sa.select(RECORD.c.seq))).limit(MAX_PROBLEMS)
        for orphan in self._db.execute(orphans).scalars():
            self._say(orphan, "there is a text without its record")

    def _say(self, seq: int, message: str) -> None:
        if len(self._problems) < 2 * MAX_PROBLEMS:
            self._problems.append(Problem(seq, message))


def _missing(first: int, last: int) -> str:
    return "the record is missing" if first == last else f"the records up to {last} are missing"
