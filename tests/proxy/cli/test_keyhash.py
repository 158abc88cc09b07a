"""The command `sluicegate keyhash`: one key in, one hash out, and the key nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.server.run import fingerprint_key
from proxy.server.tenants import key_hash

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate

KEY = b"sk-" + b"k" * 20


def test_the_hash_is_that_of_the_server(sluicegate: Sluicegate, tmp_path: Path) -> None:
    ran = sluicegate("keyhash", "--state-dir", str(tmp_path / "s"), stdin=KEY + b"\n")
    assert (ran.code, ran.out) == (0, key_hash(fingerprint_key(tmp_path / "s"), KEY.decode()) + "\n")
    path = tmp_path / "sluicegate.yaml"
    path.write_text("version: 1\nupstream: http://127.0.0.1:9\nstate_dir: s\n")
    assert sluicegate("keyhash", "--config", str(path), stdin=KEY).out == ran.out
    assert KEY.decode() not in ran.out + ran.err


@pytest.mark.parametrize("stdin", [b"", b"\n", b"Bearer x", b"a\nb", "schlüssel".encode(), b"x" * 9000, b"a\x00b"])
def test_what_is_no_key(sluicegate: Sluicegate, tmp_path: Path, stdin: bytes) -> None:
    ran = sluicegate("keyhash", "--state-dir", str(tmp_path), stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1


def test_a_state_folder_that_cannot_be_made(sluicegate: Sluicegate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = sluicegate("keyhash", "--state-dir", str(tmp_path / "file"), stdin=KEY)
    assert (ran.code, "Check the path given as --state-dir." in ran.err) == (2, True)
    (tmp_path / "bad.yaml").write_text("version: 1\n")
    assert sluicegate("keyhash", "--config", str(tmp_path / "bad.yaml"), stdin=KEY).code == 2
