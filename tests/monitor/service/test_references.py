"""Shapes under a name: kept, read back, used by the engine, and a damaged file is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.service.references import (
    BINS,
    FILE_NAME,
    ReferencesError,
    added,
    keep_reference,
    read_references,
    references_for,
)
from monitor.service.share import Share
from monitor.service.shares import Shares
from monitor.service.source import Batch
from monitor.settings import DriftSettings, MonitorSettings
from tests.support.watching import items

SHAPE = tuple(range(BINS))


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    assert read_references(tmp_path) == {}
    keep_reference(tmp_path, "last-week", SHAPE)
    keep_reference(tmp_path, "june", (1,) * BINS)
    keep_reference(tmp_path, "june", (2,) * BINS)
    assert read_references(tmp_path) == {"last-week": SHAPE, "june": (2,) * BINS}
    assert added([SHAPE, (1,) * BINS]) == tuple(range(1, BINS + 1))
    assert added([]) is None


@pytest.mark.parametrize("name", ["", "pinned", "rolling", "a b", "../x", "x" * 65])
def test_not_everything_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReferencesError, match="no name"):
        keep_reference(tmp_path, name, SHAPE)


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"a": [1]}', b'{"a": "x"}', b'{"a": [-1,1,1,1,1,1,1,1,1,1,1,1,1]}']
)
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ReferencesError, match="is damaged"):
        read_references(tmp_path)


def test_one_that_the_settings_name_must_be_there(tmp_path: Path) -> None:
    for name in ("pinned", "rolling"):
        assert references_for(name, tmp_path) == {}
    with pytest.raises(ReferencesError, match="there is no 'june'"):
        references_for("june", tmp_path)
    keep_reference(tmp_path, "june", SHAPE)
    assert references_for("june", tmp_path) == {"june": SHAPE}
    with pytest.raises(ReferencesError, match="Kept are june"):
        references_for("july", tmp_path)


def test_a_monitor_keeps_what_it_sees_and_begins_with_it_when_told(tmp_path: Path) -> None:
    small = MonitorSettings(drift=DriftSettings(shape_window=100))
    shares = Shares(tmp_path, small, bytes(32), lambda _alarm: None)
    shares.keep({"share-0"}, {})
    shares.receive([Batch("share-0", "a/0", items(0, 50), 50)])
    assert not shares.keep_reference("june")
    shares.receive([Batch("share-0", "a/0", items(50, 100), 150)])
    assert shares.keep_reference("june")
    shares.checkpoint()
    shares.close()
    (kept,) = read_references(tmp_path).values()
    assert sum(kept) == 100
    named = MonitorSettings(drift=DriftSettings(shape_window=100, reference="june"))
    again = Shares(tmp_path, named, bytes(32), lambda _alarm: None)
    again.keep({"share-0"}, {})
    assert again.by_name["share-0"].numbers.rebuilt == "the settings have changed"
    again.receive([Batch("share-0", "a/0", items(0, 1), 1)])
    assert again.by_name["share-0"].engine.reference() == kept
    again.checkpoint()
    again.close()
    other = Share("share-0", tmp_path, named, bytes(32), lambda _alarm: None, {"june": SHAPE})
    assert other.numbers.rebuilt == "the settings have changed"
    other.close()
