"""Finds the audit store, its keys and the records that the options of a command mean."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from pydantic_core import PydanticCustomError

from events.audit.database import AuditError, sqlite_url
from events.audit.keys import AuditKeyError, KeyRing, read_keys
from events.audit.settings import ANCHORS_NAME, FILE_NAME
from events.audit.store import AuditStore
from policies.fields import parse_duration
from policies.problems import ConfigError
from policies.sources import SourceError
from proxy.cli.errors import CommandError
from proxy.cli.loading import config_problem
from proxy.server.audit_file import KEY_VARIABLE, read_key_file
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE_VARIABLE = "SLUICEGATE_AUDIT_DATABASE"


class Where(NamedTuple):
    """What the options of every audit command say."""

    state_dir: str | None = None
    config: str | None = None
    database: str | None = None
    key: str | None = None

    def settings(self) -> ServerConfig:
        """Return the server's settings, as far as they are given. Raises `CommandError`."""
        if self.config is None:
            folder = ServerConfig(upstream_url="").state_dir if self.state_dir is None else Path(self.state_dir)
            return ServerConfig(upstream_url="", state_dir=folder)
        try:
            return load_server_config(Path(self.config), {"state_dir": self.state_dir})
        except ConfigError as error:
            raise config_problem(error) from error

    def anchors(self) -> Path:
        """Return where the server writes anchors."""
        return self.settings().state_dir / ANCHORS_NAME

    def url(self) -> str:
        """Return where the store is. Raises `CommandError` where there is none: no command makes one."""
        settings = self.settings()
        named = self.database or os.environ.get(DATABASE_VARIABLE) or (settings.audit and settings.audit.database)
        url = named or sqlite_url(settings.state_dir / FILE_NAME)
        file = _sqlite_file(url)
        if file is not None and not file.is_file():
            raise CommandError(
                f"{file}: there is no audit store. Name its place with --state-dir, --config or --database;"
                " the server keeps one when it is given --audit-key or 'audit:' in its settings."
            )
        return url

    def ring(self) -> KeyRing | None:
        """Return the keys, None where none are given. Raises `CommandError`."""
        if self.key is not None:
            try:
                return _read(read_key_file(Path(self.key)), self.key)
            except SourceError as error:
                raise CommandError(f"{self.key}: {error}") from error
        settings = self.settings()
        if settings.audit is not None:
            return _read(settings.audit.keys, str(self.config))
        keys = os.environ.get(KEY_VARIABLE, "").replace(",", "\n").replace(" ", "\n")
        return _read(keys, KEY_VARIABLE) if keys else None

    def needed_ring(self) -> KeyRing:
        """Return the keys. Raises `CommandError`."""
        ring = self.ring()
        if ring is None:
            raise CommandError(f"This needs the keys. Name their file with --key, or set {KEY_VARIABLE}.")
        return ring


def _read(keys: str, place: str) -> KeyRing:
    try:
        return read_keys(keys)
    except AuditKeyError as error:
        raise CommandError(f"{place}: {error}") from error


def _sqlite_file(url: str) -> Path | None:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None
    is_file = parsed.get_backend_name() == "sqlite" and bool(parsed.database)
    return Path(str(parsed.database)) if is_file else None


@contextmanager
def opened(where: Where) -> Iterator[AuditStore]:
    """Open the store for a command; what goes wrong with it is the command's error."""
    url = where.url()
    try:
        store = AuditStore(url)
        try:
            yield store
        finally:
            store.close()
    except (AuditError, AuditKeyError) as error:
        raise CommandError(str(error)) from error


def moment(text: str | None, flag: str) -> int | None:
    """Return a time in milliseconds since 1970: `2026-11-23`, `2026-11-23T07:12Z`, or `2h` for two hours ago."""
    if text is None:
        return None
    try:
        return int(1000 * (time.time() - parse_duration(text)))
    except PydanticCustomError:
        pass
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{flag}: {text!r} is not a time. Write it as 2026-11-23, 2026-11-23T07:12Z, or 2h for two hours ago."
        ) from None
    return int(1000 * (parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)).timestamp())
