"""Where the store is and which times are meant: options, environment, settings; errors on one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from events.audit.database import sqlite_url
from events.audit.settings import FILE_NAME
from events.audit.store import AuditStore
from proxy.cli.audit_where import DATABASE_VARIABLE, Where, moment
from proxy.cli.errors import CommandError
from tests.support.audit import KEY, fill
from tests.support.cli import Sluicegate


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    store = AuditStore(sqlite_url(path))
    fill(store, 2)
    store.close()
    return path


def test_the_store_is_found_by_each_way(
    sluicegate: Sluicegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path / "state" / FILE_NAME)
    (tmp_path / "keys").write_text(KEY)
    (tmp_path / "s.yaml").write_text("version: 1\nupstream: http://h\nstate_dir: state\naudit: {key_file: keys}\n")
    for options in (
        ["--state-dir", str(tmp_path / "state")],
        ["--database", sqlite_url(path)],
        ["--config", str(tmp_path / "s.yaml")],
    ):
        ran = sluicegate("audit", "list", "--json", *options)
        assert (ran.code, ran.out.count("incident_id")) == (0, 2), ran
    assert Where(config=str(tmp_path / "s.yaml")).needed_ring().ids
    monkeypatch.setenv(DATABASE_VARIABLE, sqlite_url(path))
    assert sluicegate("audit", "list").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--state-dir", "nowhere"], "there is no audit store"),
        (["list", "--database", "nonsense"], "is not a URL"),
        (["list", "--config", "gone.yaml"], "gone.yaml"),
        (["list", "--since", "yesterday"], "--since: 'yesterday' is not a time"),
        (["rewrap", "--state-dir", "nowhere"], "This needs the keys"),
        (["rewrap", "--key", "gone"], "gone"),
    ],
)
def test_what_is_missing_is_said_in_one_line(arguments: list[str], said: str, sluicegate: Sluicegate) -> None:
    ran = sluicegate("audit", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


def test_looking_makes_no_store(sluicegate: Sluicegate, tmp_path: Path) -> None:
    sluicegate("audit", "list", "--state-dir", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_times_are_dates_moments_or_ages() -> None:
    assert moment("2026-11-23", "--since") == 1_795_392_000_000
    assert moment("2026-11-23T01:00:00+01:00", "--since") == 1_795_392_000_000
    assert moment(None, "--since") is None
    ago = moment("2h", "--since")
    assert ago is not None
    assert 7_199 <= time.time() - ago / 1000 <= 7_260


def test_a_bad_key_is_not_repeated(sluicegate: Sluicegate, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("hunter2")
    with pytest.raises(CommandError) as caught:
        Where(key=str(tmp_path / "keys")).ring()
    assert "Line 1 is not a key" in str(caught.value)
    assert "hunter2" not in str(caught.value)
