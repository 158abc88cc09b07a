"""How the audit database is opened, and what is said when it cannot be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from events.audit.database import AuditError, database_errors, open_engine, sqlite_url


def test_a_sqlite_file_is_for_its_owner_durable_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "audit.db"))
    with engine.begin() as db:
        found = [
            db.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
    assert found == ["wal", 2, 1]
    assert stat.S_IMODE((tmp_path / "audit.db").stat().st_mode) == 0o600
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "is not a URL"),
        ("mysql://h/d", "'mysql' is not known here"),
        ("sqlite://", "'sqlite' is not known here"),
        ("sqlite:////nowhere/at/all.db", "No such file or directory"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(url: str, said: str) -> None:
    with pytest.raises(AuditError, match=said):
        open_engine(url)


def test_errors_quote_no_parameters(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "audit.db"))
    with pytest.raises(AuditError) as caught, database_errors(), engine.begin() as db:
        db.execute(sa.text("SELECT :secret FROM nowhere"), {"secret": "walrus"})
    assert "no such table: nowhere" in str(caught.value)
    assert "walrus" not in str(caught.value)
    engine.dispose()
