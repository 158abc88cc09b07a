"""C7: whatever is changed in the store is found, and the first place is named. On SQLite and PostgreSQL."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from events.audit import records
from events.audit.database import CONTENT, HEAD, RECORD
from events.audit.records import Head, Record
from events.audit.verify import verify
from tests.support.audit import KEY, NEW_KEY, TIME_MS, fill, record, ring, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from events.audit.store import AuditStore

    Tamper = Callable[[sa.Connection, random.Random], int]
    """Changes something; returns the first record where it shows, 0: the store as a whole."""

TAMPERINGS = 1000
RECORDS = 24
Snapshot = dict[str, list[dict[str, Any]]]
_FIELDS = [name for name in Record._fields if name != "time_ms"]


def prepared(store: AuditStore) -> list[Head]:
    """A store with everything in it that there can be; returns its anchors."""
    fill(store, 10)
    anchors = [store.head()]
    store.erase_request("req_4", TIME_MS)
    store.rewrap(ring(f"{NEW_KEY}\n{KEY}"), TIME_MS)
    fill(store, RECORDS - store.head().seq, first=11)
    return [*anchors, store.head()]


def snapshot(store: AuditStore) -> Snapshot:
    with store.engine.begin() as db:
        return {t.name: [dict(row) for row in db.execute(sa.select(t)).mappings()] for t in (RECORD, CONTENT, HEAD)}


def restore(store: AuditStore, saved: Snapshot) -> None:
    with store.engine.begin() as db:
        for table in (RECORD, CONTENT, HEAD):
            db.execute(sa.delete(table))
            db.execute(sa.insert(table), saved[table.name])


def _rows(db: sa.Connection) -> list[tuple[int, Record]]:
    return [(row[0], Record(*row[1:-1])) for row in db.execute(sa.select(RECORD).order_by(RECORD.c.seq))]


def _relink(db: sa.Connection, rows: list[tuple[int, Record]]) -> None:
    """Write the whole chain anew, as somebody who knows how it is made."""
    db.execute(sa.delete(RECORD))
    chain = db.execute(sa.select(HEAD.c.chain)).scalar_one()
    before, new = records.genesis(chain), []
    for seq, one in rows:
        before = records.link_hash(before, seq, one)
        new.append({"seq": seq, **one._asdict(), "hash": before})
    db.execute(sa.insert(RECORD), new)
    db.execute(sa.update(HEAD).values(seq=len(rows), hash=before))


def edit(db: sa.Connection, rng: random.Random) -> int:
    seq, name = rng.randint(1, RECORDS), rng.choice([*_FIELDS, "hash"])
    db.execute(sa.update(RECORD).where(RECORD.c.seq == seq).values({name: RECORD.c[name] + "0"}))
    return seq


def edit_and_relink(db: sa.Connection, rng: random.Random) -> int:
    rows = _rows(db)
    at = rng.randrange(RECORDS)
    seq, one = rows[at]
    rows[at] = seq, one._replace(rule=one.rule + "x")
    _relink(db, rows)
    return RECORDS if seq > 10 else 10  # the first anchor after it


def delete(db: sa.Connection, rng: random.Random) -> int:
    seq = rng.randint(1, RECORDS)
    db.execute(sa.delete(RECORD).where(RECORD.c.seq == seq))
    if rng.random() < 0.5:
        db.execute(sa.delete(CONTENT).where(CONTENT.c.seq == seq))
    return seq


def delete_and_relink(db: sa.Connection, rng: random.Random) -> int:
    rows = _rows(db)
    del rows[rng.randrange(RECORDS)]
    db.execute(sa.delete(CONTENT))
    _relink(db, [(seq, one) for seq, (_, one) in enumerate(rows, 1)])
    return 0


def insert(db: sa.Connection, rng: random.Random) -> int:
    at = rng.randint(1, RECORDS)
    db.execute(sa.update(RECORD).where(RECORD.c.seq >= at).values(seq=RECORD.c.seq + 1000))
    db.execute(sa.update(RECORD).where(RECORD.c.seq >= at).values(seq=RECORD.c.seq - 999))
    forged = {"seq": at, **record(999)._asdict(), "hash": "f" * 64}
    db.execute(sa.insert(RECORD), [forged])
    return at


def append_forged(db: sa.Connection, rng: random.Random) -> int:
    forged = {"seq": RECORDS + 1, **record(rng.randint(900, 999))._asdict(), "hash": "f" * 64}
    db.execute(sa.insert(RECORD), [forged])
    return RECORDS + 1


def reorder(db: sa.Connection, rng: random.Random) -> int:
    first, second = sorted(rng.sample(range(1, RECORDS + 1), 2))
    for before, after in ((first, -1), (second, first), (-1, second)):
        db.execute(sa.update(RECORD).where(RECORD.c.seq == before).values(seq=after))
    return first


def truncate(db: sa.Connection, rng: random.Random) -> int:
    last = rng.randint(1, RECORDS - 1)
    db.execute(sa.delete(RECORD).where(RECORD.c.seq > last))
    return last + 1


def roll_back(db: sa.Connection, rng: random.Random) -> int:
    """As if a backup had been put in place."""
    last = rng.randint(0, RECORDS - 1)
    rows = _rows(db)[:last]
    db.execute(sa.delete(CONTENT).where(CONTENT.c.seq > last))
    _relink(db, rows) if rows else db.execute(sa.delete(RECORD))
    if not rows:
        chain = db.execute(sa.select(HEAD.c.chain)).scalar_one()
        db.execute(sa.update(HEAD).values(seq=0, hash=records.genesis(chain)))
    return 0


def edit_text(db: sa.Connection, rng: random.Random) -> int:
    seq, name = _some_text(db, rng), rng.choice(["key_id", "wrapped", "body"])
    value = db.execute(sa.select(CONTENT.c[name]).where(CONTENT.c.seq == seq)).scalar_one()
    changed = "00000000" if name == "key_id" else value[:-1] + bytes([value[-1] ^ 1])
    db.execute(sa.update(CONTENT).where(CONTENT.c.seq == seq).values({name: changed}))
    return seq


def drop_text(db: sa.Connection, rng: random.Random) -> int:
    seq = _some_text(db, rng)
    db.execute(sa.delete(CONTENT).where(CONTENT.c.seq == seq))
    return seq


def swap_texts(db: sa.Connection, rng: random.Random) -> int:
    seqs = list(db.execute(sa.select(CONTENT.c.seq)).scalars())
    first, second = sorted(rng.sample(seqs, 2))
    for before, after in ((first, -1), (second, first), (-1, second)):
        db.execute(sa.update(CONTENT).where(CONTENT.c.seq == before).values(seq=after))
    return first


def bring_back(db: sa.Connection, rng: random.Random) -> int:
    sealed = text_of(4)
    row = {"seq": 4, "key_id": sealed.wrapped.key_id, "wrapped": sealed.wrapped.data, "body": sealed.body}
    db.execute(sa.insert(CONTENT), [row])
    return 4


def lone_text(db: sa.Connection, rng: random.Random) -> int:
    db.execute(sa.insert(CONTENT), [{"seq": 500, "key_id": "0", "wrapped": b"", "body": b""}])
    return 500


def change_head(db: sa.Connection, rng: random.Random) -> int:
    db.execute(sa.update(HEAD).values(rng.choice([{"seq": RECORDS - 1}, {"seq": RECORDS + 5}, {"hash": "0"}])))
    return 0


def another_chain(db: sa.Connection, rng: random.Random) -> int:
    db.execute(sa.update(HEAD).values(chain="0" * 16))
    rows = _rows(db)
    _relink(db, rows)
    return 0


def no_head(db: sa.Connection, rng: random.Random) -> int:
    db.execute(sa.delete(HEAD))
    return 0


def _some_text(db: sa.Connection, rng: random.Random) -> int:
    return rng.choice(sorted(db.execute(sa.select(CONTENT.c.seq)).scalars()))


WAYS: list[Tamper] = [
    edit, edit_and_relink, delete, delete_and_relink, insert, append_forged, reorder, truncate, roll_back,
    edit_text, drop_text, swap_texts, bring_back, lone_text, change_head, another_chain, no_head,
]  # fmt: skip


def test_every_tampering_is_found_and_placed(store: AuditStore) -> None:
    anchors = prepared(store)
    saved = snapshot(store)
    assert store.head().seq == RECORDS
    assert verify(store, anchors).problems == []
    count = TAMPERINGS if store.engine.dialect.name == "sqlite" else TAMPERINGS // 20
    found: Counter[str] = Counter()
    for seed in range(count):
        way, rng = WAYS[seed % len(WAYS)], random.Random(seed)
        with store.engine.begin() as db:
            place = way(db, rng)
        report = verify(store, anchors)
        assert report.problems, (way.__name__, seed)
        assert not place or place in {one.seq for one in report.problems}, (way.__name__, seed, report.problems)
        found[way.__name__] += 1
        restore(store, saved)
    assert verify(store, anchors).problems == []
    assert len(found) == len(WAYS)


def test_without_anchors_a_store_put_back_looks_whole(store: AuditStore) -> None:
    """Why there are anchors."""
    fill(store, 5)
    saved = snapshot(store)
    fill(store, 3, first=6)
    anchors = [store.head()]
    restore(store, saved)
    assert verify(store).problems == []
    (problem,) = verify(store, anchors).problems
    assert problem == (6, "the records up to 8 are missing: an anchor knows of them")


def test_progress_is_told_and_a_ruined_store_is_not_explained_for_ever(store: AuditStore) -> None:
    fill(store, 150)
    told: list[int] = []
    assert verify(store, on_rows=told.append).records == sum(told) == 150
    with store.engine.begin() as db:
        db.execute(sa.update(RECORD).values(rule="x"))
    assert len(verify(store).problems) == 100
