"""The audit store's tables, and how its database is opened: SQLite by default, PostgreSQL by URL.

It knows nothing of what the rows mean.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from events.audit.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_TIMEOUT_MS: Final = 10_000
FORMAT: Final = 1
_NUMBERS: Final = frozenset({"time_ms"})
_INDEXED: Final = frozenset({"time_ms", "request_id", "incident_id", "subject_hash", "kind"})

METADATA: Final = sa.MetaData()

RECORD: Final = sa.Table(
    "audit_record",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    *(
        sa.Column(
            name,
            sa.BigInteger if name in _NUMBERS else sa.Text,
            nullable=False,
            unique=name == "id",
            index=name in _INDEXED,
        )
        for name in Record._fields
    ),
    sa.Column("hash", sa.Text, nullable=False),
)
CONTENT: Final = sa.Table(
    "audit_content",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.Text, nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
HEAD: Final = sa.Table(
    "audit_head",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)


class AuditError(Exception):
    """The audit store cannot be used. Holds no text of an exchange and no password."""


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_engine(url: str) -> sa.Engine:
    """Return the engine for a URL; nothing is read yet. Raises `AuditError`."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise AuditError("The database is not a URL. Write it as postgresql://HOST/NAME.") from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return _postgres(parsed)
    if backend == "sqlite" and parsed.database:
        return _sqlite(parsed)
    raise AuditError(f"The database {backend!r} is not known here. Use sqlite:///FILE or postgresql://HOST/NAME.")


def _postgres(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except (ImportError, NoSuchModuleError):
        raise AuditError("PostgreSQL needs a driver. Install it with: pip install 'sluicegate[postgres]'") from None


def _sqlite(url: sa.URL) -> sa.Engine:
    path = Path(url.database or "")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # its log gets the same rights
    except OSError as error:
        raise AuditError(f"{path}: {error.strerror}.") from error
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", "journal_mode = WAL", "synchronous = FULL",
                       "secure_delete = ON"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the database's errors into ours; what they quote of a statement is left out."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        said = " ".join(str(cause if cause is not None else type(error).__name__).split())
        raise AuditError(f"The audit database cannot be used: {said[:200]}") from None
