"""Anchors in a file: written durably, read back, and broken lines counted."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from events.audit.anchors import AnchorError, append_anchor, last_anchor, parse_anchor, read_anchors
from events.audit.records import Head
from events.codec import encode
from tests.support.events import audit_head_event


def test_what_is_written_is_read_as_an_event_or_as_its_data(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    assert last_anchor(path) is None
    append_anchor(path, encode(audit_head_event()))
    append_anchor(path, orjson.dumps({"chain": "c", "seq": 3, "hash": "h"}))
    with path.open("ab") as file:
        file.write(b'{"chain": "c", "se')  # a crash
    assert last_anchor(path) == Head("c", 3, "h")
    first = Head("c" * 16, 12, "d" * 64)
    assert read_anchors(path.read_bytes().splitlines()) == ([first, Head("c", 3, "h")], 1)


@pytest.mark.parametrize("line", [b"[]", b"1", b"{}", b'{"chain": "c", "seq": -1, "hash": "h"}', b'{"data": 1}',
                                  b'{"chain": "c", "seq": true, "hash": "h"}'])  # fmt: skip
def test_what_is_no_anchor_is_refused(line: bytes) -> None:
    with pytest.raises(AnchorError):
        parse_anchor(line)


def test_a_file_without_anchors_has_no_last_one(tmp_path: Path) -> None:
    (tmp_path / "anchors.jsonl").write_bytes(b"nothing\n")
    assert last_anchor(tmp_path / "anchors.jsonl") is None


def test_a_line_that_a_crash_cut_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    append_anchor(path, b'{"chain": "c", "seq": 1, "hash": "h"}')
    path.write_bytes(path.read_bytes() + b'{"chain": "c", "se')
    append_anchor(path, b'{"chain": "c", "seq": 2, "hash": "i"}')
    found, broken = read_anchors(path.read_bytes().splitlines())
    assert ([one.seq for one in found], broken) == ([1, 2], 1)
