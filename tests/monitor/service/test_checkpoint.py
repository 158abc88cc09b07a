"""A checkpoint is whole or the one before, and nothing of it is read before its signature is right."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from monitor.service import checkpoint
from monitor.service.checkpoint import Checkpoint, CheckpointError, read, settings_hash, signing_key, write
from monitor.settings import DriftSettings, MonitorSettings

UNDER = settings_hash(MonitorSettings())
KEY = bytes(32)
MADE = Checkpoint(3, {"exchanges.v1/0": 17, "verdicts.v1/1": 2}, b"state\nwith lines\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "share-0.checkpoint"


def test_what_was_written_is_read(path: Path) -> None:
    assert read(path, UNDER, KEY) is None
    write(path, MADE, UNDER, KEY)
    assert read(path, UNDER, KEY) == MADE
    write(path, dataclasses.replace(MADE, generation=4), UNDER, KEY)
    assert read(path, UNDER, KEY) == dataclasses.replace(MADE, generation=4)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_changed_byte_is_found(path: Path) -> None:
    write(path, MADE, UNDER, KEY)
    whole = path.read_bytes()
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CheckpointError):
            read(path, UNDER, KEY)
    for size in range(0, len(whole), 5):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError):
            read(path, UNDER, KEY)


def test_another_key_signs_nothing_of_ours(path: Path) -> None:
    write(path, MADE, UNDER, b"k" * 32)
    with pytest.raises(CheckpointError, match="signature") as raised:
        read(path, UNDER, KEY)
    assert raised.value.offsets == {}


def test_other_settings_and_versions_vouch_for_places_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, MADE, UNDER, KEY)
    other = settings_hash(MonitorSettings(drift=DriftSettings(min_ratio=3.0)))
    assert len({UNDER, other, settings_hash(MonitorSettings(), (1, 2))}) == 3
    with pytest.raises(CheckpointError, match="settings have changed") as raised:
        read(path, other, KEY)
    assert raised.value.offsets == MADE.offsets
    monkeypatch.setattr(checkpoint, "versions", lambda: {"river": "9.9", "python": "3.11"})
    with pytest.raises(CheckpointError, match="was made by") as raised:
        read(path, UNDER, KEY)
    assert raised.value.offsets == MADE.offsets


def test_a_key_is_made_once_and_only_ours_to_read(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    assert len(key) == 32
    assert signing_key(tmp_path) == key
    assert os.stat(tmp_path / "monitor.key").st_mode & 0o777 == 0o600  # noqa: PTH116
    (tmp_path / "monitor.key").write_bytes(b"short")
    with pytest.raises(OSError, match="damaged"):
        signing_key(tmp_path)
