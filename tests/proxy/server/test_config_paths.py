"""Entries of `open_paths`. What a file says wrong of them is in `broken_configs.txt`."""

from __future__ import annotations

from pydantic import TypeAdapter

from proxy.server.config_paths import OPEN_DIALECT, OpenPath, OpenPathFile, faults
from proxy.wire.registry import DIALECTS

ENTRY: TypeAdapter[OpenPathFile] = TypeAdapter(OpenPath)


def test_a_path_alone_is_an_entry() -> None:
    assert ENTRY.validate_python("/a") == ENTRY.validate_python({"path": "/a", "dialect": OPEN_DIALECT})
    assert OPEN_DIALECT in DIALECTS


def test_what_is_wrong_with_entries_together() -> None:
    entries = [OpenPathFile(path="/a"), OpenPathFile(path="/b", dialect="x"), OpenPathFile(path="/a")]
    assert [keys for keys, _ in faults(entries, ["openai-chat"])] == ["open_paths[1].dialect", "open_paths[2]"]
    assert list(faults(entries[:1], ["openai-chat"])) == []
