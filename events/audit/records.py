"""A record of the audit chain, and how it is bound to all records before it. Pure: no database, no clock.

The chain covers everything that stands in a record, and the hashes of its encrypted text and of its wrapped data
key in place of these: so a text can be erased, or wrapped under a new key, and the chain still holds. Whoever does
that appends a record that says so.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from events.audit.sealing import Sealed

INCIDENT: Final = "incident"
EXCHANGE: Final = "exchange"
"""The texts of an exchange that had incidents."""
POLICY: Final = "policy"
"""A policy as it was in force."""
ERASURE: Final = "erasure"
REWRAP: Final = "rewrap"


class Record(NamedTuple):
    """What a record says. The texts are empty where it says nothing. `detail` is a JSON object."""

    id: str
    """Id of the event that it comes from, or one of its own."""
    kind: str
    time_ms: int
    request_id: str = ""
    incident_id: str = ""
    tenant: str = ""
    subject_hash: str = ""
    model: str = ""
    route: str = ""
    policy: str = ""
    revision: str = ""
    """As in events: `sha256:` and the revision."""
    rule: str = ""
    category: str = ""
    detector: str = ""
    action: str = ""
    detail: str = "{}"
    body_hash: str = ""
    """Of the encrypted text; empty where there was none."""
    key_hash: str = ""
    """Of the wrapped data key, as it was at first."""


class Link(NamedTuple):
    """A record in its place in the chain."""

    seq: int
    record: Record
    hash: str
    sealed: Sealed | None = None
    """The encrypted text, where there is one and it was asked for."""


class Head(NamedTuple):
    """Where a chain ends."""

    chain: str
    """Id of the chain."""
    seq: int
    hash: str


def genesis(chain: str) -> str:
    """Return the hash before the first record."""
    return hashlib.sha256(b"sluicegate audit chain\0" + chain.encode()).hexdigest()


def link_hash(before: str, seq: int, record: Record) -> str:
    """Return the hash of a record, given that of the one before it."""
    return row_hash(before, (seq, *record))


def row_hash(before: str, row: tuple[object, ...]) -> str:
    """Return the same of a row: the number and the fields of a record."""
    return hashlib.sha256(before.encode() + orjson.dumps(row)).hexdigest()


def body_hash(body: bytes) -> str:
    """Return the hash of an encrypted text."""
    return hashlib.sha256(body).hexdigest()


def wrapped_hash(key_id: str, data: bytes) -> str:
    """Return the hash of a wrapped data key and the id of the key that wraps it."""
    return hashlib.sha256(key_id.encode() + b"\0" + data).hexdigest()


def ranges(seqs: Iterable[int]) -> list[list[int]]:
    """Return the ranges, ends included, of numbers in ascending order."""
    found: list[list[int]] = []
    for seq in seqs:
        if found and found[-1][1] == seq - 1:
            found[-1][1] = seq
        else:
            found.append([seq, seq])
    return found


def erasure(record_id: str, now_ms: int, reason: str, gone: Sequence[Sequence[int]], **about: str) -> Record:
    """Return the record that says that texts were erased: `gone` are ranges of records."""
    detail = orjson.dumps({"reason": reason, "ranges": gone}).decode()
    return Record(record_id, ERASURE, now_ms, detail=detail, **about)


def rewrap(record_id: str, now_ms: int, key_id: str, keys: dict[int, str]) -> Record:
    """Return the record that says that data keys were wrapped anew: `keys` are the hashes by record."""
    detail = orjson.dumps({"key": key_id, "keys": {str(seq): value for seq, value in keys.items()}}).decode()
    return Record(record_id, REWRAP, now_ms, detail=detail)


class Amendments:
    """What later records of a chain say of earlier ones: which texts are gone, which keys were wrapped anew."""

    def __init__(self) -> None:
        self._gone: list[tuple[int, int, int]] = []
        self.keys: dict[int, str] = {}
        """By record: the hash of its data key as it must be now."""

    def add(self, seq: int, record: Record) -> None:
        """Take an erasure or rewrap. Those come in the order of the chain. Raises ValueError for a broken one."""
        detail: Any = orjson.loads(record.detail)
        try:
            if record.kind == REWRAP:
                self.keys.update({int(one): str(value) for one, value in detail["keys"].items()})
                return
            for first, last in detail["ranges"]:
                if not 0 < first <= last < seq:
                    raise ValueError("a range that cannot be")
                self._gone.append((int(first), int(last), seq))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not an amendment") from error

    def close(self) -> None:
        """All are in: ready to be asked."""
        self._gone.sort()

    def walk(self) -> ErasedWalk:
        """Return what answers whether texts are gone, for records in ascending order."""
        return ErasedWalk(self._gone)


class ErasedWalk:
    """Tells for records in ascending order whether their text was erased."""

    def __init__(self, gone: Sequence[tuple[int, int, int]]) -> None:
        self._gone = gone
        self._next = 0
        self._to = 0

    def is_erased(self, seq: int) -> bool:
        """Whether a record's text was erased."""
        while self._next < len(self._gone) and self._gone[self._next][0] <= seq:
            self._to = max(self._to, self._gone[self._next][1])
            self._next += 1
        return seq <= self._to
