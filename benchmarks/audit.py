"""Measures how fast `audit verify` goes through a store, beside reading the rows and hashing their bytes alone.

python -m benchmarks.audit [--records 100000]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.console import Console

from benchmarks.report import Table, targets_table
from benchmarks.stats import Target
from events.audit.database import sqlite_url
from events.audit.keys import Wrapped
from events.audit.records import INCIDENT, Record
from events.audit.sealing import WRAPPED_BYTES, Sealed
from events.audit.settings import FILE_NAME
from events.audit.store import AuditStore
from events.audit.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_BYTES: Final = 1100
"""An encrypted window of 400 characters to each side, before and after, as JSON."""
BATCH: Final = 1000
ROUNDS: Final = 3
_DETAIL: Final = (
    '{"mode":"enforce","severity":"medium","score":1.0,"threshold":0.0,"direction":"response","channel":"text[0]",'
    '"start":412,"end":429,"enforced":true,"verdict":"violation","bypass":null,"fingerprint":"hmac256:00000000:'
    + "0" * 32
    + '","elapsed_ms":12.5,"dialect":"openai-chat","stream":true,"provider":"api.example"}'
)


class Verified(NamedTuple):
    """Rows a second, the best of some rounds."""

    with_texts: float
    without: float
    read: float
    """SQLite alone, which reads the same rows with their texts."""
    hashed: float
    """SHA-256 alone, of as many bytes in as many pieces."""


def record(number: int) -> Record:
    """Return the record of an incident, as long as real ones."""
    return Record(
        id=f"01JD9W6Q3M{number:016d}", kind=INCIDENT, time_ms=1_795_676_400_000 + number,
        request_id=f"req_{number:024x}", incident_id=f"inc_01JD9W6Q3M{number:016d}", tenant="t_19",
        subject_hash="hmac256:00000000:" + f"{number % 500:032x}", model="gpt-x", route="/v1/chat/completions",
        rule="contact-details", category="EMAIL_ADDRESS", detector="pii", action="redact", policy="default",
        revision="sha256:" + "0" * 64, detail=_DETAIL,
    )  # fmt: skip


def fill(folder: Path, count: int, *, with_texts: bool) -> AuditStore:
    """Return a store with that many records."""
    store = AuditStore(sqlite_url(folder / FILE_NAME))
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        store.append([(record(n), _sealed() if with_texts else None) for n in numbers], 0)
    return store


def _sealed() -> Sealed:
    return Sealed(Wrapped("00000000", os.urandom(WRAPPED_BYTES)), os.urandom(TEXT_BYTES))


def measure(count: int) -> Verified:
    """Measure all of it in turn, round after round."""
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as name:
        folders = [Path(name) / "with", Path(name) / "without"]
        for folder in folders:
            folder.mkdir()
        stores = [fill(folder, count, with_texts=folder.name == "with") for folder in folders]
        jobs: list[Callable[[], object]] = [
            lambda: _check(stores[0], count),
            lambda: _check(stores[1], count),
            lambda: _read(folders[0] / FILE_NAME),
            lambda: _hash(count),
        ]
        rounds = [[_rate(job, count) for job in jobs] for _ in range(ROUNDS)]
        for store in stores:
            store.close()
    return Verified(*(max(column) for column in zip(*rounds, strict=True)))


def _rate(job: Callable[[], object], count: int) -> float:
    began_s = time.perf_counter()
    job()
    return count / (time.perf_counter() - began_s)


def _check(store: AuditStore, count: int) -> None:
    report = verify(store)
    if report.problems or report.records != count:
        raise RuntimeError("the store that was just made is not whole")


def _read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT * FROM audit_record LEFT JOIN audit_content USING (seq) ORDER BY seq"
        for _ in db.execute(query):
            pass


def _hash(count: int) -> None:
    row, text = b"r" * 900, b"t" * TEXT_BYTES
    for _ in range(count):
        hashlib.sha256(row).hexdigest()
        hashlib.sha256(text).hexdigest()
        hashlib.sha256(text[:70]).hexdigest()


def tables(found: Verified) -> tuple[list[Table], list[Target]]:
    """Return the figures as a table, and the promised one."""
    texts, read = found.with_texts, found.read
    rows = [
        ("audit verify, a text in each record", f"{texts:,.0f}", f"{texts / read:.2f}x"),
        ("audit verify, no texts", f"{found.without:,.0f}", f"{found.without / read:.2f}x"),
        ("SQLite alone, reading the same rows", f"{read:,.0f}", "1.00x"),
        ("SHA-256 alone, as many bytes", f"{found.hashed:,.0f}", f"{found.hashed / read:.2f}x"),
    ]
    note = "Incidents with an encrypted window of 1.1 KB each, on SQLite; the best of three rounds, taken in turn."
    table = Table("Proving the audit chain", ("what", "records/s", "to SQLite alone"), rows, note)
    return [table], [Target("records that audit verify checks each second", 50_000, texts, at_least=True)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    made, targets = tables(measure(parser.parse_args().records))
    console = Console()
    for table in (targets_table(targets), *made):
        table.show(console)


if __name__ == "__main__":
    main()
