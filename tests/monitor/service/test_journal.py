"""The journal gives back its lines in their order, but for one that a crash cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.service.journal import (
    Journal,
    Line,
    Passed,
    Said,
    Told,
    Took,
    drop_others,
    journal_path,
    read_journal,
)

LINES: list[Line] = [
    Took("exchanges.v1/3", 12),
    Passed(1_795_676_400.25),
    Told("01JD9W6Q3M9T4Z0E5K7B2C8XAF"),
    Said("close", "alm_1", 7.5),
]


def test_lines_come_back(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "share-0", 1)
    assert read_journal(path) == []
    journal = Journal(path)
    for line in LINES[:2]:
        journal.write(line)
    journal.close()
    journal = Journal(path)
    for line in LINES[2:]:
        journal.write(line, durable=True)
    journal.close()
    assert read_journal(path) == LINES


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_last_line_that_was_cut_is_forgotten(tmp_path: Path, cut: int) -> None:
    path = journal_path(tmp_path, "share-0", 1)
    journal = Journal(path)
    for line in LINES:
        journal.write(line)
    journal.close()
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_journal(path) == LINES[:-1]
    journal = Journal(path)
    journal.write(LINES[0])
    journal.close()
    assert read_journal(path) == [*LINES[:-1], LINES[0]]


def test_a_line_that_a_full_disk_cut_is_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that ends early says so by its count alone; what comes next must not be glued to its stump."""
    path = journal_path(tmp_path, "share-0", 1)
    journal = Journal(path)
    journal.write(LINES[0])
    whole_write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: whole_write(file, data[:7]))
    with pytest.raises(OSError, match="No space"):
        journal.write(LINES[1])
    monkeypatch.setattr(os, "write", whole_write)
    journal.write(LINES[2])
    journal.close()
    assert read_journal(path) == [LINES[0], LINES[2]]


@pytest.mark.parametrize(
    "damage", [b"\0" * 9 + b"\n", b'["hoped",1]\n', b'["took"]\n', b'{"a":1}\n', b'["to["passed",1]\n']
)
def test_what_follows_a_damaged_line_is_forgotten_with_it(tmp_path: Path, damage: bytes) -> None:
    path = journal_path(tmp_path, "share-0", 1)
    journal = Journal(path)
    for line in LINES:
        journal.write(line)
    journal.close()
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + damage + b"".join(rest))
    assert read_journal(path) == LINES[:1]
    assert path.read_bytes() == first


def test_journals_of_other_generations_go(tmp_path: Path) -> None:
    for share, generation in (("share-0", 1), ("share-0", 2), ("share-1", 1)):
        journal_path(tmp_path, share, generation).write_bytes(b"")
    drop_others(tmp_path, "share-0", 2)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["share-0.journal.2", "share-1.journal.1"]
