"""Where policies are found, and that only regular files are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policies.document import MAX_FILE_BYTES
from policies.sources import SourceError, SourceFile, bundled_names, digest_of, find_source, read_bytes, stamp


def test_bundled_names_are_found_by_bare_name_only(tmp_path: Path) -> None:
    """A path is never the bundled policy."""
    for name in bundled_names():
        assert find_source(name).display == f"bundled/{name}.yaml"
        assert find_source(name, tmp_path).path == find_source(name).path
    (tmp_path / "default").write_text("")
    assert find_source("./default", tmp_path).path == tmp_path / "default"


def test_a_relative_path_starts_from_the_folder(tmp_path: Path) -> None:
    """That of the file that names it."""
    assert find_source("other.yaml", tmp_path).path == tmp_path / "other.yaml"
    assert find_source("/etc/p.yaml", tmp_path).path == Path("/etc/p.yaml")


def test_an_unknown_name_is_told_at_once(tmp_path: Path) -> None:
    """A word without an ending that is no file is a misspelt name."""
    with pytest.raises(SourceError, match="Did you mean 'strict'"):
        find_source("stric", tmp_path)


def test_reading_is_bounded(tmp_path: Path) -> None:
    """One byte more than the limit is enough to know that it is passed."""
    path = tmp_path / "big"
    path.write_bytes(b"x" * (MAX_FILE_BYTES + 100))
    assert len(read_bytes(path)) == MAX_FILE_BYTES + 1


def test_a_pipe_or_device_is_not_waited_for(tmp_path: Path) -> None:
    """Opening a pipe would hang until somebody writes."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file"):
            read_bytes(path)


def test_a_stamp_is_the_content(tmp_path: Path) -> None:
    """A file that cannot be read has the empty stamp."""
    path = tmp_path / "f"
    assert stamp(path, read_bytes, 10) == SourceFile(path, "", 10)
    path.write_bytes(b"abc")
    assert stamp(path, read_bytes, 10) == SourceFile(path, digest_of(b"abc"), 10)
