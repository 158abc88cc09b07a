"""Where the keys of `encrypt: true` come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policies.encryption import KEYS_VARIABLE, write_key
from policies.problems import ConfigError
from proxy.server.config_file import load_server_config
from proxy.server.encrypt_keys import NoKeysError, find_encrypt_keys

if TYPE_CHECKING:
    from pathlib import Path

KEY = write_key(b"\x01" * 32)


def test_a_file_comes_before_the_environment(tmp_path: Path) -> None:
    """Without either there is no key, and that is no fault."""
    (tmp_path / "keys").write_text(KEY)
    assert find_encrypt_keys(tmp_path / "keys", {KEYS_VARIABLE: "rubbish"}) == KEY
    assert find_encrypt_keys(None, {KEYS_VARIABLE: f"{KEY},{KEY}"}) == f"{KEY}\n{KEY}"
    assert find_encrypt_keys(None, {KEYS_VARIABLE: " "}) == find_encrypt_keys(None, {}) == ""


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("rubbish")
    for path, environment, name in (
        (tmp_path / "keys", {}, "keys"),
        (None, {KEYS_VARIABLE: "x"}, KEYS_VARIABLE),
        (tmp_path / "gone", {}, "gone"),
    ):
        with pytest.raises(NoKeysError, match=name):
            find_encrypt_keys(path, environment)


def test_the_settings_name_a_file_beside_them(tmp_path: Path) -> None:
    """The flag wins; what is wrong is placed at the line, or at the flag."""
    (tmp_path / "keys").write_text(KEY)
    path = tmp_path / "sluicegate.yaml"
    path.write_text("version: 1\nupstream: http://127.0.0.1:9\nencrypt_key: keys\n")
    made = load_server_config(path, {}, {})
    assert made.encrypt_keys == KEY
    assert KEY not in repr(made)
    for flags, said in (({}, f"{path}:3:1 encrypt_key: "), ({"encrypt_key": "gone"}, "--encrypt-key: ")):
        (tmp_path / "keys").write_text("")
        with pytest.raises(ConfigError) as caught:
            load_server_config(path, flags, {})
        assert str(caught.value).startswith(said)
