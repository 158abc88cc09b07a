"""Looks things up in the audit store: records by what they are about, with the texts for who has the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from events.audit import records
from events.audit.database import CONTENT, RECORD, database_errors
from events.audit.keys import Wrapped
from events.audit.records import Link, Record
from events.audit.sealing import Sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from events.audit.store import AuditStore

READ_ROWS = 500

_COLUMNS = (*RECORD.c, CONTENT.c.key_id, CONTENT.c.wrapped, CONTENT.c.body)
_JOINED = RECORD.outerjoin(CONTENT, CONTENT.c.seq == RECORD.c.seq)


class Filter(NamedTuple):
    """Which records are wanted; None: all."""

    kinds: Sequence[str] = (records.INCIDENT,)
    since_ms: int | None = None
    until_ms: int | None = None
    """The first millisecond that is too late."""
    rule: str | None = None
    category: str | None = None
    tenant: str | None = None
    model: str | None = None
    action: str | None = None
    request_id: str | None = None
    subject_hash: str | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """Return the filter as SQL."""
        column = RECORD.c
        parts: list[sa.ColumnElement[bool]] = [column.kind.in_(self.kinds)]
        if self.since_ms is not None:
            parts.append(column.time_ms >= self.since_ms)
        if self.until_ms is not None:
            parts.append(column.time_ms < self.until_ms)
        for name in ("rule", "category", "tenant", "model", "action", "request_id", "subject_hash"):
            value = getattr(self, name)
            if value is not None:
                parts.append(column[name] == value)
        return sa.and_(*parts)


def newest(store: AuditStore, wanted: Filter, limit: int) -> list[Link]:
    """Return the newest records that fit, without their texts; `sealed` is None. Raises `AuditError`."""
    query = sa.select(RECORD).where(wanted.condition()).order_by(RECORD.c.seq.desc()).limit(limit)
    with database_errors(), store.engine.begin() as db:
        return [Link(row[0], Record(*row[1:-1]), row[-1]) for row in db.execute(query)]


def all_of(store: AuditStore, wanted: Filter) -> Iterator[Link]:
    """Yield the records that fit in the order of the chain, with their texts. Raises `AuditError`."""
    after = 0
    while True:
        with database_errors(), store.engine.begin() as db:
            query = sa.select(*_COLUMNS).select_from(_JOINED).where(RECORD.c.seq > after, wanted.condition())
            rows = db.execute(query.order_by(RECORD.c.seq).limit(READ_ROWS)).fetchall()
        yield from map(_link, rows)
        if len(rows) < READ_ROWS:
            return
        after = rows[-1][0]


def find(store: AuditStore, name: str) -> list[Link]:
    """Return the records of an incident, of an exchange by its request's id, or the one with this id or number."""
    column = RECORD.c
    event_id = name.removeprefix("inc_").removeprefix("aud_")
    fits = sa.or_(column.id == event_id, column.incident_id == name, column.request_id == name)
    if name.isascii() and name.isdigit() and len(name) < 19:  # noqa: PLR2004 - what a number of 64 bits holds
        fits = column.seq == int(name)
    with database_errors(), store.engine.begin() as db:
        query = sa.select(*_COLUMNS).select_from(_JOINED).where(fits, column.kind != records.ERASURE)
        return [_link(row) for row in db.execute(query.order_by(column.seq).limit(READ_ROWS))]


def policy_of(store: AuditStore, revision: str) -> Link | None:
    """Return the record of a policy, by its revision. Raises `AuditError`."""
    fits = sa.and_(RECORD.c.kind == records.POLICY, RECORD.c.revision == revision)
    with database_errors(), store.engine.begin() as db:
        row = db.execute(sa.select(*_COLUMNS).select_from(_JOINED).where(fits).limit(1)).first()
    return None if row is None else _link(row)


def transcript_of(store: AuditStore, request_id: str) -> tuple[list[Link], Link | None]:
    """Return the incidents of an exchange, and the record of its whole texts where there is one."""
    found = list(all_of(store, Filter(kinds=(records.INCIDENT, records.EXCHANGE), request_id=request_id)))
    whole = next((one for one in found if one.record.kind == records.EXCHANGE), None)
    return [one for one in found if one.record.kind == records.INCIDENT], whole


def _link(row: Any) -> Link:  # noqa: ANN401 - one row of `_COLUMNS`
    seq, *fields, value, key_id, wrapped, body = row
    sealed = None if key_id is None else Sealed(Wrapped(key_id, bytes(wrapped)), bytes(body))
    return Link(seq, Record(*fields), value, sealed)
