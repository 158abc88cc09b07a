"""The part `audit:` of `sluicegate.yaml`: what of a text is kept, under which key, where, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from events.audit.keys import AuditKeyError, read_keys
from events.audit.settings import AuditSettings, AuditText
from policies.fields import Duration, StrictModel, custom_error
from policies.sources import Source, SourceError, read_bytes, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_VARIABLE = "SLUICEGATE_AUDIT_KEYS"
"""The environment variable with the keys, where no file is named."""

_NAMED = {"text": "text", "window_chars": "window_chars", "max_chars": "max_chars", "retention": "retention_s"}


def _checked_database(value: str) -> str:
    if "://" not in value:
        raise custom_error("is not a URL. Write it as postgresql://HOST/NAME or sqlite:////path/of/a/file.db.")
    if "@" in value and ":" in value.partition("://")[2].partition("@")[0]:
        raise custom_error("holds a password. Put the URL into an environment variable, and name it: database_env.")
    return value


_Text = Annotated[str, Field(min_length=1)]


class AuditFile(StrictModel):
    """The mapping under `audit:`. What each one is, `AuditSettings` says."""

    text: Literal["whole", "window", "none"] = "window"
    window_chars: Annotated[int, Field(ge=0, le=10_000)] = 0
    max_chars: Annotated[int, Field(ge=1000, le=10_000_000)] = 0
    key_file: _Text = ""
    key_env: _Text = KEY_VARIABLE
    database: Annotated[str, AfterValidator(_checked_database)] = ""
    database_env: _Text = ""
    retention: Annotated[Duration, Field(ge=3600, le=315_360_000)] = 0


def audit_settings(
    given: AuditFile, folder: Path, environment: Mapping[str, str]
) -> tuple[AuditSettings | None, list[tuple[str, str]]]:
    """Return the settings, and problems: a key below `audit` and a message. Relative paths start from `folder`."""
    problems: list[tuple[str, str]] = []
    keys = _keys(given, folder, environment, problems)
    database = _database(given, environment, problems)
    if problems:
        return None, problems
    values: dict[str, Any] = {_NAMED[key]: getattr(given, key) for key in given.model_fields_set if key in _NAMED}
    if "text" in values:
        values["text"] = AuditText(values["text"])
    return AuditSettings(keys=keys, database=database, **values), []


def key_problem(keys: str) -> str | None:
    """Return what is wrong with the text of a key file."""
    try:
        read_keys(keys)
    except AuditKeyError as error:
        return str(error)
    return None


def read_key_file(path: Path) -> str:
    """Return the text of a key file. Raises SourceError."""
    return read_source(Source(path, str(path)), read_bytes).decode("utf-8", "replace")


def _keys(given: AuditFile, folder: Path, environment: Mapping[str, str], problems: list[tuple[str, str]]) -> str:
    if given.key_file:
        place, named = "key_file", given.key_file
        try:
            keys = read_key_file(folder / given.key_file)
        except SourceError as error:
            problems.append((place, f"{given.key_file!r}: {error}"))
            return ""
    else:
        place, named = "key_env", given.key_env
        keys = environment.get(given.key_env, "").replace(",", "\n").replace(" ", "\n")
        if not keys:
            said = f"there is no key: name a file as key_file, or set the environment variable {given.key_env}."
            problems.append((place, f"{said} Make a key with: sluicegate audit key"))
            return ""
    problem = key_problem(keys)
    if problem is not None:
        problems.append((place, f"{named}: {problem}"))
    return keys


def _database(given: AuditFile, environment: Mapping[str, str], problems: list[tuple[str, str]]) -> str:
    if not given.database_env:
        return given.database
    url = environment.get(given.database_env, "")
    if given.database:
        problems.append(("database_env", "says the same as database. Keep one of them."))
    elif not url:
        problems.append(("database_env", f"the environment variable {given.database_env} is not set."))
    else:
        _check_url(url, problems)
    return url


def _check_url(url: str, problems: list[tuple[str, str]]) -> None:
    if url.startswith("sqlite"):
        return  # opening it would make the file
    from events.audit.database import AuditError, open_engine  # noqa: PLC0415 - imports SQLAlchemy

    try:
        open_engine(url).dispose()
    except AuditError as error:
        problems.append(("database_env", str(error)))
